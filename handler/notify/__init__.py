"""Telling people and machines: one file per kind of sink, and the fan-out."""
