"""`policy init`: a policy to start from, for an empty page or for an estate as it is today."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from handler.clock import parse_day
from handler.commands.inputs import read_snapshot, today
from handler.commands.policy_arguments import AT_HELP
from handler.errors import UsageError
from handler.foreign_text import encodable
from handler.policy.compiled import bundled_policies
from handler.policy.load import load_texts
from handler.review.starting_policy import TEMPLATE, Vouching, starting_policy

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from datetime import date

EXAMPLE = (
    "port-compliance policy init --snapshot estate.json --owner ops@example.org --expires 2027-03-31 "
    '--reason "Open when we began." > policy.yaml'
)
_HINT = "They stand in every exemption: who answers for it, the last day on which it holds, and why."


def arguments(parser: ArgumentParser) -> None:
    """What `policy init` takes."""
    parser.add_argument("--snapshot", metavar="FILE", help="exempt what is open in it; default: a template")
    parser.add_argument("--owner", metavar="WHO", help="who answers for the exemptions")
    parser.add_argument("--expires", metavar="DAY", help="the last day on which they hold, as 2027-03-31")
    parser.add_argument("--reason", metavar="TEXT", help="why they are tolerated")
    parser.add_argument("--at", metavar="TIME", help=AT_HELP)


def run(args: Namespace) -> int:
    """Always 0: it prints a policy."""
    if not args.snapshot:
        _refuse_idle(args)
        print(TEMPLATE, end="")
        return 0
    vouching, day = _vouching(args), today(args)
    if _day(vouching.expires) < day:
        raise UsageError(f"--expires {vouching.expires} is over", hint="Name a day to come.")
    snapshot = read_snapshot(args.snapshot)
    name = "baseline.yaml"
    text = (bundled_policies() / name).read_text(encoding="utf-8")
    print(starting_policy(text, load_texts([(name, text)]), snapshot, day, vouching), end="")
    for one in snapshot.categories:
        if not one.complete and one.plan != "skipped":
            print(
                f"{one.category} is not complete in this snapshot: what it did not see is not exempted", file=sys.stderr
            )
    return 0


def _refuse_idle(args: Namespace) -> None:
    """Raises UsageError where something is said of exemptions and there is no snapshot to exempt anything of."""
    idle = [f"--{name}" for name in Vouching._fields if getattr(args, name) is not None]
    if idle:
        raise UsageError(f"{', '.join(idle)}: no effect without --snapshot", hint="The template exempts nothing.")


def _vouching(args: Namespace) -> Vouching:
    """Owner, last day and reason. Raises UsageError that names all that is missing."""
    missing = [f"--{name}" for name in Vouching._fields if not (getattr(args, name) or "").strip()]
    if missing:
        raise UsageError(f"--snapshot also needs {', '.join(missing)}", hint=_HINT)
    return Vouching(*(encodable(getattr(args, name)) for name in Vouching._fields))


def _day(text: str) -> date:
    """The day that `--expires` names. Raises UsageError."""
    try:
        return parse_day(text)
    except ValueError:
        raise UsageError(f"--expires: {text!r:.40} is not a day", hint="For example 2027-03-31.") from None
