"""`snapshot`: list everything that HSS says, and write it as JSON."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from handler.clock import Deadline
from handler.commands.terminal import may_write, surroundings, write_result
from handler.errors import UsageError
from handler.hss.listing import take_snapshot
from handler.hss.plan import Ask
from handler.models import CATEGORIES
from handler.report.snapshot_file import snapshot_text
from handler.run.targets import budget_seconds
from handler.run.wiring import client_of, places_of, target_of
from handler.settings.run_settings import read_settings

if TYPE_CHECKING:
    import argparse


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "snapshot",
        help="list everything, write it as JSON",
        description="Records all rows and counters of one target, for `check --snapshot` and `policy diff --snapshot`.",
        epilog="Example: port-compliance snapshot --output estate.json --redact",
    )
    parser.add_argument("--output", metavar="FILE", help="write the snapshot there")
    parser.add_argument("--redact", action="store_true", help="leave out ids and whatever the documents do not name")
    parser.add_argument("--target", metavar="NAME", default="", help="which one of TARGETS_CONFIG")
    parser.add_argument("--category", action="append", choices=CATEGORIES, help="default: HSS_CATEGORIES, else all")
    parser.set_defaults(run=snapshot)


def snapshot(args: argparse.Namespace) -> int:
    """Record a snapshot; exit 3 if it is not complete."""
    may_write(args.output)
    around = surroundings()
    settings = read_settings(around.lookup)
    places = places_of(settings, around, args.target)
    if len(places) > 1:
        raise UsageError("a snapshot is of one target; name it with --target NAME")
    place = places[0]
    categories = tuple(args.category or place.categories or CATEGORIES)
    taken = take_snapshot(
        client_of(place, settings, around),
        target_of(place),
        [Ask(category, every_row=True) for category in categories],
        around.clock,
        Deadline.after(budget_seconds(settings), around.clock),
        keep_raw=True,
        on_progress=partial(around.on_progress, place.name) if around.on_progress else None,
    )
    write_result(snapshot_text(taken, redact=args.redact), args.output)
    for category in taken.categories:
        for problem in category.problems:
            print(f"{category.category}: not complete: {problem}", file=sys.stderr)
    return 0 if all(category.complete for category in taken.categories) else 3
