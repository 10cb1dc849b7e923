"""What is due to a sink that wants only some of it."""

from __future__ import annotations

import pytest

from handler.clock import iso
from handler.models import Problem
from handler.notify.due import due_batch
from handler.notify.run_items import RUN
from handler.sinks.sink import Match
from handler.state.memory import LastRun, SinkMemory
from tests.desk import SOC
from tests.fakes import NOON, category, report

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
