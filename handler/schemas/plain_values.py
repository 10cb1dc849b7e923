"""Which values a schema allows, where it says no more of them than a range of numbers or a list of words.

For whoever would rather compare than judge. Each function raises ValueError for a schema that says anything else, so
that nothing is taken for allowed that the judge of the same schema would name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    _Schema = Mapping[str, Any]

_NO_MEANING = frozenset(["$schema", "$id", "$comment", "$defs", "default", "title", "description"])


def members(schema: _Schema, names: Collection[str], needed: Collection[str]) -> tuple[_Schema, ...]:
    """The schemas of these keys of an object, of which it demands at most the `needed`."""
    _only(schema, "object", "properties", "required")
    if not set(schema.get("required", ())).issubset(needed):
        raise ValueError("the schema demands more keys")
    try:
        return tuple(schema["properties"][name] for name in names)
    except KeyError as error:
        raise ValueError(f"the schema has no key {error}") from None


def integers(schema: _Schema) -> range:
    """The integers that it allows, between two bounds."""
    _only(schema, "integer", "minimum", "maximum")
    return range(schema.get("minimum", 0), schema.get("maximum", -1) + 1)


def words(schema: _Schema) -> frozenset[str]:
    """The texts that it lists; an open list counts like any other."""
    _only(schema, "string", "enum", "x-listed", "minLength", "maxLength")
    lists = [schema[key] for key in ("enum", "x-listed") if key in schema]
    if len(lists) != 1:
        raise ValueError("the schema has not one list of words")
    sizes = range(schema.get("minLength", 0), schema.get("maxLength", 1_000) + 1)
    return frozenset(word for word in lists[0] if isinstance(word, str) and len(word) in sizes)


def sizes(schema: _Schema) -> range:
    """How many items an array may have."""
    _only(schema, "array", "items", "minItems", "maxItems")
    return range(schema.get("minItems", 0), schema.get("maxItems", -1) + 1)


def items(schema: _Schema, whole: _Schema) -> _Schema:
    """The schema of an array's items; `whole` is the one with the definitions."""
    reference = schema["items"].get("$ref")
    found: _Schema = whole["$defs"][reference.removeprefix("#/$defs/")] if reference else schema["items"]
    return found


def _only(schema: _Schema, kind: str, *known: str) -> None:
    if schema.get("type") != kind or not schema.keys() <= {"type", *known} | _NO_MEANING:
        raise ValueError(f"the schema says more of an {kind} than can be compared")
