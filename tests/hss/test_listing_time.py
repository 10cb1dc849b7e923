from __future__ import annotations

import pytest

from handler.hss.client import Spending
from handler.hss.plan import Ask
from handler.hss.walk import PortWalk
from handler.ports import PortSet
from handler.simulator.faults import Fault
from handler.simulator.fleet import Fleet, Line
from tests.hss_bench import EVERY, PORTS, Bench, ask, lines, told, varied


@pytest.mark.parametrize(("left", "api_calls"), [(50, 5), (62, 9)])
def test_starting_over_is_not_begun_where_it_does_not_fit_in_the_time(left, api_calls):
    bench = Bench(Fleet.of(*varied(750)), Fault("fewer_rows", PORTS, first=3), left=left, cloud="huaweicloud")
    bench.simulator.add_fault(Fault("more_rows", PORTS, first=4, last=4))
    got = bench.category(EVERY)
    assert got.complete is (left > 61)
    assert (got.api_calls, len(got.rows)) == (api_calls, 750)


def test_a_second_reading_that_does_not_fit_in_the_time_is_not_waited_for():
    bench = Bench(Fleet.of(*lines(750)), left=50)
    got = bench.category(EVERY)
    assert (got.complete, got.api_calls, len(got.rows)) == (False, 6, 750)
    assert bench.clock.slept == []
    assert "3 more calls for host need 2 minutes, 50 s are left" in told(got)


def test_where_starting_over_leaves_no_time_for_the_ports_they_are_asked_at_once():
    fleet, fault = Fleet.of(*varied(550), Line(23, "TCP", 1)), Fault("more_rows", PORTS, first=3, last=3)
    ports = ask(*range(20, 24), *range(30, 34))
    for left, plan, calls in ((190, "pages", 7), (180, "ports", 11)):
        bench = Bench(fleet, fault, order="port", left=left)
        got = bench.category(ports)
        assert (got.complete, got.plan, len(bench.queries)) == (True, plan, calls)
        assert 23 in {row.port for row in got.rows}
        made = len(bench.queries) + 1
        assert (bench.progress[-1].made, bench.progress[-1].planned) == (made, made)


def test_exact_queries_after_starting_over_are_waited_for_while_they_fit():
    fleet = Fleet.of(*varied(350), Line(23, "TCP", 1))
    ports = ask(*range(20, 24), 30)
    for left, complete, slept in ((62, True, 61), (60, False, 0)):
        bench = Bench(fleet, order="port", left=left)
        bench.simulator.add_fault(Fault("more_rows", PORTS, first=2, last=2))
        bench.simulator.add_fault(Fault("more_rows", PORTS, first=4, last=4))
        got = bench.category(ports)
        assert (got.complete, sum(bench.clock.slept)) == (complete, pytest.approx(slept))


def test_without_time_for_all_pages_only_those_without_a_wait_are_read():
    bench = Bench(Fleet.of(*varied(2300)), left=100, order="port")
    got = bench.category(EVERY)
    assert (got.complete, len(got.rows), got.api_calls) == (False, 984, 6)
    assert bench.clock.slept == []
    assert "8 more calls for host need 3 minutes, 100 s are left" in told(got)


def test_with_time_for_all_pages_they_are_waited_for():
    assert Bench(Fleet.of(*varied(2300)), left=123, order="port").category(EVERY).complete


def test_an_order_that_may_end_the_pages_early_is_waited_for():
    bench = Bench(Fleet.of(*lines(9000, start=1)), cloud="huaweicloud", left=100)
    got = bench.category(Ask("host", PortSet(((1, 1100),))))
    assert (got.complete, got.plan, got.api_calls) == (True, "sorted", 7)


def test_a_category_without_any_time_left_says_so():
    bench = Bench(Fleet.of(*lines(3)), left=0)
    got = bench.category(EVERY)
    assert (got.complete, got.api_calls) == (False, 0)
    assert "no time is left" in told(got)


def test_several_targets_of_one_credential_share_the_window():
    bench = Bench(Fleet.of(*varied(580)), order="port")
    for _ in range(2):
        assert bench.category(EVERY).complete
    assert sum(bench.clock.slept) == pytest.approx(61)


def test_exact_queries_of_which_not_all_fit_wait_for_none():
    bench = Bench(Fleet.of(*varied(2000), Line(23, "TCP", 1)), left=100)
    got = bench.category(ask(23, *range(30, 50)))
    assert (got.complete, got.plan, got.api_calls, bench.clock.slept) == (False, "ports", 6, [])
    assert "17 more calls for host need 5 minutes, 100 s are left" in told(got)


def test_starting_over_that_fits_is_waited_for_though_what_came_before_would_not_have_been():
    bench = Bench(Fleet.of(*varied(150)), Fault("more_rows", PORTS, first=5, last=5), left=100, cloud="huaweicloud")
    for _ in range(4):
        PortWalk(bench.client, bench.target, ask(1), Spending(bench.deadline), keep_raw=False, on_progress=None).run()
    walk = PortWalk(
        bench.client, bench.target, EVERY, Spending(bench.deadline, patient=False), keep_raw=False, on_progress=None
    )
    walk.run()
    assert (walk.complete, len(walk.rows), sum(bench.clock.slept)) == (True, 150, pytest.approx(61))
