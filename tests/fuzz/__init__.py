"""Coverage-guided fuzzing of everything that reads foreign bytes, and the regressions that it left."""
