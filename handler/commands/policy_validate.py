"""`policy validate`: all problems of all files, without running the policy."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from handler.commands.inputs import paths_as_seen_from_here, read_snapshot, today
from handler.commands.policy_arguments import AT_HELP, add_format, add_paths
from handler.formats.inert import inert
from handler.formats.words import counted
from handler.policy.canonical import canonical_yaml
from handler.policy.exemption_sums import exemption_sums
from handler.policy.lint import lint
from handler.policy.load import read_files, read_policy
from handler.review.lint_formats import LINT_FORMATS
from handler.settings.places import CLOUDS

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from handler.policy.load import Reading

EXAMPLE = "port-compliance policy validate policies --format github"


def arguments(parser: ArgumentParser) -> None:
    """What `policy validate` takes."""
    add_paths(parser)
    parser.add_argument("--print", action="store_true", help="print the policy in its canonical form")
    parser.add_argument("--cloud", choices=CLOUDS, help="warn of what this cloud cannot answer")
    parser.add_argument("--snapshot", metavar="FILE", help="warn of exemptions that match nothing in this snapshot")
    parser.add_argument("--at", metavar="TIME", help=AT_HELP)
    add_format(parser, "text", "json", "sarif", "github")


def run(args: Namespace) -> int:
    """2 if the policy has an error; warnings alone are 0. The messages are the result, so they go to stdout."""
    reading = read_policy(*read_files(paths_as_seen_from_here(args.paths)))
    snapshot = read_snapshot(args.snapshot) if args.snapshot else None
    day = today(args)
    messages = lint(reading, today=day, cloud=args.cloud, snapshot=snapshot)
    text = LINT_FORMATS[args.format](messages)
    if args.print and reading.policy is not None:
        print(canonical_yaml(reading.policy), end="")
        print(text, end="", file=sys.stderr)
    else:
        print(text, end="")
    errors = sum(message.severity == "error" for message in messages)
    said = f"{counted(errors, 'error')}, {counted(len(messages) - errors, 'warning')}"
    print(f"{_found(reading)}{said}", file=sys.stderr)
    for sentence in exemption_sums(reading.policy.exemptions if reading.policy else (), day):
        print(inert(sentence, 400), file=sys.stderr)
    return 2 if errors else 0


def _found(reading: Reading) -> str:
    if reading.policy is None:
        return ""
    return f"{counted(len(reading.policy.rules), 'rule')}, {counted(len(reading.policy.exemptions), 'exemption')}: "
