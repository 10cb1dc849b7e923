"""Limits that the words of all schema messages share."""

SHOWN = 64  # the longest text that a message may show
