"""The password token: what is asked of IAM, what is kept, when it is renewed, and how a refusal is told."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.errors import AnswerError, ApiError, DeniedError, ThrottledError, TransportError, UnknownError
from handler.hss.iam import Login, PasswordAuth, TokenCache, login_request, read_token
from handler.models import Secret
from handler.simulator.fleet import Fleet, Line
from handler.simulator.options import PROJECT, Options
from handler.simulator.simulator import Simulator
from handler.transport.request import Request, Response
from tests.examples import examples
from tests.fakes import NOON, FakeClock, FakeTransport, json_response

OPTIONS = Options()
LOGIN = Login("http://127.0.0.1", "reader", Secret(OPTIONS.password), OPTIONS.domain, project_id=PROJECT)
REQUEST = Request("GET", f"http://127.0.0.1/v5/{PROJECT}/asset/statistics?category=host")


def answer(text: str = "t" * 32, ends: object = "2026-11-23T12:00:00.000000Z", status: int = 201) -> Response:
    return json_response({"token": {"expires_at": ends}}, status, **{"x-subject-token": text})


def auth(*answers, clock=None, cache=None, login=LOGIN) -> tuple[PasswordAuth, FakeTransport]:
    transport = FakeTransport(answers)
    return PasswordAuth(login, transport, clock or FakeClock(), cache), transport


def test_the_request_names_user_domain_and_project_without_catalogue():
    request = login_request(LOGIN)
    assert (request.method, request.url) == ("POST", "http://127.0.0.1/v3/auth/tokens?nocatalog=true")
    assert json.loads(request.body)["auth"] == {
        "identity": {
            "methods": ["password"],
            "password": {"user": {"name": "reader", "password": OPTIONS.password, "domain": {"name": OPTIONS.domain}}},
        },
        "scope": {"project": {"id": PROJECT}},
    }


def test_a_project_without_id_is_named_within_the_domain():
    body = json.loads(login_request(LOGIN._replace(project_id="", project_name="eu-de")).body)
    assert body["auth"]["scope"] == {"project": {"name": "eu-de", "domain": {"name": OPTIONS.domain}}}


@pytest.mark.parametrize("url", ["https://iam", "https://iam/", "https://iam/v3", "https://iam/v3/"])
def test_the_address_may_end_in_v3_or_not(url):
    assert login_request(LOGIN._replace(auth_url=url)).url == "https://iam/v3/auth/tokens?nocatalog=true"


def test_one_login_serves_all_requests_until_five_minutes_before_the_end():
    clock = FakeClock()
    who, transport = auth(answer("a"), answer("b"), clock=clock)
    assert [who.headers(REQUEST)["X-Auth-Token"] for _ in range(3)] == ["a"] * 3
    clock.tick(timedelta(hours=24, minutes=-5, seconds=-1).total_seconds())
    assert who.headers(REQUEST)["X-Auth-Token"] == "a"
    clock.tick(1)
    assert who.headers(REQUEST)["X-Auth-Token"] == "b"
    assert len(transport.requests) == 2


def test_a_token_that_ended_at_the_beginning_of_the_calendar_is_used_and_not_kept():
    who, transport = auth(answer("a", "0001-01-01T00:00:00Z"), answer("b", "0001-01-01T00:00:00Z"))
    assert [who.headers(REQUEST)["X-Auth-Token"] for _ in range(2)] == ["a", "b"]
    assert len(transport.requests) == 2


@pytest.mark.parametrize("ends", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_an_end_that_no_utc_clock_can_show_is_no_readable_time(ends):
    with pytest.raises(AnswerError, match="no readable time"):
        auth(answer("a", ends))[0].headers(REQUEST)


def test_warm_invocations_share_a_token_of_the_same_login_only():
    cache = TokenCache()
    auth(answer("a"), cache=cache)[0].headers(REQUEST)
    warm, transport = auth(cache=cache)
    assert (warm.headers(REQUEST)["X-Auth-Token"], transport.requests) == ("a", [])
    other, transport = auth(answer("b"), cache=cache, login=LOGIN._replace(project_id="other"))
    assert (other.headers(REQUEST)["X-Auth-Token"], len(transport.requests)) == ("b", 1)


def test_a_refused_token_is_renewed_once():
    who, transport = auth(answer("a"), answer("b"))
    who.headers(REQUEST)
    assert who.refused() is True
    assert who.headers(REQUEST)["X-Auth-Token"] == "b"
    assert who.refused() is False
    assert who.headers(REQUEST)["X-Auth-Token"] == "b"
    assert len(transport.requests) == 2


def test_a_token_that_another_run_renewed_meanwhile_is_kept():
    cache = TokenCache()
    first, second = auth(answer("a"), answer("b"), cache=cache)[0], auth(cache=cache)[0]
    first.headers(REQUEST)
    second.headers(REQUEST)
    first.refused()
    first.headers(REQUEST)
    assert second.refused() is True
    assert second.headers(REQUEST)["X-Auth-Token"] == "b"


def test_nothing_can_be_renewed_before_anything_was_used():
    assert auth()[0].refused() is False


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_login_is_denied_and_never_tried_again(status):
    body = {"error": {"code": status, "message": "The password SECRET is wrong", "title": "Unauthorized"}}
    who, transport = auth(json_response(body, status, **{"x-request-id": "r-1"}))
    for _ in range(2):
        with pytest.raises(DeniedError) as caught:
            who.headers(REQUEST)
    assert len(transport.requests) == 1
    assert (caught.value.status, caught.value.code, caught.value.request_id) == (status, str(status), "r-1")
    assert "SECRET" not in str(caught.value)
    assert "OS_PASSWORD" in caught.value.hint


@pytest.mark.parametrize(
    ("response", "kind", "code"),
    [
        (json_response({"error_msg": "x", "error_code": "IAM.0101"}, 400), ApiError, "IAM.0101"),
        (json_response({"error_code": "APIGW.0308"}, 429), ThrottledError, "APIGW.0308"),
        (Response(503, {}, b"<html>busy</html>"), ApiError, ""),
        (json_response([1], 500), ApiError, ""),
        (json_response({"error": {"code": "a secret text with spaces"}}, 500), ApiError, ""),
        (json_response({"error": None, "error_code": None}, 404), ApiError, ""),
        (Response(300, {}, b""), ApiError, ""),
        (Response(200, {"x-subject-token": "t"}, b"{}"), ApiError, ""),
    ],
)
def test_each_shape_of_refusal_is_read(response, kind, code):
    with pytest.raises(kind) as caught:
        auth(response)[0].headers(REQUEST)
    assert (caught.value.status, caught.value.code) == (response.status, code)


@pytest.mark.parametrize("length", [1, 32768])
def test_a_token_of_documented_length_is_taken(length):
    assert read_token(answer("t" * length)).text.reveal() == "t" * length


@pytest.mark.parametrize("text", ["", "t" * 32769, "a\r\nX-Evil: 1", "tökén"])
def test_an_unusable_token_is_an_answer_error_that_does_not_show_it(text):
    with pytest.raises(AnswerError, match="no usable token") as caught:
        read_token(answer(text))
    assert "Evil" not in str(caught.value)


@pytest.mark.parametrize("ends", [None, 12, "tomorrow", "", [], {}, "9999-12-31T23:59:59-12:00"])
def test_an_unreadable_end_is_an_answer_error_with_its_path(ends):
    with pytest.raises(AnswerError, match=r"\$\.token\.expires_at"):
        read_token(answer(ends=ends))


@settings(max_examples=examples(60), deadline=None)
@given(st.integers(100, 599), st.binary(max_size=60))
def test_whatever_comes_is_a_token_or_an_error_of_ours(status, body):
    with pytest.raises(UnknownError):
        read_token(Response(status, {"x-subject-token": "t"}, body))


def test_no_answer_passes_through_and_may_be_tried_again():
    who, transport = auth(TransportError("iam: timed out"), answer("a"))
    with pytest.raises(TransportError):
        who.headers(REQUEST)
    assert who.headers(REQUEST)["X-Auth-Token"] == "a"
    assert transport.timeouts == [30.0, 30.0]


def test_nothing_secret_is_shown():
    cache = TokenCache()
    who, _ = auth(answer("TOKSECRET"), cache=cache)
    who.headers(REQUEST)
    assert not any(word in repr(who) + repr(cache) + who.identity for word in ("TOKSECRET", OPTIONS.password))


def test_an_identity_is_the_users_whatever_the_project_and_spelling():
    same = auth(login=LOGIN._replace(project_id="other", auth_url="http://127.0.0.1/v3"))[0]
    assert auth()[0].identity == same.identity
    assert auth()[0].identity != auth(login=LOGIN._replace(username="writer"))[0].identity


def test_a_token_that_the_simulated_iam_revoked_is_renewed():
    clock = FakeClock(NOON)
    fleet = Fleet.of(Line(23, "TCP", 1))
    services = [Simulator(fleet, clock=clock), Simulator(fleet, clock=clock)]  # neither knows the other's tokens

    def service(request, timeout):
        return services[0](request, timeout)

    who = PasswordAuth(LOGIN, service, clock)
    statuses = [service(REQUEST._replace(headers=who.headers(REQUEST)), 5.0).status]
    del services[0]
    statuses.append(service(REQUEST._replace(headers=who.headers(REQUEST)), 5.0).status)
    assert who.refused()
    statuses.append(service(REQUEST._replace(headers=who.headers(REQUEST)), 5.0).status)
    assert statuses == [200, 401, 200]


@pytest.mark.parametrize(
    ("login", "user", "project"),
    [
        ({"domain_id": "d"}, {"id": "d"}, {"id": "d"}),
        ({"domain": "D", "project_domain": "P"}, {"name": "D"}, {"name": "P"}),
        ({"domain": "D", "project_domain_id": "p"}, {"name": "D"}, {"id": "p"}),
        ({"domain": "D", "domain_id": "d", "project_domain": "P", "project_domain_id": "p"}, {"id": "d"}, {"id": "p"}),
    ],
)
def test_domains_of_user_and_project_go_by_id_else_by_name(login, user, project):
    known = {"domain": "", "project_id": "", "project_name": "eu-de"} | login
    body = json.loads(login_request(LOGIN._replace(**known)).body)["auth"]
    assert body["identity"]["password"]["user"]["domain"] == user
    assert body["scope"]["project"]["domain"] == project


def test_the_project_that_only_the_token_knows_is_told():
    known = {"token": {"expires_at": "2026-11-23T12:00:00.000000Z", "project": {"id": "p1"}}}
    who, transport = auth(json_response(known, 201, **{"x-subject-token": "t" * 32}))
    assert [who.project_id(), who.project_id(), len(transport.requests)] == ["p1", "p1", 1]
    assert who.headers(REQUEST) == {"X-Auth-Token": "t" * 32}


@pytest.mark.parametrize("project", [None, {}, [], {"id": 7}, {"id": ""}, {"id": "a/b"}, {"id": "x" * 300}])
def test_a_token_without_a_readable_project_names_the_setting_that_says_it(project):
    known = {"token": {"expires_at": "2026-11-23T12:00:00.000000Z", "project": project}}
    who, _ = auth(json_response(known, 201, **{"x-subject-token": "t" * 32}))
    with pytest.raises(AnswerError, match="set HSS_PROJECT_ID"):
        who.project_id()
    assert who.headers(REQUEST)
