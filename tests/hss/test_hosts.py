"""Servers behind findings: only for findings, within the budget, never waited for, and a failure only warns."""

import random
from urllib.parse import parse_qs, urlsplit

import pytest

from handler.addresses import is_loopback
from handler.clock import Deadline
from handler.errors import TransportError
from handler.hss.auth import TokenAuth
from handler.hss.client import HssClient
from handler.hss.hosts import NOT_NAMED, name_hosts
from handler.hss.pacing import Pacer
from handler.models import Secret, Severity, Target
from tests.fakes import FakeTransport, MovingClock, finding, json_response

HUAWEI = Target(name="prod", cloud="huaweicloud", region="eu-west-101", host="hss.example", project_id="abc")
ROW = {
    "host_id": "id-1", "host_name": "web-1", "host_ip": "10.0.0.1", "laddr": "0.0.0.0", "path": "/usr/sbin/in.telnetd",
    "pid": 7, "port": 23, "type": "TCP", "container_id": "", "container_name": "", "agent_id": "a",
}  # fmt: skip


def answer(*rows, total=None):
    return json_response({"total_num": len(rows) if total is None else total, "data_list": list(rows)})


def pages_of(rows, total=None):
    """What answers each query with its page of these rows."""

    def respond(request):
        at = int(parse_qs(urlsplit(request.url).query)["offset"][0])
        return answer(*rows[at : at + 200], total=len(rows) if total is None else total)

    return respond


def asked(findings, answers, *, target=HUAWEI, seconds=60, calls=5, **options):
    clock, transport = MovingClock(), FakeTransport(answers)
    client = HssClient(
        endpoint="https://hss.example", authorizer=TokenAuth(Secret("t")), transport=transport,
        pacer=Pacer(clock, calls), clock=clock, random=random.Random(1),
    )  # fmt: skip
    named = name_hosts(findings, target, client, Deadline.after(seconds, clock), **options)
    return named, transport, clock


def queries(transport):
    return [{k: v[0] for k, v in parse_qs(urlsplit(sent.url).query).items()} for sent in transport.requests]


def test_a_finding_gets_the_servers_behind_its_port():
    named, transport, _ = asked([finding()], [answer(ROW)])
    (host,) = named.findings[0].hosts
    assert (host.host_name, host.host_ip, host.listen_address, host.path, host.pid) == (
        "web-1", "10.0.0.1", "0.0.0.0", "/usr/sbin/in.telnetd", 7,
    )  # fmt: skip
    assert queries(transport) == [
        {"category": "host", "port": "23", "enterprise_project_id": "all_granted_eps", "limit": "200", "offset": "0"}
    ]
    assert urlsplit(transport.requests[0].url).path == "/v5/abc/asset/ports/detail"
    assert named.calls == 1


def test_no_finding_no_call():
    named, transport, _ = asked([], [])
    assert (named.findings, named.warnings, transport.requests) == ((), (), [])


def test_a_port_is_asked_once_for_all_its_findings_worst_first():
    found = [
        finding("low", 99, severity=Severity.LOW),
        finding(),
        finding(protocol="tcp6"),
        finding("other", 23),
        finding(category="container"),
    ]
    _, transport, _ = asked(found, lambda _request: answer())
    assert [(one["category"], one["port"]) for one in queries(transport)] == [
        ("host", "23"), ("container", "23"), ("host", "99"),
    ]  # fmt: skip


def test_counters_and_port_0_have_no_servers_to_ask_for():
    named, transport, _ = asked([finding(port=None, protocol=None), finding(port=0)], [])
    assert transport.requests == []
    assert [one.hosts for one in named.findings] == [None, None]


def test_open_telekom_cloud_says_that_it_has_no_such_api():
    otc = Target(name="prod", cloud="otc", project_id="abc")
    named, transport, _ = asked([finding()], [], target=otc)
    assert (named.warnings, transport.requests, named.findings[0].hosts) == ((NOT_NAMED,), [], None)


@pytest.mark.parametrize("most", [0, 1, 2])
def test_the_budget_holds_and_what_it_left_out_is_said(most):
    found = [finding(port=port) for port in (21, 22, 23)]
    named, transport, _ = asked(found, lambda _request: answer(), max_calls=most)
    assert len(transport.requests) == most
    if most:
        assert named.warnings == (f"servers are named for {most} of 3 ports with findings, worst first",)


def test_no_call_waits_for_the_pace():
    found = [finding(port=port) for port in range(1, 9)]
    named, transport, clock = asked(found, lambda _request: answer(), calls=2, max_calls=8, seconds=600)
    assert (len(transport.requests), clock.slept) == (2, [])
    assert "port 3 are not named: port_detail: the next call may start in" in named.warnings[0]


def test_no_call_is_made_without_time_left():
    named, transport, _ = asked([finding()], [], seconds=0)
    assert transport.requests == []
    assert "no time is left" in named.warnings[0]


@pytest.mark.parametrize(
    "fault",
    [
        json_response({"error_code": "APIGW.0308", "error_msg": "throttled"}, 429),
        json_response({"error_code": "HSS.0041"}, 500),
        json_response({"error_code": "HSS.0010"}, 400),
        TransportError("refused"),
    ],
)
def test_a_failure_is_a_warning_never_a_wait_and_never_a_second_try(fault):
    named, transport, clock = asked([finding(), finding(port=99)], [fault])
    assert (len(transport.requests), clock.slept, len(named.warnings)) == (1, [], 1)
    assert [one.hosts for one in named.findings] == [None, None]


@pytest.mark.parametrize(
    "bad",
    [
        json_response({"total_num": 1, "data_list": {}}),
        json_response({"total_num": 1}),
        json_response({"total_num": 1, "data_list": None}),
        json_response([]),
        json_response("x"),
    ],
)
def test_an_answer_that_holds_no_list_costs_its_port_only(bad):
    named, _, _ = asked([finding(), finding(port=99)], [bad, answer({**ROW, "port": 99})])
    assert [one.hosts is None for one in named.findings] == [True, False]
    assert "$" in named.warnings[0]


@pytest.mark.parametrize("odd", [None, "", 5, [], {}], ids=repr)
@pytest.mark.parametrize("key", [*ROW, "status"])
def test_every_field_of_a_listener_is_optional(key, odd):
    (named, _, _), (usual, _, _) = (asked([finding()], [answer({**ROW, **change})]) for change in ({key: odd}, {}))
    (host,), (whole,) = named.findings[0].hosts, usual.findings[0].hosts
    fields = {"laddr": "listen_address"}.get(key, key)
    unchanged = {name: value for name, value in whole._asdict().items() if name != fields}
    assert {name: value for name, value in host._asdict().items() if name != fields} == unchanged
    assert getattr(host, fields, None) in (None, "", 5) or key == "pid"


def test_what_is_not_as_documented_is_said_once_for_all_answers():
    odd = {**ROW, "container_id": None}
    named, _, _ = asked([finding(), finding(port=99)], [answer(odd), answer(odd)])
    assert named.warnings == (
        "tolerated (VALIDATION=warn): $.data_list[].container_id: string wanted, found null (2 times)",
    )


@pytest.mark.parametrize("word", ["TCP6", "UDP6"])
def test_a_type_that_the_statistics_have_too_is_as_documented(word):
    named, _, _ = asked([finding()], [answer({**ROW, "type": word})])
    assert named.warnings == ()


def test_rows_that_name_no_server_are_counted_and_the_others_used():
    nameless = dict.fromkeys(("host_id", "host_name", "host_ip", "container_id", "container_name"))
    named, _, _ = asked([finding()], [answer(ROW, nameless, None)])
    assert len(named.findings[0].hosts) == 1
    assert named.warnings == ("port 23: $.data_list[1]: names no server (2 such rows)",)


def test_a_total_that_is_no_count_is_said_and_the_listeners_are_used():
    named, _, _ = asked([finding()], [answer(ROW, total="1")])
    assert len(named.findings[0].hosts) == 1
    assert named.warnings[0] == "port 23: 1 listeners were read, and $.total_num is no count"


def test_every_page_is_read_and_the_calls_are_no_more_than_that():
    rows = [{**ROW, "host_id": f"id-{at}"} for at in range(430)]
    named, transport, _ = asked([finding()], pages_of(rows))
    assert [query["offset"] for query in queries(transport)] == ["0", "200", "400"]
    assert len({host.host_id for host in named.findings[0].hosts}) == 430
    assert named.warnings == ()


def test_a_list_that_ends_before_its_total_is_said_and_what_came_is_used():
    named, _, _ = asked([finding()], pages_of([ROW], total=412))
    assert len(named.findings[0].hosts) == 1
    assert named.warnings == ("port 23: 1 of 412 listeners were read",)


def test_a_page_that_fails_leaves_the_names_that_came():
    first = answer(*({**ROW, "host_id": f"id-{at}"} for at in range(200)), total=430)
    named, _, _ = asked([finding()], [first, TransportError("refused")])
    assert len(named.findings[0].hosts) == 200
    assert named.warnings == ("servers behind port 23 are not all named: refused",)


def test_who_asked_for_the_names_waits_for_the_pace():
    found = [finding(port=port) for port in range(1, 9)]
    named, transport, clock = asked(found, pages_of([ROW]), max_calls=99, seconds=600, patient=True)
    assert (len(transport.requests), len(clock.slept)) == (8, 1)
    assert named.warnings == ()


def test_findings_that_have_their_servers_are_not_asked_for():
    known = finding()._replace(hosts=())
    named, transport, _ = asked([known, finding(port=99)], pages_of([ROW]))
    assert [query["port"] for query in queries(transport)] == ["99"]
    assert named.findings[0].hosts == ()


def test_rows_go_to_the_finding_of_their_protocol_and_else_of_their_family():
    four, six = ROW, {**ROW, "host_id": "id-6", "type": "UDP"}
    named, _, _ = asked([finding(), finding(protocol="tcp6"), finding(protocol="udp")], [answer(four, six)])
    assert [[host.host_id for host in one.hosts] for one in named.findings] == [["id-1"], ["id-1"], ["id-6"]]


def test_a_server_is_loopback_only_if_every_address_is_and_its_finding_stands():
    local, mapped = {**ROW, "laddr": "127.0.0.1"}, {**ROW, "laddr": "::ffff:127.0.0.53"}
    both = [{**ROW, "host_id": "id-2"}, {**local, "host_id": "id-2"}]
    named, _, _ = asked([finding()], [answer(local, mapped, *both)])
    assert [(host.host_id, host.listen_address, host.loopback_only) for host in named.findings[0].hosts] == [
        ("id-1", "127.0.0.1, ::ffff:127.0.0.53", True),
        ("id-2", "0.0.0.0, 127.0.0.1", False),
    ]
    assert len(named.findings) == 1


@pytest.mark.parametrize("address", ["127.0.0.1", "127.255.255.254", "::1", "[::1]", "::ffff:127.0.0.1", "::1%lo"])
def test_loopback_addresses(address):
    assert is_loopback(address)


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "*", "", "10.0.0.1", "128.0.0.1", "::ffff:10.0.0.1", "localhost"])
def test_other_addresses_are_not_loopback(address):
    assert not is_loopback(address)


def test_a_host_without_optional_fields_is_still_a_host():
    named, _, _ = asked([finding()], [answer({"host_id": "id-1", "pid": 0})])
    (host,) = named.findings[0].hosts
    assert (host.host_id, host.host_name, host.pid, host.loopback_only) == ("id-1", "", None, False)
