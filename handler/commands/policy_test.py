"""`policy ...`: the parsers. What the commands do lies in `policy_actions`, which is imported when one runs."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from handler.models import CATEGORIES

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    Commands = _SubParsersAction[argparse.ArgumentParser]

_MOMENT = "the moment to judge by, ISO 8601 (default: now)"


def register(commands: Commands) -> None:
    """Add `policy` and its subcommands."""
    parser = commands.add_parser(
        "policy",
        help="validate, test, mutate, diff, explain and cover a policy",
        epilog="Example: port-compliance policy validate policies/baseline.yaml",
    )
    policy = parser.add_subparsers(dest="policy_command", required=True, metavar="SUBCOMMAND")
    for add in (_validate, _test, _mutate, _diff, _explain, _coverage, _schema):
        add(policy)


def run(args: argparse.Namespace) -> int:
    """Run the subcommand; its exit code."""
    from handler.commands import policy_actions  # noqa: PLC0415 - pydantic and yaml only when they are needed

    return policy_actions.ACTIONS[args.policy_command](args)


def _add(policy: Commands, name: str, what: str, example: str) -> argparse.ArgumentParser:
    parser = policy.add_parser(
        name, help=what, description=what[:1].upper() + what[1:] + ".", epilog=f"Example: port-compliance {example}"
    )
    parser.set_defaults(run=run)
    return parser


def _paths(parser: argparse.ArgumentParser, what: str = "a policy file or a folder of them") -> None:
    parser.add_argument("paths", nargs="+", metavar="PATH", help=what)


def _format(parser: argparse.ArgumentParser, *names: str) -> None:
    parser.add_argument("--format", choices=names, default=names[0], help=f"default {names[0]}")


def _percent(text: str) -> int:
    if not text.isdecimal() or int(text) > 100:
        raise argparse.ArgumentTypeError(f"{text!r} is not a percentage from 0 to 100")
    return int(text)


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a count")
    return int(text)


def _validate(policy: Commands) -> None:
    parser = _add(
        policy,
        "validate",
        "list all problems of all files at once, each with file, line and column",
        "policy validate policies --format github",
    )
    _paths(parser)
    parser.add_argument("--print", action="store_true", help="print the policy in its canonical form")
    parser.add_argument("--cloud", choices=("otc", "huaweicloud"), help="warn of what this cloud cannot answer")
    parser.add_argument("--snapshot", metavar="FILE", help="warn of exemptions that match nothing in this snapshot")
    parser.add_argument("--at", metavar="TIME", help=_MOMENT)
    _format(parser, "text", "json", "sarif", "github")


def _test(policy: Commands) -> None:
    parser = _add(
        policy,
        "test",
        "run the policy's own test cases (*.test.yaml)",
        "policy test policies --coverage --min-coverage 100",
    )
    _paths(parser, "a *.test.yaml file, a policy file that has one, or a folder to search")
    parser.add_argument("-k", dest="name", metavar="NAME", default="", help="only cases whose name holds this text")
    parser.add_argument("--coverage", action="store_true", help="list rules and exemptions that no case fires")
    parser.add_argument("--min-coverage", type=_percent, metavar="N", help="fail below this percentage, per policy")
    _format(parser, "text", "junit", "json")


def _mutate(policy: Commands) -> None:
    parser = _add(
        policy,
        "mutate",
        "change each rule and exemption a little, in turn, and name the changes that no test notices",
        "policy mutate policies/baseline.yaml",
    )
    _paths(parser, "a *.test.yaml file, a policy file that has one, or a folder to search")
    parser.add_argument(
        "--min-killed", type=_percent, metavar="N", help="fail only below this percentage (default: 100), per policy"
    )
    _format(parser, "text", "json")


def _diff(policy: Commands) -> None:
    parser = _add(
        policy,
        "diff",
        "show what a new policy would newly find, no longer find or rate otherwise",
        "policy diff git:main:policies/baseline.yaml policies/baseline.yaml --format markdown",
    )
    for name in ("old", "new"):
        parser.add_argument(name, metavar=name.upper(), help="a policy file or folder, or git:REV:PATH")
    parser.add_argument("--snapshot", metavar="FILE", help="compare on these rows; default: on all ports")
    parser.add_argument("--at", metavar="TIME", help=_MOMENT)
    _format(parser, "text", "markdown", "json")


def _explain(policy: Commands) -> None:
    parser = _add(
        policy,
        "explain",
        "tell which rules and exemptions speak of a port, which make a finding, and why",
        "policy explain policies/baseline.yaml --port 23/tcp --category host",
    )
    _paths(parser)
    parser.add_argument("--port", required=True, metavar="PORT[/PROTOCOL]", help="as 23/tcp, 53 or telnet/tcp")
    parser.add_argument("--category", choices=CATEGORIES, help="default: those that the policy speaks of")
    parser.add_argument("--num", type=_count, metavar="N", help="the row's num (default: any)")
    parser.add_argument("--status", metavar="S", help="the row's status; none for a row without (default: any)")
    parser.add_argument("--enterprise-project", default="all_granted_eps", metavar="ID", help="default all_granted_eps")
    parser.add_argument("--at", metavar="TIME", help=_MOMENT)
    _format(parser, "text", "json")


def _coverage(policy: Commands) -> None:
    parser = _add(
        policy,
        "coverage",
        "compare the policy with published danger lists: what it omits, and what only it has",
        "policy coverage policies/baseline.yaml",
    )
    _paths(parser)
    _format(parser, "text", "json")


def _schema(policy: Commands) -> None:
    _add(policy, "schema", "print the JSON Schema of the policy file", "policy schema > policy.schema.json")
