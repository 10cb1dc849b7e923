"""Output formats: one pure function each, from report to text."""
