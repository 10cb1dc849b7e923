"""The policy: YAML in, rules out; tests, differences, explanations of it."""
