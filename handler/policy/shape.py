"""The shape of a policy file as its published schema tells it, without the models that the schema is made of."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handler.policy.host_patterns import host_pattern
from handler.schemas.valid import fits_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SCHEMA_FILE = Path(__file__).with_name("policy.schema.json")  # `document.policy_schema` writes it


def keys_of(part: str = "") -> tuple[str, ...]:
    """The keys of a policy file, or of its part of that name (of an item of `rules`), in the order of the language."""
    schema = _schema()
    if not part:
        return tuple(schema["properties"])
    described = schema["properties"][part]
    model = described.get("items", described)["$ref"].rpartition("/")[2]
    return tuple(schema["$defs"][model]["properties"])


@cache
def certainly_fits() -> Callable[[object], bool]:
    """A function that is true of a file's data only if `document.PolicyDocument` takes it too.

    Of which kind a rule is, neither of them judges.
    """
    schema = _schema()
    rule = {keyword: limit for keyword, limit in schema["$defs"]["RuleDocument"].items() if keyword != "oneOf"}
    fits = fits_of({**schema, "$defs": {**schema["$defs"], "RuleDocument": rule}})
    return lambda data: fits(data) and all(map(_is_host_pattern, _hosts_in(data)))


def _hosts_in(data: Any) -> Iterator[str]:
    """The entries of all `hosts`, of data that fits the schema; what they may be, no schema can say."""
    for key in ("rules", "exemptions"):
        for item in data.get(key) or ():
            yield from item.get("hosts") or ()


def _is_host_pattern(text: str) -> bool:
    try:
        host_pattern(text)
    except ValueError:
        return False
    return True


@cache
def _schema() -> Any:
    return json.loads(SCHEMA_FILE.read_bytes())
