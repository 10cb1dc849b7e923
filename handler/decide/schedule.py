"""Which targets of a shard a run asks, and in which order. Pure: an index, a moment and an interval in, names out.

A target is due when its last *start* is nine tenths of its interval ago, so that a timer that jitters does not skip a
turn. The most overdue comes first: a run that is killed, late or short leaves nobody behind for ever.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from handler.clock import parse_iso
from handler.named_tuple import NamedTuple
from handler.state.memory import LONGEST_INTERVAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from handler.models import Verdict
    from handler.state.index import IndexEntry
    from handler.state.memory import LastRun

DUE_AFTER = 0.9  # of the interval, counted from the last start
STALE_AFTER = 2  # intervals without a complete run
UNSET_INTERVAL = timedelta(days=1)  # what staleness is measured by where RUN_INTERVAL is not set
FORGOTTEN_AFTER = timedelta(days=30)  # and so many intervals: a place that no run asked is told as no longer checked
NEVER = timedelta.max


class Turn(NamedTuple):
    """The targets that are due, the most overdue first, and those whose interval is not over."""

    due: tuple[str, ...]
    resting: tuple[str, ...]


class Deferred(NamedTuple):
    """A target that this run did not ask: when it was last, with what verdict, and what that stands for now.

    `stands` is None where its first turn is still to come.
    """

    name: str
    last_run_at: str
    verdict: Verdict | None
    stands: Verdict | None
    counts: Mapping[str, int] = {}


def said_of(one: Deferred) -> str:
    """When a target that was not asked was last, in words."""
    if not one.last_run_at:
        return "it was never checked"
    return f"last {one.verdict} at {one.last_run_at}" if one.verdict else f"its run at {one.last_run_at} did not end"


def turn(names: Iterable[str], known: Mapping[str, IndexEntry], now: datetime, interval: timedelta) -> Turn:
    """Sort the targets of a shard by how long ago they were started; those of equal age keep their order."""
    ages = {name: since(known[name].last_run_at if name in known else "", now) for name in names}
    oldest_first = sorted(ages, key=lambda name: ages[name], reverse=True)
    least = interval * DUE_AFTER
    due = tuple(name for name in oldest_first if ages[name] >= least)
    return Turn(due, tuple(name for name in ages if ages[name] < least))


def since(stamp: str, now: datetime) -> timedelta:
    """How long ago that was. What never was, and what lies in the future, is as old as can be."""
    moment = parse_iso(stamp) if stamp else None
    return NEVER if moment is None or moment > now else now - moment


def stale(entry: IndexEntry, now: datetime, after: timedelta) -> bool:
    """Whether a target that was checked before has had no complete run for that long."""
    return bool(entry.last_run_at) and since(entry.last_complete_at, now) > after


def standing(entry: IndexEntry | None, now: datetime, interval: timedelta) -> Verdict | None:
    """What a target that this run did not ask counts as: its last verdict; `inconclusive` if that is stale.

    None: it was first listed less than two intervals ago and its first turn is still to come.
    """
    patience = interval * STALE_AFTER
    if entry is None or not entry.last_run_at or entry.verdict is None:
        listed = "" if entry is None else entry.first_seen
        waited = since(listed, now) if listed else timedelta(0)
        return "inconclusive" if waited > patience else None
    return "inconclusive" if stale(entry, now, patience) else entry.verdict


def long_unasked(places: Mapping[str, LastRun], now: datetime, interval: timedelta | None) -> tuple[str, ...]:
    """The places that no run asked for 30 days and two of their intervals. One in the future was not asked long ago.

    `interval` is that of a place that does not say its own.
    """
    return tuple(place for place, one in places.items() if one.run_at and _is_long_unasked(one, now, interval))


def _is_long_unasked(one: LastRun, now: datetime, interval: timedelta | None) -> bool:
    known = 0 < one.interval_seconds <= LONGEST_INTERVAL
    own = timedelta(seconds=one.interval_seconds) if known else interval or UNSET_INTERVAL
    return now - parse_iso(one.run_at) > FORGOTTEN_AFTER + STALE_AFTER * own
