"""The commands of the terminal, one file each; `cli.py` lists them and imports the one that is called.

Each has `EXAMPLE` (a command line), `arguments(parser)`, `run(args)` that gives the exit code, and, where its one line
of help is too short, a `DESCRIPTION`.
"""
