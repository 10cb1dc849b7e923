"""A stand-in for the Host Security Service, for demo, tests and benchmarks; not in the deployed zip."""
