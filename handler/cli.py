"""The same check from a terminal. One place turns errors into a line, a hint and an exit code."""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from handler import __version__
from handler.errors import PortComplianceError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

COMMANDS = ("check", "snapshot", "plan", "policy", "notify", "targets", "history", "schema", "simulate", "demo")
INTERRUPTED = 130


class Parser(argparse.ArgumentParser):
    """A parser whose errors are those of everything else: one line and a hint."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError."""
        raise UsageError(message, hint=f"See `{self.prog} --help`.")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code. Never ends in a traceback for what a user or a network did."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    try:
        parsed = build_parser(arguments).parse_args(arguments)
        return int(parsed.run(parsed))
    except PortComplianceError as error:
        print(f"error: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def build_parser(arguments: Sequence[str] = ()) -> argparse.ArgumentParser:
    """The parser; only the module of the command that is asked for is loaded, or all of them for `--help`."""
    parser = Parser(
        prog="port-compliance",
        description="Checks the open ports that Host Security Service sees against a YAML policy.",
        epilog="Example: port-compliance check --policy policies/baseline.yaml",
    )
    parser.add_argument("--version", action="version", version=f"port-compliance {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    asked = next((word for word in arguments if not word.startswith("-")), "")
    for name in [asked] if asked in COMMANDS else COMMANDS:
        import_module(f"handler.commands.{name}").register(commands)
    return parser
