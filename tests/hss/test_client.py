from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

import pytest

from handler.clock import Deadline
from handler.errors import (
    AnswerError,
    ApiError,
    DeniedError,
    SettingsError,
    ThrottledError,
    TimeLimitError,
    TransportError,
)
from handler.hss.auth import TokenAuth
from handler.hss.client import HssClient, Spending
from handler.hss.pacing import Pacer
from handler.hss.parameters import AssetStatisticsQuery, PortStatisticsQuery
from handler.hss.refusals import refusal
from handler.models import Row, Secret, Target
from handler.run.redaction import Redactor
from handler.transport.http import HttpTransport
from handler.transport.request import Request, Response
from tests.fakes import FakeTransport, MovingClock, json_response, log_records

TARGET = Target(cloud="otc", project_id="p 1/2")
GOOD = json_response({"total_num": 1, "data_list": [{"port": 23, "type": "TCP", "num": 4}]})
LIMITED = json_response({"error_code": "APIGW.0308", "error_msg": "over ratelimit"}, 429)
UNAUTHORIZED = json_response({"error_code": "APIGW.0301", "error_msg": "Unauthorized"}, 401)
BROKEN = TransportError("https://hss.example/v5: connection broken")
QUERY = PortStatisticsQuery(category="host")


@dataclass
class FakeAuth:
    """Numbered tokens; `renewals` says how often a refused one can be renewed."""

    renewals: int = 0
    number: int = 1
    extra: Mapping[str, str] = field(default_factory=dict)
    identity: str = "me"

    def headers(self, request: Request) -> Mapping[str, str]:
        return {"X-Auth-Token": f"token-{self.number}", **self.extra}

    def refused(self) -> bool:
        self.number += 1
        return self.number <= self.renewals + 1


class Bench:
    """A client on a fake transport, and what a call did."""

    def __init__(self, answers, *, auth: FakeAuth | None = None, left: float = 1000.0) -> None:
        self.clock = MovingClock()
        self.transport = FakeTransport(answers)
        pacer = Pacer(self.clock)
        self.client = HssClient(
            "https://hss.example/", auth or FakeAuth(), self.transport, pacer, self.clock, Random(1)
        )
        self.spending = Spending(Deadline.after(left, self.clock))

    def ask(self):
        return self.client.port_page(TARGET, QUERY, self.spending)

    @property
    def tokens(self) -> list[str]:
        return [request.headers["X-Auth-Token"] for request in self.transport.requests]


def test_the_address_has_the_project_quoted_and_the_query_encoded():
    bench = Bench([GOOD])
    assert bench.ask().rows == (Row(23, "tcp", 4, None),)
    request = bench.transport.requests[0]
    assert request.method == "GET"
    assert request.url == "https://hss.example/v5/p%201%2F2/asset/port/statistics?category=host&limit=200&offset=0"
    assert bench.spending.calls == 1


def test_counters_come_from_their_own_address():
    bench = Bench([json_response({"port_num": 3})])
    got = bench.client.asset_counters(TARGET, AssetStatisticsQuery(category="host"), bench.spending)
    assert got.counters == {"port_num": 3}
    assert bench.transport.requests[0].url.startswith("https://hss.example/v5/p%201%2F2/asset/statistics?category=host")


@pytest.mark.parametrize(
    "trouble", [BROKEN, json_response({}, 500), Response(502, {}, b"<html>"), json_response({}, 503)]
)
def test_broken_connections_and_5xx_are_tried_again_and_counted(trouble):
    bench = Bench([trouble, trouble, GOOD])
    assert bench.ask().total_num == 1
    assert bench.spending.calls == 3
    assert len(bench.clock.slept) == 2


def test_an_answer_whose_headers_were_cut_off_is_a_broken_connection():
    bench = Bench([Response(200, {"server": "x"}, b""), GOOD])
    assert bench.ask().total_num == 1


def test_an_answer_that_says_it_is_empty_is_an_answer():
    bench = Bench([Response(200, {"content-length": "0"}, b"")])
    with pytest.raises(AnswerError, match="an empty body"):
        bench.ask()


def test_a_connection_that_can_only_fail_again_is_not_tried_again():
    bench = Bench([TransportError("https://hss.example/v5: TLS failed", final=True)])
    with pytest.raises(TransportError):
        bench.ask()
    assert bench.spending.calls == 1


@pytest.mark.parametrize("status", [301, 400, 403, 404])
def test_a_no_is_not_asked_again(status):
    bench = Bench([json_response({"error_code": "X"}, status)])
    with pytest.raises(Exception, match=f"HTTP {status} X"):
        bench.ask()
    assert bench.spending.calls == 1


@pytest.mark.parametrize("status", [301, 400, 401, 403])
def test_a_no_without_a_body_is_not_asked_again(status):
    bench = Bench([Response(status)])
    with pytest.raises(ApiError):
        bench.ask()
    assert bench.spending.calls == 1


@pytest.mark.parametrize("status", [400, 500])
def test_a_permission_refused_with_another_status_is_not_asked_again(status):
    bench = Bench([json_response({"error_code": "00000010", "error_description": "拒绝访问"}, status)])
    with pytest.raises(DeniedError):
        bench.ask()
    assert bench.spending.calls == 1


def test_a_401_is_final_where_the_credentials_cannot_be_renewed():
    bench = Bench([UNAUTHORIZED])
    with pytest.raises(DeniedError):
        bench.ask()
    assert bench.spending.calls == 1


def test_a_401_is_tried_once_more_with_renewed_credentials():
    bench = Bench([UNAUTHORIZED, GOOD], auth=FakeAuth(renewals=5))
    assert bench.ask().total_num == 1
    assert bench.tokens == ["token-1", "token-2"]


def test_a_second_401_is_final():
    bench = Bench([UNAUTHORIZED, UNAUTHORIZED], auth=FakeAuth(renewals=5))
    with pytest.raises(DeniedError):
        bench.ask()
    assert bench.spending.calls == 2


def test_a_throttled_call_waits_a_full_minute():
    bench = Bench([LIMITED, GOOD])
    assert bench.ask().total_num == 1
    assert bench.clock.slept == [60.0]


def test_retry_after_rules_over_the_full_minute():
    bench = Bench([json_response({"error_code": "APIGW.0308"}, 429, **{"retry-after": "7"}), GOOD])
    bench.ask()
    assert bench.clock.slept == [7.0]


def test_a_429_without_a_code_waits_the_usual_time():
    bench = Bench([json_response({}, 429), GOOD])
    bench.ask()
    assert bench.clock.slept[0] <= 1.0


def test_a_throttle_that_stays_is_an_error():
    bench = Bench([LIMITED] * 3)
    with pytest.raises(ThrottledError):
        bench.ask()
    assert bench.clock.slept == [60.0, 60.0]


def test_a_minute_that_does_not_fit_is_not_waited():
    bench = Bench([LIMITED], left=59)
    with pytest.raises(TimeLimitError, match="1 minute"):
        bench.ask()
    assert bench.clock.slept == []


def test_retries_take_turns_like_any_call():
    bench = Bench([GOOD] * 4 + [BROKEN, GOOD])
    for _ in range(5):
        bench.ask()
    assert sum(bench.clock.slept) == pytest.approx(61)


def test_waits_are_told():
    bench, told = Bench([LIMITED, GOOD]), []
    bench.spending.on_wait = told.append
    bench.ask()
    assert told == [60.0]


def test_no_call_may_take_longer_than_the_time_left():
    bench = Bench([GOOD], left=12)
    bench.ask()
    assert bench.transport.timeouts == [12]
    bench.clock.tick(12)
    with pytest.raises(TimeLimitError, match="no time is left"):
        bench.ask()


@pytest.mark.parametrize("token", ["", "t" * 32769, "a\nb"])
def test_a_token_that_cannot_be_sent_is_an_error_of_ours(token):
    bench = Bench([], auth=FakeAuth(extra={"X-Auth-Token": token}))
    with pytest.raises(SettingsError) as caught:
        bench.ask()
    assert not token or token not in str(caught.value)
    assert bench.spending.calls == 0


def test_errors_name_the_endpoint_and_neither_query_nor_token():
    bench = Bench([Response(200, {}, b"[]")])
    with pytest.raises(Exception, match=r"https://hss\.example/v5/p%201%2F2/asset/port/statistics: ") as caught:
        bench.ask()
    assert "category" not in str(caught.value)
    assert "token-1" not in str(caught.value) + repr(bench.transport.requests)


def test_a_real_exchange_over_http(httpserver):
    httpserver.expect_request(
        "/v5/p/asset/port/statistics",
        query_string="category=host&limit=200&offset=0",
        headers={"X-Auth-Token": "token-1"},
    ).respond_with_json({"total_num": 0, "data_list": []})
    transport, clock = HttpTransport(), MovingClock()
    client = HssClient(httpserver.url_for(""), FakeAuth(), transport, Pacer(clock), clock, Random(1))
    page = client.port_page(Target(project_id="p"), QUERY, Spending(Deadline.after(2, clock)))
    transport.close()
    assert page.total_num == 0


@pytest.mark.parametrize(("token", "told"), [("t", True), ("a-token-of-some-length", False)])
def test_a_refusal_that_repeats_the_token_does_not_make_us_tell_it(token, told):
    body = {"error_code": "APIGW.0301", "error_msg": f"not a token: {token}"}
    answers = [json_response(body, 403)]
    client = HssClient(
        "https://h", TokenAuth(Secret(token)), FakeTransport(answers), Pacer(MovingClock(), 5), MovingClock(), Random(1)
    )
    response = client.get("p", AssetStatisticsQuery(category="host"), Spending(Deadline.after(60, MovingClock())))
    assert (f": {token}" in Redactor([token]).text(str(refusal(response, "here")))) is told


def test_an_answer_is_data_and_stays_as_it_is():
    token = "total_num-is-no-token"
    sent = json_response({"total_num": 0, "data_list": [], "note": token})
    client = HssClient(
        "https://h", TokenAuth(Secret(token)), FakeTransport([sent]), Pacer(MovingClock(), 5), MovingClock(), Random(1)
    )
    response = client.get("p", AssetStatisticsQuery(category="host"), Spending(Deadline.after(60, MovingClock())))
    assert response.body == sent.body


@pytest.mark.parametrize(("sent", "waits"), [(False, 0), (True, 1)])
def test_a_call_that_never_arrived_costs_no_pace(sent, waits):
    """Five refused connections and then a good one: nothing waits for the minute of a call that nobody counted."""
    clock = MovingClock()
    refused = TransportError("connection refused", sent=sent, final=True)
    transport = FakeTransport([*[refused] * 5, Response(200, {}, b"{}")])
    auth = TokenAuth(Secret("t" * 40))
    client = HssClient("https://h", auth, transport, Pacer(clock), clock, Random(1))
    query, waited = AssetStatisticsQuery(category="host"), []
    spending = Spending(Deadline.after(600, clock), on_wait=waited.append)
    for _ in range(5):
        with pytest.raises(TransportError):
            client.get("p", query, spending)
    assert client.get("p", query, spending).status == 200
    assert len([wait for wait in waited if wait > 50]) == waits


def test_each_call_is_a_line_at_debug_with_api_page_rows_and_seconds():
    with log_records("DEBUG") as records:
        Bench([GOOD]).ask()
    (line,) = [record.getMessage() for record in records]
    assert line == "port_statistics, host, all ports from 0: 1 rows of 1 in 0.0 s"
