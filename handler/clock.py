"""Time as an argument, so that nothing in the tests sleeps."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta, timezone
from typing import Protocol

from handler.named_tuple import NamedTuple


class Clock(Protocol):
    """What a room needs of time."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        return datetime.now(timezone.utc)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(max(0.0, seconds))


class FixedClock(NamedTuple):
    """A moment that stands still (`--at`), over a clock whose seconds run for pacing and time limits."""

    moment: datetime
    running: Clock

    def now(self) -> datetime:
        """The fixed moment."""
        return self.moment

    def monotonic(self) -> float:
        """Seconds of the running clock."""
        return self.running.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait on the running clock."""
        self.running.sleep(seconds)


def running(clock: Clock) -> Clock:
    """The clock that others share: what is signed under a fixed moment would be refused as too old."""
    return clock.running if isinstance(clock, FixedClock) else clock


class Deadline(NamedTuple):
    """A point in monotonic seconds, on one clock."""

    at: float
    clock: Clock

    @classmethod
    def after(cls, seconds: float, clock: Clock) -> Deadline:
        """The deadline that lies `seconds` ahead."""
        return cls(clock.monotonic() + seconds, clock)

    def left(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self.at - self.clock.monotonic())

    def share(self, among: int) -> Deadline:
        """The deadline of one of so many that share what is left, each the same."""
        return Deadline.after(self.left() / among, self.clock)

    def no_sooner_than(self, seconds: float) -> Deadline:
        """The same deadline, or one that lies `seconds` ahead of now if that is later."""
        return Deadline(max(self.at, self.clock.monotonic() + seconds), self.clock)

    def earlier(self, seconds: float) -> Deadline:
        """The same deadline, `seconds` sooner."""
        return Deadline(self.at - seconds, self.clock)


def iso(moment: datetime) -> str:
    """`2026-11-22T06:30:00Z`; microseconds are dropped."""
    return moment.astimezone(timezone.utc).isoformat()[:19] + "Z"


def parse_iso(text: str) -> datetime:
    """The moment that an ISO 8601 text names; without an offset it is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    try:
        return moment.replace(tzinfo=timezone.utc) if moment.tzinfo is None else moment.astimezone(timezone.utc)
    except OverflowError:
        raise ValueError(f"{text!r:.40} is no time in UTC") from None


def parse_day(text: str) -> date:
    """The day of a YYYY-MM-DD. Raises ValueError, also for 20261201 and 2026-W49-2, which newer Pythons take."""
    day = date.fromisoformat(text)
    if day.isoformat() != text:
        raise ValueError(f"{text!r:.40} is no YYYY-MM-DD")
    return day


def is_far(text: str, now: datetime, span: timedelta) -> bool:
    """Whether a moment is at least so long ago; as far in the future it is one of a wrong clock, and counts as well."""
    return abs(now - parse_iso(text)) >= span


def in_days(days: int) -> str:
    """`in 13 days`, `tomorrow`; from the day itself on `now`."""
    return f"in {days} days" if days > 1 else "tomorrow" if days == 1 else "now"
