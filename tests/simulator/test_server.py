"""The simulator over real sockets: normal answers, every fault on the wire, the control address, the inbox."""

from __future__ import annotations

import http.client
import json
import time
from urllib.parse import urlsplit

import pytest
import requests

from handler.errors import UsageError
from handler.simulator.faults import Fault
from handler.simulator.fleet import Fleet, Line
from handler.simulator.inbox import OK, Inbox
from handler.simulator.options import PROJECT, TOKEN, Options
from handler.simulator.server import SimulatorServer
from handler.simulator.simulator import Simulator
from handler.transport.request import Response

FLEET = Fleet.of(Line(23, "TCP", 3, "danger"), Line(443, "TCP", 9, "normal"))
PATH = f"/v5/{PROJECT}/asset/port/statistics"
HEADERS = {"X-Auth-Token": TOKEN}


def serve(*faults: Fault) -> SimulatorServer:
    return SimulatorServer(Simulator(FLEET, Options(throttle=0), faults=faults))


def ask(server, path=PATH, timeout=3.0, method="GET", **other) -> requests.Response:
    with requests.request(method, server.url + path, headers=HEADERS, timeout=timeout, **other) as response:
        return response


def test_a_client_reads_the_rows_over_http():
    with serve() as server:
        assert ask(server).json() == {
            "total_num": 2,
            "data_list": [
                {"port": 23, "type": "TCP", "num": 3, "status": "danger"},
                {"port": 443, "type": "TCP", "num": 9, "status": "normal"},
            ],
        }


def test_the_query_arrives_as_it_was_sent():
    with serve() as server:
        ask(server, PATH + "?port=443&enterprise_project_id=a%20b&limit=200")
        assert server.simulator.calls[0].query == {"port": "443", "enterprise_project_id": "a b", "limit": "200"}


@pytest.mark.parametrize("kind", ["cut_before", "cut_within"])
def test_a_cut_connection_breaks_off(kind):
    with serve(Fault(kind)) as server:
        with pytest.raises(requests.exceptions.RequestException):
            ask(server)
        assert ask(server).status_code == 200  # only the first call was to go wrong


def test_a_cut_head_looks_like_an_empty_answer_to_requests():
    with serve(Fault("cut_head")) as server:
        assert ask(server).content == b""


def test_an_endless_body_goes_on_until_the_client_leaves():
    with serve(Fault("endless")) as server:
        response = requests.get(server.url + PATH, headers=HEADERS, timeout=3, stream=True)
        assert len(response.raw.read(1_000_000)) == 1_000_000
        response.close()


@pytest.mark.parametrize("kind", ["slow_header", "slow_body", "silence"])
def test_a_slow_answer_does_not_hold_up_the_end_of_the_server(kind):
    with serve(Fault(kind, value=30)) as server:
        parts = urlsplit(server.url)
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=0.2)
        connection.request("GET", PATH, headers=HEADERS)
        with pytest.raises(TimeoutError):
            connection.getresponse().read()
        connection.close()
        began = time.monotonic()
    assert time.monotonic() - began < 5


def test_a_slow_body_comes_whole_in_the_end():
    with serve(Fault("slow_body", value=0.001)) as server:
        assert ask(server).json()["total_num"] == 2


def test_a_gzip_bomb_is_small_on_the_wire():
    with serve(Fault("gzip_bomb", value=20)) as server:
        response = requests.get(server.url + PATH, headers=HEADERS, timeout=5, stream=True)
        assert len(response.raw.read(decode_content=False)) < 200_000
        response.close()


def test_a_huge_body_is_huge():
    with serve(Fault("huge", value=2)) as server:
        assert len(ask(server).content) > 2_000_000


def test_the_control_address_sets_faults_and_closes_ports():
    with serve() as server:
        fault = {"kind": "status", "value": {"status": 503}}
        assert ask(server, "/_simulator/faults", method="POST", json=[fault]).json() == {"added": 1}
        assert ask(server).status_code == 503
        assert ask(server, "/_simulator/faults", method="DELETE").json() == {"faults": 0}
        assert ask(server, "/_simulator/close", method="POST", json={"port": 23}).status_code == 200
        line = {"port": 21, "type": "TCP", "num": 1}
        assert ask(server, "/_simulator/open", method="POST", json=line).json() == {"opened": 21}
        assert [row["port"] for row in ask(server).json()["data_list"]] == [443, 21]
        calls = ask(server, "/_simulator/calls").json()["calls"]
    assert [call["status"] for call in calls] == [503, 200]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "faults", [{"kind": "gremlin"}], 400),
        ("POST", "faults", {"kind": "status"}, 400),
        ("POST", "faults", [{"sort": 1}], 400),
        ("POST", "close", {}, 400),
        ("POST", "close", [23], 400),
        ("PUT", "close", {"port": 23}, 404),
        ("GET", "nothing", {}, 404),
    ],
)
def test_the_control_address_refuses_what_it_does_not_understand(method, path, body, status):
    with serve() as server:
        answer = ask(server, f"/_simulator/{path}", method=method, data=json.dumps(body))
        assert answer.status_code == status
        assert answer.json()["error"]


def test_a_port_in_use_is_a_usage_error_and_nothing_else_is_printed(capsys):
    with serve() as server, pytest.raises(UsageError, match="cannot be used"):
        SimulatorServer(server.simulator, port=urlsplit(server.url).port)
    assert capsys.readouterr() == ("", "")


def test_the_inbox_keeps_what_comes_and_answers_in_order():
    with Inbox([Response(503, {"retry-after": "7"}, b"later"), OK]) as inbox:
        answers = [requests.post(inbox.url + "/hook?key=1", b"{}", headers={"X-Team": "soc"}, timeout=3) for _ in "abc"]
    assert [answer.status_code for answer in answers] == [503, 200, 200]
    assert answers[0].headers["retry-after"] == "7"
    first = inbox.messages[0]
    assert (first.method, first.path, first.headers["x-team"], first.body) == ("POST", "/hook?key=1", "soc", b"{}")
    assert len(inbox.messages) == 3
