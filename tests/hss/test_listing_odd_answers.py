from __future__ import annotations

from random import Random

import pytest

from handler.hss.auth import TokenAuth
from handler.hss.client import HssClient
from handler.hss.pacing import Pacer
from handler.hss.plan import Ask
from handler.models import Secret
from handler.simulator.fleet import Fleet
from handler.transport.request import Response
from tests.fakes import FakeTransport, json_response
from tests.hss_bench import EVERY, Bench, ask, told

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


@pytest.mark.parametrize(
    ("rows", "problems"),
    [([], ["$.port_num: is of type string, not a count"]), ([{"port": 23, "type": "TCP", "num": 4}], [])],
)
def test_a_port_num_that_cannot_be_read_is_a_problem_of_an_empty_list_alone(rows, problems):
    page = json_response({"total_num": len(rows), "data_list": rows})
    got = answering(json_response({"port_num": "many", "app_num": 1}), page).category(EVERY)
    assert ([str(problem) for problem in got.problems], got.complete) == (problems, not problems)


def test_drift_of_the_counters_is_told_beside_that_of_the_list():
    row = {"port": 23, "type": "TCP", "num": 4, "more": 1}
    got = answering(
        json_response({"port_num": 1, "other": 1}), json_response({"total_num": 1, "data_list": [row]})
    ).category(EVERY)
    assert [("$.other" in warning, "more" in warning) for warning in got.warnings] == [(False, True), (True, False)]


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


FAILED = {"error_code": "HSS.1001", "error_msg": "the query timed out"}
SAID = "$.error_code: the answer itself says that it failed: HSS.1001 the query timed out"
GOOD_ROW = {"port": 23, "type": "TCP", "num": 4}


@pytest.mark.parametrize("rows", [[], [GOOD_ROW]])
def test_a_list_beside_an_error_is_used_and_not_taken_for_the_whole(rows):
    page = json_response({"total_num": len(rows), "data_list": rows} | FAILED)
    got = answering(json_response({"port_num": len(rows)}), page).category(EVERY)
    assert ([str(problem) for problem in got.problems], got.complete, len(got.rows)) == ([SAID], False, len(rows))


@pytest.mark.parametrize(
    ("rows", "counters", "said"),
    [([GOOD_ROW], (), []), ([], (), [SAID]), ([GOOD_ROW], ("database_num",), [SAID])],
)
def test_counters_beside_an_error_cost_something_where_a_rule_or_an_empty_list_reads_them(rows, counters, said):
    counted = json_response({"port_num": len(rows), "database_num": 3} | FAILED)
    page = json_response({"total_num": len(rows), "data_list": rows})
    got = answering(counted, page).category(EVERY._replace(counters=counters))
    assert ([str(problem) for problem in got.problems], got.complete) == (said, not said)
    assert got.statistics == {"port_num": len(rows), "database_num": 3}


@pytest.mark.parametrize("code", [None, "", "0", 0, "00000000", "HSS.0000", False, []])
def test_a_code_that_names_no_error_costs_nothing(code):
    page = json_response({"total_num": 1, "data_list": [GOOD_ROW], "error_code": code})
    assert answering(json_response({"port_num": 1, "error_code": code}), page).category(EVERY).complete


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
