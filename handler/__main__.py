"""Lets `python -m handler` run the command line."""

from handler.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
