"""Report JSON: every field of every noun is written, read back and in the published schema, or left out for a reason."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from handler.models import (
    CATEGORIES,
    COUNTERS,
    CategorySnapshot,
    Finding,
    PastFinding,
    Problem,
    Report,
    Row,
    Severity,
)
from handler.report import json_v1
from handler.report.codec import Codec
from handler.report.json_v1 import finding_dict, read_report, report_dict, targets_dict
from tests.examples import examples
from tests.fakes import category, finding, report
from tests.strategies import exact, hints, nouns, values

DOCUMENT = json.loads(files("handler.schemas").joinpath("report.schema.json").read_text(encoding="utf-8"))
SCHEMA = Draft202012Validator(DOCUMENT)
LEFT_OUT = {
    (Report, "exemption_notices"): "the warnings say it",
    (Report, "taken_at"): "not in version 1",
    (Report, "rule_places"): "for SARIF, of a run that has the policy at hand",
    (Report, "previous_run_at"): "for messages; gap_hours says what matters of it",
    (Report, "gap_hours"): "a warning says it",
    (CategorySnapshot, "warnings"): "the report's warnings have them",
    (CategorySnapshot, "raw_rows"): "for snapshot files only",
    (CategorySnapshot, "raw_statistics"): "for snapshot files only",
    (CategorySnapshot, "listeners"): "a finding's hosts are those that are left of them",
    (Problem, "hint"): "for people, and the same for each of its kind",
}
OTHERWISE = {
    (CategorySnapshot, "rows"): "their number",
    (CategorySnapshot, "every_row"): "follows from plan and complete",
    (CategorySnapshot, "statistics"): "in the report's statistics, by category",
    (Problem, "path"): "stands before the message",
}
KNOWN = {
    (Finding, "category"): st.sampled_from(CATEGORIES),
    (PastFinding, "because"): st.sampled_from(["closed", "policy", "exempted", "unseen"]),
    (CategorySnapshot, "plan"): st.sampled_from(["pages", "ports", "sorted", "skipped", "none"]),
    (CategorySnapshot, "statistics"): st.none() | st.dictionaries(st.sampled_from(COUNTERS), st.integers(0, 99)),
    (CategorySnapshot, "rows"): st.integers(0, 3).map(lambda number: (Row(0, "", 0),) * number),
    (Problem, "path"): st.just(""),
    **{(kind, name): st.just(kind._field_defaults[name]) for kind, name in LEFT_OUT},
}
COUNTS = st.fixed_dictionaries({str(severity): st.integers(0, 99) for severity in sorted(Severity, reverse=True)})
CODECS = {codec.make: codec for codec in vars(json_v1).values() if isinstance(codec, Codec)}
WHOLE = (Report, CategorySnapshot)  # what is read with a whole report


@st.composite
def reports(draw):
    """Any report, as far as its JSON can say it: the fields that are left out have their defaults."""
    drawn = draw(nouns(Report, KNOWN))
    coverage = {one.category: one for one in drawn.coverage}.values()
    return drawn._replace(
        coverage=tuple(one._replace(every_row=one.plan == "pages" and one.complete) for one in coverage),
        counts=draw(COUNTS) if drawn.omitted else None,
    )


def through_json(plain):
    return json.loads(json.dumps(plain))


@settings(max_examples=examples(50))
@given(reports())
def test_every_report_comes_back_whole_and_fits_its_published_schema(one):
    plain = through_json(report_dict(one))
    SCHEMA.validate(plain)
    assert exact(read_report(plain)) == exact(one)


@settings(max_examples=examples(10))
@given(st.lists(reports(), max_size=3))
def test_the_result_of_several_targets_fits_its_published_schema(several):
    SCHEMA.validate(through_json(targets_dict("run", several)))


@pytest.mark.parametrize("kind", [kind for kind in CODECS if kind not in WHOLE], ids=lambda kind: kind.__name__)
@settings(max_examples=examples(25))
@given(data=st.data())
def test_every_field_of_a_noun_comes_back(kind, data):
    noun = data.draw(nouns(kind, KNOWN))
    assert exact(CODECS[kind].read(through_json(CODECS[kind].write(noun)))) == exact(noun)


@pytest.mark.parametrize("kind", CODECS, ids=lambda kind: kind.__name__)
def test_every_field_of_a_noun_is_described_once_or_on_a_list(kind):
    described = [field.attribute for field in CODECS[kind].fields]
    listed = {name for of, name in {**LEFT_OUT, **OTHERWISE} if of is kind}
    assert len(described) == len(set(described))
    assert {*described, *listed} == set(kind._fields)


def test_every_noun_of_a_report_has_its_fields_described():
    def inside(hint):
        parts = [hint] if hasattr(hint, "_fields") else hint.__args__ if hasattr(hint, "__args__") else []
        for part in parts:
            yield from [part, *inside_of(part)] if hasattr(part, "_fields") else inside(part)

    def inside_of(kind):
        return [one for name, hint in hints(kind).items() if (kind, name) not in LEFT_OUT for one in inside(hint)]

    by_hand = {Row, Problem}  # a number, a sentence
    assert {Report, *inside_of(Report)} - by_hand == set(CODECS)


@pytest.mark.parametrize(("kind", "name"), LEFT_OUT)
@settings(max_examples=examples(25))
@given(data=st.data())
def test_what_the_list_says_is_left_out_is(kind, name, data):
    holding = {
        Report: lambda **field: report()._replace(**field),
        CategorySnapshot: lambda **field: report(coverage=(category(**field),)),
        Problem: lambda **field: report(problems=(Problem("broken", **field),)),
    }[kind]
    value = data.draw(values(hints(kind)[name]))
    assert report_dict(holding(**{name: value})) == report_dict(holding())


def test_the_lists_name_only_fields_that_are_there():
    assert [kind for kind, name in {**LEFT_OUT, **OTHERWISE} if name not in kind._fields] == []


def objects(schema):
    """Every object that a schema describes by its keys, with its place."""
    if isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            yield schema
        for part in schema.values():
            yield from objects(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from objects(part)


def test_the_published_schema_demands_every_key_that_it_names_and_no_other():
    described = list(objects(DOCUMENT))
    assert described
    for one in described:
        assert one["additionalProperties"] is False
        assert set(one["required"]) == set(one["properties"]) - {"hosts"}


@pytest.mark.parametrize("name", ["exempted", "announced"])
def test_the_published_schema_says_the_same_of_a_finding_wherever_one_stands(name):
    keys = DOCUMENT["$defs"]["finding"]["properties"]
    own = {"exempted": {"exemption"}, "announced": {"effective_from"}}[name]
    there = DOCUMENT["$defs"]["report"]["properties"][name]["items"]["properties"]
    past = DOCUMENT["$defs"]["past"]["properties"]
    assert {key: there[key] for key in there if key not in own} == keys
    assert {key: past[key] for key in past if key != "because"} == keys


def test_a_problem_is_read_as_the_sentence_that_was_written():
    read = read_report(through_json(report_dict(report(problems=(Problem("broken", "$.data_list[0]", "Look."),)))))
    assert read.problems == (Problem("$.data_list[0]: broken"),)


def test_hosts_are_written_only_where_they_were_asked_for():
    assert "hosts" not in finding_dict(finding())
    assert finding_dict(finding(hosts=()))["hosts"] == []


@pytest.mark.parametrize(
    ("plan", "complete", "every_row"), [("pages", True, True), ("pages", False, False), ("ports", True, False)]
)
def test_a_category_that_was_read_by_pages_to_its_end_holds_every_row(plan, complete, every_row):
    one = report(coverage=(category(plan=plan, complete=complete, every_row=every_row),))
    assert read_report(through_json(report_dict(one))).coverage[0].every_row is every_row


def test_counts_are_read_only_where_findings_were_left_out():
    plain = through_json(report_dict(report(finding())))
    assert read_report(plain).counts is None
    assert read_report({**plain, "omitted": 2}).counts == plain["counts"]
