"""One place where a value is not what its document says: its JSON path, and what is wrong in plain words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

BreachKind = Literal["type", "range", "missing", "unknown_key", "unlisted_value"]
LONGEST_SHOWN = 64  # characters of a text that a message may repeat
_KINDS: dict[str, BreachKind] = {
    "type": "type",
    "required": "missing",
    "x-named": "unknown_key",
    "enum": "unlisted_value",
    "x-listed": "unlisted_value",
}
_WORDS = {
    "minimum": "below {}",
    "maximum": "above {}",
    "minLength": "shorter than {} characters",
    "maxLength": "longer than {} characters",
    "minItems": "fewer than {} items",
    "maxItems": "more than {} items",
}


class Breach(NamedTuple):
    """One place where a value is not what its document says. `path` is a JSON path: `$.data_list[3].port`."""

    path: str
    message: str
    kind: BreachKind

    @property
    def fatal(self) -> bool:
        """A wrong type, a broken range or a missing key; unknown keys and unlisted values are only counted."""
        return self.kind in ("type", "range", "missing")

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


def breach_of(steps: Iterable[str | int], keyword: str, limit: Any, value: object) -> Breach:
    """The breach of one keyword of a schema, with the keyword's own value `limit`, by the value at that place.

    Its message never repeats a text of more than `LONGEST_SHOWN` characters.
    """
    kind = _KINDS.get(keyword, "range")
    return Breach(json_path(steps), _message(kind, keyword, limit, value), kind)


def json_path(steps: Iterable[str | int]) -> str:
    """`$.data_list[3].port`; a key that is no plain word is quoted, and cut at 64 characters."""
    return "$" + "".join(_step(step) for step in steps)


def type_name(value: object) -> str:
    """The JSON name of a value's type; `number` is what has a fraction or an exponent."""
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return "null" if value is None else names.get(type(value), type(value).__name__)


def shown(value: object) -> str:
    """A short value with its type, in ASCII; of a long one, or of a container, only the type."""
    if isinstance(value, str):
        return f"string {json.dumps(value)}" if len(value) <= LONGEST_SHOWN else f"string of {len(value)} characters"
    if isinstance(value, int) and value.bit_length() <= LONGEST_SHOWN:
        return f"{type_name(value)} {json.dumps(value)}"
    if isinstance(value, list):
        return f"array of {len(value)}"
    return type_name(value)


def _message(kind: BreachKind, keyword: str, limit: Any, value: object) -> str:
    if kind == "missing":
        return "a required key is missing"
    if kind == "unknown_key":
        return f"a key that the document does not name, of type {type_name(value)}"
    if kind == "type":
        return f"{limit} wanted, found {type_name(value)}"
    if kind == "unlisted_value":
        return f"{shown(value)} is none of {', '.join(json.dumps(choice) for choice in limit)}"
    return f"{shown(value)} is {_WORDS[keyword].format(limit) if keyword in _WORDS else f'not as {keyword} says'}"


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if len(step) > LONGEST_SHOWN:
        return f"[{json.dumps(step[:LONGEST_SHOWN] + '...')}]"
    plain = step.isascii() and step.replace("-", "_").isidentifier() and step[0] != "-"
    return f".{step}" if plain else f"[{json.dumps(step)}]"
