from __future__ import annotations

from itertools import count
from random import Random

import pytest

from handler.clock import Deadline
from handler.errors import DeniedError, SettingsError, TransportError
from handler.hss.auth import TokenAuth
from handler.hss.client import PATHS, HssClient
from handler.hss.listing import take_snapshot
from handler.hss.pacing import Pacer
from handler.hss.plan import Ask
from handler.models import Secret, Target
from handler.ports import PortSet
from handler.simulator.faults import Fault
from handler.simulator.fleet import Estate, Fleet, Line
from handler.simulator.options import PROJECT, TOKEN, Options
from handler.simulator.server import SimulatorServer
from handler.simulator.simulator import Simulator
from handler.transport import HttpTransport, Request, Response
from tests.fakes import FakeClock, FakeTransport, json_response
from tests.hss_bench import EVERY, PORTS, REFUSED, STATISTICS, Bench, ask, lines, told, varied

# when something fails


@pytest.mark.parametrize("kind", ["rows_repeated", "drifting_total", "fewer_rows", "more_rows", "offsets_clamped"])
def test_pages_that_never_fit_together_are_read_twice_and_then_incomplete(kind):
    bench = Bench(Fleet.of(*lines(450)), Fault(kind, PORTS, last=None))
    got = bench.category(EVERY)
    assert not got.complete
    assert "the list is not complete" in told(got)
    assert "enterprise project" in got.problems[0].hint
    assert [query["offset"] for query in bench.queries].count("0") == 2
    assert len(got.rows) >= (200 if kind == "offsets_clamped" else 399)


def test_a_list_that_turns_between_calls_is_read_twice_and_whole():
    got = Bench(Fleet.of(*lines(450)), Fault("rows_moved", PORTS, last=None)).category(EVERY)
    assert (got.complete, len(got.rows), got.api_calls) == (True, 450, 1 + 6)


@pytest.mark.parametrize("cloud", ["otc", "huaweicloud"])
def test_where_offsets_are_rounded_two_readings_at_multiples_agree(cloud):
    bench = Bench(Fleet.of(*varied(450)), Fault("offsets_rounded", PORTS, last=None), cloud=cloud)
    got = bench.category(EVERY)
    assert (got.complete, len(got.rows), len(set(got.rows))) == (True, 450, 450)
    assert [query["offset"] for query in bench.queries] == ["0", "196", "200", "400", "0", "200", "400"]


def test_a_list_that_moves_under_rounded_offsets_is_not_believed():
    bench = Bench(Fleet.of(*varied(450)), Fault("offsets_rounded", PORTS, last=None))
    bench.before = lambda _request, number: bench.simulator.close_port(1000 + number) if number > 5 else None
    assert not bench.category(EVERY).complete


def test_where_offsets_are_rounded_few_ports_are_asked_one_by_one():
    fault = Fault("offsets_rounded", PORTS, last=None)
    bench = Bench(Fleet.of(*varied(450), Line(23, "TCP", 3)), fault, order="port")
    got = bench.category(ask(*range(20, 23), 23))
    assert (got.complete, got.plan) == (True, "ports")
    assert 23 in {row.port for row in got.rows}


def test_a_service_that_gives_fewer_rows_at_once_is_read_by_what_it_gives():
    bench = Bench(Fleet.of(*varied(450)), Fault("short_pages", PORTS, last=None, value=100), order="port")
    got = bench.category(EVERY)
    assert (got.complete, len(got.rows), got.api_calls) == (True, 450, 1 + 5 + 1)


@pytest.mark.parametrize("kind", ["rows_repeated", "drifting_total"])
def test_pages_that_fit_together_the_second_time_are_complete(kind):
    bench = Bench(Fleet.of(*lines(450)), Fault(kind, PORTS, first=2, last=2))
    got = bench.category(EVERY)
    assert (got.complete, len(got.rows), got.problems) == (True, 450, ())


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


def test_what_closed_before_the_list_was_read_again_is_not_reported():
    bench = Bench(Fleet.of(*varied(450)), Fault("more_rows", PORTS, first=3, last=3), order="port")
    bench.before = lambda _request, number: bench.simulator.close_port(1001) if number == 5 else None
    got = bench.category(EVERY)
    begins = [query["offset"] for query in bench.queries].count("0")
    assert (got.complete, len(got.rows), begins) == (True, 449, 3)  # two readings, and a second look
    assert 1001 not in {row.port for row in got.rows}


def test_what_closed_before_the_list_was_read_again_stays_where_that_fails_too():
    bench = Bench(Fleet.of(*varied(450)), Fault("more_rows", PORTS, first=3, last=None), order="port")
    bench.before = lambda _request, number: bench.simulator.close_port(1001) if number == 5 else None
    got = bench.category(EVERY)
    assert (got.complete, len(got.rows)) == (False, 450)
    assert 1001 in {row.port for row in got.rows}


def test_exact_queries_after_starting_over_are_waited_for_while_they_fit():
    fleet = Fleet.of(*varied(350), Line(23, "TCP", 1))
    ports = ask(*range(20, 24), 30)
    for left, complete, slept in ((62, True, 61), (60, False, 0)):
        bench = Bench(fleet, order="port", left=left)
        bench.simulator.add_fault(Fault("more_rows", PORTS, first=2, last=2))
        bench.simulator.add_fault(Fault("more_rows", PORTS, first=4, last=4))
        got = bench.category(ports)
        assert (got.complete, sum(bench.clock.slept)) == (complete, pytest.approx(slept))


@pytest.mark.parametrize(
    "kind",
    [
        "html",
        "empty",
        "empty_object",
        "data_list_null",
        "list",
        "duplicate_keys",
        "nan",
        "truncated",
        "cut_before",
    ],
)
def test_a_later_page_that_cannot_be_read_keeps_the_rows_before_it(kind):
    got = Bench(Fleet.of(*lines(450)), Fault(kind, PORTS, first=2, last=None)).category(EVERY)
    assert not got.complete
    assert (len(got.rows), got.every_row, got.total_num) == (200, False, 450)
    assert told(got)


def test_a_later_page_of_rows_that_cannot_be_read_is_a_problem_with_its_path_and_the_pages_after_it_are_read():
    bench = Bench(Fleet.of(*lines(450)), Fault("numbers_as_strings", PORTS, first=2, last=2))
    got = bench.category(EVERY)
    assert [query["offset"] for query in bench.queries] == ["0", "196", "392"]
    assert (got.complete, len(got.rows), got.total_num) == (False, 258, 450)
    assert [problem.path for problem in got.problems[:2]] == ["$.total_num", "$.data_list[0].port"]
    assert "195 more rows cannot be read" in told(got)
    assert "the list is not complete" not in told(got)


ODD_ROW = {"data_list": [{"port": None, "type": "TCP", "num": 1}, {"port": 23, "type": "TCP", "num": 4}]}


def answering(*answers):
    bench = Bench(Fleet())
    bench.client = HssClient(
        "https://h", TokenAuth(Secret("t")), FakeTransport(answers), Pacer(bench.clock), bench.clock, Random(1)
    )
    return bench


def test_a_row_that_cannot_be_read_costs_its_own_place_and_nothing_else():
    got = answering(json_response({"port_num": 9}), json_response({"total_num": 2, **ODD_ROW})).category(EVERY)
    assert [str(problem) for problem in got.problems] == ["$.data_list[0].port: is of type null, not a port number"]
    assert (got.complete, [row.port for row in got.rows], got.api_calls) == (False, [23], 2)


@pytest.mark.parametrize("odd", [None, "", 5, [], {}, True])
def test_a_status_that_is_no_word_takes_nothing_with_it(odd):
    ports = (
        {"port": 25, "type": "TCP", "num": 1, "status": odd},
        {"port": 23, "type": "TCP", "num": 1, "status": "danger"},
    )
    page = json_response({"total_num": 2, "data_list": ports})
    got = answering(json_response({"port_num": 9}), page).category(EVERY)
    assert (got.complete, got.problems, [row.status for row in got.rows]) == (True, (), [None, "danger"])


def test_a_type_that_nothing_can_encode_takes_nothing_with_it():
    body = b'{"total_num": 2, "data_list": [{"port": 25, "type": "\\ud800", "num": 1}, {"port": 23, "type": "TCP", "num": 1}]}'
    got = answering(json_response({"port_num": 9}), Response(200, {}, body)).category(EVERY)
    assert (got.complete, [row.protocol for row in got.rows]) == (True, ["\ufffd", "tcp"])


def test_a_list_of_which_no_row_can_be_read_is_not_called_empty():
    rows = [{"port": None, "type": "TCP", "num": 1}]
    got = answering(json_response({"port_num": 0}), json_response({"total_num": 1, "data_list": rows})).category(EVERY)
    assert [str(problem) for problem in got.problems] == ["$.data_list[0].port: is of type null, not a port number"]
    assert (got.complete, got.rows, got.warnings) == (False, (), ())


def test_an_odd_row_of_an_exact_answer_is_a_problem_by_itself():
    page = {"total_num": 900, "data_list": [{"port": port, "type": "TCP", "num": 1} for port in range(100, 300)]}
    odd = {"total_num": 2, "data_list": [{"port": 23, "type": "TCP", "num": 1}, {"port": 23, "type": 6, "num": 1}]}
    got = answering(*map(json_response, ({"port_num": 9}, page, odd))).category(ask(23))
    assert [problem.path for problem in got.problems] == ["$.data_list[1].type"]
    assert 23 in {row.port for row in got.rows}


def test_a_total_that_cannot_be_read_leaves_the_rows():
    got = answering(json_response({"port_num": 9}), json_response({"total_num": None, **ODD_ROW})).category(EVERY)
    assert [problem.path for problem in got.problems] == ["$.total_num", "$.data_list[0].port"]
    assert (got.complete, len(got.rows)) == (False, 1)


@pytest.mark.parametrize(("value", "complete"), [(None, True), ("3", True), (-1, False)])
def test_a_counter_that_nobody_reads_costs_nothing_unless_it_is_below_zero(value, complete):
    counted = {"port_num": 9, "web_app_num": value}
    rows = [{"port": 22, "type": "TCP", "num": 1}]
    got = answering(json_response(counted), json_response({"total_num": 1, "data_list": rows})).category(EVERY)
    assert (got.complete, got.statistics) == (complete, {"port_num": 9})
    assert complete or [problem.path for problem in got.problems] == ["$.web_app_num"]


@pytest.mark.parametrize(
    ("counted", "said"),
    [
        ({"database_num": "3"}, "$.database_num: is of type string, not a count"),
        ({"database_num": True}, "$.database_num: is of type boolean, not a count"),
        ({"database_num": -1}, "$.database_num: is below zero, not a count"),
        ({"database_num": None}, None),  # as good as absent: that a rule cannot be decided is said where rules are
        ({"web_app_num": "3"}, None),
    ],
)
def test_a_counter_that_a_rule_reads_is_named_with_its_place_where_it_cannot_be_read(counted, said):
    rows = [{"port": 22, "type": "TCP", "num": 1}]
    answers = (json_response({"port_num": 9, **counted}), json_response({"total_num": 1, "data_list": rows}))
    got = answering(*answers).category(Ask("host", counters=("database_num",)))
    assert ([str(problem) for problem in got.problems], got.complete) == ([said] if said else [], said is None)


@pytest.mark.parametrize("port_num", ["0", [], -1])
def test_a_count_of_ports_that_cannot_be_read_is_one_cause_beside_an_empty_list(port_num):
    counted = json_response({"port_num": port_num, "app_num": 1})
    got = answering(counted, json_response({"total_num": 0, "data_list": []})).category(EVERY)
    assert (got.complete, [problem.path for problem in got.problems]) == (False, ["$.port_num"])


def test_rows_of_a_first_reading_stay_where_the_second_fails():
    faults = (Fault("more_rows", PORTS, first=3, last=3), Fault("html", PORTS, first=4, last=4))
    got = Bench(Fleet.of(*lines(450)), *faults).category(EVERY)
    assert (got.complete, len(got.rows), got.api_calls) == (False, 450, 5)


def test_counters_that_cannot_be_had_are_a_warning_where_nothing_needs_them():
    got = Bench(Fleet.of(*lines(3)), Fault("html", STATISTICS)).category(EVERY)
    assert (got.complete, len(got.rows), got.statistics, got.problems) == (True, 3, None, ())
    assert "asset/statistics" in " ".join(got.warnings)


@pytest.mark.parametrize(("rows", "counters"), [(3, ("database_num",)), (0, ())], ids=["a rule", "an empty list"])
def test_counters_that_cannot_be_had_are_a_problem_where_something_needs_them(rows, counters):
    asked = Ask("host", every_row=True, counters=counters)
    got = Bench(Fleet.of(*lines(rows)), Fault("html", STATISTICS)).category(asked)
    assert (got.complete, len(got.rows), got.warnings, len(got.problems)) == (False, rows, (), 1)
    assert "asset/statistics" in told(got)


def test_one_category_that_fails_does_not_stop_the_other():
    fleet = Fleet({("0", "host"): Estate(lines(3)), ("0", "container"): Estate(lines(2))})
    bench = Bench(fleet, Fault("html", PORTS, category="host"))
    got = bench.snapshot(EVERY, Ask("container", every_row=True))
    assert [one.complete for one in got.categories] == [False, True]


def test_refused_credentials_are_sent_once():
    bench = Bench(Fleet.of(*lines(3)), token="wrong-token-wrong-token-wrong-token-wrong")
    got = bench.snapshot(EVERY, Ask("container"))
    assert len(bench.transport.requests) == 1
    assert [one.api_calls for one in got.categories] == [1, 0]
    assert all(one.problems and not one.complete for one in got.categories)
    assert "refused before" in told(got.categories[1])


def test_credentials_refused_on_the_way_are_not_sent_again_and_rows_stay():
    bench = Bench(Fleet.of(*lines(450)), Fault("status", PORTS, first=2, last=None, value=REFUSED))
    got = bench.snapshot(EVERY, Ask("container"))
    assert len(bench.transport.requests) == 3
    assert len(got.categories[0].rows) == 200


def test_a_permission_that_hss_refuses_with_a_400_does_not_stop_the_other_api():
    denied = {"status": 400, "code": "HSS.0013", "message": "no permission"}
    got = Bench(Fleet.of(*lines(3)), Fault("status", STATISTICS, value=denied)).category(EVERY)
    assert (got.complete, len(got.rows)) == (True, 3)
    assert "HSS.0013" in " ".join(got.warnings)


def test_a_permission_that_the_gateway_refuses_for_the_counters_alone_stops_nothing_else():
    fleet = Fleet({("0", "host"): Estate(lines(3)), ("0", "container"): Estate(lines(2))})
    got = Bench(fleet, Fault("status", STATISTICS, last=None, value=REFUSED)).snapshot(
        EVERY, Ask("container", every_row=True)
    )
    assert [(one.complete, len(one.rows), one.problems) for one in got.categories] == [(True, 3, ()), (True, 2, ())]
    assert all("APIG.0302" in " ".join(one.warnings) for one in got.categories)


@pytest.mark.parametrize(("rows", "counters"), [(3, ("database_num",)), (0, ())], ids=["a rule", "an empty list"])
def test_it_is_a_problem_where_something_needs_the_counters_and_the_rows_are_there(rows, counters):
    asked = Ask("host", every_row=True, counters=counters)
    got = Bench(Fleet.of(*lines(rows)), Fault("status", STATISTICS, value=REFUSED)).category(asked)
    assert (got.complete, len(got.rows), got.warnings, len(got.problems)) == (False, rows, (), 1)
    assert "APIG.0302" in told(got)


@pytest.mark.parametrize("counters", [(), ("database_num",)])
def test_a_permission_that_is_refused_for_both_apis_is_one_cause_and_not_asked_for_again(counters):
    faults = [Fault("status", api, last=None, value=REFUSED) for api in (STATISTICS, PORTS)]
    bench = Bench(Fleet.of(*lines(3)), *faults)
    got = bench.snapshot(Ask("host", every_row=True, counters=counters), Ask("container", every_row=True))
    assert [one.api_calls for one in got.categories] == [2, 0]
    assert [(len(one.problems), one.warnings) for one in got.categories] == [(1, ()), (1, ())]
    assert "refused before" in told(got.categories[1])


def test_a_login_that_is_refused_with_a_403_is_one_cause_too():
    class Refusing(TokenAuth):
        def headers(self, request):
            raise DeniedError("IAM: HTTP 403", status=403)

    bench = Bench(Fleet.of(*lines(3)))
    bench.client = bench.client._replace(authorizer=Refusing(Secret("t")))
    got = bench.snapshot(EVERY, Ask("container", every_row=True))
    assert [[str(problem) for problem in one.problems] for one in got.categories] == [
        ["IAM: HTTP 403"],
        ["not asked, because the credentials were refused before"],
    ]
    assert bench.transport.requests == []


def test_retries_are_counted():
    bench = Bench(Fleet.of(*lines(3)), Fault("status", PORTS, value={"status": 503, "code": "", "message": ""}))
    got = bench.category(EVERY)
    assert (got.complete, got.api_calls) == (True, 3)


def test_a_filter_that_is_ignored_is_seen():
    answers = [json_response({"port_num": 900})]
    answers += [
        json_response({"total_num": 900, "data_list": [{"port": port, "type": "TCP", "num": 1} for port in range(200)]})
    ] * 2
    bench = Bench(Fleet())
    bench.client = HssClient(
        "https://h", TokenAuth(Secret("t")), FakeTransport(answers), Pacer(bench.clock), bench.clock, Random(1)
    )
    got = bench.category(ask(23, 24))
    assert not got.complete
    assert "port=23 gave other ports too" in told(got)


def test_an_exact_answer_with_fewer_rows_than_it_counts_is_incomplete_and_the_others_are_asked():
    bench = Bench(Fleet.of(*lines(900), Line(23, "TCP", 1)), Fault("fewer_rows", PORTS, first=2, last=2))
    got = bench.category(ask(22, 23))
    assert not got.complete
    assert "port 22 " in told(got)
    assert 23 in {row.port for row in got.rows}


# time


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


# over real HTTP


@pytest.mark.parametrize(
    "kind", ["slow_body", "silence", "cut_before", "cut_head", "cut_within", "endless", "gzip_bomb", "redirect"]
)
@pytest.mark.parametrize("last", [3, 6])
def test_a_page_that_does_not_come_whole_is_never_taken_for_one(kind, last):
    clock, simulator = FakeClock(), Simulator(Fleet.of(*lines(450)), Options(cloud="otc", throttle=0))
    simulator.add_fault(Fault(kind, PORTS, first=3, last=last))
    transport, short = HttpTransport(read_timeout=60, max_bytes=200_000), HttpTransport(read_timeout=0.1)
    calls = count(1)

    def send(request: Request, _timeout: float) -> Response:
        """An answer that never comes whole is given up soon; all others have the time that a busy machine needs."""
        faulty = PATHS[PORTS] in request.url and 3 <= next(calls) <= last
        return short(request, 0.2) if faulty and kind in ("slow_body", "silence") else transport(request, 60)

    with SimulatorServer(simulator) as server:
        client = HssClient(server.url, TokenAuth(Secret(TOKEN)), send, Pacer(clock), clock, Random(1))
        target = Target(cloud="otc", project_id=PROJECT)
        got = take_snapshot(client, target, [EVERY], clock, Deadline.after(1000, clock)).categories[0]
        transport.close()
        short.close()
    assert got.complete is (last == 3 and kind not in ("endless", "gzip_bomb", "redirect"))
    assert len(got.rows) == (450 if got.complete else 396)
    assert bool(got.problems) is not got.complete


# never an exception, but for our own errors


def test_a_query_of_ours_that_cannot_be_sent_is_an_error_before_any_call():
    bench = Bench(Fleet())
    bench.target = Target(cloud="otc", project_id="", enterprise_project_id="x" * 300)
    with pytest.raises(SettingsError) as caught:
        bench.snapshot(EVERY, Ask("vm"))
    assert {"project_id", "enterprise_project_id", "category"} <= {
        part for problem in caught.value.problems for part in problem.split(": ")
    }
    assert bench.transport.requests == []


def test_a_network_that_is_down_is_a_problem_of_each_category():
    bench = Bench(Fleet())

    def down(_request: Request, _number: int) -> None:
        raise TransportError("https://hss.example/v5: connection refused", sent=False)

    bench.before = down
    got = bench.snapshot(EVERY, Ask("container"))
    assert [one.complete for one in got.categories] == [False, False]
    assert "connection refused" in told(got.categories[1])
