"""The day that the policy commands judge by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.clock import SystemClock, parse_iso
from handler.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace
    from datetime import date


def today(args: Namespace) -> date:
    """The day of `--at`, else today; UTC. Raises UsageError."""
    if args.at is None:
        return SystemClock().now().date()
    try:
        return parse_iso(args.at).date()
    except ValueError:
        raise UsageError(f"--at {args.at!r} is not a moment", hint="Write it as 2026-12-01T08:00:00Z.") from None
