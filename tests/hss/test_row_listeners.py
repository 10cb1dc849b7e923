"""Who listens is asked before the verdict; whatever keeps the list from being whole is said and decides nothing."""

from __future__ import annotations

import random
from urllib.parse import parse_qs, urlsplit

import pytest

from handler.clock import Deadline
from handler.errors import TransportError
from handler.hss.auth import TokenAuth
from handler.hss.client import HssClient
from handler.hss.pacing import Pacer
from handler.hss.row_listeners import with_listeners
from handler.models import Row, Secret
from tests.fakes import TARGET, FakeTransport, MovingClock, category, json_response, snapshot

HUAWEI = TARGET._replace(cloud="huaweicloud")


def line(at=0, **other):
    known = {"host_id": f"id-{at}", "host_name": f"win-{at}", "host_ip": "10.2.0.7", "laddr": "0.0.0.0", "type": "TCP"}
    return {**known, "port": 23, "pid": 7, "path": "/sbin/x", **other}


def lists(by_port):
    """Answers with the page of the port's list that is asked for."""

    def respond(request):
        query = parse_qs(urlsplit(request.url).query)
        rows, at = by_port[int(query["port"][0])], int(query["offset"][0])
        return json_response({"total_num": len(rows), "data_list": rows[at : at + 200]})

    return respond


def asked(answers, *rows, places=(("host", 23),), seconds=3600, target=HUAWEI):
    clock, transport = MovingClock(), FakeTransport(answers)
    client = HssClient(
        "https://hss.example.com", TokenAuth(Secret("token")), transport, Pacer(clock), clock, random.Random(1)
    )
    world = snapshot(category(rows or [Row(23, "tcp", 1)]), target=target)
    taken = with_listeners(world, places, client, Deadline.after(seconds, clock))
    return taken.categories[0], transport, clock


def test_the_listeners_of_a_port_are_in_the_snapshot_and_the_calls_are_counted():
    taken, transport, _ = asked(lists({23: [line()]}))
    (known,) = taken.listeners
    assert (known.port, known.trouble, taken.api_calls) == (23, "", 2 + 1)
    assert (known.listeners[0].host_name, known.listeners[0].address, known.listeners[0].protocol) == (
        "win-0",
        "0.0.0.0",
        "tcp",
    )
    (request,) = transport.requests
    assert "/asset/ports/detail?" in request.url
    assert parse_qs(urlsplit(request.url).query)["category"] == ["host"]


def test_all_pages_are_read_within_the_pace():
    taken, transport, clock = asked(lists({23: [line(at) for at in range(430)]}), Row(23, "tcp", 430))
    assert (len(taken.listeners[0].listeners), taken.listeners[0].trouble) == (430, "")
    assert (len(transport.requests), len(clock.slept)) == (6, 1)


def test_a_list_that_holds_too_few_is_asked_once_more():
    late = [json_response({"total_num": count, "data_list": [line(at) for at in range(count)]}) for count in (1, 2)]
    taken, transport, _ = asked(late, Row(23, "tcp", 2))
    assert (len(transport.requests), len(taken.listeners[0].listeners)) == (2, 2)


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (TransportError("refused"), "refused"),
        (json_response({"error_code": "HSS.0010", "error_msg": "denied"}, 400), "denied"),
        (json_response({"error_code": "HSS.0041"}, 500), "HSS.0041"),
        (json_response({"total_num": 1}), "$.data_list"),
        (json_response({"total_num": 2, "data_list": [line(), None]}), "name nobody"),
        (json_response({"total_num": "1", "data_list": [line()]}), "is no count"),
        (json_response({"total_num": 2, "data_list": [line()]}), "1 listeners came, of 2"),
    ],
)
def test_what_keeps_the_list_from_being_whole_is_said(fault, why):
    taken, _, _ = asked(lambda _request: fault) if not isinstance(fault, TransportError) else asked([fault] * 9)
    assert why in taken.listeners[0].trouble


def test_what_was_read_of_a_list_that_is_not_known_whole_is_kept():
    odd = json_response({"total_num": 2, "data_list": [line(), None]})
    taken, _, _ = asked(lambda _request: odd)
    assert [len(one.listeners) for one in taken.listeners] == [1]


@pytest.mark.parametrize("second", [{"total_num": 430, "data_list": [None]}, {"total_num": "x"}, None])
def test_a_page_that_fails_does_not_take_those_before_it_along(second):
    first = json_response({"total_num": 430, "data_list": [line(at) for at in range(200)]})
    fails = TransportError("refused") if second is None else json_response(second)

    def answer(request):
        if "offset=0" in request.url or "offset" not in request.url:
            return first
        if isinstance(fails, Exception):
            raise fails
        return fails

    taken, _, _ = asked(answer, Row(23, "tcp", 430), seconds=600)
    (known,) = taken.listeners
    assert (len(known.listeners), bool(known.trouble)) == (200, True)


def test_an_api_that_fails_is_not_asked_for_the_other_ports():
    denied = json_response({"error_code": "HSS.0010", "error_msg": "denied"}, 400)
    taken, transport, _ = asked([denied], Row(22, "tcp", 1), Row(23, "tcp", 1), places=(("host", 22), ("host", 23)))
    assert len(transport.requests) == 1
    assert ["denied" in known.trouble for known in taken.listeners] == [True, True]


def test_a_bad_answer_costs_its_port_only():
    answers = lists({22: {}, 23: [line()]})
    respond = lambda request: json_response([]) if "port=22" in request.url else answers(request)  # noqa: E731
    taken, _, _ = asked(respond, places=(("host", 22), ("host", 23)))
    assert [bool(known.trouble) for known in taken.listeners] == [True, False]


def test_what_does_not_fit_into_the_time_is_not_waited_for():
    places = [("host", port) for port in range(1, 9)]
    taken, transport, clock = asked(lists({port: [line()] for port in range(1, 9)}), places=places, seconds=30)
    assert (len(transport.requests), clock.slept) == (5, [])
    assert [bool(known.trouble) for known in taken.listeners] == [False] * 5 + [True] * 3
    assert "may start in" in taken.listeners[-1].trouble


def test_open_telekom_cloud_is_not_asked():
    taken, transport, _ = asked([], target=TARGET._replace(cloud="otc"))
    assert (transport.requests, taken.listeners) == ([], ())


def several_places(answers, *categories, places):
    clock, transport = MovingClock(), FakeTransport(answers)
    client = HssClient(
        "https://hss.example.com", TokenAuth(Secret("token")), transport, Pacer(clock), clock, random.Random(1)
    )
    taken = with_listeners(snapshot(*categories, target=HUAWEI), places, client, Deadline.after(3600, clock))
    queries = [parse_qs(urlsplit(request.url).query) for request in transport.requests]
    return taken.categories, [(query["category"][0], int(query["port"][0])) for query in queries]


def test_of_one_port_the_rows_of_both_protocols_count_and_those_of_the_other_category_do_not():
    host = category([Row(23, "tcp", 1), Row(24, "tcp", 9), Row(23, "udp", 2), Row(2323, "tcp", 9)])
    container = category([Row(23, "tcp", 1), Row(24, "udp", 1)], "container")
    both = {"container_id": "c-1", "container_name": "web"}
    by_port = {23: [line(**both), line(1, type="UDP", **both)], 24: [line(port=24, type="UDP", **both)]}
    places = [("host", 23), ("container", 23), ("container", 24)]
    taken, calls = several_places(lists(by_port), host, container, places=places)
    assert calls == [("host", 23), ("host", 23), ("container", 23), ("container", 24)]  # one UDP is missing on the host
    assert [[one.port for one in each.listeners] for each in taken] == [[23], [23, 24]]
    assert [each.api_calls for each in taken] == [2 + 2, 2 + 2]


class Counting(list):
    """Rows that count how often somebody goes through them."""

    times = 0

    def __iter__(self):
        self.times += 1
        return super().__iter__()


def test_the_rows_are_gone_through_once_however_many_ports_are_asked_for():
    rows = Counting(Row(port, "tcp", 1) for port in range(1, 60))
    host = category()._replace(rows=rows)
    answers = lists({port: [line(port=port)] for port in range(1, 60)})
    taken, calls = several_places(answers, host, places=[("host", port) for port in range(1, 60)])
    assert (len(calls), len(taken[0].listeners), rows.times) == (59, 59, 1)
