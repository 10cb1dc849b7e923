"""Progress on standard error: a line that rewrites itself on a terminal, plain lines elsewhere."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from handler.clock import Clock
    from handler.hss.walk import Progress

BAR_WIDTH = 24
QUIET_FOR = 2.0  # seconds before anything is said: a short run needs no progress


class ProgressLines:
    """Called with a target's name and how far it is."""

    def __init__(self, stream: TextIO, clock: Clock) -> None:
        self._stream = stream
        self._clock = clock
        self._started = clock.monotonic()
        self._said_at = -math.inf

    def __call__(self, target: str, progress: Progress) -> None:
        """Say how far it is, once the run takes long enough to wonder."""
        now = self._clock.monotonic()
        if self._stream.isatty():
            self._stream.write(f"\r\x1b[2K{line(target, progress, now - self._started)}")
            if progress.made >= progress.planned:
                self._stream.write("\r\x1b[2K")
        elif progress.wait >= QUIET_FOR or (now - self._started > QUIET_FOR and now - self._said_at > 10):
            self._stream.write(line(target, progress, now - self._started) + "\n")
            self._said_at = now
        self._stream.flush()


def line(target: str, progress: Progress, elapsed: float) -> str:
    """`prod host [####----] 7/51 calls, 1400 rows, waiting 42 s for the API's pace`."""
    planned = max(progress.planned, progress.made, 1)
    filled = BAR_WIDTH * progress.made // planned
    bar = "#" * filled + "-" * (BAR_WIDTH - filled)
    waiting = f", waiting {math.ceil(progress.wait)} s for the API's pace" if progress.wait else ""
    left = minutes_left(planned - progress.made)
    ahead = f", about {left} min left" if left else ""
    return (
        f"{target} {progress.category} [{bar}] {progress.made}/{planned} calls, {progress.rows} rows"
        f", {elapsed:.0f} s{waiting}{ahead}"
    )


def minutes_left(calls: int, per_minute: int = 5) -> int:
    """Whole minutes that so many more calls take at the documented pace."""
    return calls // per_minute
