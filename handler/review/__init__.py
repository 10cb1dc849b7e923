"""Reviewing a policy before it rules: its tests, mutants of it, explanations, differences, published lists."""
