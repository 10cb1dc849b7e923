"""A list that moves under `check`: the cases that the first version got wrong, over real HTTP."""

from __future__ import annotations

import json

import pytest

from handler.errors import UnknownError
from handler.hss.client import Spending
from handler.hss.walk import PortWalk
from handler.models import Row
from handler.simulator.faults import Fault
from handler.simulator.fleet import Fleet, Line
from handler.simulator.moving import Movement
from handler.simulator.options import Options
from handler.simulator.server import SimulatorServer
from handler.simulator.simulator import Simulator
from handler.transport.request import Response
from tests.commands.test_check import settings
from tests.hss_bench import EVERY, PORTS, STATISTICS, Bench, ask, told, varied


def checked(port_compliance, tmp_path, simulator, policy):
    """The report of `check`, and its exit code."""
    (tmp_path / "p.yaml").write_text(policy)
    with SimulatorServer(simulator) as server:
        printed = port_compliance("check", "--policy", "p.yaml", "--format", "json", **settings(server))
    report = json.loads(printed.out)
    (coverage,) = report["coverage"]
    assert coverage["api_calls"] == len(simulator.calls)
    return printed.code, report


def sliding(first, opened):
    """Between the pages one line of the first closes and one opens at the end; call 1 is the counters', 2 page one."""
    return lambda fleet, nth: fleet.without(first).with_line(Line(opened, "TCP", 1)) if nth == 2 else fleet


@pytest.mark.parametrize("rule", ["ports: [21, 23, 445]", "allowed_ports: [1000-65535]"])
def test_an_open_port_that_slides_to_the_first_page_is_found_in_no_order(port_compliance, tmp_path, rule):
    lines = list(varied(399))
    fleet = Fleet.of(*lines[:200], Line(23, "TCP", 3), *lines[200:])
    simulator = Simulator(fleet, Options(cloud="otc", throttle=0), moving=sliding(lines[0].port, 61_000))
    code, report = checked(port_compliance, tmp_path, simulator, f"version: 1\nrules: [{{id: t, {rule}}}]\n")
    assert (code, report["verdict"], report["coverage"][0]["complete"]) == (1, "violations", True)
    assert [finding["port"] for finding in report["findings"]] == [23]


@pytest.mark.parametrize("cloud", ["otc", "huaweicloud"])
@pytest.mark.parametrize("ports", ["209, 700, 701, 702", "209, 650-658", "209, 700-60000"])
def test_an_open_port_that_slides_to_the_first_page_is_found_in_order(port_compliance, tmp_path, cloud, ports):
    options = Options(cloud=cloud, throttle=0, order="port")
    simulator = Simulator(Fleet.of(*varied(600, start=9)), options, moving=sliding(9, 61_000))
    code, report = checked(port_compliance, tmp_path, simulator, f"version: 1\ndisallowed_ports: [{ports}]\n")
    assert (code, report["coverage"][0]["complete"]) == (1, True)
    assert [finding["port"] for finding in report["findings"]] == [209]


def growing(fleet, nth):
    return fleet.with_line(Line(40_000 + nth, "UDP", 1))


@pytest.mark.parametrize(
    ("cloud", "rows", "policy"),
    [
        ("otc", 325, "disallowed_ports: [21, 23, 445, 3389]"),
        ("otc", 325, "rules: [{id: w, allowed_ports: [1-65535]}]"),
        ("huaweicloud", 2000, "disallowed_ports: [1-999]"),
        ("huaweicloud", 2000, "rules: [{id: w, allowed_ports: [1-65535]}]"),
    ],
)
def test_a_list_that_grows_at_each_call_ends_with_a_verdict(port_compliance, tmp_path, cloud, rows, policy):
    simulator = Simulator(Fleet.of(*varied(rows)), Options(cloud=cloud, throttle=0), moving=growing)
    code, report = checked(port_compliance, tmp_path, simulator, f"version: 1\n{policy}\n")
    assert (code, report["verdict"]) == (0, "compliant")


@pytest.mark.parametrize("order", ["port", "insertion", "num", "updated", "front"])
@pytest.mark.parametrize("cloud", ["otc", "huaweicloud"])
def test_what_is_open_throughout_is_found_while_everything_else_moves(cloud, order):
    for seed in range(6):
        move = Movement(seed, 4)

        def moving(fleet, nth, move=move):
            kept = {line for line in fleet.lines("0", "host") if line.port in (23, 3389)}
            fleet = move(fleet, nth)
            for line in kept - set(fleet.lines("0", "host")):
                fleet = fleet.without(line.port).with_line(line)
            return fleet

        lines = (*varied(420, start=4000), Line(23, "TCP", 2, "danger"), Line(3389, "TCP", 1, "danger"))
        bench = Bench(Fleet.of(*lines), cloud=cloud, order=order, ties="any")
        bench.simulator.moving = moving
        got = bench.category(ask(23, 3389, *range(10, 30)))
        assert got.complete
        assert {row.port for row in got.rows} >= {23, 3389}


# counters that fail


def test_a_snapshot_is_recorded_where_the_counters_fail():
    bench = Bench(Fleet.of(*varied(3)), Fault("html", STATISTICS))
    got = bench.category(EVERY, keep_raw=True)
    assert (got.complete, got.statistics, got.raw_statistics) == (True, None, None)
    assert len(got.raw_rows) == len(got.rows) == 3


def test_counters_beside_an_error_code_are_used():
    bench = Bench(Fleet.of(*varied(3)), Fault("set", STATISTICS, value={"error_code": "HSS.1004"}))
    got = bench.category(EVERY)
    assert got.statistics is not None
    assert got.statistics["port_num"] == sum(row.num for row in got.rows)


def test_raw_rows_are_those_of_the_rows_that_count():
    bench = Bench(Fleet.of(*varied(450)))
    bench.before = lambda _request, number: bench.simulator.close_port(1001) if number == 3 else None
    got = bench.category(EVERY, keep_raw=True)
    assert [(raw["port"], raw["num"]) for raw in got.raw_rows] == [(row.port, row.num) for row in got.rows]


# time


def test_refused_connections_cost_no_pace(port_compliance):
    for _ in range(3):
        printed = port_compliance(
            "check", HSS_ENDPOINT="http://127.0.0.1:9", HSS_PROJECT_ID="p", HSS_AUTH_TOKEN="t" * 40
        )
        assert printed.code == 3
        assert "the next call may start in" not in printed.out


def test_exact_queries_that_do_not_fit_are_made_as_far_as_they_need_no_wait():
    bench = Bench(Fleet.of(*varied(2000), Line(23, "TCP", 1)), left=50)
    got = bench.category(ask(23, *range(30, 38)))
    assert (got.complete, got.plan, got.api_calls, bench.clock.slept) == (False, "ports", 6, [])
    assert 23 in {row.port for row in got.rows}
    assert "5 more calls for host need 2 minutes, 50 s are left" in told(got)


def test_exact_queries_are_waited_for_where_they_fit():
    bench = Bench(Fleet.of(*varied(2000), Line(23, "TCP", 1)), left=62)
    got = bench.category(ask(23, *range(30, 38)))
    assert (got.complete, sum(bench.clock.slept)) == (True, pytest.approx(61))


def test_a_filter_that_is_ignored_ends_the_exact_queries():
    bench = Bench(
        Fleet.of(*varied(2000)), Fault("first_row", PORTS, first=3, last=3, value={"port": 99, "type": "TCP", "num": 1})
    )
    got = bench.category(ask(1001, 1002))
    assert not got.complete
    assert "port=1002 gave other ports too" in told(got)


# what `plan` says, `coverage` counts and the service has seen


@pytest.mark.parametrize(("cloud", "order"), [("otc", "port"), ("otc", "insertion"), ("huaweicloud", "num")])
@pytest.mark.parametrize("rows", [150, 396, 397, 900])
@pytest.mark.parametrize("rule", ["allowed_ports: [80]", "ports: [21, 23, 445]", "ports: [1-11]"])
def test_plan_coverage_and_the_log_agree(port_compliance, tmp_path, cloud, order, rows, rule):
    options = Options(cloud=cloud, throttle=0, order=order)
    simulator = Simulator(Fleet.of(*varied(rows)), options)
    (tmp_path / "p.yaml").write_text(f"version: 1\nrules: [{{id: t, {rule}}}]\n")
    with SimulatorServer(simulator) as server:
        known = settings(server)
        port_compliance("snapshot", "--category", "host", "--output", "s.json", **known)
        recorded = port_compliance("plan", "--policy", "p.yaml", "--snapshot", "s.json", **known).out
        simulator.calls.clear()
        probed = port_compliance("plan", "--policy", "p.yaml", "--probe", **known).out
        assert len(simulator.calls) == 1
        simulator.calls.clear()
        said = port_compliance("plan", "--policy", "p.yaml", "--rows", str(rows), **known).out
        printed = port_compliance("check", "--policy", "p.yaml", "--format", "json", **known)
    (coverage,) = json.loads(printed.out)["coverage"]
    assert (coverage["complete"], coverage["api_calls"]) == (True, len(simulator.calls))
    calls = len(simulator.calls) - 1
    assert f"at most {calls} calls of port/statistics" in probed
    assert probed == recorded
    if (cloud, order) == ("otc", "port") and f"at most {calls} calls" not in said:
        assert f"({calls} if they come in order of port)" in said
    else:
        assert f"at most {calls} calls" in said


def test_an_answer_that_says_the_same_bytes_again_is_the_page_that_it_was():
    bench = Bench(Fleet.of(*varied(300)), order="port")
    spending = Spending(bench.deadline)
    walk = PortWalk(bench.client, bench.target, EVERY, spending, keep_raw=False, on_progress=None)
    first, other = (Response(200, {}, json.dumps({"total_num": 1, "data_list": [row]}).encode()) for row in ROWS)
    page = walk._decoded(first, "x", "otc", "warn")
    assert walk._decoded(other, "x", "otc", "warn").rows == (Row(25, "udp", 1),)
    again = walk._decoded(first._replace(headers={"x": "y"}), "x", "otc", "warn")
    assert (again.rows, again.rows is page.rows) == ((Row(22, "tcp", 3),), True)
    with pytest.raises(UnknownError):  # an error is no page, whatever its body says
        walk._decoded(first._replace(status=500), "x", "otc", "warn")


def test_a_second_look_of_the_same_bytes_keeps_the_rows_as_received():
    category = Bench(Fleet.of(*varied(300)), order="port").category(EVERY, keep_raw=True)
    assert (category.complete, category.api_calls) == (True, 4)  # the counters, two pages, the second look
    assert [raw["port"] for raw in category.raw_rows] == [row.port for row in category.rows]


ROWS = ({"port": 22, "type": "TCP", "num": 3}, {"port": 25, "type": "UDP", "num": 1})
