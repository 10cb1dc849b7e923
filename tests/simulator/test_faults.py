"""Every kind of fault does what it says, on the calls it is meant for; fleet files are read or refused whole."""

from __future__ import annotations

import gzip
import json
import math
import random

import pytest

from handler.errors import TransportError, UsageError
from handler.simulator.faults import FAULT_KINDS, Fault, read_faults
from handler.simulator.fleet import Fleet, Line, Process
from handler.simulator.fleet_file import read_fleet
from handler.simulator.options import PROJECT, TOKEN, Options
from handler.simulator.simulator import Simulator
from handler.transport.request import Request, Response
from tests.fakes import MovingClock

FLEET = Fleet.of(*(Line(port, "TCP", 1, "normal") for port in range(1, 26)))


def simulator(*faults: Fault, cloud: str = "huaweicloud") -> Simulator:
    return Simulator(FLEET, Options(cloud=cloud, throttle=0), clock=MovingClock(), faults=faults)


def ask(service: Simulator, query: str = "", api: str = "port/statistics") -> Response:
    return service(Request("GET", f"http://127.0.0.1/v5/{PROJECT}/asset/{api}?{query}", {"X-Auth-Token": TOKEN}), 5.0)


def body(service: Simulator, query: str = "", api: str = "port/statistics"):
    return json.loads(ask(service, query, api).body)


def ports(service: Simulator, offset: int = 0) -> list[int]:
    return [row["port"] for row in body(service, f"offset={offset}")["data_list"]]


def test_a_fault_strikes_its_calls_only():
    service = simulator(Fault("status", "port_statistics", 2, 3, {"status": 503}))
    assert [ask(service, "category=host", api="statistics").status for _ in range(3)] == [200] * 3
    assert [ask(service).status for _ in range(5)] == [200, 503, 503, 200, 200]


def test_a_fault_can_be_of_one_category_and_for_ever():
    service = simulator(Fault("status", last=None, category="container", value={"status": 500}))
    assert ask(service).status == 200
    assert [ask(service, "category=container").status for _ in range(3)] == [500] * 3


def test_a_fault_set_later_counts_from_there_and_can_be_cleared():
    service = simulator()
    ask(service)
    service.add_fault(Fault("status", value={"status": 500}, last=None))
    assert ask(service).status == 500
    service.clear_faults()
    assert ask(service).status == 200


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("gateway", {"error_msg": "no", "error_code": "APIG.0613", "request_id": f"{1:032x}"}),
        ("hss", {"error_code": "HSS.0013", "error_description": "no", "error_msg": "no"}),
        ("bare", {"error_code": "00000010", "error_description": "拒绝访问"}),
        ("iam", {"error": {"code": 503, "message": "no", "title": "Unauthorized"}}),
    ],
)
def test_a_status_comes_in_each_of_the_four_shapes(shape, expected):
    fault = Fault("status", value={"status": 503, "shape": shape, "message": "no"})
    assert body(simulator(fault, cloud="otc")) == expected


def test_a_status_may_have_its_own_code_and_retry_after():
    value = {"status": 429, "code": "APIGW.0308", "retry_after": 9}
    answer = ask(simulator(Fault("status", value=value)))
    assert (answer.status, answer.headers["retry-after"]) == (429, "9")
    assert "retry-after" not in ask(simulator(Fault("status", value={"status": 429}))).headers


def test_a_login_can_go_wrong_too():
    service = simulator(Fault("status", "tokens", value={"status": 503}))
    answer = service(Request("POST", "http://127.0.0.1/v3/auth/tokens", {}, b"{}"), 5.0)
    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (503, 503)


def test_total_num_drifts_between_pages():
    service = simulator(Fault("drifting_total", last=None))
    assert [body(service)["total_num"] for _ in range(3)] == [26, 27, 28]


def test_rows_come_twice_at_the_seam_of_two_pages():
    service = simulator(Fault("rows_repeated", last=None))
    assert [ports(service), ports(service, 10)] == [list(range(1, 11)), list(range(10, 20))]


def test_rows_move_between_pages_so_that_one_is_missed():
    service = simulator(Fault("rows_moved", last=None))
    assert [ports(service), ports(service, 10)] == [list(range(2, 12)), list(range(13, 23))]


def test_there_are_more_or_fewer_rows_than_total_num():
    assert body(simulator(Fault("more_rows", value=3)))["total_num"] == 22
    assert body(simulator(Fault("fewer_rows")))["total_num"] == 26


def test_documents_break_as_told():
    assert body(simulator(Fault("empty_object"))) == {}
    assert body(simulator(Fault("data_list_null"))) == {"total_num": 25, "data_list": None}
    assert isinstance(body(simulator(Fault("list"))), list)
    assert math.isnan(body(simulator(Fault("nan")))["total_num"])
    strings = body(simulator(Fault("numbers_as_strings")))
    assert (strings["total_num"], strings["data_list"][0]["port"]) == ("25", "1")
    assert body(simulator(Fault("numbers_as_strings")), "category=host", api="statistics")["port_num"] == "25"


def test_keys_are_set_changed_and_taken_out():
    row = body(simulator(Fault("first_row", value={"num": None, "type": "SCTP", "x": 1})))["data_list"][0]
    assert row == {"port": 1, "type": "SCTP", "status": "normal", "x": 1}
    assert set(body(simulator(Fault("set", value={"total_num": None, "extra": True})))) == {"data_list", "extra"}


def test_texts_break_as_told():
    assert ask(simulator(Fault("empty"))).body == b""
    html = ask(simulator(Fault("html")))
    assert (html.status, html.headers["content-type"], html.body[:9]) == (200, "text/html", b"<!doctype")
    assert ask(simulator(Fault("redirect"))).status == 302
    assert ask(simulator(Fault("wrong_charset"))).body.decode("utf-16").startswith("{")
    assert (
        ask(simulator(Fault("headers", value={"content-type": "text/plain"}))).headers["content-type"] == "text/plain"
    )
    with pytest.raises(ValueError):
        body(simulator(Fault("truncated")))


def test_duplicate_keys_hide_the_rows_from_a_careless_reader():
    answer = ask(simulator(Fault("duplicate_keys"))).body
    assert answer.count(b'"total_num"') == 2
    assert json.loads(answer)["data_list"] == []


def test_a_gzip_bomb_unpacks_to_what_was_asked():
    answer = ask(simulator(Fault("gzip_bomb", value=3)))
    assert answer.headers["content-encoding"] == "gzip"
    assert len(gzip.decompress(answer.body)) == 3 * 1024 * 1024


def test_in_process_a_fault_on_the_wire_is_no_answer():
    with pytest.raises(TransportError):
        ask(simulator(Fault("cut_within")))


def test_two_faults_may_strike_one_call():
    broken = body(simulator(Fault("more_rows"), Fault("set", value={"extra": 1})))
    assert (broken["total_num"], broken["extra"]) == (24, 1)


def test_an_unknown_kind_is_named_with_the_known_ones():
    with pytest.raises(ValueError, match=r"gremlin.*cut_before"):
        Fault("gremlin")


@pytest.mark.parametrize("value", [None, 503, {}])
def test_a_status_fault_needs_a_status(value):
    with pytest.raises(ValueError, match="status: 503"):
        Fault("status", value=value)


def test_faults_are_read_from_a_list():
    assert read_faults([{"kind": "html", "first": 2, "last": 4}]) == (Fault("html", first=2, last=4),)
    assert len(FAULT_KINDS) == 32


FLEET_FILE = """
enterprise_projects:
  "0":
    host:
      statistics: {database_num: 3, app_num: null}
      ports:
        - {port: 23, type: TCP, status: danger, hosts: [{host_id: a, host_name: lift-1, pid: 7}, {host_name: lift-2}]}
        - {port: 443, type: TCP, num: 9}
faults:
  - {kind: html, api: port_statistics}
"""


def test_a_fleet_file_gives_lines_hosts_counters_and_faults(tmp_path):
    file = tmp_path / "fleet.yaml"
    file.write_text(FLEET_FILE)
    fleet, faults = read_fleet(file)
    hosts = (Process("a", "lift-1", pid=7), Process("lift-2", "lift-2"))
    assert fleet.lines("0", "host") == (Line(23, "TCP", 2, "danger", hosts), Line(443, "TCP", 9))
    assert fleet.counters("0", "host")["database_num"] == 3
    assert "app_num" not in fleet.counters("0", "host")
    assert faults == (Fault("html", "port_statistics"),)


def test_a_fleet_file_may_be_json(tmp_path):
    file = tmp_path / "fleet.json"
    file.write_text(json.dumps({"enterprise_projects": {"0": {"container": {"ports": [{"port": 1, "type": "UDP"}]}}}}))
    assert read_fleet(file)[0].lines("0", "container") == (Line(1, "UDP", 1),)


def test_all_problems_of_a_fleet_file_are_said_at_once(tmp_path):
    file = tmp_path / "fleet.yaml"
    file.write_text(
        "enterprise_projects: {'0': {server: {}, host: {ports: [{port: 23x}, 7], statistics: {cats: 1}}}}\n"
        "faults: [{kind: gremlin}]\n"
    )
    with pytest.raises(UsageError) as caught:
        read_fleet(file)
    said = str(caught.value).splitlines()
    assert len(said) == 6
    for part in (
        "unknown key server",
        "ports[0].port: must not be str",
        "ports[0].type: is missing",
        "ports[1]: must be",
        "unknown key cats",
        "gremlin",
    ):
        assert any(part in line for line in said), part


@pytest.mark.parametrize("data", [b"a: [", b"\xff\xfe", b"[]"])
def test_a_fleet_file_that_is_none_is_a_usage_error(data, tmp_path):
    file = tmp_path / "fleet.yaml"
    file.write_bytes(data)
    with pytest.raises(UsageError, match=r"fleet\.yaml"):
        read_fleet(file)


def test_a_missing_fleet_file_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        read_fleet(tmp_path / "none.yaml")


def test_paging_reads_each_row_once_whatever_the_limit():
    service = simulator()
    for limit in random.Random(1).sample(range(200), 20):
        seen: list[int] = []
        while page := body(service, f"limit={limit}&offset={len(seen)}")["data_list"]:
            seen += [row["port"] for row in page]
        assert seen == list(range(1, 26))
