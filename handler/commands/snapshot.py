"""`snapshot`: list everything that HSS says, and write it as JSON."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from handler.clock import Deadline
from handler.commands.output import may_write, write_result
from handler.commands.terminal import terminal_context
from handler.errors import UsageError
from handler.hss.listing import take_snapshot
from handler.hss.plan import Ask
from handler.models import CATEGORIES, COUNTERS
from handler.report.snapshot_file import snapshot_text
from handler.run.targets import budget_seconds
from handler.run.wiring import Wiring

if TYPE_CHECKING:
    import argparse

DESCRIPTION = "Records all rows and counters of one target, for `check --snapshot` and `policy diff --snapshot`."
EXAMPLE = "port-compliance snapshot --output estate.json --redact"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `snapshot` takes."""
    parser.add_argument("--output", metavar="FILE", help="write the snapshot there")
    parser.add_argument("--redact", action="store_true", help="leave out ids and whatever the documents do not name")
    parser.add_argument("--target", metavar="NAME", default="", help="which one of TARGETS_CONFIG")
    parser.add_argument("--category", action="append", choices=CATEGORIES, help="default: HSS_CATEGORIES, else all")


def run(args: argparse.Namespace) -> int:
    """Record a snapshot; exit 3 if it is not complete."""
    may_write(args.output)
    context = terminal_context()
    wiring = Wiring.checked(context)
    places = wiring.places(args.target)
    if len(places) > 1:
        raise UsageError("a snapshot is of one target; name it with --target NAME")
    place = wiring.with_project(places[0])
    categories = tuple(args.category or place.categories or CATEGORIES)
    taken = take_snapshot(
        wiring.client(place),
        place.target,
        [Ask(category, every_row=True, counters=COUNTERS) for category in categories],
        context.clock,
        Deadline.after(budget_seconds(wiring.settings), context.clock),
        keep_raw=True,
        on_progress=partial(context.on_progress, place.name) if context.on_progress else None,
    )
    taken = wiring.redactor.snapshot(taken)
    write_result(snapshot_text(taken, redact=args.redact), args.output)
    for category in taken.categories:
        for problem in category.problems:
            print(f"{category.category}: not complete: {problem}", file=sys.stderr)
    return 0 if all(category.complete for category in taken.categories) else 3
