"""What the answer to a message meant: the noun, the rules of plain HTTP, and the pieces that every `judge` uses."""

from __future__ import annotations

import json
import math
import re
from enum import Enum
from typing import TYPE_CHECKING, Any

from handler.foreign_text import one_line
from handler.named_tuple import NamedTuple
from handler.retries import retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping


class DeliveryOutcome(Enum):
    """What an answer meant."""

    DELIVERED = "delivered"
    ACCEPTED = "accepted"  # taken for processing; the target never says more
    RETRY_NOW = "retry_now"  # network, 5xx, 429, a busy platform
    RETRY_NEXT_RUN = "retry_next_run"
    PERMANENT = "permanent"  # a dead hook, a refused signature: the same body will never pass
    TOO_LARGE = "too_large"  # shrink, then send again


class SinkAnswer(NamedTuple):
    """An outcome and, in words without secrets, why; `retry_after` in seconds where the target says so."""

    outcome: DeliveryOutcome
    reason: str = ""
    retry_after: float | None = None


DELIVERED = SinkAnswer(DeliveryOutcome.DELIVERED)
_TRY_AGAIN = frozenset({408, 421, 425, 429})
_LONGEST_REASON = 120
_ADDRESS = r"://|[?&]\w+="  # what a word of an address has in it
_TOO_LONG = r"(?i)too (long|large|big)|exceed\w* (the )?(max|limit|size|length)|max_length"
_LONG_WORD = r"[\w+/=:.\-]{20,}"


def by_status(status: int, headers: Mapping[str, str], said: str = "") -> SinkAnswer | None:
    """The meaning of a status that is not 2xx, with what the target said; None for a 2xx."""
    if 200 <= status < 300:
        return None
    reason = because(status, said)
    if 300 <= status < 400:
        return SinkAnswer(DeliveryOutcome.PERMANENT, f"{reason} (redirects are not followed)")
    if status == 413:
        return SinkAnswer(DeliveryOutcome.TOO_LARGE, reason)
    if status >= 500 or status in _TRY_AGAIN:
        return SinkAnswer(DeliveryOutcome.RETRY_NOW, reason, retry_after(headers))
    return SinkAnswer(DeliveryOutcome.PERMANENT, reason)


def by_status_alone(status: int, headers: Mapping[str, str], body: bytes) -> SinkAnswer:
    """For targets whose success is any 2xx; 501 will never do better."""
    if status == 501:
        return SinkAnswer(DeliveryOutcome.PERMANENT, because(status))
    return by_status(status, headers, text_of(body)) or DELIVERED


def by_code(
    status: int, headers: Mapping[str, str], body: bytes, names: tuple[str, ...], meanings: Mapping[int, SinkAnswer]
) -> SinkAnswer:
    """For targets that answer 200 to a refusal and put a number in the body: success is 0 and nothing else."""
    said = fields_of(body) or {}
    code = next((said[name] for name in names if type(said.get(name)) is int), None)
    if code is None:
        return by_status(status, headers, text_of(body)) or not_understood(status)
    words = safe_words(next((said[name] for name in ("errmsg", "msg", "StatusMessage") if said.get(name)), ""))
    failure = by_status(status, headers, f"code {code} {words}")
    return (failure or DELIVERED) if code == 0 else _by_refusal(code, words, status, failure, meanings)


def _by_refusal(
    code: int, words: str, status: int, failure: SinkAnswer | None, meanings: Mapping[int, SinkAnswer]
) -> SinkAnswer:
    """What a code that is not 0 means: what the target documents, a message that is too long, or a refusal."""
    reason = one_line(f"code {code}: {words}", _LONGEST_REASON)
    known = meanings.get(code) or too_long(status, words)
    if known is not None:
        return known._replace(reason=reason)
    return failure or SinkAnswer(DeliveryOutcome.PERMANENT, reason)


def too_long(status: int, words: str) -> SinkAnswer | None:
    """The meaning of a refusal that is about the length of the message; None if its words say something else."""
    return SinkAnswer(DeliveryOutcome.TOO_LARGE, because(status, words)) if re.search(_TOO_LONG, words) else None


def because(status: int, said: object = "") -> str:
    """`HTTP 400: invalid_payload`: at most 120 safe characters of what the target said."""
    words = safe_words(said)
    return f"HTTP {status}: {words}" if words else f"HTTP {status}"


def safe_words(said: object) -> str:
    """A target's own words, short, on one line, without addresses and anything that could be a token."""
    text = one_line(str(said), 1000) if isinstance(said, (str, int)) else ""
    words = " ".join("***" if re.search(_ADDRESS, word) else word for word in text.split(" "))
    hidden = re.sub(_LONG_WORD, _hide_token, words)
    return one_line(hidden, _LONGEST_REASON)


def _hide_token(run: re.Match[str]) -> str:
    """Words joined by underscores are an error code; a long run with a digit or mixed case may be a secret."""
    word = run[0]
    is_code = word.replace("_", "").isalpha() and (word.islower() or word.isupper())
    return word if is_code else "***"


def text_of(body: bytes) -> str:
    """The beginning of a body as text."""
    return body[:2000].decode(errors="replace").strip()


def fields_of(body: bytes) -> Mapping[str, Any] | None:
    """The JSON object in a body, None if it holds none."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def seconds(said: object) -> float | None:
    """A number of seconds from a JSON value or a text; None if it is none."""
    if isinstance(said, bool) or not isinstance(said, (str, int, float)):
        return None
    try:
        number = float(said)
    except (ValueError, OverflowError):
        return None
    return max(0.0, number) if math.isfinite(number) else None


def not_understood(status: int) -> SinkAnswer:
    """A success status with a body that the target never sends: nothing is known to have been posted."""
    return SinkAnswer(DeliveryOutcome.RETRY_NEXT_RUN, f"HTTP {status}, but the answer is not this target's own")
