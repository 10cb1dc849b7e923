"""The last run: a JSON document behind load and save."""
