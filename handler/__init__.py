"""Checks the ports that Host Security Service sees open against a policy of disallowed ports."""

__version__ = "0.1.0"
