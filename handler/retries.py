"""One rule for trying again: bounded tries, growing waits with jitter, and never longer than the time left."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Protocol, TypeVar

from handler.clock import parse_iso
from handler.errors import TimeLimitError, TransportError
from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from random import Random

    from handler.clock import Deadline


class _Answered(Protocol):
    @property
    def status(self) -> int: ...


_Answer = TypeVar("_Answer", bound=_Answered)
LONGEST_ASKED = 366 * 86_400.0  # seconds; a number of many digits is this
_NUMBER = r"-?[0-9]+(\.[0-9]+)?"


class Retries(NamedTuple):
    """How often and how slowly. `tries` counts the first one; waits in seconds."""

    tries: int = 3
    first_wait: float = 1.0
    longest_wait: float = 30.0

    def wait(self, tried: int, random: Random) -> float:
        """The wait after so many tries: doubled each time, then between half and all of it."""
        return min(self.longest_wait, self.first_wait * 2.0 ** (tried - 1)) * random.uniform(0.5, 1.0)


DEFAULT_RETRIES = Retries()


def with_retries(
    call: Callable[[], _Answer],
    wanted: Callable[[_Answer | TransportError], float | None],
    *,
    deadline: Deadline,
    random: Random,
    retries: Retries = DEFAULT_RETRIES,
    on_wait: Callable[[float], None] | None = None,
) -> _Answer:
    """The first answer that needs no other try, or the last one.

    `wanted` says of an outcome: None, keep it; a number, try again after at least so many seconds (0: the rule says).
    Raises the last TransportError, and TimeLimitError where the wait does not fit in the time left.
    """
    tried = 0
    while True:
        tried += 1
        outcome = _outcome(call)
        asked = wanted(outcome)
        if asked is None or tried >= retries.tries:
            return _settle(outcome)
        wait = asked or retries.wait(tried, random)
        if wait >= deadline.left():
            raise _too_late(outcome, wait, deadline.left())
        if on_wait is not None:
            on_wait(wait)
        deadline.clock.sleep(wait)


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds that a Retry-After header asks for, never below zero; None without a readable one.

    Header names may be written in any case. A number may have decimals. A date is measured against the answer's own
    Date where it has one, so that neither clock matters; else against `now`, and without `now` it says nothing.
    """
    known = {name.lower(): value for name, value in headers.items()}
    if "retry-after" not in known:
        return None
    text = known["retry-after"].strip()
    if re.fullmatch(_NUMBER, text):
        return min(max(0.0, float(text)), LONGEST_ASKED)
    until = _http_date(text)
    if until is None:
        return None
    since = _http_date(known.get("date")) or now
    return None if since is None else max(0.0, (until - since).total_seconds())


def in_minutes(seconds: float) -> str:
    """`1 minute`, `11 minutes`: rounded up."""
    minutes = max(1, math.ceil(seconds / 60))
    return "1 minute" if minutes == 1 else f"{minutes} minutes"


def _outcome(call: Callable[[], _Answer]) -> _Answer | TransportError:
    try:
        return call()
    except TransportError as error:
        return error


def _settle(outcome: _Answer | TransportError) -> _Answer:
    if isinstance(outcome, TransportError):
        raise outcome
    return outcome


def _too_late(outcome: _Answered | TransportError, wait: float, left: float) -> TimeLimitError:
    what = outcome.message if isinstance(outcome, TransportError) else f"HTTP {outcome.status}"
    return TimeLimitError(f"{what}; another try needs {in_minutes(wait)}, {left:.0f} s are left")


def _http_date(text: str | None) -> datetime | None:
    if not text:
        return None
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - rarely needed, and slow to import

    try:
        return parse_iso(parsedate_to_datetime(text).isoformat())
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
