"""The pace that the API allows: five calls of one API a minute, per user and source address.

Source: HSS API reference, "Constraints" (intl 2024-03-27): one user or source address may call an API five times a
minute. The gateway's minute is not ours, so a window is 61 s.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from handler.errors import TimeLimitError
from handler.retries import in_minutes

if TYPE_CHECKING:
    from collections.abc import Callable

    from handler.clock import Clock, Deadline

WINDOW = 61.0
_INSTANT = 1e-6  # below what a float of monotonic seconds can still add up


class Lane(NamedTuple):
    """What has a window of its own: an API, called with one set of credentials."""

    api: str
    identity: str


class Pacer:
    """Gives turns so that at most `calls` start in any `window` seconds per lane; 0 calls: no pacing.

    One pacer serves all targets of a run, and threads.
    """

    def __init__(self, clock: Clock, calls: int = 5, window: float = WINDOW) -> None:
        self.clock, self.calls, self.window = clock, calls, window
        self._starts: dict[Lane, deque[float]] = {}
        self._lock = threading.Lock()

    def take(
        self, lane: Lane, deadline: Deadline, *, patient: bool = True, on_wait: Callable[[float], None] | None = None
    ) -> float:
        """Wait for the next turn and take it; the moment of it is what `give_back` needs.

        Raises TimeLimitError where its wait does not fit before the deadline, or where one is needed and
        `patient` is off.
        """
        while True:
            turn, wait = self._try(lane)
            if wait <= 0:
                return turn
            if not patient or wait >= deadline.left():
                raise TimeLimitError(f"{lane.api}: the next call may start in {in_minutes(wait)}")
            if on_wait is not None:
                on_wait(wait)
            self.clock.sleep(wait)

    def give_back(self, lane: Lane, turn: float) -> None:
        """A call that was given this turn never reached the API: it counts no more."""
        with self._lock:
            starts = self._starts.get(lane)
            if starts is not None and turn in starts:
                starts.remove(turn)

    def forecast(self, lane: Lane, calls: int) -> float:
        """Seconds until the last of so many more calls may start."""
        with self._lock:
            starts = deque(self._starts.get(lane, ()), maxlen=self.calls)
        now = at = self.clock.monotonic()
        for _ in range(calls if self.calls else 0):
            at = max(now, starts[0] + self.window) if len(starts) == self.calls else now
            starts.append(at)
        return at - now

    def _try(self, lane: Lane) -> tuple[float, float]:
        """The moment, and the seconds until there may be a turn; zero if it was taken."""
        if not self.calls:
            return self.clock.monotonic(), 0.0
        with self._lock:
            now = self.clock.monotonic()
            starts = self._starts.setdefault(lane, deque(maxlen=self.calls))
            wait = starts[0] + self.window - now if len(starts) == self.calls else 0.0
            if wait > _INSTANT:
                return now, wait
            starts.append(now)
            return now, 0.0
