"""One run: its context, the wiring of its real parts, its targets, and the check of each: gather, decide, act."""
