"""The JSON Schema validator as this project needs it, and its errors in plain words.

Differs from stock JSON Schema 2020-12 in four points: `1.0` is not an integer (no vendor document writes a count so,
and a client that counts with it would differ from one that refuses it), NaN and infinities are not numbers,
a key that the schema does not name is an error of its own kind, and `x-listed` compares with an open list.
"""

from __future__ import annotations

import json
import math
import operator
from typing import TYPE_CHECKING, Any, Literal, cast

from jsonschema import Draft202012Validator, ValidationError, validators

from handler.schemas.limits import SHOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from jsonschema import TypeChecker
    from jsonschema.protocols import Validator

Kind = Literal["type", "range", "missing", "unknown_key", "unlisted_value"]
_KINDS: dict[str, Kind] = {
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


def compiled(schema: Mapping[str, Any]) -> Validator:
    """A validator for `schema` that also names keys that its objects do not list."""
    rules = {
        "type": _type,
        "enum": _listed,
        "x-listed": _listed,
        "required": _required,
        "x-named": _named,
        "minItems": _items(operator.lt),
        "maxItems": _items(operator.gt),
    }
    extended: type[Validator] = validators.extend(  # type: ignore[no-untyped-call]
        Draft202012Validator, validators=rules, type_checker=_type_checker()
    )
    return extended(_naming(schema))


def said(error: ValidationError) -> tuple[str, Kind]:
    """What is wrong, in words that never hold a text of more than `SHOWN` characters, and its kind."""
    rule, limit = str(error.validator), cast("Any", error.validator_value)
    kind = _KINDS.get(rule, "range")
    if kind == "missing":
        return "a required key is missing", kind
    if kind == "unknown_key":
        return f"a key that the document does not name, of type {type_name(error.instance)}", kind
    if kind == "type":
        return f"{limit} wanted, found {type_name(error.instance)}", kind
    if kind == "unlisted_value":
        return f"{shown(error.instance)} is none of {_choices(limit)}", kind
    return f"{shown(error.instance)} is {_WORDS[rule].format(limit) if rule in _WORDS else f'not as {rule} says'}", kind


def type_name(value: object) -> str:
    """The JSON name of a value's type; `number` is what has a fraction or an exponent."""
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return "null" if value is None else names.get(type(value), type(value).__name__)


def shown(value: object) -> str:
    """A short value with its type, in ASCII; of a long one, or of a container, only the type."""
    if isinstance(value, str):
        return f"string {json.dumps(value)}" if len(value) <= SHOWN else f"string of {len(value)} characters"
    if isinstance(value, int) and value.bit_length() <= SHOWN:
        return f"{type_name(value)} {json.dumps(value)}"
    if isinstance(value, list):
        return f"array of {len(value)}"
    return type_name(value)


def _choices(values: Iterable[object]) -> str:
    return ", ".join(json.dumps(value) for value in values)


def _naming(schema: Any) -> Any:
    """The schema with `x-named` on every object that lists its properties and says nothing of others."""
    if isinstance(schema, list):
        return [_naming(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {
        key: value if key in ("enum", "x-listed", "default", "required") else _naming(value)
        for key, value in schema.items()
    }
    if isinstance(schema.get("properties"), dict) and "type" in schema and "additionalProperties" not in schema:
        plain["x-named"] = True
    return plain


def _type_checker() -> TypeChecker:
    checker: TypeChecker = Draft202012Validator.TYPE_CHECKER.redefine_many(
        {"integer": _is_integer, "number": _is_number}
    )
    return checker


def _is_integer(_checker: object, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(_checker: object, value: object) -> bool:
    return _is_integer(_checker, value) or (isinstance(value, float) and math.isfinite(value))


def _required(_validator: object, keys: list[str], value: object, _schema: object) -> Iterator[ValidationError]:
    if isinstance(value, dict):
        yield from (ValidationError("missing", path=[key]) for key in keys if key not in value)


def _named(_validator: object, _on: object, value: object, schema: Mapping[str, Any]) -> Iterator[ValidationError]:
    if isinstance(value, dict):
        known = schema["properties"]
        yield from (ValidationError("unknown", path=[key], instance=value[key]) for key in value if key not in known)


def _listed(_validator: object, words: list[object], value: object, _schema: object) -> Iterator[ValidationError]:
    """A value of another type than the listed ones is a wrong type, which `type` says."""
    if type(value) is type(words[0]) and value not in words:
        yield ValidationError("unlisted")


# Stock jsonschema writes the whole value into these errors, which is slow for a large one and fails for a deep one.


def _type(validator: Validator, wanted: str, value: Any, _schema: object) -> Iterator[ValidationError]:
    if not validator.is_type(value, wanted):
        yield ValidationError("type")


def _items(breaks: Callable[[int, int], bool]) -> Callable[..., Iterator[ValidationError]]:
    def judge(_validator: object, limit: int, value: object, _schema: object) -> Iterator[ValidationError]:
        if isinstance(value, list) and breaks(len(value), limit):
            yield ValidationError("items")

    return judge
