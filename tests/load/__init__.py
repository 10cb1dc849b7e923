"""Load, on request: `python -m tests.load`."""
