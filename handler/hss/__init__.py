"""The Host Security Service: which calls, how they are made, what the answers mean."""
