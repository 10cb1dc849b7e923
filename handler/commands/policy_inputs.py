"""What several policy commands read: the day to judge by, and a recorded snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.clock import SystemClock
from handler.commands.terminal import moment, read_file
from handler.report.json_file import MAX_JSON_BYTES
from handler.report.snapshot_file import parse_snapshot

if TYPE_CHECKING:
    from argparse import Namespace
    from datetime import date

    from handler.models import Snapshot


def today(args: Namespace) -> date:
    """The day of `--at`, else today; UTC. Raises UsageError."""
    return SystemClock().now().date() if args.at is None else moment(args.at).date()


def recorded(path: str) -> Snapshot:
    """The snapshot in that file. Raises UsageError, SnapshotError."""
    return parse_snapshot(read_file(path, MAX_JSON_BYTES), path)
