"""What is found and what changed: pure functions over frozen data."""
