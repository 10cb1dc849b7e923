"""What is remembered between runs, and where it is kept: file, OBS or Redis."""
