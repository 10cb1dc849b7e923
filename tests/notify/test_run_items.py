"""What a sink is due beside findings, item by item."""

from __future__ import annotations

import pytest

from handler.clock import iso
from handler.decide.announced import Announcement
from handler.models import ExemptionNotice, Problem, Severity
from handler.notify.run_items import RUN, blind_problems, exemption_key, is_blind_elsewhere, reason_and_since, run_items
from handler.sinks.kinds import SINK_KINDS
from handler.sinks.sink import Match
from handler.state.memory import Item, LastRun, SinkMemory
from tests.desk import SOC
from tests.fakes import NOON, category, report

SINCE, BEFORE, LATER = "2026-11-01T00:00:00Z", "2026-10-01T00:00:00Z", "2026-11-20T00:00:00Z"
KNOWN = SinkMemory(since=SINCE)
CONTAINERS = Match(categories=("container",))
SOON = Announcement(
    "no-ftp", "2026-12-01", "14", Severity.HIGH, ("host",), ("remote",), "ftp is forbidden from then on"
)


def items(of=None, *, sink=SOC, memory=KNOWN, last_run=None, announced=()):
    return list(run_items(sink, of or report(), last_run or LastRun(iso(NOON)), memory, announced))


def unseen(*problems, **other):
    return report(verdict="inconclusive", coverage=(category(complete=False, problems=problems),), **other)


def test_what_is_not_seen_says_why_in_its_shape_since_when_and_what_to_do():
    problems = [Problem(f"page {number} is missing", hint="Run again.") for number in (3, 4)]
    (item,) = items(unseen(*problems), last_run=LastRun(iso(NOON), blind_since={"host": LATER}))
    assert item == Item(
        "not_seen",
        "host",
        f"page # is missing; page # is missing\n@{LATER}",
        "page 3 is missing; page 4 is missing. Run again.",
    )
    assert reason_and_since(item) == ("page # is missing; page # is missing", LATER)


def test_what_was_seen_until_this_run_is_not_seen_since_it_began():
    (item,) = items(unseen(Problem("no.")))
    assert (item.mark, item.text) == (f"no.\n@{report().started_at}", "no.")


@pytest.mark.parametrize(("told", "heard"), [((), 1), (("page # is missing",), 0), (("timeout",), 1)])
def test_a_reason_is_told_once_whatever_its_numbers(told, heard):
    assert len(items(unseen(Problem("page 7 is missing")), memory=KNOWN._replace(not_seen={"host": told}))) == heard


@pytest.mark.parametrize(
    ("mark", "parts"),
    [("why", ("why", "")), (f"why\n@{LATER}", ("why", LATER)), (f"a\n@b\n@{LATER}", ("a\n@b", LATER))],
)
def test_a_reason_is_parted_from_its_time_where_one_was_kept(mark, parts):
    assert reason_and_since(Item("not_seen", "host", mark)) == parts


@pytest.mark.parametrize(
    ("coverage", "verdict", "blind"),
    [
        ((category(complete=False),), "inconclusive", {"host": ["not complete"]}),
        ((category(complete=False, plan="skipped"),), "compliant", {}),
        ((category(),), "compliant", {}),
        ((category(),), "inconclusive", {RUN: ["not known why"]}),
        ((category(), category(name="container", complete=False)), "inconclusive", {"container": ["not complete"]}),
    ],
)
def test_a_category_that_was_asked_and_not_seen_whole_is_named_else_the_run(coverage, verdict, blind):
    found = blind_problems(report(coverage=coverage, verdict=verdict))
    assert {name: [str(problem) for problem in problems] for name, problems in found.items()} == blind


@pytest.mark.parametrize(
    ("coverage", "verdict", "heard"),
    [
        ((category(),), "compliant", ["host", RUN]),
        ((category(), category(name="container", complete=False)), "inconclusive", ["host"]),
        ((category(complete=False, plan="skipped"), category(name="container")), "compliant", [RUN]),
        ((category(name="container"),), "compliant", [RUN]),  # the other was not asked
    ],
)
def test_the_end_of_not_seeing_is_told_once_it_is_seen_whole(coverage, verdict, heard):
    memory = KNOWN._replace(not_seen={"host": ("why",), RUN: ("login",)}, blind_since={"host": LATER})
    found = items(report(coverage=coverage, verdict=verdict), memory=memory)
    assert [item.key for item in found if item.what == "seen_again"] == heard


@pytest.mark.parametrize("kind", ["slack", "pagerduty", "alertmanager"])
def test_what_nobody_asks_any_more_or_hears_of_is_over_for_what_holds_incidents(kind):
    memory = KNOWN._replace(not_seen={"host": ("why",)})
    asked = report(coverage=(category(name="container"),), verdict="compliant")
    blind = report(coverage=(category(complete=False),), verdict="inconclusive")
    sink = SOC._replace(kind=SINK_KINDS[kind])
    heard = [items(asked, memory=memory, sink=sink), items(blind, memory=memory, sink=sink._replace(match=CONTAINERS))]
    over = [[item.what for item in found if item.what == "seen_again"] for found in heard]
    assert over == [[], []] if kind == "slack" else [["seen_again"], ["seen_again"]]
    begun = report(coverage=(), verdict="inconclusive")
    assert "seen_again" not in [item.what for item in items(begun, memory=memory, sink=sink)], "that run asked nothing"


@pytest.mark.parametrize(
    ("match", "elsewhere"),
    [(Match(), False), (Match(categories=("host",)), False), (CONTAINERS, True), (Match(targets=("test",)), True)],
)
def test_what_could_not_be_seen_may_be_nothing_that_a_sink_hears_of(match, elsewhere):
    blind = report(coverage=(category(complete=False), category(name="container")), verdict="inconclusive")
    assert is_blind_elsewhere(SOC._replace(match=match), blind) is elsewhere
    assert not is_blind_elsewhere(SOC._replace(match=match), report()), "all was seen"


def test_the_end_of_not_seeing_bears_what_was_told_and_its_beginning_where_it_was_kept():
    memory = KNOWN._replace(not_seen={"host": ("one", "two"), RUN: ("login",)}, blind_since={"host": LATER})
    assert [item.mark for item in items(memory=memory)] == [f"one; two\n@{LATER}", "login"]


@pytest.mark.parametrize(
    ("since", "told", "heard"),
    [
        (SINCE, "", True),
        (SINCE, BEFORE, True),
        (SINCE, LATER, False),
        (iso(NOON), "", False),
        ("2026-11-23T00:00:00Z", "", False),
    ],
)
def test_a_time_without_runs_is_told_once_to_sinks_that_were_there_before_it_ended(since, told, heard):
    last_run = LastRun(iso(NOON), gap=(LATER, iso(NOON), "5"))
    found = items(memory=KNOWN._replace(since=since, gap=told), last_run=last_run)
    assert found == [Item("gap", LATER, iso(NOON), "5")] * heard


@pytest.mark.parametrize(
    ("since", "told", "heard"), [(SINCE, "", True), (SINCE, BEFORE, True), (SINCE, LATER, False), (LATER, "", False)]
)
def test_another_policy_is_told_once_to_sinks_that_were_there_before_it_came(since, told, heard):
    last_run = LastRun(iso(NOON), policy_change=("sha256:2", LATER))
    found = items(memory=KNOWN._replace(since=since, policy=told), last_run=last_run)
    assert found == [Item("policy", LATER, "sha256:2")] * heard


@pytest.mark.parametrize(("days", "stage"), [(3, "ending"), (0, "ending"), (-1, "ended")])
def test_an_exemption_is_told_once_in_each_stage(days, stage):
    of = report(exemption_notices=(ExemptionNotice("lifts", "Ann", "2026-12-01", days),))
    (item,) = items(of)
    assert item == Item("exemption", "lifts", f"2026-12-01 {stage}", "Ann")
    assert items(of, memory=KNOWN._replace(exemptions={exemption_key(item): SINCE})) == []
    assert items(of, memory=KNOWN._replace(exemptions={"lifts 2026-11-01 ended": SINCE})) == [item]


@pytest.mark.parametrize(
    ("told", "heard"), [({}, True), ({"no-ftp": "2026-12-01 1"}, True), ({"no-ftp": "2026-12-01 14"}, False)]
)
def test_a_rule_that_begins_soon_is_told_once_in_each_stage(told, heard):
    found = items(announced=(SOON,), memory=KNOWN._replace(announced=told))
    assert found == [Item("announced", "no-ftp", "2026-12-01 14", "ftp is forbidden from then on")] * heard


@pytest.mark.parametrize(
    ("severity", "match", "heard"),
    [
        (Severity.INFO, Match(), True),
        (Severity.HIGH, Match(), True),
        (Severity.CRITICAL, Match(), False),
        (Severity.HIGH, Match(categories=("host", "container")), True),
        (Severity.HIGH, Match(categories=("container",)), False),
        (Severity.HIGH, Match(tags=("remote", "other")), True),
        (Severity.HIGH, Match(tags=("other",)), False),
        (Severity.HIGH, Match(categories=("host",), tags=("other",)), False),
        (Severity.CRITICAL, Match(categories=("host",), tags=("remote",)), False),
    ],
)
def test_a_rule_that_begins_soon_is_told_to_those_who_would_hear_of_its_findings(severity, match, heard):
    sink = SOC._replace(min_severity=severity, match=match)
    assert bool(items(announced=(SOON,), sink=sink)) is heard


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("no", "no. Run again."),
        ("no.", "no. Run again."),
        ("... no", "... no. Run again."),
        ("no MAX", "no MAX. Run again."),
    ],
)
def test_what_to_do_follows_the_reason_as_a_sentence(reason, text):
    (item,) = items(unseen(Problem(reason, hint="Run again.")))
    assert item.text == text
