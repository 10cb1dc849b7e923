"""Every file under tests/policies: good ones load, bad ones are refused with the messages beside them."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.policy.canonical import canonical
from handler.policy.codes import CODES
from handler.policy.document import policy_schema
from handler.policy.load import load_texts, read_policy
from handler.policy.match_keys import EXEMPTION_BOUNDS, EXEMPTION_SCOPE, EXEMPTION_TERMS, RULE_BOUNDS, RULE_SCOPE
from handler.policy.yaml_positions import read_yaml
from tests.examples import examples
from tests.small_policies import written_as_yaml
from tests.strategies import policies

FOLDER = Path(__file__).parents[1] / "policies"
GOOD = sorted((FOLDER / "good").glob("*.yaml"))
BAD = sorted((FOLDER / "bad").glob("*.yaml"))
LOADER_ONLY = set(CODES) - {"E201"}  # what the JSON Schema of the file cannot see
SCHEMA = jsonschema.Draft202012Validator(policy_schema())


def schema_accepts(path: Path) -> bool:
    return SCHEMA.is_valid(json.loads(json.dumps(read_yaml(path.name, path.read_bytes()).data)))


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_good_file_is_loaded_and_the_schema_accepts_it(path):
    assert load_texts([(path.name, path.read_bytes())]).rules
    assert schema_accepts(path)


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_bad_file_is_refused_with_exactly_the_messages_beside_it(path):
    problems = read_policy([(path.name, path.read_bytes())]).problems
    expected = path.with_suffix(".expected").read_text().splitlines()
    told = [f"{p.code} {p.location.line}:{p.location.column} {p.message}" for p in problems]
    assert len(told) == len(expected), told
    assert all(line.startswith(start) for line, start in zip(told, expected, strict=True)), told


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_what_only_the_loader_sees_has_a_code_of_its_own(path):
    codes = {problem.code for problem in read_policy([(path.name, path.read_bytes())]).problems}
    assert codes <= set(CODES)
    if schema_accepts(path):
        assert codes <= LOADER_ONLY
    elif not codes & LOADER_ONLY:
        assert codes == {"E201"}


def test_every_code_of_the_loader_has_a_bad_file():
    shown = {line.split()[0] for path in BAD for line in path.with_suffix(".expected").read_text().splitlines()}
    elsewhere = {"E101", "E308", "E309"}  # need a missing file, two files, a day: test_load, test_lint
    assert shown | elsewhere == set(CODES)


def test_committed_schema_is_what_the_models_give():
    committed = Path(__file__).parents[2] / "handler" / "policy" / "policy.schema.json"
    assert json.loads(committed.read_text()) == policy_schema()


def test_schema_is_a_valid_schema_with_a_description_for_every_key():
    jsonschema.Draft202012Validator.check_schema(policy_schema())
    shapes = [policy_schema(), *policy_schema()["$defs"].values()]
    assert all("description" in key for shape in shapes for key in shape["properties"].values())


def test_what_an_editor_shows_of_a_key_says_more_than_its_name_and_what_holds_without_it():
    """Without it: of keys that judge and may be left out. Those that begin a rule are what it is about."""
    shapes = {"": policy_schema(), **policy_schema()["$defs"]}
    for shape, schema in shapes.items():
        for key, said in schema["properties"].items():
            assert len(said["description"].split()) >= 5, (shape, key)
    rule, exemption = shapes["RuleDocument"], shapes["ExemptionDocument"]
    begins = {"ports", "allowed_ports", "statistic"}
    for schema, judging in (
        (rule, {*RULE_SCOPE, *RULE_BOUNDS, "severity", "effective_from"} - begins),
        (exemption, {*EXEMPTION_SCOPE, *EXEMPTION_BOUNDS, *EXEMPTION_TERMS, "rules"} - {"expires", "limits"}),
    ):
        silent = [key for key in judging if "without it" not in schema["properties"][key]["description"].lower()]
        assert not silent


@pytest.mark.parametrize("example", policy_schema()["examples"])
def test_examples_of_the_schema_follow_it(example):
    SCHEMA.validate(example)


ODD = st.one_of(
    st.sampled_from([-1, 0, 65536, "9-1", "0-9", "telnett", "22", "2026-02-30", "host", "danger", [], {}, [1], ["a"]]),
    st.text(st.characters(codec="ascii"), max_size=3).filter(
        lambda text: "\n" not in text
    ),  # Python's `$` is odd there
)


@st.composite
def documents_with_one_odd_value(draw):
    document = canonical(draw(policies()))
    inside = [document, *document["rules"], *document.get("exemptions", [])]
    chosen = draw(st.sampled_from(inside))
    chosen[draw(st.sampled_from([*chosen, "ports", "statistic", "colour"]))] = draw(ODD)
    return document


@settings(max_examples=examples(100), deadline=None)
@given(documents_with_one_odd_value())
def test_the_loader_calls_the_shape_wrong_exactly_where_the_schema_does(document):
    codes = {problem.code for problem in read_policy([("p.yaml", written_as_yaml(document))]).problems}
    assert ("E201" in codes) == (not SCHEMA.is_valid(document))
