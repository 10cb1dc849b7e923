"""`snapshot`: list everything that HSS says, and write it as JSON."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from handler.clock import Deadline
from handler.commands.output import may_write, write_result
from handler.commands.terminal import terminal_context
from handler.decide.wanted_listeners import wanted_listeners
from handler.errors import UsageError
from handler.hss.listing import take_snapshot
from handler.hss.plan import Ask
from handler.hss.row_listeners import with_listeners
from handler.models import CATEGORIES, COUNTERS
from handler.report.snapshot_file import snapshot_text
from handler.run.targets import budget_seconds
from handler.run.wiring import Wiring

if TYPE_CHECKING:
    import argparse

    from handler.models import CategorySnapshot, Snapshot

DESCRIPTION = (
    "Records all rows and counters of one target, and who listens where the policy (POLICY_PATH) goes by server, for "
    "`check --snapshot` and `policy diff --snapshot`."
)
EXAMPLE = "port-compliance snapshot --output estate.json --redact"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `snapshot` takes."""
    parser.add_argument("--output", metavar="FILE", help="write the snapshot there")
    parser.add_argument("--redact", action="store_true", help="leave out ids and whatever the documents do not name")
    parser.add_argument("--target", metavar="NAME", default="", help="which one of TARGETS_CONFIG")
    parser.add_argument("--category", action="append", choices=CATEGORIES, help="default: HSS_CATEGORIES, else all")
    parser.add_argument("--at", metavar="TIME", help="the clock, for a result that can be repeated")


def run(args: argparse.Namespace) -> int:
    """Record a snapshot; exit 3 if it is not complete."""
    may_write(args.output)
    context = terminal_context(args.at)
    wiring = Wiring.checked(context)
    places = wiring.places(args.target)
    if len(places) > 1:
        raise UsageError("a snapshot is of one target; name it with --target NAME")
    place = wiring.with_project(places[0])
    categories = tuple(args.category or place.categories or CATEGORIES)
    policy = wiring.policy(place.policy or wiring.settings.policy_path, place)
    deadline = Deadline.after(budget_seconds(wiring.settings), context.clock)
    client = wiring.client(place)
    taken = take_snapshot(
        client,
        place.target,
        [Ask(category, every_row=True, counters=COUNTERS) for category in categories],
        context.clock,
        deadline,
        keep_raw=True,
        on_progress=partial(context.on_progress, place.name) if context.on_progress else None,
    )
    wanted = wanted_listeners(policy, taken, context.clock.now().date())
    taken = wiring.redactor.snapshot(with_listeners(taken, wanted, client, deadline))
    write_result(snapshot_text(taken, redact=args.redact), args.output)
    _say_what_is_missing(taken)
    return 0 if all(map(_is_whole, taken.categories)) else 3


def _say_what_is_missing(taken: Snapshot) -> None:
    for category in taken.categories:
        for problem in category.problems:
            print(f"{category.category}: not complete: {problem}", file=sys.stderr)
        for known in [known for known in category.listeners if known.trouble]:
            print(f"{category.category}: listeners of port {known.port} not known: {known.trouble}", file=sys.stderr)


def _is_whole(category: CategorySnapshot) -> bool:
    return category.complete and not any(known.trouble for known in category.listeners)
