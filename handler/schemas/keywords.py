"""jsonschema as the judge of record of an answer: its validator as this project needs it.

Differs from stock JSON Schema 2020-12 in four points: `1.0` is not an integer (no vendor document writes a count so,
and a client that counts with it would differ from one that refuses it), NaN and infinities are not numbers,
a key that the schema does not name is an error of its own kind, and `x-listed` compares with an open list.
"""

from __future__ import annotations

import math
import operator
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from jsonschema import Draft202012Validator, ValidationError, validators

from handler.schemas.breach import breach_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from jsonschema import TypeChecker
    from jsonschema.protocols import Validator

    from handler.schemas.breach import Breach


def compiled(schema: Mapping[str, Any]) -> Validator:
    """A validator for `schema` that also names keys that its objects do not list."""
    return _kind()(_naming(schema))


@cache
def _kind() -> type[Validator]:
    """The class of all our validators; making one takes jsonschema milliseconds."""
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
    return extended


def judged(validator: Validator, body: object) -> tuple[Breach, ...]:
    """What `validator` (from `compiled`) says of `body`, in the order of the schema."""
    return tuple(
        breach_of(error.absolute_path, str(error.validator), error.validator_value, error.instance)
        for error in validator.iter_errors(cast("Any", body))
    )


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
