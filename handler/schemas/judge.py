"""From a schema, a function that judges answers: for each of its keywords one closure, built when it is needed.

A closure judges a whole column at once, such as the ports of all rows, because what an answer usually is, every value
in order, can then be told by a few calls of built-in functions. jsonschema is the judge of record: `keywords.py` is
what it makes of the same schemas, and the tests hold both to the same judgements.
"""

from __future__ import annotations

import math
import operator
from bisect import bisect_right
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Any

from handler.schemas.breach import breach_of

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

    from handler.schemas.breach import Breach

    Path = tuple[str | int, ...]
    Judge = Callable[["_Column"], Iterable[Breach]]
    Builder = Callable[[Any, Mapping[str, Any], Mapping[str, Any]], Judge]

_CLASSES: Mapping[str, frozenset[type]] = {
    "array": frozenset([list]),
    "boolean": frozenset([bool]),
    "integer": frozenset([int]),
    "null": frozenset([type(None)]),
    "number": frozenset([int]),  # and a float, unless it is NaN or infinite
    "object": frozenset([dict]),
    "string": frozenset([str]),
}
_NO_MEANING = frozenset(["$schema", "$id", "$comment", "$defs", "default", "title", "description"])


def judge_of(schema: Mapping[str, Any]) -> Callable[[object], Iterator[Breach]]:
    """A function that tells of any JSON value where it breaks the schema, one place after another.

    Raises ValueError for a schema with a keyword or a type that this module does not know.
    """
    judge = _judge_of(schema, schema.get("$defs", {}))
    return lambda value: iter(judge(_Column([value], lambda _: ())))


class _Column:
    """The values at one place of an answer, such as the port of every row; `path_of` tells where the nth stands."""

    __slots__ = ("path_of", "types", "values")

    def __init__(self, values: Sequence[Any], path_of: Callable[[int], Path]) -> None:
        self.values, self.path_of = values, path_of
        self.types = frozenset(map(type, values))

    def member(self, name: str) -> _Column:
        """The values that its objects have under a key; those without the key are passed over."""
        try:
            values = [one[name] for one in self.values]
        except KeyError:
            if any(name in one for one in self.values):
                return self._only(lambda one: name in one).member(name)
            values = []
        return _Column(values, lambda n: (*self.path_of(n), name))

    def items(self) -> _Column:
        """All items of its arrays, one array after another."""
        if len(self.values) == 1:
            return _Column(self.values[0], lambda n: (*self.path_of(0), n))
        ends = [0, *accumulate(map(len, self.values))]

        def path_of(n: int) -> Path:
            array = bisect_right(ends, n) - 1
            return (*self.path_of(array), n - ends[array])

        return _Column(list(chain.from_iterable(self.values)), path_of)

    def of_type(self, name: str) -> _Column:
        """Those of its values that are of the JSON type `name`."""
        return self if self.types <= _CLASSES[name] else self._only(lambda one: _is(one, name))

    def breaches(self, keyword: str, limit: Any, breaks: Callable[[Any], bool]) -> Iterator[Breach]:
        """A breach of the keyword for each value that breaks it."""
        return (breach_of(self.path_of(n), keyword, limit, one) for n, one in enumerate(self.values) if breaks(one))

    def _only(self, fits: Callable[[Any], bool]) -> _Column:
        at = [n for n, one in enumerate(self.values) if fits(one)]
        return _Column([self.values[n] for n in at], lambda n: self.path_of(at[n]))


def _judge_of(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Judge:
    """The judge of a column by all keywords of a schema, in their order."""
    unknown = schema.keys() - _KEYWORDS.keys() - _NO_MEANING
    if unknown:
        raise ValueError(f"the schema has keywords that cannot be judged: {', '.join(sorted(unknown))}")
    judges = [_KEYWORDS[key](limit, schema, definitions) for key, limit in schema.items() if key in _KEYWORDS]

    def judge(column: _Column) -> Iterable[Breach]:
        return chain.from_iterable(each(column) for each in judges) if column.values else ()

    return judge


def _type(wanted: Any, _schema: object, _definitions: object) -> Judge:
    if not isinstance(wanted, str) or wanted not in _CLASSES:
        raise ValueError(f"the schema has a type that cannot be judged: {wanted!r}")

    def judge(column: _Column) -> Iterable[Breach]:
        if column.types <= _CLASSES[wanted]:
            return ()
        return column.breaches("type", wanted, lambda one: not _is(one, wanted))

    return judge


def _properties(
    properties: Mapping[str, Mapping[str, Any]], schema: Mapping[str, Any], definitions: Mapping[str, Any]
) -> Judge:
    """Judges what stands under each key, and names keys that are missing and, of a typed object, keys not listed."""
    judges = {name: _judge_of(inner, definitions) for name, inner in properties.items()}
    required = schema.get("required", ())
    closed = "type" in schema and "additionalProperties" not in schema

    def judge(column: _Column) -> Iterator[Breach]:
        objects = column.of_type("object")
        found = {name: objects.member(name) for name in judges}
        for name, each in judges.items():
            yield from each(found[name])
        if any(name not in found or len(found[name].values) < len(objects.values) for name in required):
            yield from _missing(objects, required)
        if closed and sum(len(each.values) for each in found.values()) < sum(map(len, objects.values)):
            yield from (breach_of(path, "x-named", properties, one) for path, one in _others(objects, properties))

    return judge


def _additional(limit: Any, schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Judge:
    """Judges what stands under keys that `properties` does not list; `false` allows none."""
    listed = schema.get("properties", {})
    inner = None if limit is False else _judge_of({} if limit is True else limit, definitions)

    def judge(column: _Column) -> Iterable[Breach]:
        objects = column.of_type("object")
        if inner is None:
            return objects.breaches("additionalProperties", limit, lambda one: not one.keys() <= listed.keys())
        others = list(_others(objects, listed))
        return inner(_Column([one for _, one in others], lambda n: others[n][0]))

    return judge


def _required(names: Sequence[str], schema: Mapping[str, Any], _definitions: object) -> Judge:
    """Judges objects of which nothing else is listed; `properties` looks after the others."""
    return lambda column: () if "properties" in schema else _missing(column.of_type("object"), names)


def _missing(objects: _Column, names: Sequence[str]) -> Iterator[Breach]:
    return (
        breach_of((*objects.path_of(n), name), "required", names, one)
        for n, one in enumerate(objects.values)
        for name in names
        if name not in one
    )


def _others(objects: _Column, names: Container[str]) -> Iterator[tuple[Path, Any]]:
    """What stands under other keys than these, each with its place."""
    return (
        ((*objects.path_of(n), name), value)
        for n, one in enumerate(objects.values)
        for name, value in one.items()
        if name not in names
    )


def _items(schema: Mapping[str, Any], _schema: object, definitions: Mapping[str, Any]) -> Judge:
    inner = _judge_of(schema, definitions)
    return lambda column: inner(column.of_type("array").items())


def _ref(reference: str, _schema: object, definitions: Mapping[str, Any]) -> Judge:
    return _judge_of(definitions[reference.removeprefix("#/$defs/")], definitions)


def _listed(keyword: str) -> Builder:
    """The builder for a list of values; a value of another type than those listed is a matter of `type`."""

    def build(choices: Sequence[object], _schema: object, _definitions: object) -> Judge:
        known, kind = frozenset(choices), type(choices[0])

        def judge(column: _Column) -> Iterable[Breach]:
            if column.types == {kind} and known.issuperset(column.values):
                return ()
            return column.breaches(keyword, choices, lambda one: type(one) is kind and one not in known)

        return judge

    return build


def _bounded(
    keyword: str, type_name: str, worst: Callable[[Iterable[Any]], Any], breaks: Callable[[Any, Any], bool]
) -> Builder:
    """The builder for a bound of a number, or of the length of a text or an array; `worst` is `min` or `max`."""
    size_of: Callable[[Any], Any] = _itself if type_name == "number" else len

    def build(limit: Any, _schema: object, _definitions: object) -> Judge:
        def judge(column: _Column) -> Iterable[Breach]:
            sized = column.of_type(type_name)
            sizes = sized.values if size_of is _itself else map(size_of, sized.values)
            if not sized.values or not breaks(worst(sizes), limit):
                return ()
            return sized.breaches(keyword, limit, lambda one: breaks(size_of(one), limit))

        return judge

    return build


def _itself(value: Any) -> Any:
    return value


def _is(value: object, name: str) -> bool:
    """Whether a value is of that JSON type; as in the documents, `1.0` is no integer and NaN no number."""
    kind = type(value)
    return kind in _CLASSES[name] or (name == "number" and isinstance(value, float) and math.isfinite(value))


_KEYWORDS: Mapping[str, Builder] = {
    "$ref": _ref,
    "type": _type,
    "properties": _properties,
    "additionalProperties": _additional,
    "required": _required,
    "items": _items,
    "enum": _listed("enum"),
    "x-listed": _listed("x-listed"),
    "minimum": _bounded("minimum", "number", min, operator.lt),
    "maximum": _bounded("maximum", "number", max, operator.gt),
    "minLength": _bounded("minLength", "string", min, operator.lt),
    "maxLength": _bounded("maxLength", "string", max, operator.gt),
    "minItems": _bounded("minItems", "array", min, operator.lt),
    "maxItems": _bounded("maxItems", "array", max, operator.gt),
}
