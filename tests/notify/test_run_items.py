"""What a sink is due beside findings: each thing once, with what tells it apart from the next of its kind."""

from __future__ import annotations

import pytest

from handler.clock import iso
from handler.decide.announced import Announcement
from handler.models import ExemptionNotice, Problem, Severity
from handler.notify.run_items import exemption_key, reason_and_since, run_items
from handler.state.memory import Item, LastRun, SinkMemory
from tests.desk import SOC
from tests.fakes import NOON, category, report

EARLY, AT, LATER = "2026-11-21T12:00:00Z", "2026-11-22T08:00:00Z", "2026-11-22T09:00:00Z"
KNOWN = SinkMemory(since=AT)
SOON = Announcement("mysql", "2026-12-06", "14", int(Severity.HIGH), ("host",), (), "mysql forbids 3306 (host)")


def due(*, memory=KNOWN, announced=(), made=None, **remembered):
    last_run = LastRun(iso(NOON), **remembered)
    return list(run_items(SOC, made or report(), last_run, memory, announced))


def test_a_rule_that_begins_soon_is_told_once_for_each_stage_with_what_it_will_forbid():
    nearer = SOON._replace(rule_id="redis", stage="1", words="redis forbids 6379 (host)")
    first, second = due(announced=(SOON, nearer))
    assert first == Item("announced", "mysql", "2026-12-06 14", "mysql forbids 3306 (host)")
    assert second == Item("announced", "redis", "2026-12-06 1", "redis forbids 6379 (host)")
    told = KNOWN._replace(announced={"mysql": "2026-12-06 14", "redis": "2026-12-06 14"})
    assert due(memory=told, announced=(SOON, nearer)) == [second]


@pytest.mark.parametrize(("since", "heard"), [(AT, True), (LATER, False), ("2026-11-22T09:00:01Z", False)])
def test_a_sink_that_came_when_a_gap_or_a_change_of_policy_was_over_does_not_hear_of_it(since, heard):
    memory = SinkMemory(since=since)
    assert due(memory=memory, gap=(EARLY, LATER, "21")) == [Item("gap", EARLY, LATER, "21")] * heard
    assert due(memory=memory, policy_change=("sha256:2", LATER)) == [Item("policy", LATER, "sha256:2")] * heard


@pytest.mark.parametrize(("days", "stage"), [(1, "ending"), (0, "ending"), (-1, "ended")])
def test_an_exemption_is_ending_until_its_last_day_is_over_and_the_stage_is_remembered_under_its_name(days, stage):
    made = report(exemption_notices=(ExemptionNotice("lifts", "facilities", "2026-12-01", days),))
    (item,) = due(made=made)
    assert item == Item("exemption", "lifts", f"2026-12-01 {stage}", "facilities")
    assert exemption_key(item) == f"lifts 2026-12-01 {stage}"
    assert due(made=made, memory=KNOWN._replace(exemptions={f"lifts 2026-12-01 {stage}": AT})) == []


@pytest.mark.parametrize(("begun", "since"), [({"host": AT, "container": LATER}, AT), ({}, "2026-11-22T12:00:00Z")])
def test_what_is_not_seen_says_since_when_or_since_this_run(begun, since):
    blind = report(verdict="inconclusive", coverage=(category(complete=False, problems=(Problem("page 3 lost"),)),))
    assert due(made=blind, blind_since=begun) == [Item("not_seen", "host", f"page # lost\n@{since}", "page 3 lost")]


def test_what_was_not_read_to_its_end_says_so_where_nothing_else_is_known():
    (item,) = due(made=report(verdict="inconclusive", coverage=(category(complete=False),)))
    assert (item.what, item.text) == ("not_seen", "not complete")


@pytest.mark.parametrize(
    ("coverage", "heard"),
    [
        ((category(), category(name="container")), ["container"]),
        ((category(),), []),
        ((category(), category(name="container", plan="skipped", complete=False)), []),
        ((category(complete=False, problems=(Problem("refused"),)), category(name="container")), ["container"]),
    ],
)
def test_a_category_is_seen_again_once_it_was_itself_seen_whole_and_not_because_another_was(coverage, heard):
    memory = KNOWN._replace(not_seen={"container": ("timeout",)})
    items = due(memory=memory, made=report(coverage=coverage))
    assert [item.key for item in items if item.what == "seen_again"] == heard


def test_that_something_is_seen_again_is_told_apart_by_the_reasons_and_by_when_it_had_begun():
    memory = KNOWN._replace(not_seen={"host": ("timeout", "refused")})
    assert due(memory=memory) == [Item("seen_again", "host", "timeout; refused")]
    memory = memory._replace(blind_since={"host": AT, "container": LATER})
    assert due(memory=memory) == [Item("seen_again", "host", f"timeout; refused\n@{AT}")]


@pytest.mark.parametrize(
    ("mark", "known"),
    [
        (f"timeout\n@{AT}", ("timeout", AT)),
        (f"said\n@here\n@{AT}", ("said\n@here", AT)),
        ("timeout", ("timeout", "")),
        ("timeout\n@", ("timeout", "")),
    ],
)
def test_of_a_mark_the_last_part_is_the_time_and_all_before_it_is_the_reason(mark, known):
    assert reason_and_since(Item("not_seen", "host", mark)) == known
