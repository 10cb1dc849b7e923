"""A list that moves under `check`: the cases that the first version got wrong, over real HTTP."""

from __future__ import annotations

import json

import pytest

from handler.clock import Deadline
from handler.errors import TransportError, UnknownError
from handler.hss.client import Spending
from handler.hss.plan import Ask
from handler.hss.walk import UNSTEADY_HINT, PortWalk, first_page
from handler.models import Problem, Row, Target
from handler.ports import PortSet
from handler.simulator.faults import Fault
from handler.simulator.fleet import Estate, Fleet, Line
from handler.simulator.moving import Movement
from handler.simulator.options import Options
from handler.simulator.server import SimulatorServer
from handler.simulator.simulator import Simulator
from handler.transport.request import Response
from tests.commands.test_check import settings
from tests.fakes import json_response
from tests.hss.test_listing_odd_answers import answering
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


def test_refused_connections_cost_no_pace():
    def refuse(_request, _number):
        raise TransportError("https://hss.example/v5: connection refused", sent=False)

    bench = Bench(Fleet())
    bench.before = refuse
    for _ in range(3):
        bench.deadline = Deadline.after(30, bench.clock)
        said = [told(one) for one in bench.snapshot(EVERY, Ask("container")).categories]
        assert ["connection refused" in text for text in said] == [True, True]
        assert not any("the next call may start in" in text for text in said)


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


def listed(*ports, total=None):
    rows = [{"port": port, "type": "TCP", "num": 1 + port % 3} for port in ports]
    return json_response({"total_num": len(rows) if total is None else total, "data_list": rows})


COUNTERS = json_response({"port_num": 9})


def test_exact_answers_that_do_not_hold_what_they_count_are_one_problem_that_names_their_ports():
    answers = [COUNTERS, listed(*range(100, 300), total=900), listed(22, total=2), listed(23), listed(24, total=0)]
    got = answering(*answers).category(ask(22, 23, 24))
    (problem,) = got.problems
    assert problem == Problem(
        "the answers for port 22, 24 do not hold as many rows as their total_num says", "$.total_num", UNSTEADY_HINT
    )
    assert (got.complete, got.plan, {row.port for row in got.rows} >= {22, 23, 24}) == (False, "ports", True)


def test_a_total_that_cannot_be_read_is_as_the_page_before_said():
    second = json_response({"total_num": "many", "data_list": [{"port": 500, "type": "TCP", "num": 1}]})
    got = answering(COUNTERS, listed(*range(100, 300), total=202), *[second] * 9).category(EVERY)
    assert (got.total_num, [problem.path for problem in got.problems[:1]]) == (202, ["$.total_num"])


def test_what_is_wrong_with_several_pages_is_told_once():
    odd = {"port": None, "type": "TCP", "num": 1}
    rows = [odd] + [{"port": port, "type": "TCP", "num": 1} for port in range(100, 299)]
    page = json_response({"total_num": 390, "data_list": rows})
    got = answering(COUNTERS, *[page] * 9).category(EVERY)
    assert [str(problem) for problem in got.problems].count(str(got.problems[0])) == 1


def test_a_run_out_of_time_says_how_many_calls_are_missing():
    fleet = Fleet.of(*varied(1000))
    for left, said in (
        (50, "1 more call for host need 2 minutes, 50 s are left"),
        (5, "1 more call for host need 2 minutes, 5 s"),
    ):
        got = Bench(fleet, cloud="huaweicloud", left=left).category(EVERY)
        assert (got.complete, said in told(got)) == (False, True)


def test_the_calls_to_come_are_told_after_each_exact_answer():
    bench = Bench(Fleet.of(*varied(2000), Line(23, "TCP", 1)))
    bench.category(ask(21, 22, 23))
    assert [(step.made, step.planned) for step in bench.progress if not step.wait] == [
        (0, 1),
        (2, 5),
        (3, 5),
        (4, 5),
        (5, 5),
    ]


def test_rows_are_kept_as_received_only_where_that_is_asked_for():
    assert Bench(Fleet.of(*varied(3))).category(EVERY).raw_rows == ()
    assert len(Bench(Fleet.of(*varied(3))).category(EVERY, keep_raw=True).raw_rows) == 3


@pytest.mark.parametrize(("cloud", "sort"), [("huaweicloud", ("port", "asc")), ("otc", (None, None))])
@pytest.mark.parametrize(("project", "asked"), [("", None), ("ep-1", "ep-1")])
def test_every_category_starts_with_its_first_page_in_order_of_port_where_that_can_be_asked_for(
    cloud, sort, project, asked
):
    query = first_page(Target(cloud=cloud, project_id="p", enterprise_project_id=project), "container")
    assert (query.category, query.enterprise_project_id, (query.sort_key, query.sort_dir)) == ("container", asked, sort)


@pytest.mark.parametrize(("rows", "calls"), [(1000, "1 more call"), (1200, "2 more calls"), (1400, "3 more calls")])
def test_a_listing_that_time_ended_was_by_pages_and_says_how_many_are_missing(rows, calls):
    got = Bench(Fleet.of(*varied(rows)), cloud="huaweicloud", left=50).category(EVERY)
    assert (got.plan, got.complete, len(got.rows) > 900) == ("pages", False, True)
    assert f"{calls} for host need 2 minutes, 50 s are left" in told(got)


def test_exact_queries_ask_of_the_same_category_and_project():
    estate = Estate((*varied(2000), Line(23, "TCP", 1)))
    bench = Bench(Fleet({("ep-1", "container"): estate, ("ep-1", "host"): Estate(())}))
    bench.target = bench.target._replace(enterprise_project_id="ep-1")
    got = bench.category(Ask("container", PortSet.of_ports([22, 23])))
    assert (got.plan, got.complete) == ("ports", True)
    asked = [(query["category"], query["enterprise_project_id"], query.get("port")) for query in bench.queries]
    assert asked == [("container", "ep-1", None), ("container", "ep-1", "22"), ("container", "ep-1", "23")]


# what `plan` says, `coverage` counts and the service has seen


LISTS = [
    (cloud, order, rows)
    for cloud, order in (("otc", "port"), ("otc", "insertion"), ("huaweicloud", "num"))
    for rows in (150, 396, 397, 900)
]


@pytest.fixture(scope="module")
def service(request, tmp_path_factory):
    """A service with a list, the settings that lead there, and where a snapshot of it is kept for all its tests."""
    cloud, order, rows = request.param
    with SimulatorServer(Simulator(Fleet.of(*varied(rows)), Options(cloud=cloud, throttle=0, order=order))) as server:
        yield *request.param, server, tmp_path_factory.mktemp("list") / "s.json"


@pytest.mark.parametrize("service", LISTS, indirect=True, ids=lambda one: "-".join(map(str, one)))
@pytest.mark.parametrize("rule", ["allowed_ports: [80]", "ports: [21, 23, 445]", "ports: [1-11]"])
def test_plan_coverage_and_the_log_agree(port_compliance, tmp_path, service, rule):
    cloud, order, rows, server, snapshot = service
    simulator, known = server.simulator, settings(server)
    (tmp_path / "p.yaml").write_text(f"version: 1\nrules: [{{id: t, {rule}}}]\n")
    if not snapshot.exists():
        port_compliance("snapshot", "--category", "host", "--output", snapshot, **known)
    recorded = port_compliance("plan", "--policy", "p.yaml", "--snapshot", snapshot, **known).out
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
    walk = PortWalk(bench.client, bench.target, EVERY, Spending(bench.deadline), keep_raw=False, on_progress=None)
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
