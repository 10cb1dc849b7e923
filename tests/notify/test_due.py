"""What is due to a sink that wants only some of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handler.clock import iso
from handler.decide.announced import Announcement
from handler.models import Problem, Severity
from handler.notify.due import due_batch, due_batches, is_kept
from handler.notify.run_items import RUN
from handler.sinks.kinds import SINK_KINDS
from handler.sinks.sink import Match
from handler.state.memory import Item, LastRun, Receipt, Remembered, SinkMemory, place_of
from tests.desk import SOC
from tests.fakes import NOON, TARGET, category, finding, report

YESTERDAY, AT, LATER = "2026-11-21T12:00:00Z", "2026-11-22T08:00:00Z", "2026-11-22T09:00:00Z"
LOW, HIGH, CRITICAL = Severity.LOW, Severity.HIGH, Severity.CRITICAL
PAGER = SOC._replace(kind=SINK_KINDS["pagerduty"])
MIRROR = SOC._replace(kind=SINK_KINDS["alertmanager"])
MACHINE = SOC._replace(kind=SINK_KINDS["generic"])
CONTAINERS = SOC._replace(match=Match(categories=("container",)))
BROKEN = category(complete=False, problems=(Problem("page 3 is missing"),))
AWAY = LastRun(iso(NOON), sinks={"soc": SinkMemory(since="2026-11-01T00:00:00Z")})


def due(sink, **other):
    batch = due_batch(sink, report(**other), AWAY, NOON)
    return [] if batch is None else [(item.what, item.key) for item in batch.items]


@pytest.mark.parametrize(("sink", "heard"), [(SOC, [("not_seen", "host")]), (CONTAINERS, [])])
def test_that_a_category_was_not_seen_is_told_to_those_who_want_it(sink, heard):
    assert due(sink, verdict="inconclusive", coverage=(BROKEN,)) == heard


@pytest.mark.parametrize("sink", [SOC, CONTAINERS])
def test_that_the_run_as_a_whole_could_not_be_judged_is_told_to_everybody(sink):
    assert due(sink, verdict="inconclusive", coverage=(), problems=(Problem("no login"),)) == [("not_seen", RUN)]


def test_its_end_is_told_when_a_run_can_be_judged_again():
    blind = AWAY._replace(sinks={"soc": AWAY.sinks["soc"]._replace(not_seen={RUN: ("no login",)})})
    assert due_batch(CONTAINERS, report(verdict="inconclusive", coverage=(BROKEN,)), blind, NOON) is None
    (item,) = due_batch(CONTAINERS, report(), blind, NOON).items
    assert (item.what, item.key, item.mark) == ("seen_again", RUN, "no login")


def flapped(*, severity=CRITICAL, **other) -> LastRun:
    """A finding that is open now, if nothing else is said, and of which the sink knows something."""
    record = Remembered(finding(severity=severity), AT, AT, AT, **other)
    return LastRun(iso(NOON), findings={record.finding.fingerprint: record}, sinks=AWAY.sinks)


def said(sink, memory):
    batch = due_batch(sink, report(finding()), memory, NOON)
    return [] if batch is None else [item.what for item in batch.items]


@pytest.mark.parametrize(("severity", "heard"), [(Severity.INFO, ["steady"]), (Severity.CRITICAL, ["steady"])])
def test_that_something_is_steady_again_is_told_to_those_who_want_it(severity, heard):
    calm = flapped(told={"soc": Receipt("flapping", 1, 3, AT)})
    assert said(SOC._replace(min_severity=severity), calm) == heard
    assert said(SOC._replace(match=Match(tags=("databases",))), calm) == []
    assert said(CONTAINERS, calm) == []


@pytest.mark.parametrize(("days", "heard"), [(3, []), (2, ["reminded"]), (None, [])])
def test_what_holds_incidents_is_reminded_of_one_that_flaps_as_of_any_that_is_open(days, heard):
    pager = SOC._replace(kind=SINK_KINDS["pagerduty"], remind_after=days and timedelta(days=days))
    flaps = flapped(flapping_since=AT, told={"soc": Receipt("open", 1, 3, "2026-11-20T12:00:00Z")})
    assert said(pager, flaps) == heard


def told(transition="open", *, severity=CRITICAL, at=AT, episode=1, key=""):
    """What the sink was told of the finding."""
    known = None if severity is None else int(severity)
    return {"soc": Receipt(transition, episode, 3, at, known, key=key)}


@pytest.mark.parametrize(
    ("was", "heard"), [(Severity.MEDIUM, "raised"), (HIGH, "new"), (CRITICAL, "new"), (None, "new")]
)
def test_what_concerned_a_sink_before_it_was_raised_is_new_to_it_if_it_was_never_told(was, heard):
    assert said(SOC._replace(min_severity=HIGH), flapped(was_severity=was)) == [heard]


@pytest.mark.parametrize(
    ("sink", "was", "now", "heard"),
    [
        (SOC._replace(min_severity=HIGH), CRITICAL, LOW, ["resolved"]),
        (SOC._replace(min_severity=HIGH, send_resolved=False), CRITICAL, LOW, []),
        (SOC._replace(min_severity=HIGH), None, LOW, []),
        (SOC._replace(min_severity=CRITICAL), HIGH, HIGH, []),
        (SOC._replace(min_severity=HIGH, match=Match(tags=("web",))), CRITICAL, HIGH, []),
        (PAGER._replace(min_severity=CRITICAL), HIGH, HIGH, ["resolved"]),
        (PAGER._replace(match=Match(tags=("web",))), HIGH, CRITICAL, ["resolved"]),
        (MIRROR._replace(min_severity=CRITICAL), HIGH, HIGH, ["resolved"]),
    ],
)
def test_an_open_finding_ends_for_a_sink_where_it_was_lowered_too_far_and_for_what_holds_incidents_with_its_routing(
    sink, was, now, heard
):
    assert said(sink, flapped(severity=now, told=told(severity=was))) == heard


@pytest.mark.parametrize("sink", [SOC, PAGER])
def test_what_had_ended_for_a_sink_alone_and_concerns_it_again_is_told_though_it_did_not_move(sink):
    assert said(sink, flapped(told=told("resolved"))) == ["raised"]


@pytest.mark.parametrize(
    ("other", "item"),
    [
        ({}, ("new", "critical")),
        ({"told": told(severity=HIGH)}, ("raised", "critical")),
        ({"status": "resolved", "because": "exempted"}, ("missed", "exempted")),
        ({"status": "resolved", "because": "exempted", "told": told()}, ("resolved", "exempted")),
    ],
)
def test_what_is_told_bears_its_severity_and_what_ended_why(other, item):
    (one,) = due_batch(SOC, report(finding()), flapped(**other), NOON).items
    assert (one.what, one.text) == item


def test_the_items_of_a_message_stand_worst_first_so_that_what_is_cut_off_is_the_least():
    found = (finding("a", 80, severity=LOW), finding("b", 443, severity=HIGH), finding("c", 23))
    known = {one.fingerprint: Remembered(one, AT, AT, AT) for one in found}
    batch = due_batch(SOC, report(*found), LastRun(iso(NOON), findings=known, sinks=AWAY.sinks), NOON)
    assert [item.key[0] for item in batch.items] == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("status", "was", "now", "heard"),
    [
        ("open", HIGH, CRITICAL, ["raised"]),
        ("resolved", HIGH, CRITICAL, []),
        ("open", CRITICAL, HIGH, []),
        ("open", HIGH, HIGH, []),
    ],
)
def test_of_what_flaps_only_what_is_open_and_worse_is_told_before_the_day_is_over(status, was, now, heard):
    flaps = flapped(severity=now, status=status, flapping_since=AT, told=told("flapping", severity=was))
    assert said(SOC, flaps) == heard


@pytest.mark.parametrize(("status", "heard"), [("open", ["new"]), ("resolved", [])])
def test_what_flaps_and_is_closed_now_opens_no_incident(status, heard):
    assert said(PAGER, flapped(status=status, flapping_since=AT)) == heard


@pytest.mark.parametrize(("sink", "heard"), [(SOC, ["missed"]), (MACHINE, ["missed"]), (PAGER, []), (MIRROR, ["run"])])
def test_what_opened_and_closed_untold_is_nothing_to_those_that_hold_incidents(sink, heard):
    assert said(sink, flapped(status="resolved", because="closed")) == heard


def test_nothing_moves_to_an_incident_whose_last_finding_ends():
    ended, stays = finding(), finding(port=80)
    key = PAGER.incident_key(ended, place_of(TARGET))
    known = {
        ended.fingerprint: Remembered(ended, AT, AT, AT, "resolved", because="closed", told=told(key=key)),
        stays.fingerprint: Remembered(stays, AT, AT, AT, told=told()),
    }
    batch = due_batch(PAGER, report(stays), LastRun(iso(NOON), findings=known, sinks=AWAY.sinks), NOON)
    assert [(item.what, item.key) for item in batch.items] == [("resolved", ended.fingerprint)]


@pytest.mark.parametrize(
    ("what", "other", "rest"),
    [
        ("new", {}, "1 3"),
        ("new", {"server_count": 4}, "1 3 servers=4"),
        ("reopened", {"episode": 2, "reopened": True, "told": told("resolved")}, "2 3"),
        ("resolved", {"status": "resolved", "told": told()}, "1 3"),
        ("resolved", {"severity": LOW, "severity_at": LATER, "told": told()}, f"1 3 low {LATER}"),
        ("raised", {"severity_at": LATER, "told": told(severity=HIGH)}, f"1 3 critical {LATER}"),
        ("raised", {"told": told(severity=HIGH)}, "1 3 critical "),
        ("lowered", {"severity": HIGH, "severity_at": LATER, "told": told()}, f"1 3 high {LATER}"),
        ("reminded", {"told": told(at=YESTERDAY)}, f"1 3 {YESTERDAY}"),
        ("flapping", {"flapping_since": LATER}, f"1 3 {LATER} "),
        ("flapping", {"flapping_since": LATER, "told": told("flapping", at=YESTERDAY)}, f"1 3 {LATER} {YESTERDAY}"),
    ],
)
def test_a_mark_stays_the_same_from_version_to_version_as_receivers_know_a_message_again_by_it(what, other, rest):
    sink = SOC._replace(min_severity=HIGH, remind_after=timedelta(days=1))
    (one,) = due_batch(sink, report(finding()), flapped(**other), NOON).items
    assert (one.what, one.mark) == (what, f"{AT} {rest}")


def test_a_memory_that_has_just_begun_is_told_by_when_it_began():
    began = flapped()._replace(began_at=iso(NOON))
    assert due_batch(SOC, report(finding()), began, NOON).items[-1] == Item("digest", iso(NOON))


@pytest.mark.parametrize("last_told", [None, YESTERDAY])
def test_each_heartbeat_is_told_apart_by_when_something_was_told_before_it(last_told):
    since = "2026-11-01T00:00:00Z"
    quiet = LastRun(iso(NOON), sinks={"soc": SinkMemory(since, last_told)})
    batch = due_batch(SOC._replace(heartbeat=timedelta(days=1)), report(), quiet, NOON)
    assert batch.items[0] == Item("heartbeat", last_told or since)


@pytest.mark.parametrize("sink", [SOC, MACHINE])
def test_what_begins_soon_is_in_the_messages_of_chats_and_machines(sink):
    soon = Announcement("mysql", "2026-12-06", "14", int(HIGH), ("host",), (), "mysql forbids 3306 (host)")
    (batch,) = due_batches(sink, report(), AWAY, NOON, stateful=True, announced=(soon,))
    assert [(item.what, item.key) for item in batch.items] == [("announced", "mysql")]


@pytest.mark.parametrize(("stateful", "messages"), [(True, 0), (False, 1)])
def test_where_nothing_is_remembered_machines_hear_of_each_run(stateful, messages):
    assert len(due_batches(MACHINE, report(), AWAY, NOON, stateful=stateful, announced=())) == messages


@pytest.mark.parametrize(("seconds", "kept"), [(-1, True), (0, False), (1, False)])
def test_what_ended_thirty_days_ago_is_forgotten(seconds, kept):
    ended = iso(NOON - timedelta(days=30, seconds=seconds))
    record = Remembered(finding(), AT, AT, AT, "resolved", resolved_at=ended)
    assert is_kept(record, (SOC,), LastRun(iso(NOON)), NOON) is kept
    assert is_kept(record._replace(resolved_at=None, last_seen=ended), (SOC,), LastRun(iso(NOON)), NOON) is kept


def test_what_is_open_is_not_forgotten_however_long_ago_it_was_seen():
    record = Remembered(finding(), AT, iso(NOON - timedelta(days=400)), AT)
    assert is_kept(record, (SOC,), LastRun(iso(NOON)), NOON)
