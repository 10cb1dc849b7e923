"""From one of our published schemas, a function that tells of a document whether it is certainly valid.

It spares a good document the import of jsonschema or pydantic, which stay the judges of record: what does not certainly
fit is put before them, and they say what is wrong with it. It may send them a document that is valid after all, never
keep back one that is not. So it knows no `not` and no `oneOf`, where doubt would count as a yes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence, Sized

    _Fits = Callable[[Any], bool]
    _Builder = Callable[[Any, Mapping[str, Any], Mapping[str, Any]], _Fits]

_NO_MEANING = frozenset(["$schema", "$id", "$defs", "default", "description", "examples", "format", "title"])


def fits_of(schema: Mapping[str, Any]) -> _Fits:
    """A function that is true of a value only if it is valid. Raises ValueError for a keyword it does not know."""
    return _fits_of(schema, schema.get("$defs", {}))


def _fits_of(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> _Fits:
    unknown = schema.keys() - _KEYWORDS.keys() - _NO_MEANING
    if unknown:
        raise ValueError(f"the schema has keywords that cannot be judged: {', '.join(sorted(unknown))}")
    each = [_KEYWORDS[key](limit, schema, definitions) for key, limit in schema.items() if key in _KEYWORDS]
    return each[0] if len(each) == 1 else lambda value: all(fits(value) for fits in each)


def _type(wanted: str | Sequence[str], schema: Mapping[str, Any], _definitions: object) -> _Fits:
    names = [wanted] if isinstance(wanted, str) else wanted
    classes = {_CLASSES[name] for name in names}
    if str not in classes:
        return lambda value: type(value) in classes
    if schema.get("format") == "date":
        return lambda value: isinstance(value, str)  # a day that YAML has without quotes is a text of its own class
    return lambda value: type(value) in classes and (type(value) is not str or _encodable(value))


def _encodable(text: str) -> bool:
    """Whether a text has no half of a character pair, which pydantic takes for no text."""
    return text.isascii() or not _HALF.search(text)


def _properties(inner: Mapping[str, Any], _schema: object, definitions: Mapping[str, Any]) -> _Fits:
    known = {name: _fits_of(schema, definitions) for name, schema in inner.items()}
    return lambda value: (
        not isinstance(value, dict) or all(known[key](one) for key, one in value.items() if key in known)
    )


def _additional(allowed: Any, schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> _Fits:
    listed = frozenset(schema.get("properties", ()))
    if allowed is True or allowed is False:
        return lambda value: allowed or not isinstance(value, dict) or value.keys() <= listed
    inner = _fits_of(allowed, definitions)
    return lambda value: (
        not isinstance(value, dict) or all(inner(one) for key, one in value.items() if key not in listed)
    )


def _required(names: Sequence[str], _schema: object, _definitions: object) -> _Fits:
    wanted = frozenset(names)
    return lambda value: not isinstance(value, dict) or value.keys() >= wanted


def _items(schema: Mapping[str, Any], _schema: object, definitions: Mapping[str, Any]) -> _Fits:
    inner = _fits_of(schema, definitions)
    return lambda value: not isinstance(value, list) or all(map(inner, value))


def _ref(reference: str, _schema: object, definitions: Mapping[str, Any]) -> _Fits:
    return _fits_of(definitions[reference.removeprefix("#/$defs/")], definitions)


def _any_of(schemas: Sequence[Mapping[str, Any]], _schema: object, definitions: Mapping[str, Any]) -> _Fits:
    choices = [_fits_of(schema, definitions) for schema in schemas]
    return lambda value: any(fits(value) for fits in choices)


def _enum(choices: Sequence[object], _schema: object, _definitions: object) -> _Fits:
    known = frozenset((type(one), one) for one in choices)
    kinds = frozenset(map(type, choices))
    return lambda value: type(value) in kinds and (type(value), value) in known


def _pattern(pattern: str, _schema: object, _definitions: object) -> _Fits:
    found = re.compile(re.sub(r"\$$", r"\\Z", pattern)).search  # Python's `$` also fits before a last line end
    return lambda value: not isinstance(value, str) or found(value) is not None


def _minimum(least: int, _schema: object, _definitions: object) -> _Fits:
    return lambda value: type(value) is not float and (type(value) is not int or value >= least)


def _maximum(most: int, _schema: object, _definitions: object) -> _Fits:
    return lambda value: type(value) is not float and (type(value) is not int or value <= most)


def _min_size(kind: type[Sized]) -> _Builder:
    return lambda least, _schema, _definitions: lambda value: not isinstance(value, kind) or len(value) >= least


_HALF = re.compile("[\ud800-\udfff]")
_CLASSES = {"array": list, "boolean": bool, "integer": int, "null": type(None), "object": dict, "string": str}
_KEYWORDS: Mapping[str, _Builder] = {
    "type": _type,
    "$ref": _ref,
    "enum": _enum,
    "const": lambda value, schema, definitions: _enum([value], schema, definitions),
    "required": _required,
    "additionalProperties": _additional,
    "properties": _properties,
    "items": _items,
    "anyOf": _any_of,
    "pattern": _pattern,
    "minimum": _minimum,
    "maximum": _maximum,
    "minLength": _min_size(str),
    "minItems": _min_size(list),
}
