"""How it is said: one file per kind of sink, each with render and judge, both pure."""
