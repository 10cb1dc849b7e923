"""Which values a schema allows is told only where it says nothing that could not be compared."""

from __future__ import annotations

import pytest

from handler.schemas.plain_values import integers, items, members, sizes, words

LISTED = {"type": "array", "items": {"$ref": "#/$defs/row"}, "minItems": 1, "maxItems": 3}
WHOLE = {"type": "object", "properties": {"rows": LISTED}, "required": ["rows"], "$defs": {"row": {"type": "string"}}}


def test_what_it_allows():
    assert integers({"type": "integer", "minimum": 1, "maximum": 3, "description": "x"}) == range(1, 4)
    assert words({"type": "string", "x-listed": ["a", "bc", ""], "minLength": 1, "maxLength": 1}) == {"a"}
    assert words({"type": "string", "enum": ["a"]}) == {"a"}
    assert sizes(LISTED) == range(1, 4)
    assert members(WHOLE, ["rows"], ["rows"]) == (LISTED,)
    assert items(LISTED, WHOLE) == {"type": "string"}


def test_without_a_greatest_number_it_allows_none():
    assert len(integers({"type": "integer", "minimum": 0})) == len(sizes({"type": "array", "items": {}})) == 0


@pytest.mark.parametrize(
    ("read", "schema"),
    [
        (integers, {"type": "integer", "multipleOf": 2}),
        (integers, {"type": "number", "maximum": 2}),
        (words, {"type": "string"}),
        (words, {"type": "string", "enum": ["a"], "x-listed": ["a"]}),
        (words, {"type": "string", "enum": ["a"], "pattern": "b"}),
        (sizes, {"type": "array", "items": {}, "uniqueItems": True}),
        (lambda one: members(one, ["rows"], ["rows"]), WHOLE | {"required": ["rows", "more"]}),
        (lambda one: members(one, ["rows"], ["rows"]), WHOLE | {"additionalProperties": False}),
        (lambda one: members(one, ["other"], ["rows"]), WHOLE),
    ],
)
def test_a_schema_that_says_more_is_refused(read, schema):
    with pytest.raises(ValueError, match="the schema"):
        read(schema)
