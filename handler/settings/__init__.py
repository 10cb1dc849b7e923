"""The settings: environment and user data, read once, checked whole."""
