"""The simulated service, in process: its two dialects, its parameters, its throttle, its doors and its log."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from handler.commands.simulate import forbidden_ports
from handler.hss.auth import KeyAuth
from handler.models import COUNTERS, Secret
from handler.simulator.fleet import Estate, Fleet, Line, Process
from handler.simulator.generate import generate
from handler.simulator.options import ACCESS_KEY, PROJECT, SECRET_KEY, TOKEN, Options
from handler.simulator.simulator import Simulator
from handler.transport.request import Request, Response
from tests.fakes import FakeClock

LINES = (
    Line(443, "TCP", 9, "normal"),
    Line(23, "TCP", 3, "danger"),
    Line(23, "TCP6", 1, "danger"),
    Line(1000, "UDP6", 2, "unknown"),
    Line(0, "TCP", 1, "unknown"),
)
FLEET = Fleet(
    {
        ("0", "host"): Estate(LINES, {"database_num": 4}),
        ("7", "host"): Estate((Line(23, "TCP", 5, "danger"), Line(8080, "TCP", 1))),
        ("0", "container"): Estate((Line(10250, "TCP", 2),)),
    }
)
OTC = Options(cloud="otc", throttle=0)
HUAWEI = Options(throttle=0)


def simulator(options: Options = HUAWEI, fleet: Fleet = FLEET, **other) -> Simulator:
    return Simulator(fleet, options, clock=other.pop("clock", FakeClock()), **other)


def ask(service: Simulator, query: str = "", api: str = "port/statistics", project: str = PROJECT, **headers):
    url = f"http://127.0.0.1/v5/{project}/asset/{api}?{query}"
    sent = {"X-Auth-Token": TOKEN} if not headers else {k.replace("_", "-"): v for k, v in headers.items()}
    response = service(Request("GET", url, sent), 5.0)
    return response, json.loads(response.body)


def rows(options: Options, query: str = "", **other) -> list[tuple]:
    return [tuple(row.values()) for row in ask(simulator(options, **other), query)[1]["data_list"]]


def ports(options: Options, query: str = "", **other) -> list[int]:
    return [row[0] for row in rows(options, query, **other)]


def test_huawei_rows_have_a_status_and_four_types():
    assert rows(HUAWEI) == [(443, "TCP", 9, "normal"), (23, "TCP", 3, "danger"), (23, "TCP6", 1, "danger"),
                            (1000, "UDP6", 2, "unknown"), (0, "TCP", 1, "unknown")]  # fmt: skip


def test_otc_rows_have_no_status_and_two_types():
    assert rows(OTC) == [(443, "TCP", 9), (23, "TCP", 4), (1000, "UDP", 2), (0, "TCP", 1)]


@pytest.mark.parametrize(
    ("options", "query", "expected"),
    [
        (HUAWEI, "sort_key=port", [0, 23, 23, 443, 1000]),
        (HUAWEI, "sort_key=port&sort_dir=desc", [1000, 443, 23, 23, 0]),
        (HUAWEI, "sort_key=num", [443, 23, 23, 1000, 0]),
        (Options(throttle=0, sort="text"), "sort_key=port", [0, 1000, 23, 23, 443]),
        (Options(throttle=0, sort="ignored"), "sort_key=port", [443, 23, 23, 1000, 0]),
        (OTC, "sort_key=port", [443, 23, 1000, 0]),
        (HUAWEI, "port=23", [23, 23]),
        (HUAWEI, "port=99999", []),
        (HUAWEI, "port=-1", []),
        (HUAWEI, "type=UDP6", [1000]),
        (HUAWEI, "type=SCTP", []),
        (HUAWEI, "status=danger", [23, 23]),
        (OTC, "status=danger", [443, 23, 1000, 0]),
        (HUAWEI, "port_string=4", [443]),
        (HUAWEI, "port_string=0", [1000, 0]),
        (HUAWEI, "port=443&port_string=44", [443]),
        (HUAWEI, "port=443&port_string=5", []),
        (OTC, "port_string=4", [443, 23, 1000, 0]),
        (HUAWEI, "colour=blue", [443, 23, 23, 1000, 0]),
        (HUAWEI, "port=443&port=23", [443]),
        (HUAWEI, "category=container", [10250]),
        (HUAWEI, "enterprise_project_id=7", [23, 8080]),
        (HUAWEI, "enterprise_project_id=none-such", []),
        (HUAWEI, "offset=3", [1000, 0]),
        (HUAWEI, "offset=5", []),
        (HUAWEI, "offset=3000000", []),
    ],
)
def test_each_parameter_does_what_the_service_does(options, query, expected):
    assert ports(options, query) == expected


def test_all_enterprise_projects_are_added_up():
    assert (23, "TCP", 8, "danger") in rows(HUAWEI, "enterprise_project_id=all_granted_eps")


def test_unknow_can_be_spelled_as_the_old_service_did():
    assert rows(Options(throttle=0, unknown_word="unknow"), "status=unknow") == [
        (1000, "UDP6", 2, "unknow"),
        (0, "TCP", 1, "unknow"),
    ]


@pytest.mark.parametrize(
    ("limit", "received"),
    [("", 10), ("limit=0", 10), ("limit=9", 10), ("limit=11", 11), ("limit=200", 200), ("limit=201", 200)],
)
def test_limit_is_clamped_in_silence(limit, received):
    assert len(ports(HUAWEI, limit, fleet=generate(1, 300))) == received


def test_total_num_stops_at_ten_thousand_but_pages_go_on():
    service = simulator(fleet=generate(1, 10_050))
    assert ask(service, "limit=200")[1]["total_num"] == 10_000
    assert len(ask(service, "limit=200&offset=10000")[1]["data_list"]) == 50


@pytest.mark.parametrize("query", ["port=telnet", "limit=all", "offset=x", "category=server"])
def test_a_parameter_that_cannot_be_read_is_hss_0001(query):
    response, body = ask(simulator(), query)
    assert (response.status, body["error_code"]) == (400, "HSS.0001")


def test_counters_are_twelve_and_add_up():
    body = ask(simulator(), "category=host&enterprise_project_id=all_granted_eps", api="statistics")[1]
    assert tuple(body) == COUNTERS
    assert (body["port_num"], body["database_num"]) == (22, 4)


def test_a_counter_of_none_is_left_out():
    fleet = Fleet({("0", "host"): Estate((), {"app_num": None})})
    assert "app_num" not in ask(simulator(fleet=fleet), "category=host", api="statistics")[1]


def test_counters_of_one_server_count_its_ports():
    fleet = Fleet.of(Line(23, "TCP", 2, "danger", (Process("a"), Process("b"))))
    assert ask(simulator(fleet=fleet), "category=host&host_id=a", api="statistics")[1]["port_num"] == 1


@pytest.mark.parametrize(
    ("options", "query", "status"),
    [
        (HUAWEI, "", 400), (HUAWEI, "category=host", 200), (OTC, "", 200), (OTC, "category=container", 200),
        (HUAWEI, f"category=host&host_id={'a' * 64}", 200), (HUAWEI, f"category=host&host_id={'a' * 65}", 400),
        (OTC, f"host_id={'a' * 128}", 200), (OTC, f"host_id={'a' * 129}", 400),
    ],
)  # fmt: skip
def test_counters_are_asked_as_each_clouds_page_wants_it(options, query, status):
    assert ask(simulator(options), query, api="statistics")[0].status == status


def test_counters_of_otc_without_a_category_are_those_of_hosts():
    asked, named = (ask(simulator(OTC), query, api="statistics")[1] for query in ("", "category=host"))
    assert asked == named


def test_the_hosts_behind_a_port_are_listed_and_filtered():
    fleet = Fleet.of(Line(23, "TCP", 2, "danger", (Process("a", "lift-1", "10.0.0.1"), Process("b", "lift-2"))))
    found = ask(simulator(fleet=fleet), "port=23&category=host&host_name=lift-1", api="ports/detail")[1]
    assert found["total_num"] == 1
    assert found["data_list"][0]["host_ip"] == "10.0.0.1"


def test_made_up_hosts_are_as_many_as_num_and_stay_the_same():
    first, second = (ask(simulator(), "port=443&category=host", api="ports/detail")[1] for _ in "ab")
    assert first == second
    assert first["total_num"] == 9


@pytest.mark.parametrize("query", ["port=23", "category=host"])
def test_the_hosts_behind_a_port_need_port_and_category(query):
    assert ask(simulator(), query, api="ports/detail")[0].status == 400


def test_otc_has_not_published_the_hosts_behind_a_port():
    response, body = ask(simulator(OTC), "port=23&category=host", api="ports/detail")
    assert (response.status, body["error_code"]) == (404, "APIG.0101")
    assert response.headers["x-request-id"] == body["request_id"]


@pytest.mark.parametrize("path", ["/", "/v5/p/asset/nothing", "/v3/auth/tokens"])
def test_an_unpublished_path_is_404(path):
    service = simulator()
    response = service(Request("GET", "http://127.0.0.1" + path, {}), 5.0)
    assert (response.status, json.loads(response.body)["error_code"]) == (404, "APIGW.0101")
    assert service.calls[0].api == ""


@pytest.mark.parametrize(("cloud", "code"), [("otc", "APIG.0301"), ("huaweicloud", "APIGW.0301")])
def test_a_wrong_token_is_refused_in_the_gateways_words(cloud, code):
    response, body = ask(simulator(Options(cloud=cloud)), X_Auth_Token="wrong")
    assert (response.status, set(body)) == (401, {"error_msg", "error_code", "request_id"})
    assert body["error_code"] == code
    assert response.body.endswith(b"}\n")


def test_no_credentials_at_all_are_refused():
    assert ask(simulator(), Accept="*/*")[0].status == 401


def test_another_project_is_refused():
    assert ask(simulator(), project="another")[0].status == 401
    assert ask(simulator(Options(project_id="")), project="another")[0].status == 200


def signed(service: Simulator, clock: FakeClock, key: str = ACCESS_KEY, secret: str = SECRET_KEY) -> Response:
    request = Request("GET", f"http://127.0.0.1:1/v5/{PROJECT}/asset/port/statistics?limit=200")
    headers = KeyAuth(key, Secret(secret), PROJECT, clock, Secret("temporary")).headers(request)
    return service(Request("GET", request.url, headers), 5.0)


def test_a_signed_request_is_let_in():
    clock = FakeClock()
    assert signed(simulator(clock=clock), clock).status == 200


def test_a_wrong_signature_or_key_or_clock_is_refused():
    clock, late = FakeClock(), FakeClock()
    late.tick(901)
    assert signed(simulator(clock=clock), clock, secret="wrong").status == 401
    assert signed(simulator(clock=clock), clock, key="UNKNOWN").status == 401
    assert signed(simulator(clock=clock), late).status == 401
    assert ask(simulator(), Authorization="SDK-HMAC-SHA256 nonsense")[0].status == 401


def test_an_unknown_key_is_let_in_where_any_is():
    clock = FakeClock()
    assert signed(simulator(Options(any_key=True), clock=clock), clock, key="UNKNOWN").status == 200


def test_more_than_five_failures_lock_the_key_for_five_minutes():
    clock = FakeClock()
    service = simulator(clock=clock)
    for _ in range(5):
        signed(service, clock, secret="wrong")
    assert signed(service, clock).status == 200
    for _ in range(6):
        signed(service, clock, secret="wrong")
    locked = signed(service, clock)
    assert (locked.status, b"reach the limit" in locked.body) == (401, True)
    clock.tick(300)
    assert signed(service, clock).status == 200


def test_the_sixth_call_of_a_minute_is_throttled_per_api():
    clock = FakeClock()
    service = simulator(Options(cloud="otc"), clock=clock)
    assert [ask(service)[0].status for _ in range(6)] == [200] * 5 + [429]
    assert ask(service)[1]["error_code"] == "APIG.0308"
    assert ask(service, "category=host", api="statistics")[0].status == 200
    clock.tick(59.9)
    assert ask(service)[0].status == 429
    clock.tick(0.1)
    assert ask(service)[0].status == 200


def test_each_user_has_a_throttle_of_its_own():
    clock = FakeClock()
    service = simulator(Options(throttle=1, retry_after=30), clock=clock)
    assert [ask(service)[0].status, signed(service, clock).status] == [200, 200]
    assert ask(service)[0].headers["retry-after"] == "30"


def test_a_user_of_one_enterprise_project_gets_400_elsewhere():
    options = Options(granted=("7",))
    response, body = ask(simulator(options), "enterprise_project_id=all_granted_eps")
    assert (response.status, body["error_code"]) == (400, "HSS.0013")
    assert ports(options, "enterprise_project_id=7") == [23, 8080]


def test_ports_are_closed_and_opened_between_runs():
    service = simulator()
    service.close_port(23, "container")
    assert ask(service, "port=23")[1]["total_num"] == 2
    service.close_port(23)
    service.open_port(Line(21, "TCP", 1, "danger"))
    assert [row["port"] for row in ask(service)[1]["data_list"]] == [443, 1000, 0, 21]
    assert FLEET.lines("0", "host") == LINES


def test_the_log_knows_query_status_and_breaches():
    service = simulator(OTC)
    ask(service, "limit=200&category=host")
    ask(service, "limit=500&port=99999")
    good, bad = service.calls
    assert (good.api, good.query, good.status) == ("port_statistics", {"limit": "200", "category": "host"}, 200)
    assert good.breaches == ()
    assert sorted(breach.path for breach in bad.breaches) == ["$.limit", "$.port"]


def test_a_fleet_follows_from_its_seed():
    first = generate(7, 500, container_rows=20, enterprise_projects=("0", "9"))
    assert first == generate(7, 500, container_rows=20, enterprise_projects=("0", "9"))
    assert first != generate(8, 500, container_rows=20, enterprise_projects=("0", "9"))
    lines = first.lines("all_granted_eps", "host")
    assert len({(line.port, line.type) for line in lines}) == 500
    assert [line.port for line in lines] != sorted(line.port for line in lines)


def test_a_fleet_without_banned_ports_has_none():
    ports_open = {line.port for line in generate(3, 400, banned=False).lines("0", "host")}
    assert not ports_open & {21, 23, 445, 3389}


def test_a_fleet_can_be_larger_than_every_port_in_one_type():
    assert len(generate(1, 70_000, cloud="otc").lines("0", "host")) == 70_000
    with pytest.raises(ValueError, match="more than"):
        generate(1, 130_001, cloud="otc")


def test_a_login_gives_a_token_that_lasts_its_time():
    clock = FakeClock()
    options = Options(token_life=timedelta(hours=1), throttle=0)
    service = simulator(options, clock=clock)
    login = _login(options)
    first = service(login, 5.0)
    token = first.headers["x-subject-token"]
    assert (first.status, len(token) >= 32) == (201, True)
    assert ask(service, X_Auth_Token=token)[0].status == 200
    clock.tick(3600)
    assert ask(service, X_Auth_Token=token)[0].status == 401


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"password": "wrong"}, 401),
        ({"domain": "other"}, 401),
        ({"project": {"id": "other"}}, 403),
        ({"project": {}}, 403),
    ],
)
def test_a_wrong_login_is_refused_in_iams_words(changed, status):
    response = simulator()(_login(HUAWEI, **changed), 5.0)
    assert (response.status, json.loads(response.body)["error"]["code"]) == (status, status)


def test_an_unreadable_login_is_400():
    assert simulator()(Request("POST", "http://127.0.0.1/v3/auth/tokens", {}, b"[]"), 5.0).status == 400


def _login(options: Options, **changed) -> Request:
    user = {
        "name": options.username,
        "password": changed.get("password", options.password),
        "domain": {"name": changed.get("domain", options.domain)},
    }
    scope = {"project": changed.get("project", {"id": options.project_id})}
    auth = {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}
    return Request("POST", "http://127.0.0.1/v3/auth/tokens?nocatalog=true", {}, json.dumps({"auth": auth}).encode())


@pytest.mark.parametrize("cloud", ["otc", "huaweicloud"])
def test_a_clean_fleet_has_nothing_that_the_bundled_policy_forbids(cloud):
    fleet = generate(1, 5000, cloud=cloud, banned=False, closed=forbidden_ports())
    lines = fleet.lines("0", "host")
    assert len(lines) == 5000
    assert not forbidden_ports() & {line.port for line in lines}
    assert {23, 445} < forbidden_ports()
