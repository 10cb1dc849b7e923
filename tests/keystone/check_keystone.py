"""PasswordAuth against a real Keystone; run by run.sh, which sets KEYSTONE_URL. Not collected by a plain pytest run."""

from __future__ import annotations

import json
import os
from datetime import timedelta

import pytest
import requests

from handler.clock import SystemClock
from handler.errors import DeniedError
from handler.hss.iam import Login, PasswordAuth, TokenCache
from handler.models import Secret
from handler.transport.request import Request, Response

URL = os.environ.get("KEYSTONE_URL", "")
LOGIN = Login(URL, "reader", Secret("pass word/ü"), "Default", project_name="eu-de")
ANY = Request("GET", URL)


class Sender:
    def __init__(self) -> None:
        self.sent: list[Request] = []

    def __call__(self, request: Request, timeout: float) -> Response:
        self.sent.append(request)
        with requests.request(
            request.method, request.url, headers=dict(request.headers), data=request.body, timeout=timeout
        ) as answer:
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return Response(answer.status_code, headers, answer.content)


def who(token: str) -> dict:
    headers = {"X-Auth-Token": token, "X-Subject-Token": token}
    return requests.get(f"{URL}/v3/auth/tokens", headers=headers, timeout=30).json()["token"]


def log_in(login: Login = LOGIN, sender: Sender | None = None) -> PasswordAuth:
    return PasswordAuth(login, sender or Sender(), SystemClock(), TokenCache())


@pytest.mark.parametrize("ending", ["", "/", "/v3", "/v3/"])
def test_a_token_of_the_project_comes_for_each_spelling_of_the_address(ending):
    token = log_in(LOGIN._replace(auth_url=URL + ending)).headers(ANY)["X-Auth-Token"]
    assert (who(token)["project"]["name"], who(token)["user"]["name"]) == ("eu-de", "reader")


def test_the_project_may_be_named_by_its_id():
    project = who(log_in().headers(ANY)["X-Auth-Token"])["project"]["id"]
    token = log_in(LOGIN._replace(project_id=project, project_name="")).headers(ANY)["X-Auth-Token"]
    assert who(token)["project"]["id"] == project


def test_the_answer_has_no_catalogue_and_ends_in_an_hour():
    sender, cache = Sender(), TokenCache()
    PasswordAuth(LOGIN, sender, SystemClock(), cache).headers(ANY)
    answer = sender(sender.sent[0], 30.0)
    assert "catalog" not in json.loads(answer.body)["token"]
    moment = SystemClock().now()
    assert cache.get(LOGIN, moment + timedelta(minutes=54)) is not None
    assert cache.get(LOGIN, moment + timedelta(minutes=56)) is None


def test_one_login_serves_many_requests_and_a_renewal_gives_another_token():
    sender = Sender()
    auth = log_in(sender=sender)
    first = [auth.headers(ANY)["X-Auth-Token"] for _ in range(3)]
    assert (len(set(first)), len(sender.sent)) == (1, 1)
    assert auth.refused()
    second = auth.headers(ANY)["X-Auth-Token"]
    assert len(sender.sent) == 2
    assert who(second)["user"]["name"] == "reader"
    assert not auth.refused()


@pytest.mark.parametrize(
    "wrong",
    [
        LOGIN._replace(password=Secret("wrong")),
        LOGIN._replace(domain="Elsewhere"),
        LOGIN._replace(project_name="elsewhere"),
    ],
    ids=["password", "domain", "project"],
)
def test_a_refusal_is_denied_with_keystones_code_and_not_repeated(wrong):
    sender = Sender()
    auth = log_in(wrong, sender)
    for _ in range(2):
        with pytest.raises(DeniedError) as caught:
            auth.headers(ANY)
        assert (caught.value.status, caught.value.code) == (401, "401")
        assert caught.value.request_id.startswith("req-")
    assert len(sender.sent) == 1
