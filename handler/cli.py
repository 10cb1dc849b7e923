"""The same check from a terminal. One place turns errors into a line, a hint and an exit code.

`COMMANDS` lists what there is. The module of a command is imported when that command is called, not for any other.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from itertools import pairwise
from typing import TYPE_CHECKING

from handler import __version__
from handler.commands.standard_streams import surviving_streams
from handler.errors import PortComplianceError, UnknownError, UsageError, raised_at
from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn, TypeAlias

    SubParsers: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]


class Command(NamedTuple):
    """A command's line of help and its module in `handler.commands`."""

    help: str
    module: str


class Group(NamedTuple):
    """Commands under one word, and an example of one."""

    help: str
    example: str
    commands: dict[str, Command]


COMMANDS: dict[str, Command | Group] = {
    "check": Command("one run: ask HSS (or a snapshot), evaluate, report, tell", "check"),
    "snapshot": Command("list everything, write it as JSON", "snapshot"),
    "plan": Command("the calls and minutes a run would need; makes no call itself", "plan"),
    "policy": Group(
        "validate, test, mutate, diff, explain and cover a policy",
        "port-compliance policy validate policies/baseline.yaml",
        {
            "init": Command("print a policy to start from, also on an old estate", "policy_init"),
            "validate": Command(
                "list all problems of all files at once, each with file, line and column", "policy_validate"
            ),
            "test": Command("run the policy's own test cases (*.test.yaml)", "policy_test"),
            "mutate": Command(
                "change each rule and exemption a little, in turn, and name the changes that no test notices",
                "policy_mutate",
            ),
            "diff": Command("show what a new policy would newly find, no longer find or rate otherwise", "policy_diff"),
            "explain": Command(
                "tell which rules and exemptions speak of a port, which make a finding, and why", "policy_explain"
            ),
            "coverage": Command(
                "compare the policy with published danger lists: what it omits, and what only it has", "policy_coverage"
            ),
            "schema": Command("print the JSON Schema of the policy file", "policy_schema"),
        },
    ),
    "notify": Group(
        "preview what a sink would receive, and test the sinks",
        "port-compliance notify preview --sink slack",
        {
            "preview": Command("print the message without sending it", "notify_preview"),
            "test": Command("send a harmless message, marked as a test, to each configured sink", "notify_test"),
        },
    ),
    "targets": Command("list the targets and check that each can be reached and authenticated", "targets"),
    "fleet": Command("show all targets of one or several states at a glance, worst first", "fleet"),
    "history": Command("show the last runs as a table and a plot", "history"),
    "schema": Group(
        "schemas of the API's answers, and the documents they come from",
        "port-compliance schema derive ListPortStatistics.rst --query",
        {
            "derive": Command("print the JSON Schema that a vendor's page describes", "schema_derive"),
            "check": Command("show how a recorded snapshot differs from each committed schema", "schema_check"),
        },
    ),
    "simulate": Command("a faithful HSS server on loopback", "simulate"),
    "demo": Command("the main job from end to end on the simulator; no account needed", "demo"),
}
INTERRUPTED = 130


class Parser(argparse.ArgumentParser):
    """A parser whose errors are those of everything else: one line and a hint."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError."""
        raise UsageError(message, hint=f"See `{self.prog} --help`.")


NEVER_EMPTY = (
    "--snapshot",
    "--output",
    "--report",
    "--state",
    "--fleet",
)  # where an empty value would mean another source


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code. Never ends in a traceback."""
    with surviving_streams():
        return _main(sys.argv[1:] if argv is None else list(argv))


def _main(arguments: list[str]) -> int:
    try:
        parsed = build_parser(arguments).parse_args(arguments)
        _refuse_empty(arguments)
        return int(parsed.run(parsed))
    except PortComplianceError as error:
        print(f"error: {error.message}", file=sys.stderr)
        hint = _hint(error, arguments)
        if hint:
            print(f"hint: {hint}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not end in 1, which says violations
        print(f"error: internal error {type(error).__name__} at {raised_at(error.__traceback__)}", file=sys.stderr)
        print("hint: This is a fault of port-compliance itself: please report this line.", file=sys.stderr)
        return UnknownError.exit_code


def _refuse_empty(arguments: Sequence[str]) -> None:
    """An empty value, as of `--snapshot "$FILE"` where FILE is not set, is not the same as none. Raises UsageError."""
    pairs = [*pairwise(arguments), *(argument.split("=", 1) for argument in arguments)]
    empty = [name for name in NEVER_EMPTY if any([*pair] == [name, ""] for pair in pairs)]
    if empty:
        raise UsageError(f"{', '.join(empty)}: the value is empty")


def _hint(error: PortComplianceError, arguments: Sequence[str]) -> str:
    """The error's hint; where it only points to the help, to that of the command that was called."""
    if error.hint != UsageError.hint:
        return error.hint
    return f"See `{' '.join(('port-compliance', *called_command(arguments)))} --help`."


def called_command(arguments: Sequence[str]) -> tuple[str, ...]:
    """The words that name the command: `("policy", "test")`; none where there is no such command."""
    words = [word for word in arguments if not word.startswith("-")]
    command = COMMANDS.get(words[0]) if words else None
    if isinstance(command, Group) and words[1:2] and words[1] in command.commands:
        return words[0], words[1]
    return (words[0],) if command is not None else ()


def build_parser(arguments: Sequence[str] = ()) -> argparse.ArgumentParser:
    """The parser; it knows every command by name, and the arguments of the one that is called."""
    parser = Parser(
        prog="port-compliance",
        description="Checks the open ports that Host Security Service sees against a YAML policy.",
        epilog="Example: port-compliance check --policy policies/baseline.yaml",
    )
    parser.add_argument("--version", action="version", version=f"port-compliance {__version__}")
    called = [word for word in arguments if not word.startswith("-")]
    _add_commands(parser, COMMANDS, called, title="commands", metavar="COMMAND")
    return parser


def _add_commands(
    parser: argparse.ArgumentParser, known: dict[str, Command | Group], called: list[str], **shown: str
) -> None:
    choices = parser.add_subparsers(required=True, **shown)
    for name, command in known.items():
        added = choices.add_parser(name, help=command.help)
        if called[:1] != [name]:
            continue
        if isinstance(command, Group):
            added.epilog = f"Example: {command.example}"
            _add_commands(added, {**command.commands}, called[1:], metavar="ACTION")
        else:
            _fill(added, command)


def _fill(parser: argparse.ArgumentParser, command: Command) -> None:
    """Give the parser what the command's module says of itself."""
    module = import_module(f"handler.commands.{command.module}")
    short = f"{command.help[:1].upper()}{command.help[1:]}."
    parser.description, parser.epilog = getattr(module, "DESCRIPTION", short), f"Example: {module.EXAMPLE}"
    module.arguments(parser)
    parser.set_defaults(run=module.run)
