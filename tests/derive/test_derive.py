"""Whole pages: what is derived from documents of our own, from the vendor's where they are, and from damaged ones."""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from handler.derive.derive import derive_answer, derive_query, derive_table, read_page
from handler.derive.read_rst import read_rst
from handler.errors import DocumentError
from handler.schemas import catalog
from tests.examples import examples

OWN = Path(__file__).parents[1] / "documents"
VENDORS = Path(__file__).parents[3] / "shared" / "docs"
GOOD = ["lamps.otc.rst", "lamps.huawei.md", "cells.huawei.md"]
COMMITTED = [
    ("ListPortStatistics.otc.rst", "otc-port-statistics-undated"),
    ("ListPortStatistics.huawei-2024-01-31.txt", "huaweicloud-port-statistics-2024-01-31"),
    ("ShowAssetStatistic.huawei-2026-04-03.txt", "huaweicloud-asset-statistics-2026-04-03"),
    ("ShowAssetStatistic.otc.rst", "otc-asset-statistics-undated"),
]
FOLDER = Path(catalog.__file__).parent


def text_of(name):
    return (OWN / name).read_text(encoding="utf-8")


def printed(derived):
    return json.dumps(derived.schema, indent=2, ensure_ascii=False) + "\n"


def rows_of(schema):
    """Every property name anywhere in a schema."""
    if isinstance(schema, list):
        return set().union(*map(rows_of, schema)) if schema else set()
    if not isinstance(schema, dict):
        return set()
    return set(schema.get("properties", ())).union(*(rows_of(part) for part in schema.values())) if schema else set()


def gaps(name, make=derive_answer):
    return {gap.line: gap.message for gap in make(read_page(text_of(name))).gaps}


@pytest.mark.parametrize(("document", "stem"), COMMITTED)
def test_the_committed_schemas_are_what_the_vendors_documents_say(document, stem):
    if not (VENDORS / document).is_file():
        pytest.skip(f"the vendor's document {document} is not beside this repository")
    page = read_page((VENDORS / document).read_text(encoding="utf-8"))
    for part, derived in (("answer", derive_answer(page)), ("query", derive_query(page))):
        assert printed(derived) == (FOLDER / f"{stem}-{part}.schema.json").read_text(encoding="utf-8")
        assert derived.gaps == ()


@pytest.mark.parametrize("name", [*GOOD, "lamps.huawei.txt"])
def test_own_documents_give_the_schemas_beside_them(name):
    page = read_page(text_of(name))
    for part, derived in (("answer", derive_answer(page)), ("query", derive_query(page))):
        assert printed(derived) == (OWN / f"{name}.{part}.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*GOOD, "lamps.huawei.txt"])
@pytest.mark.parametrize("make", [derive_answer, derive_query])
def test_what_is_derived_is_json_schema(name, make):
    Draft202012Validator.check_schema(make(read_page(text_of(name))).schema)


@pytest.mark.parametrize("name", GOOD)
def test_a_page_that_is_fully_understood_has_no_gap(name):
    assert (gaps(name), gaps(name, derive_query)) == ({}, {})


def test_a_column_without_types_is_a_gap_in_the_request_only():
    assert gaps("lamps.huawei.txt") == {}
    assert gaps("lamps.huawei.txt", derive_query) == {27: "'project_id' has no type"}


@pytest.mark.parametrize("name", ["lamps.otc.rst", "lamps.huawei.txt"])
def test_the_example_answer_of_a_page_is_valid(name):
    text = text_of(name)
    example = text[text.index("{\n") :].split("Status Codes")[0]
    Draft202012Validator(derive_answer(read_page(text)).schema).validate(json.loads(example))


def test_other_status_codes_and_headers_are_no_part_of_the_answer():
    schema = derive_answer(read_page(text_of("lamps.otc.rst"))).schema
    assert not {"error_code", "X-Request-Id"} & rows_of(schema)
    assert {"total", "lamps", "owner", "labels", "id", "power", "state", "repairs", "grade", "name"} <= rows_of(schema)


def test_one_table_can_be_asked_for():
    page = read_page(text_of("lamps.otc.rst"))
    assert list(derive_table(page, 6).schema["$defs"]) == ["Repair"]
    with pytest.raises(DocumentError, match="no parameter table 77"):
        derive_table(page, 77)


def test_a_page_in_text_says_what_it_could_not_read():
    assert gaps("damaged.huawei.txt", derive_query) == {
        14: "'two words' stands where a row's name would, and is none",
        18: "type of 'odd' not understood: 'Polygon'",
        22: "table 2 'Something else' has no columns that are known; it was not read",
        34: "'lost_one' may be a row, but no type that is known follows",
        40: "'cut' may be a row, but no type that is known follows",
    }


def test_a_page_in_rst_says_what_it_could_not_read():
    found = gaps("damaged.otc.rst")
    assert [found[line] for line in sorted(found)] == [
        "'list': no table describes this object 'Gone'",
        "type of 'shape' not understood: 'Polygon'",
        "no field uses table 3: lonely",
        "table 4 'Odd' has no columns that are known; it was not read",
        "not well-formed RST here, what it holds was not read",
    ]
    assert set(gaps("damaged.otc.rst", derive_query).values()) >= {
        "'good' is described twice in table 1; the first is kept"
    }


def test_a_page_in_markdown_says_what_it_could_not_read():
    assert gaps("damaged.huawei.md") == {
        14: "a row of 2 cells in a table of 3: 'short'",
        15: "a row of 5 cells in a table of 3: 'long'",
        16: "a row without a name",
        17: "'list': no table describes this object 'Gone'",
        19: "table 2 'Odd' has no columns that are known; it was not read",
    }


def test_blank_lines_and_odd_spaces_make_no_difference_in_text():
    text = text_of("lamps.huawei.txt")
    tight = "\n".join(line for line in text.split("\n") if line.strip())
    spaced = text.replace(" ", "\u00a0").replace("\n", "\r\n")
    assert printed(derive_answer(read_page(tight))) == printed(derive_answer(read_page(text)))
    assert printed(derive_query(read_page(spaced))) == printed(derive_query(read_page(text)))


def test_parameters_may_be_called_like_headings_and_columns():
    rows = "name\nString\nName\ntype\nString\nType\nfunction\nString\nWhat for.\nrequest\nInteger\nMinimum: 1\n"
    page = read_page(f"Response Parameters\nTable 1 Response body parameters\nParameter\nType\nDescription\n{rows}")
    derived = derive_answer(page)
    assert (list(derived.schema["properties"]), derived.gaps) == (["name", "type", "function", "request"], ())


def test_structures_without_a_caption_are_not_guessed_but_named_with_their_rows():
    more = "lamps |\nArray of Lamp objects |\nLamps. |\nParameter |\nType |\nDescription |\n---|---|---|\nid |\nString |\nNumber. |\n"
    derived = derive_answer(read_page(text_of("cells.huawei.md") + more))
    assert [gap.message for gap in derived.gaps] == [
        "'lamps': no table describes this object 'Lamp'",
        "no field uses the table at line 42: id",
    ]


def test_the_same_text_gives_the_same_bytes():
    once, again = (printed(derive_answer(read_page(text_of("lamps.otc.rst")))) for _ in range(2))
    assert once == again


@pytest.mark.parametrize(
    "text", ["", "\x00", "Parameter", "Parameter\nType", "| a | b |\n|---|---|", "+--+\n| a", "=" * 40]
)
def test_a_text_without_parameter_tables_is_refused(text):
    with pytest.raises(DocumentError):
        derive_answer(read_page(text))


def test_structures_that_contain_themselves_or_go_very_deep_are_read():
    tables = "".join(
        f"Table {n} T{n}\nParameter\nType\nDescription\nnext\nT{n + 1} object\nDeeper.\n" for n in range(2, 900)
    )
    page = read_page(
        f"Response Parameters\nTable 1 Response body parameters\nParameter\nType\nDescription\nself\nT2 object\nX.\n{tables}"
    )
    assert len(derive_answer(page).schema["$defs"]) == 898


@pytest.mark.parametrize(
    "text", ["+-" * 50000 + "+\n| a", "\n" * 200_000 + "x", "=" * 100_000, "a " * 100_000, "|" * 100_000]
)
def test_a_text_made_to_be_slow_is_refused_at_once(text):
    started = time.process_time()
    with pytest.raises(DocumentError):
        read_page(text)
    assert time.process_time() - started < 5


def test_a_file_named_in_rst_is_not_read(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("Table 1 X")
    page = read_rst(
        f".. include:: {secret}\n\n.. csv-table::\n   :file: {secret}\n\n.. raw:: html\n   :file: {secret}\n"
    )
    assert page.tables == ()
    assert "Table 1" not in str(page)


@settings(max_examples=examples(60), deadline=None)
@given(data=st.data())
def test_no_damage_to_a_page_ends_in_anything_but_a_schema_or_a_document_error(data):
    text = text_of(data.draw(st.sampled_from([*GOOD, "lamps.huawei.txt", "damaged.otc.rst"])))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 2000)))
    noise = data.draw(st.text(alphabet="|+-=*:`\n <>[]{}\\_.,;0aN\u2013\u2022\u00a0\ud7ff", max_size=30))
    damaged = text[:start] + noise + text[end:]
    with contextlib.suppress(DocumentError):
        page = read_page(damaged)
        for make in (derive_answer, derive_query):
            with contextlib.suppress(DocumentError):
                Draft202012Validator.check_schema(make(page).schema)


@settings(max_examples=examples(60), deadline=None)
@given(st.text(max_size=300))
def test_no_text_ends_in_a_traceback(text):
    for prefix in ("", ".. table:: T\n\n", "|a|b|\n|--|--|\n", "Parameter\nType\nDescription\n"):
        with contextlib.suppress(DocumentError):
            derive_answer(read_page(prefix + text))
