"""Every key of every file that people write stands in a table of the documents, and none that does not exist."""

import re
from pathlib import Path

import pytest
import yaml

from handler.models import Changes
from handler.policy.document import (
    DefaultsDocument,
    ExemptionDocument,
    ExpectRowsDocument,
    PolicyDocument,
    RuleDocument,
)
from handler.review.case_file import CaseSpec
from handler.settings.sinks_file import MatchEntry, SinkEntry
from handler.settings.targets_file import TargetEntry
from handler.simulator import fleet_file
from handler.simulator.answers import APIS
from handler.simulator.faults import FAULT_KINDS, Fault
from handler.simulator.simulator import LOGIN

ROOT = Path(__file__).resolve().parents[2]
CODE = re.compile(r"`([^`\n]+)`")


def table(name, head):
    """The rows of the table whose first heading is that text, as lists of cells."""
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    found = re.search(rf"^\| {re.escape(head)} \|.*\n\|[-|: ]+\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert found, f"docs/{name} has no table {head!r}"
    return [[cell.strip() for cell in line.strip().strip("|").split(" | ")] for line in found[1].splitlines()]


def keys(name, head):
    """What stands in code in the first column."""
    return {key for first, *_ in table(name, head) for key in CODE.findall(first)}


@pytest.mark.parametrize(
    ("name", "head", "shape"),
    [
        ("sinks.md", "key", SinkEntry),
        ("policy.md", "key of the file", PolicyDocument),
        ("policy.md", "key of a rule", RuleDocument),
        ("policy.md", "key of an exemption", ExemptionDocument),
        ("policy.md", "key of a case", CaseSpec),
        ("deploy.md", "key of a target", TargetEntry),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else value,
)
def test_the_table_has_the_keys_of_the_file(name, head, shape):
    listed = keys(name, head) - ({"findings", "problems", "exempted", "announced"} if shape is CaseSpec else set())
    assert listed == set(shape.model_fields) - ({"name"} if shape is CaseSpec else set())


def test_the_keys_inside_a_key_are_named_too():
    policy = {first: rest for first, *rest in table("policy.md", "key of the file")}
    assert set(DefaultsDocument.model_fields) <= set(CODE.findall(policy["`defaults`"][0]))
    assert set(ExpectRowsDocument.model_fields) <= set(CODE.findall(policy["`expect_rows`"][0]))
    sinks = {first: rest for first, *rest in table("sinks.md", "key")}
    assert set(MatchEntry.model_fields) == set(CODE.findall(sinks["`match`"][0]))


def test_the_defaults_of_a_sink_are_those_of_the_file():
    shown = {CODE.findall(first)[0]: default for first, _, default, *_ in table("sinks.md", "key")}
    for key, field in SinkEntry.model_fields.items():
        if field.is_required():
            assert shown[key] == "required"
        elif isinstance(field.default, bool | int):
            assert shown[key].strip("`") == str(field.default).lower()
        elif key == "min_severity":
            assert shown[key] == f"`{field.default}`"


def test_every_word_for_a_change_is_explained():
    assert keys("sinks.md", "word") == set(Changes._fields)


def test_the_fleet_file_shown_is_the_example_and_can_be_read():
    text = (ROOT / "docs" / "simulator.md").read_text(encoding="utf-8")
    example = ROOT / "docs" / "examples" / "fleet.yaml"
    assert re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL) == [example.read_text(encoding="utf-8")]
    fleet, faults = fleet_file.read_fleet(example)
    assert len(faults) == 1
    assert sum(len(estate.lines) for estate in fleet.estates.values()) == 3
    used = yaml.safe_load(example.read_text(encoding="utf-8"))["enterprise_projects"]["0"]["host"]["ports"]
    assert {key for line in used for key in line} == set(fleet_file._LINE)


def test_the_keys_and_kinds_of_the_simulator_are_all_there():
    assert keys("simulator.md", "key of a line in `ports`") == set(fleet_file._LINE)
    assert keys("simulator.md", "key of a fault") == set(Fault.__dataclass_fields__)
    assert keys("simulator.md", "kind") == FAULT_KINDS
    text = (ROOT / "docs" / "simulator.md").read_text(encoding="utf-8")
    assert set(fleet_file._LISTENER) <= set(CODE.findall(text))
    (apis,) = [holds for first, holds, *_ in table("simulator.md", "key of a fault") if first == "`api`"]
    assert set(CODE.findall(apis)) == {*APIS.values(), LOGIN, "*"}
