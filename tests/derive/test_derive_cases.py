"""Pages on which tools like this one have guessed wrong: the right value of each, and neighbours of the same kind."""

from __future__ import annotations

import pytest

from handler.derive import announce
from handler.derive.derive import derive_answer, read_page
from tests.derive.test_derive_rows import as_markdown, as_rst, as_text
from tests.derive.test_description import value

LENGTH = {"minLength": 0, "maxLength": 255}
GAP = "a gap, and no enumeration"


def said(kind, lines):
    """What the description says beside the type, or GAP if a gap was named and no values were taken."""
    schema, gaps = value(kind, *lines)
    schema.pop("type", None)
    return GAP if gaps and "enum" not in schema else (schema, gaps)


def check(kind, lines, wanted):
    assert said(kind, lines) == (GAP if wanted == GAP else (wanted, []))


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (["- **Definition**: Free text.", "- **Range**: The value can contain 0 to 255 characters."], LENGTH),
        (["- **Definition**: ID of a gadget.", "- **Range**: None"], {}),
        (["- Definition", "- Free text.", "- Range", "- 0 to 255 characters", "- Default Value", "- N/A"], LENGTH),
        (["- Definition: Kind.", "- Range:", "  - warm: like a candle", "  - cold", "- Default Value: cold"],
         {"enum": ["warm", "cold"], "default": "cold"}),
        (["- Constraints: N/A", "- Range: warm, cold", "- Default: warm"], {"enum": ["warm", "cold"], "default": "warm"}),
        (["- Parameter description: Name.", "- Range: letters and digits"], GAP),
        (["- Definition: Kind.", "- Range:", "- Default Value: N/A"], GAP),
    ],
)  # fmt: skip
def test_bullets_that_are_headings_are_no_values(lines, wanted):
    check("String", lines, wanted)


@pytest.mark.parametrize(
    ("kind", "line", "wanted"),
    [
        ("Integer", "Memory in MB. Options: 1024, 8192, 10,240, and 16,384.", {"enum": [1024, 8192, 10240, 16384]}),
        ("Integer", "Options: 1,024 or 2,048", {"enum": [1024, 2048]}),
        ("Integer", "Options: 1,2,3", {"enum": [1, 2, 3]}),
        ("Integer", "Options: 100,200", GAP),
        ("Integer", "Options: 1,2, 3", GAP),
        ("Integer", "Options: 100,200, 300", GAP),
        ("String", "Options: 1,024 or 2,048", GAP),
        ("Integer", "Options: 007 and 008", GAP),
        ("Integer", "Options: 1-5, 10", GAP),
        ("Integer", "Maximum: 10,240", {"maximum": 10240}),
        ("Integer", "Maximum: 10 240", GAP),
        ("Integer", "Maximum: 1,02", GAP),
        ("Integer", "The value range is [1,024, 10,240].", {"minimum": 1024, "maximum": 10240}),
        ("Integer", "[1,000,100,000]", GAP),
        ("Integer", "Default: 10,240", {"default": 10240}),
    ],
)
def test_a_comma_of_thousands_is_told_from_one_between_values(kind, line, wanted):
    check(kind, [line], wanted)


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (["Most. The value ranges from -1 to 1000.", "- -1: no limit.", "- 0: switched off."],
         {"minimum": -1, "maximum": 1000}),
        (["The value ranges from 1 to 1000.", "- -1: no limit."], GAP),
        (["Value range: 1-100. -1 means unlimited."], GAP),
        (["The value ranges from 0 to 10. The value 0 indicates none."], {"minimum": 0, "maximum": 10}),
        (["Value range: 1-100 or -1"], GAP),
        (["Range", "- -1: no limit"], GAP),
        (["Range", "1 to 100. For details, see Table 3."], {"minimum": 1, "maximum": 100}),
        (["Minimum: 1", "Maximum: 100", "If it is set to 0, nothing is limited."], GAP),
        (["The value ranges from 1 to 10 or from 20 to 30."], GAP),
        (["The value ranges from 1 to 10 (0 is off)."], GAP),
        (["If the kind is ip, the value ranges from 1 to 10."], GAP),
        (["For TCP, the value must be greater than or equal to 1"], GAP),
    ],
)  # fmt: skip
def test_special_values_beside_a_range_are_no_enumeration(lines, wanted):
    check("Integer", lines, wanted)


def test_a_range_that_does_not_hold_for_a_special_value_is_not_taken():
    schema, gaps = value("Integer", "The value ranges from 1 to 1000.", "- -1: no limit.")
    assert (schema, len(gaps)) == ({"type": "integer"}, 1)


@pytest.mark.parametrize(
    ("lines", "schema"),
    [
        (["Minimum: 0", "Value range: 1 to 5"], {"maximum": 5}),
        (["Minimum: 0", "Minimum: 1", "Minimum: 0"], {}),
        (["The value ranges from 1 to 5.", "Maximum: 6"], {"minimum": 1}),
        (["Minimum: 9", "Maximum: 1"], {}),
    ],
)
def test_of_two_bounds_that_differ_neither_is_taken(lines, schema):
    found, gaps = value("Integer", *lines)
    assert (found, bool(gaps)) == ({"type": "integer"} | schema, True)


@pytest.mark.parametrize(
    "lines",
    [
        ["Highest bandwidth.", "- Unit: Mbit/s. Divide a value in Gbit/s by 1,000."],
        ["Highest bandwidth.", "Unit: MB or GB"],
        ["Bandwidth. Unit: Mbit/s"],
        ["Bandwidth.", "- Note: read this", "- Units: Mbit/s, Gbit/s"],
        ["Bandwidth.", "- Example: fast"],
    ],
)
def test_a_unit_a_note_and_an_example_are_no_values(lines):
    check("String", lines, {})


@pytest.mark.parametrize(
    "lines",
    [
        ["The logic differs by kind.", "For example, if the kind is ip, the logic can be equal or not_equal.",
         "If the kind is url, the logic can be equal, not_equal, prefix, suffix."],
        ["If the kind is ip, the options are as follows:", "- equal", "- other_one", "If not:", "- prefix"],
        ["The value can be equal or prefix. If the kind is ip, the value can be suffix."],
        ["For TCP, the value can be equal or prefix."],
        ["The options are as follows:", "- equal", "- prefix", "When the kind is url, it can be suffix or infix."],
        ["Options: equal, prefix", "Advanced:", "- suffix"],
        ["Range", "Common ones:", "- equal", "- prefix", "Advanced:", "- suffix"],
    ],
)  # fmt: skip
def test_lists_under_conditions_are_not_taken_for_all_values(lines):
    assert said("String", lines) == GAP


def test_a_condition_that_only_narrows_the_values_does_no_harm():
    lines = ["The value can be equal, prefix, or suffix.", "If the kind is ip, the value can be equal or prefix."]
    check("String", lines, {"enum": ["equal", "prefix", "suffix"]})


@pytest.mark.parametrize(
    "lines",
    [
        ["Type of change.", "- add", "- delete", "- modify"],
        ["Type of change:", "- add", "- delete", "- modify"],
        ["Colour.", "- red: like a rose", "- blue: like the sea"],
        ["Kinds, including:", "- add", "- delete"],
        ["The statuses include the following:", "- add", "- delete"],
        ["port status, normal, danger or unknow"],
        ["IP address: IPv4 or IPv6."],
        ["How it is sorted. - add - delete - modify"],
    ],
)
def test_values_that_nothing_calls_the_values_are_named(lines):
    assert said("String", lines) == GAP


@pytest.mark.parametrize(
    "lines",
    [
        ["Type. The default value is host. The options are as follows:"],
        ["It can be TCP or UDP.", "Range", "Default Value", "N/A"],
        ["It can be TCP or UDP.", "Value range: The default value is TCP."],
        ["Its value can be:", "- not_ installed", "- online"],
        ["Options:", "- installed The statuses include the following:", "- online"],
        ["Options:", "- host, container", "- pod"],
        ["Options:", "- TCP/UDP", "- ICMP"],
        ["Options:", "- warm", "- Unit: K"],
        ["Options:", "- warm", "- others: reserved"],
        ["Options:", "- 1 - 100", "- 200"],
        ["Options:", "- warm: of these", "  - hot", "- cold"],
        ["Options: warm, cold, and so on"],
        ["Options: warm"],
        ["Options: yes/no"],
        ["Range", "letters, digits, and hyphens (-)"],
        ["Options: warm, cold", "Default: hot"],
        ["Options: warm, cold", "The value can contain 1 to 64 characters."],
        ["Options: warm, cold", "Minimum: 1", "Maximum: 3"],
        ["Options: warm, cold", "The value hot indicates that it burns."],
        ["Options: warm, cold", "Options: warm, hot"],
        ["When the kind is ip The value can be warm or cold."],
        ["Range", "For details about the values, see Table 3."],
        ["Range", "warm: of these only"],
        ["ID of it Range warm, hot It can be hot or cold."],
        ["The value can contain 1 to 5 characters. Default Value warm"],
        ["The value can be warm or cold, and must have 1 to 5 characters."],
    ],
)
def test_a_list_that_is_broken_or_contradicted_is_named(lines):
    assert said("String", lines) == GAP


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (["Minimum: 0", "Maximum: 100", "Options: 0, 1"], GAP),
        (["Minimum: 0", "Maximum: 1", "Options: 0, 1"], {"minimum": 0, "maximum": 1, "enum": [0, 1]}),
        (["Minimum: 5", "Maximum: 9", "Options: 0, 1"], GAP),
        (["Minimum: 0", "Options: 0, 1"], GAP),
    ],
)
def test_a_range_beyond_the_values_contradicts_them(lines, wanted):
    check("Integer", lines, wanted)


@pytest.mark.parametrize("wording", announce.WORDINGS, ids=lambda wording: wording.example)
def test_each_wording_announces_the_values_of_its_example(wording):
    example = wording.example.replace("are as follows: host", "are: host")
    assert len(announce.values_in(example, first=False) or announce.values_in(wording.example, first=False)) > 1
    schema, gaps = value("String", wording.example)
    assert (len(schema["enum"]), gaps) == (3 if "0, 1, and 2" in wording.example else 2, [])


def test_a_label_announces_values_only_at_the_beginning_and_of_a_few_nouns():
    assert said("String", [announce.LABELLED_EXAMPLE]) == ({"enum": ["TCP", "UDP"]}, [])
    assert said("String", ["A port.", "Address: TCP or UDP."]) == GAP
    assert said("String", ["A port.", "Port type: TCP or UDP."]) == GAP


@pytest.mark.parametrize("form", [as_rst, as_text, as_markdown])
@pytest.mark.parametrize("words", ["Options: 100,200", "It can be TCP or UDP, and so on", "IP address: IPv4 or IPv6."])
def test_a_gap_names_the_row_and_its_line(form, words):
    rows = [["port", "Integer", "A port."], ["odd_one", "String", words], ["num", "Integer", "A count."]]
    text = form(["Parameter", "Type", "Description"], rows, "Table 1 Response body parameters")
    (gap,) = derive_answer(read_page(text)).gaps
    lines = text.split("\n")
    assert gap.message.startswith("odd_one: ")
    assert words in lines[gap.line - 1]


@pytest.mark.parametrize("form", [as_rst, as_markdown])
def test_a_range_and_a_default_may_have_columns_of_their_own(form):
    columns = ["Parameter", "Type", "Value Range", "Default Value", "Description", "Example"]
    rows = [
        ["port", "Integer", "1-65535", "22", "A port.", "443"],
        ["kind", "String", "warm, cold", "-", "A kind.", "warm"],
        ["name", "String", "1-64", "N/A", "A name.", "x"],
    ]
    derived = derive_answer(read_page(form(columns, rows, "Table 1 Response body parameters")))
    assert derived.schema["properties"] == {
        "port": {"type": "integer", "minimum": 1, "maximum": 65535, "default": 22},
        "kind": {"type": "string", "enum": ["warm", "cold"]},
        "name": {"type": "string"},
    }
    assert [gap.message for gap in derived.gaps] == ["name: a bound on a value of type 'String' is ambiguous"]


@pytest.mark.parametrize("form", [as_rst, as_markdown])
@pytest.mark.parametrize("name", ["Location", "Length", "Type", "Max."])
def test_a_column_that_is_not_read_is_named(form, name):
    columns, rows = ["Parameter", "Type", name, "Description"], [["port", "Integer", "9", "A port."]]
    derived = derive_answer(read_page(form(columns, rows, "Table 1 Response body parameters")))
    assert derived.schema["properties"] == {"port": {"type": "integer"}}
    assert [gap.message for gap in derived.gaps] == [f"a column of this table is not read: {name!r}"]


@pytest.mark.parametrize(
    ("meaning", "default"),
    [("warm (default): usual", "warm"), ("warm: usual. This is the default value.", "warm"), ("warm: the default value", "warm"),
     ("warm: for the default project", None)],
)  # fmt: skip
def test_a_bullet_may_say_that_it_is_the_default(meaning, default):
    wanted = {"enum": ["warm", "cold"]} | ({"default": default} if default else {})
    check("String", ["Options:", f"- {meaning}", "- cold"], wanted)


def test_a_bullet_that_speaks_of_a_default_is_named():
    schema, gaps = value("String", "Options:", "- warm: used by default in winter", "- cold")
    assert (schema["enum"], "default" in schema) == (["warm", "cold"], False)
    assert gaps == ["line 4: field: may name a default: 'warm: used by default in winter'"]


def test_an_empty_bullet_is_a_value_that_was_lost():
    rows = [["kind", "String", "Options:"]]
    text = as_rst(["Parameter", "Type", "Description"], rows, "Table 1 Response body parameters")
    border = text.rstrip().rpartition("\n")[2]
    wide = [len(part) for part in border.strip().strip("+").split("+")]
    more = ["", "-  warm", "", "-", "", "-  cold"]
    lines = ["   |" + "|".join([" " * wide[0], " " * wide[1], f" {one}".ljust(wide[2])]) + "|" for one in more]
    derived = derive_answer(read_page(text.rstrip().removesuffix(border) + "\n".join([*lines, border, ""])))
    assert derived.schema["properties"] == {"kind": {"type": "string"}}
    assert [gap.message for gap in derived.gaps] == ["kind: value not understood: ''"]


@pytest.mark.parametrize(
    ("above", "rows", "named"),
    [
        (
            ["A count."],
            ["long", "String", "integer", "string", "String", "Name."],
            "'integer' may begin a row, or 'string'",
        ),
        (["Default Value"], ["other", "String", "Name."], "'other' may begin a row, or 'String'"),
        (["A count."], ["shape", "Polygon", "Minimum: 5"], "'shape' may be a row, but no type that is known follows"),
        (["A count."], ["two words", "String", "Maximum: 5"], "'two words' stands where a row's name would"),
    ],
)
def test_a_line_of_text_that_may_begin_a_row_is_named_and_changes_no_other(above, rows, named):
    lines = ["Response Parameters", "Table 1 Response body parameters", "Parameter", "Type", "Description"]
    derived = derive_answer(read_page("\n".join([*lines, "num", "Integer", *above, *rows])))
    assert derived.schema["properties"]["num"] == {"type": "integer"}
    assert [gap.message for gap in derived.gaps if gap.message.startswith(named)]


def test_an_object_that_is_sent_to_two_tables_is_not_linked():
    structures = "".join(
        as_markdown(["Parameter", "Type", "Description"], [["id", "String", "ID."]], f"Table {number} Thing{number}")
        + "\n"
        for number in (2, 3)
    )
    rows = [["one", "Array of objects", "See Table 2."], ["two", "Array of objects", "See Table 2 or Table 3."]]
    text = as_markdown(["Parameter", "Type", "Description"], rows, "Table 1 Response body parameters")
    derived = derive_answer(read_page(f"{text}\n{structures}"))
    assert derived.schema["properties"]["one"]["items"] == {"$ref": "#/$defs/Thing2"}
    assert derived.schema["properties"]["two"]["items"] == {"type": "object"}
    assert "'two': no table describes this object" in [gap.message for gap in derived.gaps]
