"""JSON read without forgiving anything that could hide a port. Pure."""

from __future__ import annotations

import json as _json
import math
import re
from typing import Any

LONGEST_NUMBER = 20  # digits; the API's largest number has ten
DEEPEST = 50  # levels; the API's answers have three, and how many Python reads depends on its version
_TOO_DEEP = "nested too deep"
_MANY_DIGITS = re.compile(rb"[0-9]{20}")  # only then each number is looked at
_BOM = b"\xef\xbb\xbf"


class NotJsonError(ValueError):
    """The bytes are not JSON, or JSON that two readers would read differently. Says why, not what."""


def read(body: bytes) -> Any:
    """The value of a JSON text in UTF-8; a byte order mark is passed over.

    Raises NotJsonError: not UTF-8, not JSON, empty, a key twice in one object, NaN or Infinity, a number of more than
    twenty digits, nested too deep.
    """
    value = _parsed(body)
    if _depth(value) > DEEPEST:
        raise NotJsonError(_TOO_DEEP)
    return value


def json_object(body: bytes) -> dict[str, Any] | None:
    """The JSON object that a body is, or None."""
    try:
        value = read(body)
    except NotJsonError:
        return None
    return value if isinstance(value, dict) else None


def _parsed(body: bytes) -> Any:
    try:
        return _json.loads(
            body.removeprefix(_BOM).decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_int=_integer if _MANY_DIGITS.search(body) else None,
            parse_float=_float,
        )
    except NotJsonError:
        raise
    except UnicodeDecodeError as error:
        raise NotJsonError(f"not UTF-8 at byte {error.start}") from None
    except RecursionError:
        raise NotJsonError(_TOO_DEEP) from None
    except ValueError as error:
        raise NotJsonError(_where(body, error)) from None


def _depth(value: Any) -> int:
    """How many arrays and objects lie in each other; counts no further than one more than is allowed."""
    depth, level = 0, [value] if isinstance(value, (dict, list)) else []
    while level and depth <= DEEPEST:
        depth += 1
        level = [
            inner
            for one in level
            for inner in (one.values() if isinstance(one, dict) else one)
            if isinstance(inner, (dict, list))
        ]
    return depth


def _where(body: bytes, error: ValueError) -> str:
    if not body.strip():
        return "an empty body"
    if body.lstrip()[:1] == b"<":
        return "not JSON but a page of markup"
    if isinstance(error, _json.JSONDecodeError):
        return f"not JSON at line {error.lineno}, column {error.colno}"
    return "not JSON"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise NotJsonError("a key stands twice in one object")
    return made


def _no_constant(name: str) -> Any:
    raise NotJsonError(f"{name} is not a number in JSON")


def _integer(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise NotJsonError(f"a number of {len(text)} digits")
    return int(text)


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise NotJsonError("a number too large")
    return value
