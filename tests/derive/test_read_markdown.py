"""Markdown as the help centre's pages are exported: bars, captions, lists and headings in all their forms."""

from __future__ import annotations

import pytest

from handler.derive.derive import derive_answer, derive_query, read_page

HEAD = "Lamps\nURI\nGET /v1/{project_id}/lamps\n"
ANSWER = f"{HEAD}Response Parameters\nStatus code: 200\n"
CLOSED = "Parameter | Type | Description |\n---|---|---|\n"
CELLS = "Parameter |\nType |\nDescription |\n---|---|---|\n"
INT, STR = {"type": "integer"}, {"type": "string"}


def answer(text):
    derived = derive_answer(read_page(ANSWER + text))
    return derived.schema["properties"], [str(gap) for gap in derived.gaps]


def query(text):
    derived = derive_query(read_page(HEAD + text))
    return derived.schema, [gap.message for gap in derived.gaps]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("Total number Minimum: 0 Maximum: 10000", {"minimum": 0, "maximum": 10000}),
        ("Total number. Minimum: 0 Maximum: 10,000 Default: 5", {"minimum": 0, "maximum": 10000, "default": 5}),
        ("Total number Default: 5 Minimum: 0", {"minimum": 0, "default": 5}),
        ("Total number Minimum value: 1. Maximum value: 9.", {"minimum": 1, "maximum": 9}),
        ("Total number The value ranges from 1 to 9.", {"minimum": 1, "maximum": 9}),
        ("Definition Total number. Range Value range: 1 to 9 Default Value 2", {"minimum": 1, "maximum": 9, "default": 2}),
        ("Definition: Total number. Constraints: N/A. Range: 1-9. Default value: N/A", {"minimum": 1, "maximum": 9}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("shape", ["{head}total | Integer | {words} |\n", "{cells}total |\nInteger |\n{words} |\n"])
def test_bounds_on_one_line_are_read(shape, words, wanted):
    assert answer(shape.format(head=CLOSED, cells=CELLS, words=words)) == ({"total": INT | wanted}, [])


@pytest.mark.parametrize(
    "rows",
    [
        "|\nParameter |\nType |\nDescription |\n|---|---|---|\n|\ntotal |\nInteger |\nTotal |\n|\nname |\nString |\nName |\n",
        "Parameter |\nType |\nDescription |\n---|---|---|\ntotal |\nInteger |\nTotal |\nname |\nString |\nName |\n",
        "Parameter | Type | Description |\n---|---|---|\ntotal | Integer | Total\n|\nname | String | Name |\n",
        "|Parameter|Type|Description|\n|---|---|---|\n|total|Integer|Total|\n|name|String|Name|\n",
        "Parameter | Type | Description\n---|---|---\ntotal | Integer | Total\nname | String | Name\n",
        "|\nParameter |\nType |\nDescription |\n|---|---|---|\n|\ntotal |\nInteger |\nTotal\n\nof all |\n|\nname |\nString |\nName |\n",
    ],
)
def test_bars_may_stand_alone_or_be_missing(rows):
    assert answer(rows) == ({"total": INT, "name": STR}, [])


@pytest.mark.parametrize(
    ("caption", "number"),
    [("Table 4Response body parameters", 4), ("**Table 4** Response body parameters", 4), ("Table 4. Response body parameters", 4),
     ("Table 4\nResponse body parameters", None)],
)  # fmt: skip
def test_a_caption_may_stick_to_its_number(caption, number):
    page = read_page(f"{ANSWER}{caption}\n{CLOSED}total | Integer | Total |\n")
    assert [table.number for table in page.tables][:1] == ([number] if number else [4])


def test_digits_that_stick_to_a_caption_are_told_from_its_number():
    rows = f"{CLOSED}total | Integer | Total |\n"
    page = read_page(f"{ANSWER}Table 1Response body parameters\n{rows}Table 22G status\n{rows}")
    assert [(table.number, table.caption) for table in page.tables] == [
        (1, "Response body parameters"),
        (2, "2G status"),
    ]


def test_tables_without_captions_are_told_by_their_place_and_rows():
    mandatory = "Parameter | Mandatory | Type | Description |\n---|---|---|---|\n"
    text = (
        f"{mandatory}project_id | Yes | String | Project |\n{mandatory}limit | No | Integer | Size Maximum: 200 |\n"
        f"Request Parameters\n{mandatory}X-Auth-Token | Yes | String | Token |\n"
    )
    schema, gaps = query(text)
    assert (schema["properties"], set(schema["$defs"]), gaps) == (
        {"limit": INT | {"maximum": 200}},
        {"path", "header"},
        [],
    )


def test_an_unnamed_table_that_could_be_two_things_is_named_with_its_rows():
    mandatory = "Parameter | Mandatory | Type | Description |\n---|---|---|---|\n"
    schema, gaps = query(f"{mandatory}limit | No | Integer | Size |\n{mandatory}other | No | Integer | Size |\n")
    assert (list(schema["properties"]), gaps) == (["limit"], ["nothing says what the table at line 7 is: other"])
    _, gaps = query(
        f"{mandatory}limit | No | Integer | Size |\nRequest Parameters\n{mandatory}region | No | String | Where |\n"
    )
    assert gaps == ["nothing says what the table at line 8 is: region"]


def test_a_second_unnamed_table_of_a_body_is_a_structure():
    mandatory = "Parameter | Mandatory | Type | Description |\n---|---|---|---|\n"
    text = (
        f"Request Parameters\n{mandatory}X-Auth-Token | Yes | String | Token |\n"
        f"{mandatory}name | Yes | String | Name |\n{mandatory}inner | No | String | Inside |\n"
    )
    derived = derive_query(read_page(HEAD.replace("GET", "POST") + text))
    assert list(derived.schema["$defs"]["body"]["properties"]) == ["name"]
    assert [gap.message for gap in derived.gaps] == ["nothing says what the table at line 11 is: inner"]


def test_a_structure_without_a_caption_is_not_linked():
    text = f"{CLOSED}lamps | Array of Lamp objects | Lamps |\n{CLOSED}id | String | Number |\n"
    properties, gaps = answer(text)
    assert list(properties) == ["lamps"]
    assert [gap.partition(": ")[2] for gap in gaps] == [
        "'lamps': no table describes this object 'Lamp'", "no field uses the table at line 9: id",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        "Kind. The options are as follows: * host * container",
        "Kind. The options are as follows: \u2022 host: a server \u2022 container",
        "Kind. The options are as follows: - host: a server - container: none",
        "Kind. The options are as follows:<ul><li>host</li><li>container: inside</li></ul>",
        "Kind. The options are as follows:\n- host\n- container",
        "Kind. The options are as follows:\n\n  * host\n  * container\n",
        "Kind Options: host, container",
        "Definition Kind. Constraints N/A Range host, container Default Value N/A",
    ],
)
def test_lists_inside_of_a_cell_are_read(words):
    assert answer(f"{CLOSED}kind | String | {words} |\n") == ({"kind": STR | {"enum": ["host", "container"]}}, [])


@pytest.mark.parametrize(
    "words",
    [
        "Kind. The options are as follows:\n",
        "Definition Kind Constraints N/A Range Default Value N/A",
        "Kind. The options are as follows: - 0 - off - 1 - on",
        "Kind. The options are as follows: * host Advanced: * container",
        "Definition Range of it. Range host, container Default Value N/A",
        "Kind. - host - container - pod",
        "Kind.\n\n  * host\n  * container\n",
        "Kind. The options are as follows: host container",
    ],
)
def test_lists_that_an_export_lost_or_blurred_are_named(words):
    properties, gaps = answer(f"{CLOSED}kind | String | {words} |\n")
    assert (properties, bool(gaps)) == ({"kind": STR}, True)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            "total | Integer | Total |\n\nlost | String | Behind a blank line |\n",
            "a row outside of a table: 'lost | String",
        ),
        ("total | Integer | Total |\nmore words\n", "a line that may belong to the row above: 'more words'"),
        ("total | Integer | Total |\n\n* warm\n* cold\n", "a list behind a table, or of its last row: '* warm'"),
        ("total | Integer |\n## Example Requests\n", "a row of 2 cells in a table of 3: 'total'"),
    ],
)
def test_what_stands_where_no_row_is_read_is_named(rows, message):
    assert [gap for gap in answer(CLOSED + rows)[1] if message in gap]


def test_bars_in_code_are_no_rows():
    assert answer(f"{CLOSED}total | Integer | Total |\n\n```\na | b | c |\n```\n") == ({"total": INT}, [])
