"""What opens and closes again and again: when it begins to count as flapping, and when it is steady again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from handler.clock import is_far, iso

if TYPE_CHECKING:
    from datetime import datetime

    from handler.state.memory import Remembered

DAY: Final = timedelta(hours=24)
_TIMES: Final = 3


def closed_again(record: Remembered, now: datetime) -> Remembered:
    """The record of a finding that closes now: flapping, where that is the third time within a day."""
    closings = (*record.closings, iso(now))[-_TIMES:]
    often = len(closings) == _TIMES and not is_far(closings[0], now, DAY)
    since = record.flapping_since or (iso(now) if often else None)
    return record._replace(closings=closings, flapping_since=since)


def calmed(record: Remembered, now: datetime) -> Remembered:
    """The record, flapping no more once it has been open, or closed, for a day."""
    if record.flapping_since is None:
        return record
    last = max(record.opened_at, record.resolved_at or "")
    return record._replace(flapping_since=None, closings=()) if is_far(last, now, DAY) else record
