"""JSON read without forgiving anything that could hide a port. Pure."""

from __future__ import annotations

import json as _json
import math
import re
import sys
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_Made = TypeVar("_Made")
LONGEST_NUMBER = 20  # digits; the API's largest number has ten
MOST_CONTAINERS = 250_000  # arrays and objects, which cost 20 times their two bytes; the API's largest page has 10,002
DEEPEST = 50  # levels; the API's answers have three, and how many Python reads depends on its version
_TOO_DEEP = "nested too deep"
_ANY_DIGIT = bytes.maketrans(b"123456789", b"000000000")
_TWENTY_DIGITS = b"0" * 20  # in a row, whichever they are: only then each number is looked at
_HALF_ESCAPES = (b"\\ud", b"\\uD")
_ESCAPE = r"(?s)\\u[dD][89abAB]..\\u[dD][c-fC-F]..|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
_CONTAINERS = frozenset((dict, list))
_BOM = b"\xef\xbb\xbf"


class NotJsonError(ValueError):
    """The bytes are not JSON, or JSON that two readers would read differently. Says why, not what."""


def read(body: bytes) -> Any:
    """The value of a JSON text in UTF-8; a byte order mark is passed over.

    Half a surrogate pair, which JSON can write and nothing can encode, becomes U+FFFD.
    A whole number of more than twenty digits is read as a fraction is: by its nearest floating point number, at most
    the largest. So it is no count, but only where it stands.
    Raises NotJsonError: not UTF-8, not JSON, empty, a key twice in one object, NaN or Infinity, nested too deep, more
    than 250,000 arrays and objects (before they are made).
    """
    return read_as(nothing, body)[0]


def read_as(make: Callable[[Any, int], _Made | None], body: bytes) -> tuple[Any, _Made | None]:
    """The same, and what `make` makes of the value and the number of colons in its text.

    Where that is something, `make` has seen that the value is shallow and that no key stood twice.
    """
    if len(body) > MOST_CONTAINERS and body.count(b"[") + body.count(b"{") > MOST_CONTAINERS:
        raise NotJsonError(f"more than {MOST_CONTAINERS} arrays and objects")
    value, colons = _parsed(body), body.count(b":")
    made = make(value, colons)
    if made is not None:
        return value, made
    depth, keys = _measured(value)
    if depth > DEEPEST:
        raise NotJsonError(_TOO_DEEP)
    if keys != colons:  # as many colons as keys: no key was lost to another of the same name
        del value  # before it is made again: it may be large
        value = _parsed(body, object_pairs_hook=_unique)
    return value, None


def nothing(_value: object, _colons: int) -> None:
    """What is made of a value that is only wanted as it is."""


def json_object(body: bytes) -> dict[str, Any] | None:
    """The JSON object that a body is, or None."""
    try:
        value = read(body)
    except NotJsonError:
        return None
    return value if isinstance(value, dict) else None


def _parsed(body: bytes, object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    try:
        text = body.removeprefix(_BOM).decode()
        if _may_hold_halves(body):
            text = _encodable(text)
        long_numbers = _TWENTY_DIGITS in body.translate(_ANY_DIGIT)
        usual = object_pairs_hook is None and not long_numbers
        decoder = _USUAL if usual else _decoder(object_pairs_hook, _integer if long_numbers else None)
        return decoder.decode(text)
    except NotJsonError:
        raise
    except UnicodeDecodeError as error:
        raise NotJsonError(f"not UTF-8 at byte {error.start}") from None
    except RecursionError:
        raise NotJsonError(_TOO_DEEP) from None
    except ValueError as error:
        raise NotJsonError(_where(body, error)) from None


def _may_hold_halves(body: bytes) -> bool:
    """Whether a half of a character may stand in it, escaped."""
    return b"\\" in body and any(half in body for half in _HALF_ESCAPES)


def _decoder(
    object_pairs_hook: Callable[[list[tuple[str, Any]]], Any] | None = None,
    parse_int: Callable[[str], float] | None = None,
) -> _json.JSONDecoder:
    return _json.JSONDecoder(
        object_pairs_hook=object_pairs_hook, parse_constant=_no_constant, parse_int=parse_int, parse_float=_float
    )


def _measured(value: Any) -> tuple[int, int]:
    """How many arrays and objects lie in each other, at most one more than is allowed, and how many keys they have."""
    depth = keys = 0
    level: list[Any] = [value]
    while depth <= DEEPEST and not _CONTAINERS.isdisjoint(types := set(map(type, level))):
        depth += 1
        objects = level if types == {dict} else [one for one in level if type(one) is dict]
        arrays = level if types == {list} else [one for one in level if type(one) is list]
        level = list(chain.from_iterable(map(dict.values, objects)))
        keys += len(level)
        level += chain.from_iterable(arrays)
    return depth, keys


def _encodable(text: str) -> str:
    """A JSON text in which half a surrogate pair is written as U+FFFD; before it is read, so that it is read once."""
    return re.sub(_ESCAPE, lambda found: found[0] if found["half"] is None else "\\ufffd", text)


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


def _integer(text: str) -> float:
    return int(text) if len(text) <= LONGEST_NUMBER else _float(text)


def _float(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else math.copysign(sys.float_info.max, value)


_USUAL = _decoder()  # `json.loads` would make one for each text
