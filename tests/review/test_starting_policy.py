"""A policy to start from: what is open today is exempted, and whatever comes on top is a finding."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.decide.evaluate import evaluate
from handler.models import CATEGORIES, Row
from handler.models.listeners import Listener, PortListeners
from handler.policy.compiled import bundled_policies
from handler.policy.lint import lint
from handler.policy.load import load_texts, read_policy
from handler.ports import PortSet
from handler.report.snapshot_file import parse_snapshot, snapshot_text
from handler.report.verdict import verdict_of
from handler.review.starting_policy import TEMPLATE, Vouching, starting_policy
from tests.examples import examples
from tests.fakes import category, snapshot

TODAY = date(2026, 12, 1)
VOUCHING = Vouching("ops@example.org", "2027-03-31", 'Open when we began: "as is", # yes')
BASELINE = (bundled_policies() / "baseline.yaml").read_text(encoding="utf-8")
OLD_ESTATE = [Row(23, "tcp", 3), Row(23, "tcp6", 1), Row(445, "tcp", 12), Row(161, "udp", 2), Row(443, "tcp", 40)]


def begun(*categories):
    """The policy that an estate begins with, and what it says of the same snapshot."""
    world = snapshot(*categories)
    text = starting_policy(BASELINE, load_texts([("baseline.yaml", BASELINE)]), world, TODAY, VOUCHING)
    return text, load_texts([("policy.yaml", text)])


def found(policy, *categories):
    return [(one.port, one.protocol, one.num) for one in evaluate(policy, snapshot(*categories), TODAY).findings]


def test_the_same_snapshot_is_compliant_with_all_that_was_found_exempted():
    _, policy = begun(category(OLD_ESTATE))
    result = evaluate(policy, snapshot(category(OLD_ESTATE)), TODAY)
    assert verdict_of(result) == "compliant"
    assert {(one.finding.port, one.finding.protocol) for one in result.exempted} == {
        (23, "tcp"), (23, "tcp6"), (445, "tcp"), (161, "udp"),
    }  # fmt: skip
    assert {(one.owner, one.expires, one.reason) for one in result.exempted} == {VOUCHING}


@pytest.mark.parametrize(
    "more",
    [Row(3389, "tcp", 1), Row(2323, "tcp", 1), Row(161, "tcp", 1), Row(445, "tcp", 13), Row(23, "tcp6", 4)],
    ids=str,
)
def test_anything_more_is_a_finding(more):
    _, policy = begun(category(OLD_ESTATE))
    others = [row for row in OLD_ESTATE if (row.port, row.protocol) != (more.port, more.protocol)]
    assert set(found(policy, category([*others, more]))) == {(more.port, more.protocol, more.num)}


rows = st.builds(
    Row, st.sampled_from([21, 23, 53, 445, 3306, 8080]), st.sampled_from(["tcp", "tcp6", "udp"]), st.integers(1, 9)
)


@settings(max_examples=examples(25), deadline=None)
@given(st.lists(rows, max_size=6, unique_by=lambda row: row[:2]), rows)
def test_of_any_estate_only_what_is_more_than_on_the_first_day_is_found(estate, more):
    _, policy = begun(category(estate))
    assert found(policy, category(estate)) == []
    family = [row.num for row in estate if (row.port, row.protocol[:3]) == (more.port, more.protocol[:3])]
    forbidden = found(load_texts([("baseline.yaml", BASELINE)]), category([more]))
    is_more = more.num > max(family, default=0)
    assert bool(found(policy, category([more]))) == (is_more and bool(forbidden))


def test_a_category_with_rows_is_expected_to_have_some_from_then_on():
    text, policy = begun(category(OLD_ESTATE), category([], name="container"))
    assert policy.expect_rows == {"host": 1}
    assert "expect_rows: {host: 1}\n" in text
    empty = evaluate(policy, snapshot(category([]), category([], name="container")), TODAY)
    assert verdict_of(empty) == "inconclusive"
    assert (
        begun(category([Row(80, "tcp", 1)]), category([Row(80, "tcp", 1)], name="container"))[1].categories
        == CATEGORIES
    )


def test_without_a_finding_there_is_no_exemption():
    text, policy = begun(category([Row(443, "tcp", 9)]))
    assert policy.exemptions == ()
    assert "exemptions:" not in text


def test_the_comments_of_the_baseline_stay_and_its_rules_are_the_same():
    text, policy = begun(category(OLD_ESTATE))
    known = load_texts([("baseline.yaml", BASELINE)])
    assert [rule._replace(location=None) for rule in policy.rules] == [
        rule._replace(location=None) for rule in known.rules
    ]
    assert "$schema=policy.schema.json" in text
    assert "$schema=../handler" not in text


@pytest.mark.parametrize("text", [TEMPLATE, begun(category(OLD_ESTATE))[0]], ids=["template", "estate"])
def test_what_one_starts_from_has_nothing_to_be_warned_of(text):
    assert lint(read_policy([("policy.yaml", text)]), today=TODAY) == ()


def test_what_the_template_shows_behind_comments_is_a_policy_too():
    shown = re.sub(r"^( *)# ( *(?:- )?[a-z_]+:.*)$", r"\1\2", TEMPLATE, flags=re.MULTILINE)
    policy = load_texts([("policy.yaml", shown)])
    assert [rule.id for rule in policy.rules] == ["telnet", "file-sharing", "only-web"]
    assert policy.rules[0].runbook
    assert [one.approved_by for one in policy.exemptions] == ["ciso@example.org"]
    assert policy.limits.exemption_days == 180


LIFTS = tuple(f"{number:032x}" for number in (10, 11))


def listening_on(port, *servers, **other):
    return PortListeners(
        port,
        tuple(Listener(one, f"srv-{at}", protocol="tcp", address="0.0.0.0") for at, one in enumerate(servers)),
        **other,
    )


def test_where_servers_are_known_only_these_are_exempted():
    world = category([Row(23, "tcp", 2), Row(445, "tcp", 1)], listeners=(listening_on(23, *LIFTS),))
    text, policy = begun(world)
    assert {one.ports: one.hosts for one in policy.exemptions} == {
        PortSet.of_ports([23]): LIFTS,
        PortSet.of_ports([445]): (),
    }
    assert "W208" not in {one.code for one in lint(read_policy([("policy.yaml", text)]), today=TODAY)}
    assert found(policy, world) == []
    another = world._replace(listeners=(listening_on(23, LIFTS[0], "f" * 32),))
    assert found(policy, another) == [(23, "tcp", 1)]  # the server that nobody exempted


@pytest.mark.parametrize(
    "known",
    [
        listening_on(23, LIFTS[0]),  # HSS counts two
        listening_on(23, *LIFTS, trouble="time was up"),
        listening_on(23, LIFTS[0], "not-an-id"),
        listening_on(24, *LIFTS),
    ],
)
def test_servers_that_are_not_all_known_by_their_ids_are_not_named(known):
    _, policy = begun(category([Row(23, "tcp", 2)], listeners=(known,)))
    assert [one.hosts for one in policy.exemptions] == [()]


def test_both_protocol_versions_name_the_servers_of_either():
    servers = (*listening_on(23, LIFTS[0]).listeners, Listener(LIFTS[1], "srv-6", protocol="tcp6", address="::"))
    world = category([Row(23, "tcp", 1), Row(23, "tcp6", 1)], listeners=(PortListeners(23, servers),))
    _, policy = begun(world)
    assert [one.hosts for one in policy.exemptions] == [LIFTS]
    assert found(policy, world) == []


def test_a_redacted_snapshot_names_no_server_for_its_names_are_nobodys():
    world = snapshot(category([Row(23, "tcp", 2)], listeners=(listening_on(23, *LIFTS),)))
    shared = parse_snapshot(snapshot_text(world, redact=True).encode(), "estate.json")
    text = starting_policy(BASELINE, load_texts([("baseline.yaml", BASELINE)]), shared, TODAY, VOUCHING)
    assert [one.hosts for one in load_texts([("policy.yaml", text)]).exemptions] == [()]
