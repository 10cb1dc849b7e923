"""`notify test`: whether each configured sink takes a message."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.commands.terminal import terminal_context
from handler.formats.columns import aligned
from handler.formats.inert import inert
from handler.run.sink_test import check_sinks
from handler.run.targets import budget_seconds
from handler.run.wiring import Wiring

if TYPE_CHECKING:
    import argparse

DESCRIPTION = "Sends one harmless message, marked as a test, to each configured sink; nothing is checked or remembered."
EXAMPLE = "port-compliance notify test --sink soc"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `notify test` takes."""
    parser.add_argument("--sink", metavar="NAME", default="", help="only the sink of that name")


def run(args: argparse.Namespace) -> int:
    """A line per sink; exit 4 if one does not take it."""
    wiring = Wiring(terminal_context(), needs_place=False)
    told = check_sinks(wiring, budget_seconds(wiring.settings), args.sink)
    for line in aligned([[one.sink, one.kind, one.status, inert(one.reason, 300)] for one in told]):
        print(line)
    return 0 if all(one.taken for one in told) else 4
