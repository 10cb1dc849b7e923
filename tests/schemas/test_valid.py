"""What the closures keep from jsonschema is valid, and what is as it should be never reaches it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from handler.policy.shape import SCHEMA_FILE
from handler.report.json_v1 import report_dict
from handler.schemas import catalog
from handler.schemas.valid import fits_of
from handler.sinks.sample import sample_report
from tests.damaged import damaged

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
SNAPSHOT = json.loads((EXAMPLES / "snapshot.json").read_bytes())
REPORT = json.loads(json.dumps(report_dict(sample_report())))
SCHEMAS = {
    "snapshot": (catalog.document("snapshot.schema.json"), SNAPSHOT),
    "report": (catalog.document("report.schema.json"), REPORT),
    "targets": (
        catalog.document("report.schema.json"),
        {"version": "1", "run_id": "", "verdict": "compliant", "targets": [REPORT]},
    ),
}
JUDGES = {name: (fits_of(schema), Draft202012Validator(schema)) for name, (schema, _) in SCHEMAS.items()}
ODD = st.sampled_from(
    [
        True,
        False,
        None,
        1.0,
        0.5,
        float("nan"),
        -1,
        0,
        1,
        65536,
        10**30,
        "",
        "x",
        "high",
        "\ud800",
        "a\n",
        [],
        {},
        [1],
        [{}],
    ]
)
DAMAGE = st.lists(st.tuples(st.integers(0, 999), st.sampled_from(["set", "drop", "add"]), ODD), max_size=3)


@pytest.mark.parametrize("name", ["snapshot", "report"])
def test_a_good_document_fits(name):
    assert JUDGES[name][0](SCHEMAS[name][1])


@pytest.mark.parametrize("name", JUDGES)
@given(damages=DAMAGE)
def test_what_fits_is_valid_for_jsonschema(name, damages):
    fits, judge = JUDGES[name]
    document = damaged(SCHEMAS[name][1], damages)
    assert judge.is_valid(document) or not fits(document)


@given(damages=DAMAGE)
def test_what_is_valid_fits_but_for_what_is_named_in_the_code(damages):
    """Only a fraction of nothing (`1.0`) and half of a character pair are valid and put before jsonschema."""
    fits, judge = JUDGES["snapshot"]
    document = damaged(SNAPSHOT, damages)
    odd = any(isinstance(odd, float) or odd == "\ud800" for _, _, odd in damages)
    assert fits(document) or odd or not judge.is_valid(document)


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "integer"}, [1, 10**30], [True, 1.0, "1", None]),
        ({"type": ["integer", "null"]}, [1, None], [True, "1"]),
        ({"type": "string"}, ["", "ä", "x\n"], [1, "\ud800", "x\udfff"]),
        ({"type": "boolean"}, [True, False], [0, 1]),
        ({"const": 1}, [1], [True, 1.0, 2, "1", [1]]),
        ({"enum": ["a", "b"]}, ["a"], ["c", 1, None, ["a"], {}]),
        ({"pattern": "^[a-z]+$"}, ["abc", 5], ["abc\n", "A", ""]),
        ({"pattern": r"\S"}, ["a", " a"], ["", "\n"]),
        ({"minimum": 1, "maximum": 3}, [1, 3, "0"], [0, 4, 2.0]),
        ({"minLength": 1}, ["a", []], [""]),
        ({"minItems": 1}, [[0], ""], [[]]),
        ({"required": ["a"]}, [{"a": None}, []], [{}, {"b": 1}]),
        ({"properties": {"a": {"type": "integer"}}}, [{}, {"a": 1}, {"b": ""}], [{"a": ""}]),
        ({"properties": {"a": {}}, "additionalProperties": False}, [{}, {"a": 1}, []], [{"b": 1}]),
        ({"properties": {"a": {}}, "additionalProperties": True}, [{"b": 1}], []),
        ({"properties": {"a": {}}, "additionalProperties": {"const": 1}}, [{"a": 2, "b": 1}, 5], [{"b": 2}]),
        ({"items": {"type": "string"}}, [[], ["a"], "b"], [[1], ["a", 1]]),
        ({"anyOf": [{"type": "integer"}, {"minLength": 2}]}, [1, "ab"], ["a"]),
        ({"$ref": "#/$defs/one", "$defs": {"one": {"const": "a"}}}, ["a"], ["b"]),
    ],
)
def test_each_keyword(schema, good, bad):
    fits = fits_of(schema)
    assert ([one for one in good if not fits(one)], [one for one in bad if fits(one)]) == ([], [])


@pytest.mark.parametrize(
    "schema",
    [
        {"not": {"type": "string"}},
        {"oneOf": [{"type": "string"}]},
        {"properties": {"a": {"uniqueItems": True}}},
        {"additionalProperties": {"not": {"type": "string"}}},
    ],
)
def test_a_keyword_that_it_cannot_judge_is_refused(schema):
    with pytest.raises(ValueError, match="judged"):
        fits_of(schema)


def test_the_published_policy_schema_is_judged_but_for_the_kinds_of_a_rule():
    schema = json.loads(SCHEMA_FILE.read_bytes())
    with pytest.raises(ValueError, match="oneOf"):
        fits_of(schema)
