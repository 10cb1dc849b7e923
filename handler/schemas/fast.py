"""Says yes or no by code that a library generated from the schemas; jsonschema words what is wrong.

An answer as documented passes here within microseconds a row, and the run does not even import jsonschema. One that
only drifts (a new key, a new word) is still judged by jsonschema, but each way to drift once and not each row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from handler.schemas.fast_generated import CLEAN, TOLERABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROWS = "data_list"  # the one list that answers have
Kinds = dict[tuple[tuple[str, Any], ...], list[int]]


def is_clean(name: str, value: object) -> bool:
    """Whether the schema file `name`, its overlay included, has nothing to say of the value, not even drift."""
    return _passes(CLEAN[name], value)


def is_tolerable(name: str, body: object) -> bool:
    """Whether nothing in an answer is fatal."""
    return _passes(TOLERABLE[name], body)


def kinds_of(rows: list[dict[str, Any]], properties: Mapping[str, Mapping[str, Any]]) -> list[list[int]]:
    """The indices of tolerable rows, put together where jsonschema must say the same of them.

    It may look at a text or at a listed value; of another one, and of an unknown key, only its type can be told.
    """
    telling = {key for key, schema in properties.items() if schema.get("type") == "string" or "x-listed" in schema}
    kinds: Kinds = {}
    for index, row in enumerate(rows):
        kind = tuple((key, value if key in telling else type(value)) for key, value in row.items())
        kinds.setdefault(kind, []).append(index)
    return list(kinds.values())


def _passes(judge: Callable[[Any], object], value: object) -> bool:
    try:
        judge(value)
    except ValueError:
        return False
    return True
