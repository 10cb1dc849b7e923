"""Arguments that several policy commands share."""

from __future__ import annotations

import argparse

AT_HELP = "the moment to judge by, ISO 8601 (default: now)"
TESTS_HELP = "a *.test.yaml file, a policy file that has one, or a folder to search"


def add_paths(parser: argparse.ArgumentParser, what: str = "a policy file or a folder of them") -> None:
    """PATH, one or more."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help=what)


def add_format(parser: argparse.ArgumentParser, *names: str) -> None:
    """--format, the first name being the default."""
    parser.add_argument("--format", choices=names, default=names[0], help=f"default {names[0]}")


def percentage(text: str) -> int:
    """0 to 100. Raises ArgumentTypeError."""
    if not text.isdecimal() or int(text) > 100:
        raise argparse.ArgumentTypeError(f"{text!r} is not a percentage from 0 to 100")
    return int(text)
