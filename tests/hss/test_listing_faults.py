from __future__ import annotations

from itertools import count
from random import Random

import pytest

from handler.clock import Deadline
from handler.errors import SettingsError, TransportError
from handler.hss.auth import TokenAuth
from handler.hss.client import PATHS, HssClient
from handler.hss.listing import take_snapshot
from handler.hss.pacing import Pacer
from handler.hss.plan import Ask
from handler.models import Secret, Target
from handler.simulator.faults import Fault
from handler.simulator.fleet import Estate, Fleet, Line
from handler.simulator.options import PROJECT, TOKEN, Options
from handler.simulator.server import SimulatorServer
from handler.simulator.simulator import Simulator
from handler.transport.http import HttpTransport
from handler.transport.request import Request, Response
from tests.fakes import MovingClock
from tests.hss_bench import EVERY, PORTS, Bench, ask, lines, told, varied


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


def test_rows_of_a_first_reading_stay_where_the_second_fails():
    faults = (Fault("more_rows", PORTS, first=3, last=3), Fault("html", PORTS, first=4, last=4))
    got = Bench(Fleet.of(*lines(450)), *faults).category(EVERY)
    assert (got.complete, len(got.rows), got.api_calls) == (False, 450, 5)


def test_one_category_that_fails_does_not_stop_the_other():
    fleet = Fleet({("0", "host"): Estate(lines(3)), ("0", "container"): Estate(lines(2))})
    bench = Bench(fleet, Fault("html", PORTS, category="host"))
    got = bench.snapshot(EVERY, Ask("container", every_row=True))
    assert [one.complete for one in got.categories] == [False, True]


def test_retries_are_counted():
    bench = Bench(Fleet.of(*lines(3)), Fault("status", PORTS, value={"status": 503, "code": "", "message": ""}))
    got = bench.category(EVERY)
    assert (got.complete, got.api_calls) == (True, 3)


def test_an_exact_answer_with_fewer_rows_than_it_counts_is_incomplete_and_the_others_are_asked():
    bench = Bench(Fleet.of(*lines(900), Line(23, "TCP", 1)), Fault("fewer_rows", PORTS, first=2, last=2))
    got = bench.category(ask(22, 23))
    assert not got.complete
    assert "port 22 " in told(got)
    assert 23 in {row.port for row in got.rows}


# over real HTTP


@pytest.mark.parametrize(
    "kind", ["slow_body", "silence", "cut_before", "cut_head", "cut_within", "endless", "gzip_bomb", "redirect"]
)
@pytest.mark.parametrize("last", [3, 6])
def test_a_page_that_does_not_come_whole_is_never_taken_for_one(kind, last):
    clock, simulator = MovingClock(), Simulator(Fleet.of(*lines(450)), Options(cloud="otc", throttle=0))
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
