"""What is due to a sink that wants only some of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handler.clock import iso
from handler.models import Problem, Severity
from handler.notify.due import due_batch
from handler.notify.run_items import RUN
from handler.sinks.kinds import SINK_KINDS
from handler.sinks.sink import Match
from handler.state.memory import LastRun, Receipt, Remembered, SinkMemory
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
