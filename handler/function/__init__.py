"""What only the function has: its events, its gateway calls, the telling of a run that could not begin."""
