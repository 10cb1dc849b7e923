"""On a page nobody has seen, every row of a table is in the schema, or is named."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.derive.derive import derive_answer, derive_query, read_page
from tests.examples import examples

LOWER = "abcdefghijklmnopqrstuvwxyz"
FIRST = st.builds("{}{}".format, st.sampled_from(LOWER), st.text(f"{LOWER}0123456789", max_size=8))
FURTHER = st.builds("{}{}".format, st.sampled_from("_."), st.text(f"{LOWER}0123456789", min_size=1, max_size=8))
NAMES = st.builds(
    "{}{}{}".format, FIRST, st.lists(FURTHER, max_size=2).map("".join), st.sampled_from(["", "[]"])
)  # [a-z][a-z0-9]{0,8}([_.][a-z0-9]{1,8}){0,2}(\[\])?, in a third of the time that a regex takes to draw
TYPES = st.sampled_from(
    ["String", "Integer", "Long", "Boolean", "Array of strings", "Map<String,String>", "Polygon", "Date"]
)
TEXTS = st.sampled_from(
    [
        "Some words.",
        "Minimum: 1",
        "The value can contain 1 to 64 characters.",
        "Options: up, down",
        "Range",
        "Default Value",
    ]
)
ROWS = st.lists(st.tuples(NAMES, st.sampled_from(["Yes", "No"]), TYPES, TEXTS), min_size=1, max_size=8)


def as_text(columns, rows, caption):
    return "\n\n".join([caption, *columns, *(cell for row in rows for cell in row)])


def as_markdown(columns, rows, caption):
    lines = [columns, ["---"] * len(columns), *rows]
    return f"**{caption}**\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)


def as_rst(columns, rows, caption):
    wide = [max(len(line[place]) for line in [columns, *rows]) + 2 for place in range(len(columns))]
    border = "   +" + "+".join("-" * size for size in wide) + "+"
    lines = [
        "   |" + "|".join(f" {cell}".ljust(size) for cell, size in zip(line, wide, strict=True)) + "|"
        for line in [columns, *rows]
    ]
    body = "\n".join(f"{line}\n{border}" for line in lines[1:])
    return f".. table:: **{caption}**\n\n{border}\n{lines[0]}\n{border.replace('-', '=')}\n{body}\n"


FORMS = {"text": as_text, "markdown": as_markdown, "rst": as_rst}


def missing(derived, names):
    told = " ".join(str(gap) for gap in derived.gaps)
    return [name for name in names if name not in derived.schema["properties"] and repr(name) not in told]


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=examples(40), deadline=None)
@given(rows=ROWS)
def test_every_row_of_an_answer_is_in_the_schema_or_named(form, rows):
    plain = [[name, kind, words] for name, _, kind, words in rows]
    page = read_page(FORMS[form](["Parameter", "Type", "Description"], plain, "Table 1 Response body parameters"))
    assert missing(derive_answer(page), [row[0] for row in plain]) == []


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=examples(40), deadline=None)
@given(rows=ROWS)
def test_every_row_of_a_query_is_in_the_schema_or_named_and_required_as_marked(form, rows):
    columns = ["Parameter", "Mandatory", "Type", "Description"]
    derived = derive_query(read_page(FORMS[form](columns, [list(row) for row in rows], "Table 1 Query Parameters")))
    assert missing(derived, [row[0] for row in rows]) == []
    first = {name: word for name, word, *_ in reversed(rows)}
    assert set(derived.schema.get("required", ())) == {name for name, word in first.items() if word == "Yes"}


def test_a_remark_of_the_parser_is_no_name_and_no_words_of_a_cell():
    rows = [["port", "Integer", "?"], ["\\", "String", "Nameless."]]
    page = read_page(as_rst(["Parameter", "Type", "Description"], rows, "Table 1 Response body parameters"))
    derived = derive_answer(page)
    assert list(derived.schema["properties"]) == ["port"]
    assert [str(gap) for gap in derived.gaps] == ["line 8: a row without a name, or with another number of cells"]


@pytest.mark.parametrize("name", ["OS", "Version", "spec.size", "data[]"])
def test_a_name_of_any_shape_before_an_unknown_type_is_named(name):
    rows = [["port", "Integer", "A port."], [name, "Polygon", "Some words."], ["num", "Integer", "A count."]]
    derived = derive_answer(
        read_page(as_text(["Parameter", "Type", "Description"], rows, "Table 1 Response body parameters"))
    )
    assert [str(gap) for gap in derived.gaps] == [f"line 15: '{name}' may be a row, but no type that is known follows"]


@pytest.mark.parametrize("heading", ["Default Value", "Range", "Constraints:"])
def test_a_row_of_unknown_type_below_a_bare_heading_is_named_and_not_taken_for_its_value(heading):
    rows = [["port", "Integer", heading], ["shape", "Polygon", "Some words."], ["num", "Integer", "A count."]]
    page = read_page(as_text(["Parameter", "Type", "Description"], rows, "Table 1 Response body parameters"))
    derived = derive_answer(page)
    assert "line 15: 'shape' may be a row, but no type that is known follows" in [str(gap) for gap in derived.gaps]
    assert list(derived.schema["properties"]) == ["port", "num"]


def test_a_lone_value_below_a_heading_is_a_value():
    cells = [
        "order",
        "No",
        "String",
        "Definition",
        "The order.",
        "Default Value",
        "asc",
        "limit",
        "No",
        "Integer",
        "A.",
    ]
    text = "\n\n".join(["Table 1 Query Parameters", "Parameter", "Mandatory", "Type", "Description", *cells])
    derived = derive_query(read_page(text))
    assert derived.gaps == ()
    assert derived.schema["properties"]["order"]["default"] == "asc"


@pytest.mark.parametrize("name", ["range", "options", "default"])
def test_a_parameter_may_be_called_like_a_heading(name):
    rows = [["port", "Integer", "A port."], [name, "String", "Some words."]]
    page = read_page(as_text(["Parameter", "Type", "Description"], rows, "Table 1 Response body parameters"))
    assert list(derive_answer(page).schema["properties"]) == ["port", name]
