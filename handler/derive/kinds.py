"""The vendor's type words as JSON Schema: `Integer`, `Array of X objects`, `Map<String,String>` and the like."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

Schema = dict[str, Any]
_SCALARS: dict[str, Schema] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
}
_WORDS = {
    "string": "string", "str": "string", "char": "string",
    "integer": "integer", "int": "integer", "int32": "integer", "int64": "integer", "long": "integer",
    "short": "integer", "byte": "integer", "biginteger": "integer",
    "float": "number", "double": "number", "number": "number", "decimal": "number", "bigdecimal": "number",
    "boolean": "boolean", "bool": "boolean",
}  # fmt: skip
_ARRAY = re.compile(r"(?:array|list)s?\s*(?:of\s+|<\s*|\[\s*)(.+?)(?:\s*[>\]])?", re.IGNORECASE)
_MAP = re.compile(r"(?:map|dict(?:ionary)?)\s*<\s*([A-Za-z]+)\s*,\s*(.+?)\s*>", re.IGNORECASE)
_NAMED = re.compile(r"([A-Za-z_][\w.-]{0,127})\s+(?:objects?|structures?|data structures?)", re.IGNORECASE)
_OBJECT = re.compile(r"(?:json )?objects?(?: structure)?|dict(?:ionary)?s?|maps?|json", re.IGNORECASE)
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Kind:
    """A type: its schema, and the structure that the innermost object is, if it has a name.

    `shape` is the outermost type. `inner` is the part of `schema` that describes one value (the items of an array).
    """

    schema: Schema
    shape: str
    inner: Schema = field(default_factory=dict)
    structure: str = ""


def read_kind(text: str, depth: int = 0) -> Kind | None:
    """The type that `text` names; None if it is not known."""
    plain = text.strip().rstrip(".")
    scalar = _WORDS.get(plain.lower()) or _WORDS.get(plain.lower().removesuffix("s"))
    if scalar:
        schema = dict(_SCALARS[scalar])
        return Kind(schema, scalar, schema)
    if depth > _DEEPEST or len(plain) > 256:
        return None
    return _collection(plain, depth) or _object(plain)


def is_kind(text: str) -> bool:
    """Whether `text` is a type that `read_kind` knows."""
    return read_kind(text) is not None


def _collection(plain: str, depth: int) -> Kind | None:
    if plain.lower() in ("array", "list"):
        schema: Schema = {"type": "array"}
        return Kind(schema, "array", {})
    if plain.endswith("[]") and not plain[0].islower():  # `data[]` is a name
        return _array(plain[:-2], depth)
    if found := _MAP.fullmatch(plain):
        values = read_kind(found[2], depth + 1)
        return values and Kind({"type": "object", "additionalProperties": values.schema}, "map", {}, values.structure)
    found = _ARRAY.fullmatch(plain)
    return _array(_balanced(found[1]), depth) if found else None


def _balanced(text: str) -> str:
    """Give back the closing bracket that the pattern took from an inner type."""
    return text + ">" * (text.count("<") - text.count(">"))


def _array(items_text: str, depth: int) -> Kind | None:
    items = read_kind(items_text, depth + 1) or _structure(items_text)
    if items is None:
        return None
    return Kind({"type": "array", "items": items.schema}, "array", items.inner, items.structure)


def _object(plain: str) -> Kind | None:
    if _OBJECT.fullmatch(plain):
        schema: Schema = {"type": "object"}
        return Kind(schema, "object", schema)
    found = _NAMED.fullmatch(plain)
    return _structure(found[1]) if found else None


def _structure(name: str) -> Kind | None:
    if not re.fullmatch(r"[A-Za-z_][\w.-]{0,127}", name):
        return None
    schema: Schema = {"type": "object"}
    return Kind(schema, "object", schema, name)
