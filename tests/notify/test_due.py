"""What is due to a sink that wants only some of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handler.clock import iso
from handler.decide.announced import Announcement
from handler.models import Problem, Severity
from handler.notify.due import _stays_open, due_batch, due_batches, is_kept
from handler.notify.run_items import RUN
from handler.sinks.kinds import SINK_KINDS
from handler.sinks.sink import Match
from handler.state.memory import Item, LastRun, Receipt, Remembered, SinkMemory
from tests.desk import SOC
from tests.fakes import NOON, category, finding, report

AT = "2026-11-22T08:00:00Z"
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


def flapped(**other) -> LastRun:
    """A finding that is open now, and of which the sink knows something."""
    record = Remembered(finding(), AT, AT, AT, **other)
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


PAGER = SOC._replace(kind=SINK_KINDS["pagerduty"])
MIRROR = SOC._replace(kind=SINK_KINDS["alertmanager"])
HIGH = finding(severity=Severity.HIGH)


def remembered(one=HIGH, **other) -> Remembered:
    return Remembered(one, AT, AT, AT, **other)


def of(*records, since="2026-11-01T00:00:00Z", **other) -> LastRun:
    findings = {record.finding.fingerprint: record for record in records}
    return LastRun(iso(NOON), findings=findings, sinks={"soc": SinkMemory(since)}, **other)


def told(record, sink=SOC, **other):
    """The items of one finding, and their marks."""
    batch = due_batch(sink, report(record.finding), of(record), NOON, **other)
    return [] if batch is None else [(item.what, item.mark) for item in batch.items]


@pytest.mark.parametrize(
    ("was", "heard"), [(Severity.MEDIUM, "raised"), (Severity.HIGH, "new"), (Severity.CRITICAL, "new"), (None, "new")]
)
def test_what_did_not_concern_a_sink_before_is_raised_for_it_and_not_new(was, heard):
    record = remembered(was_severity=was)
    assert [what for what, _ in told(record, SOC._replace(min_severity=Severity.HIGH))] == [heard]


@pytest.mark.parametrize(
    ("receipt", "changes", "ends"),
    [
        (Receipt("open", 1, 3, AT, Severity.CRITICAL), {"min_severity": Severity.CRITICAL}, True),
        (Receipt("open", 1, 3, AT, Severity.CRITICAL), {"min_severity": Severity.CRITICAL, "send_resolved": False}, False),
        (Receipt("resolved", 1, 3, AT, Severity.CRITICAL), {"min_severity": Severity.CRITICAL}, False),
        (Receipt("open", 1, 3, AT, None), {"min_severity": Severity.CRITICAL}, False),
        (Receipt("open", 1, 3, AT, Severity.HIGH), {"min_severity": Severity.CRITICAL}, False),  # the routing changed
        (Receipt("open", 1, 3, AT, Severity.CRITICAL), {"min_severity": Severity.HIGH, "match": Match(tags=("x",))}, False),
        (Receipt("open", 1, 3, AT, Severity.HIGH), {"kind": PAGER.kind, "match": Match(tags=("x",))}, True),
        (Receipt("open", 1, 3, AT, None), {"kind": PAGER.kind, "match": Match(tags=("x",)), "send_resolved": False}, False),
    ],
)  # fmt: skip
def test_an_open_finding_ends_for_a_sink_that_it_no_longer_concerns(receipt, changes, ends):
    heard = told(remembered(told={"soc": receipt}), SOC._replace(**changes))
    assert [what for what, _ in heard] == ["resolved"] * ends


def test_findings_are_told_worst_first_with_their_severity():
    low, worst = finding(port=21, severity=Severity.LOW), finding(port=80)
    missed = remembered(finding(port=22, severity=Severity.MEDIUM), status="resolved", because="closed")
    batch = due_batch(SOC, report(low, worst), of(remembered(low), missed, remembered(worst)), NOON)
    assert [(item.key, item.what, item.text) for item in batch.items] == [
        (worst.fingerprint, "new", "critical"),
        (missed.finding.fingerprint, "missed", "closed"),
        (low.fingerprint, "new", "low"),
    ]


LATELY = iso(NOON - timedelta(hours=1))


@pytest.mark.parametrize(
    ("changes", "receipt", "heard"),
    [
        ({}, None, [("flapping", f"{AT} 1 3 {AT} ")]),
        ({}, Receipt("open", 1, 3, LATELY), [("flapping", f"{AT} 1 3 {AT} {LATELY}")]),
        ({}, Receipt("flapping", 1, 3, LATELY, Severity.HIGH), []),
        ({}, Receipt("flapping", 1, 3, "2026-11-21T12:00:00Z"), [("flapping", f"{AT} 1 3 {AT} 2026-11-21T12:00:00Z")]),
        ({}, Receipt("flapping", 1, 3, LATELY, Severity.CRITICAL), []),  # lowered meanwhile
        ({"severity_at": AT}, Receipt("flapping", 1, 3, LATELY, Severity.LOW), [("raised", f"{AT} 1 3 high {AT}")]),
        ({}, Receipt("flapping", 1, 3, LATELY, Severity.LOW), [("raised", f"{AT} 1 3 high ")]),
        ({"status": "resolved"}, Receipt("flapping", 1, 3, LATELY, Severity.LOW), []),
    ],
)
def test_that_something_flaps_is_told_once_a_day_and_what_got_worse_at_once(changes, receipt, heard):
    record = remembered(flapping_since=AT, told={"soc": receipt} if receipt else {}, **changes)
    assert told(record, SOC._replace(kind=SINK_KINDS["slack"])) == heard


def test_what_holds_incidents_keeps_one_open_while_it_flaps():
    assert told(remembered(status="resolved", flapping_since=AT, told={"soc": Receipt("open", 1, 3, AT)}), PAGER) == []
    assert told(remembered(status="resolved", flapping_since=AT), PAGER) == []


@pytest.mark.parametrize(
    ("status", "flaps", "sink", "stays"),
    [
        ("open", None, PAGER, True),
        ("open", AT, PAGER, True),
        ("resolved", AT, PAGER, True),
        ("resolved", None, PAGER, False),
        ("open", AT, PAGER._replace(min_severity=Severity.CRITICAL), False),
    ],
)
def test_an_incident_stays_open_for_what_is_open_or_flaps_and_concerns_the_sink(status, flaps, sink, stays):
    assert _stays_open(sink, remembered(status=status, flapping_since=flaps)) is stays


def test_what_ended_for_one_sink_alone_and_concerns_it_again_was_raised():
    assert [what for what, _ in told(remembered(told={"soc": Receipt("resolved", 1, 3, AT, Severity.LOW)}))] == [
        "raised"
    ]


def test_growth_is_marked_without_the_time_it_was_told_before_and_a_reminder_with_it():
    record = remembered(HIGH._replace(num=30), told={"soc": Receipt("open", 1, 3, AT, Severity.HIGH)})
    assert told(record) == [("grown", f"{AT} 1 30")]
    calm = remembered(told={"soc": Receipt("open", 1, 3, AT, Severity.HIGH)}, server_count=2)
    reminded = told(calm, SOC._replace(remind_after=timedelta(hours=4)))
    assert reminded == [("reminded", f"{AT} 1 3 {AT} servers=2")]


@pytest.mark.parametrize(("sink", "heard"), [(SOC, ["missed"]), (PAGER, []), (MIRROR, [])])
def test_what_came_and_went_untold_is_missed_by_people_alone(sink, heard):
    record = remembered(status="resolved", because="closed", resolved_at=LATELY)
    assert [what for what, _ in told(record, sink) if what != "run"] == heard


def test_the_first_message_of_a_memory_says_when_it_began():
    memory = of(remembered(), since=AT, began_at=AT)
    assert due_batch(SOC, report(HIGH), memory, NOON).items[-1] == Item("digest", AT)


@pytest.mark.parametrize(("last_told", "mark"), [(None, "2026-11-01T00:00:00Z"), (AT, AT)])
def test_a_heartbeat_is_known_by_what_was_told_before_it(last_told, mark):
    memory = AWAY._replace(sinks={"soc": AWAY.sinks["soc"]._replace(last_told=last_told)})
    sink = SOC._replace(heartbeat=timedelta(hours=1))
    assert due_batch(sink, report(), memory, NOON).items[0] == Item("heartbeat", mark)


@pytest.mark.parametrize(
    ("send", "stateful", "batches"),
    [("changes", False, 0), ("always", False, 1), ("always", True, 1), (None, False, 1), (None, True, 0)],
)
def test_without_a_state_machines_hear_of_every_run_unless_they_want_changes_alone(send, stateful, batches):
    machine = SOC._replace(kind=SINK_KINDS["generic"], send=send)
    assert len(due_batches(machine, report(), AWAY, NOON, stateful=stateful, announced=())) == batches


def test_a_rule_that_begins_soon_is_in_the_message():
    soon = Announcement("no-ftp", "2026-12-01", "14", Severity.HIGH, ("host",), (), "ftp")
    (batch,) = due_batches(SOC, report(), AWAY, NOON, stateful=True, announced=(soon,))
    assert [item.what for item in batch.items] == ["announced"]


@pytest.mark.parametrize(("count", "batches"), [(2, [2]), (3, [2, 1]), (4, [2, 2])])
def test_a_machine_gets_at_most_so_many_findings_in_one_message(count, batches):
    found = [finding(port=port) for port in range(1, count + 1)]
    machine = SOC._replace(kind=SINK_KINDS["generic"], max_findings=2)
    told = due_batches(machine, report(*found), of(*map(remembered, found)), NOON, stateful=True, announced=())
    assert [len(batch.items) for batch in told] == batches


@pytest.mark.parametrize(
    ("status", "days", "kept"),
    [("open", 99, True), ("resolved", 29, True), ("resolved", 30, False), ("resolved", 31, False)],
)
def test_a_record_is_kept_while_it_is_open_and_for_thirty_days_after(status, days, kept):
    at = iso(NOON - timedelta(days=days))
    assert is_kept(Remembered(HIGH, at, at, at, status=status, resolved_at=at), (), AWAY, NOON) is kept
    assert is_kept(Remembered(HIGH, at, at, at, status=status), (), AWAY, NOON) is kept


@pytest.mark.parametrize("severity", [Severity.LOW, Severity.HIGH])
def test_what_ended_for_one_sink_alone_was_raised_however_severe_it_was_told(severity):
    record = remembered(told={"soc": Receipt("resolved", 1, 3, AT, severity)})
    assert [what for what, _ in told(record)] == ["raised"]


@pytest.mark.parametrize(("receipt", "heard"), [(None, "new"), (Receipt("resolved", 1, 3, AT, 3), "reopened")])
def test_what_opened_again_is_new_to_a_sink_that_never_heard_of_it(receipt, heard):
    record = remembered(episode=2, reopened=True, told={"soc": receipt} if receipt else {})
    assert [what for what, _ in told(record)] == [heard]
