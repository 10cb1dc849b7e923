"""The pace that the API allows: five calls of one API a minute, per user and source address.

Source: HSS API reference, "Constraints" (intl 2024-03-27): one user or source address may call an API five times a
minute. The gateway's minute is not ours, so a window is 61 s.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from typing import TYPE_CHECKING

from handler.errors import TimeLimitError
from handler.named_tuple import NamedTuple
from handler.retries import in_minutes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from handler.clock import Clock, Deadline

WINDOW = 61.0
_INSTANT = 1e-6  # below what a float of monotonic seconds can still add up


class Lane(NamedTuple):
    """What has a window of its own: an API, called with one set of credentials."""

    api: str
    identity: str


class Start(NamedTuple):
    """When a call started: in monotonic seconds of this process, and in seconds since 1970, which others know too."""

    at: float
    on: float


class Pacer:
    """Gives turns so that at most `calls` start in any `window` seconds per lane; 0 calls: no pacing.

    One pacer serves all targets of a run, and threads.
    """

    def __init__(self, clock: Clock, calls: int = 5, window: float = WINDOW) -> None:
        self.clock, self.calls, self.window = clock, calls, window
        self._starts: dict[Lane, deque[Start]] = {}
        self._turns: dict[Lane, int] = {}
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
            starts = self._starts.get(lane, deque())
            given = next((start for start in starts if start.at == turn), None)
            if given is not None:
                starts.remove(given)
            if given is not None or not self.calls:
                self._turns[lane] = max(0, self._turns.get(lane, 0) - 1)

    def forecast(self, lane: Lane, calls: int) -> float:
        """Seconds until the last of so many more calls may start."""
        with self._lock:
            starts = deque([start.at for start in self._starts.get(lane, ())], maxlen=self.calls)
        now = at = self.clock.monotonic()
        for _ in range(calls if self.calls else 0):
            at = max(now, starts[0] + self.window) if len(starts) == self.calls else now
            starts.append(at)
        return at - now

    def turns(self, lane: Lane) -> int:
        """How many turns were given so far, without those that were given back."""
        with self._lock:
            return self._turns.get(lane, 0)

    def started(self, lane: Lane) -> tuple[float, ...]:
        """When the last calls started, in seconds since 1970."""
        with self._lock:
            return tuple([start.on for start in self._starts.get(lane, ())])

    def recall(self, lane: Lane, started: Iterable[float]) -> None:
        """Take the calls of other processes into account. What lies further ahead than a window is a wrong clock's."""
        if not self.calls:
            return
        now, today = self.clock.monotonic(), self.clock.now().timestamp()
        with self._lock:
            known = self._starts.get(lane, ())
            others = Counter(on for on in started if on <= today + self.window)
            others.subtract(start.on for start in known)
            merged = sorted((*known, *(Start(now - max(0.0, today - on), on) for on in others.elements())))
            self._starts[lane] = deque(merged, maxlen=self.calls)

    def _try(self, lane: Lane) -> tuple[float, float]:
        """The moment, and the seconds until there may be a turn; zero if it was taken."""
        with self._lock:
            now = self.clock.monotonic()
            starts = self._starts.setdefault(lane, deque(maxlen=self.calls))
            wait = starts[0].at + self.window - now if self.calls and len(starts) == self.calls else 0.0
            if wait > _INSTANT:
                return now, wait
            starts.append(Start(now, self.clock.now().timestamp()))
            self._turns[lane] = self._turns.get(lane, 0) + 1
            return now, 0.0
