"""The many ways in which pages write types, bounds, options and defaults."""

from __future__ import annotations

import time

import pytest

from handler.derive.description import read_description
from handler.derive.kinds import read_kind
from handler.derive.page import Line, Row
from handler.derive.read_text import bullet, indent
from handler.derive.value import read_value


def value(kind, *lines):
    """The schema and the gaps of a row of that type with that description; a line that begins `- ` is a bullet."""
    cells = {
        "name": (Line(1, "field"),),
        "type": (Line(2, kind),),
        "description": tuple(Line(3 + place, *bullet(text), indent(text)) for place, text in enumerate(lines)),
    }
    read, gaps = read_value(Row(1, cells))
    return read.schema, [str(gap) for gap in gaps]


STRING, INTEGER = {"type": "string"}, {"type": "integer"}


@pytest.mark.parametrize(
    ("text", "schema"),
    [
        ("String", STRING),
        ("string", STRING),
        ("Integer", INTEGER),
        ("Int", INTEGER),
        ("Long", INTEGER),
        ("Float", {"type": "number"}),
        ("Double", {"type": "number"}),
        ("Boolean", {"type": "boolean"}),
        ("Array of strings", {"type": "array", "items": STRING}),
        ("Array of integers", {"type": "array", "items": INTEGER}),
        ("Array<String>", {"type": "array", "items": STRING}),
        ("List<Integer>", {"type": "array", "items": INTEGER}),
        ("String[]", {"type": "array", "items": STRING}),
        ("Array of Lamp objects", {"type": "array", "items": {"type": "object"}}),
        ("Array<Array<String>>", {"type": "array", "items": {"type": "array", "items": STRING}}),
        ("Lamp object", {"type": "object"}),
        ("Object", {"type": "object"}),
        ("Map<String,String>", {"type": "object", "additionalProperties": STRING}),
        ("Map<String, Integer>", {"type": "object", "additionalProperties": INTEGER}),
        ("Map<String,Array<String>>", {"type": "object", "additionalProperties": {"type": "array", "items": STRING}}),
        ("Map<String,Object>", {"type": "object", "additionalProperties": {"type": "object"}}),
    ],
)
def test_type_words_become_schemas(text, schema):
    assert read_kind(text).schema == schema


@pytest.mark.parametrize(
    "text", ["", "-", "Lamp", "see below", "Array of " * 50 + "String", "Map<String>", "<<<>>>", "1"]
)
def test_other_words_are_no_type(text):
    assert read_kind(text) is None


@pytest.mark.parametrize(
    ("lines", "least", "most"),
    [
        (["Minimum: 1", "Maximum: 65535"], 1, 65535),
        (["Minimum: **1**", "Maximum: **65,535**"], 1, 65535),
        (["Minimum value: 1. Maximum value: 65535."], 1, 65535),
        (["Minimum value: 1; maximum value: 10"], 1, 10),
        (["Range", "0 to 2,147,483,647"], 0, 2147483647),
        (["The value range is 0 to 2,147,483,647."], 0, 2147483647),
        (["Value range: 0-65535"], 0, 65535),
        (["Range: [1, 100]"], 1, 100),
        (["Range", "1~100"], 1, 100),
        (["Range", "-1 \u2013 100"], -1, 100),
        (["How many. The value ranges from 5 to 7."], 5, 7),
        (["The value is between 1 and 9"], 1, 9),
        (["Definition", "Some.", "Range", "From 1 to 3"], 1, 3),
        (["Range", "The value must be greater than or equal to 3"], 3, None),
        (["Maximum: 4"], None, 4),
    ],
)
def test_ranges_of_integers(lines, least, most):
    schema, gaps = value("Integer", *lines)
    assert (schema.get("minimum"), schema.get("maximum"), gaps) == (least, most, [])


@pytest.mark.parametrize(
    ("lines", "least", "most"),
    [
        (["Minimum: 0", "Maximum: 128"], 0, 128),
        (["The value can contain 1 to 256 characters."], 1, 256),
        (["The value can contain 1 to 32,768 characters"], 1, 32768),
        (["Value range: 1-64 characters"], 1, 64),
        (["Range", "1 to 64 characters"], 1, 64),
        (["The value contains 1\u201364 characters, including letters."], 1, 64),
        (["Length: 1 to 9 characters"], 1, 9),
        (["Max. 20,000 characters."], None, 20000),
        (["A name of up to 64 characters"], None, 64),
        (["The value contains a maximum of 36 characters"], None, 36),
        (["Range", "32 characters, letters only"], 32, 32),
        (["The length ranges from 2 to 4 characters"], 2, 4),
        (["Minimum length: 2", "Maximum length: 4"], 2, 4),
    ],
)
def test_lengths_of_strings(lines, least, most):
    schema, gaps = value("String", *lines)
    assert (schema.get("minLength"), schema.get("maxLength"), gaps) == (least, most, [])


@pytest.mark.parametrize(
    "lines",
    [
        ["Array Length: 0 - 10000"],
        ["Array length: **0\u201310,000**"],
        ["Range", "The number of elements ranges from 0 to 10000."],
    ],
)
def test_lengths_of_arrays(lines):
    schema, gaps = value("Array of strings", *lines)
    assert (schema["minItems"], schema["maxItems"], gaps) == (0, 10000, [])


def test_a_bare_minimum_beside_an_array_bounds_its_items():
    schema, gaps = value("Array of strings", "Minimum: 1", "Maximum: 36", "Array Length: 0 - 5")
    assert (schema["items"], schema["maxItems"], gaps) == ({"type": "string", "minLength": 1, "maxLength": 36}, 5, [])


@pytest.mark.parametrize(
    "lines",
    [
        ["Colour. The options are as follows:", "- red", "- blue"],
        ["Colour. Its value can be:", "- red: like a rose", "- blue"],
        ["Definition", "Colour.", "Range", "• red: like a rose", "• blue: like the sea"],
        ["Range", "red: like a rose", "blue: like the sea"],
        ["Options:", "- red", "- blue"],
        ["Options: red, blue"],
        ["Colour. The value can be red or blue."],
        ["Colour: red or blue."],
        ["Colour. It can be **red** or **blue**."],
        ["Enumeration values:", "- red", "- blue"],
        ["Value range:", "- **red**, which is warm", "- **blue**, which is cold"],
        ["Range", "red, blue"],
    ],
)
def test_listed_options_become_an_enumeration(lines):
    schema, gaps = value("String", *lines)
    assert (schema.get("enum"), gaps) == (["red", "blue"], [])


def test_an_option_may_be_a_media_type_with_its_character_set():
    schema, gaps = value("String", "Range", "- application/json;charset=UTF-8: usual", "- text/plain")
    assert (schema["enum"], gaps) == (["application/json;charset=UTF-8", "text/plain"], [])


def test_options_of_an_integer_are_integers():
    assert value("Integer", "Grade. Options:", "- 0: fine", "- 1: broken")[0]["enum"] == [0, 1]


@pytest.mark.parametrize(
    "lines",
    [
        ["Red or not."],
        ["Rules:", "- It must be asked for.", "- It must be paid."],
        ["Constraints", "- host", "- door"],
        ["Ports 22 and 23 are open."],
    ],
)
def test_prose_becomes_no_enumeration(lines):
    assert "enum" not in value("String", *lines)[0]


@pytest.mark.parametrize(
    ("kind", "lines", "default"),
    [
        ("String", ["Default: **0**"], "0"),
        ("Integer", ["Default: 10"], 10),
        ("Integer", ["Default Value", "10: ten lamps"], 10),
        ("Integer", ["Default value: -1"], -1),
        ("String", ["Default Value", "0: the first project."], "0"),
        ("String", ["Order. Default value: asc"], "asc"),
        ("String", ["Type. The default value is host."], "host"),
        ("String", ["The default value of an order is asc, which means upwards."], "asc"),
        ("Boolean", ["Default: false"], False),
        ("Float", ["Default: 0.5"], 0.5),
        ("String", ["Default value: application/json; charset=utf-8"], "application/json; charset=utf-8"),
    ],
)
def test_defaults_have_the_type_of_their_value(kind, lines, default):
    schema, gaps = value(kind, *lines)
    assert (schema["default"], gaps) == (default, [])


@pytest.mark.parametrize("nothing", ["N/A", "-", "None", "Not applicable", "n/a.", "—"])
def test_nothing_is_said_where_the_page_says_so(nothing):
    schema, gaps = value(
        "String", "Definition", "A text.", "Constraints", nothing, "Range", nothing, "Default Value", nothing
    )
    assert (schema, gaps) == (STRING, [])


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        ("Integer", ["Range", "A power of two"]),
        ("Integer", ["The value range is 0 to 2^31-1"]),
        ("Integer", ["Minimum: 9", "Maximum: 1"]),
        ("Integer", ["Minimum: 0.5"]),
        ("Integer", ["Default: soon"]),
        ("Integer", ["Options: red, blue"]),
        ("String", ["Minimum: -1"]),
        ("String", ["The value range is 0 to 128"]),
        ("String", ["Default Value", "The time of the call, roughly"]),
        ("String", ["The options are as follows:", "- red", "- installed The statuses include the following:"]),
        ("Boolean", ["Minimum: 0"]),
        ("Integer", ["Minimum: 0", "Value range: 1 to 5"]),
        ("String", ["Must be shorter than 64 characters"]),
        ("Lamp object", ["Default: x"]),
        ("Array of strings", ["Range", "0 to 20"]),
        ("String", ["Options: a, b", "Options: a, c"]),
        ("String", ["Range", "x" * 3000]),
        ("Whatever", ["Words."]),
    ],
)
def test_what_is_not_understood_is_named_with_its_line(kind, lines):
    _, gaps = value(kind, *lines)
    assert gaps
    assert all(gap.startswith("line ") and len(gap) < 200 for gap in gaps)


@pytest.mark.parametrize(("text", "most"), [("0 to 2,147,483,647", 2147483647), ("0-65535", 65535), ("Port. 0~9", 9)])
def test_a_line_that_is_only_a_range_bounds_a_number(text, most):
    assert value("Integer", text) == ({"type": "integer", "minimum": 0, "maximum": most}, [])
    schema, gaps = value("String", text)
    assert (schema, len(gaps)) == (STRING, 1)


def test_headings_on_one_line_are_read_like_headings_on_their_own():
    inline = "Definition: Age of the lamp. Constraints: N/A. Value range: 0\u201399. Default value: 5."
    schema, gaps = value("Integer", inline)
    assert (schema, gaps) == ({"type": "integer", "minimum": 0, "maximum": 99, "default": 5}, [])


def test_an_empty_description_says_nothing():
    assert read_description(()).gaps == []


@pytest.mark.parametrize(
    "text",
    ["a, " * 650, "a or " * 490, "1,2 " * 490, " - a" * 490, "* a " * 490, "The value can be " + "a, " * 600, "[1, " * 490,
     "Minimum: " * 200, "Definition Range " * 100, "The default value of x is " * 80, "from 1 to " * 190, "a" * 1990 + " characters"],
)  # fmt: skip
def test_a_description_made_to_be_slow_is_read_at_once(text):
    started = time.process_time()
    for line in (text, f"Range: {text}", f"- {text}"):
        value("String", line)
        value("Integer", line)
    assert time.process_time() - started < 2  # about 0.05 s here
