"""Tokens, keys and the agency as headers; who may try again; what is never shown."""

from __future__ import annotations

import pytest

from handler.errors import DeniedError
from handler.hss.auth import AgencyAuth, KeyAuth, TokenAuth
from handler.hss.signing import is_signed_with
from handler.models import Secret
from handler.transport.request import Request
from tests.fakes import MovingClock

REQUEST = Request("GET", "https://hss.eu-de.otc.t-systems.com/v5/p/asset/statistics?category=host", {"Accept": "*/*"})


def keys(security_token: str | None = None, access_key: str = "AKID", project_id: str = "p") -> KeyAuth:
    token = None if security_token is None else Secret(security_token)
    return KeyAuth(access_key, Secret("SKSECRET"), project_id, MovingClock(), token)


def agency(access="AKID", secret="SKSECRET", token="TOKSECRET") -> AgencyAuth:
    return AgencyAuth(lambda: access, lambda: secret, lambda: token, "p", MovingClock())


def test_a_token_is_sent_as_it_is():
    assert TokenAuth(Secret("t")).headers(REQUEST) == {"X-Auth-Token": "t"}


def test_a_key_signs_host_date_project_and_security_token_only():
    headers = keys("TOKSECRET").headers(REQUEST)
    assert set(headers) == {"Authorization", "Host", "X-Sdk-Date", "X-Project-Id", "X-Security-Token"}
    assert "SignedHeaders=host;x-project-id;x-sdk-date;x-security-token," in headers["Authorization"]
    sent = Request(REQUEST.method, REQUEST.url, {**headers, "Accept": "changed/by-a-proxy"})
    assert is_signed_with(sent, "SKSECRET", MovingClock().moment)


def test_a_content_type_is_signed_too():
    request = Request("POST", REQUEST.url, {"content-type": "application/json"}, b"{}")
    assert "SignedHeaders=content-type;host;" in keys().headers(request)["Authorization"]


def test_permanent_keys_send_no_security_token_and_no_empty_project():
    assert set(keys(project_id="").headers(REQUEST)) == {"Authorization", "Host", "X-Sdk-Date"}


def test_the_agency_signs_as_its_temporary_keys_do():
    assert agency().headers(REQUEST) == keys("TOKSECRET").headers(REQUEST)


def test_the_agency_is_asked_anew_for_each_request():
    given = iter(["OLD", "NEW"])
    auth = AgencyAuth(lambda: next(given), lambda: "s", lambda: "t", "p", MovingClock())
    assert [
        "Access=OLD" in auth.headers(REQUEST)["Authorization"],
        "Access=NEW" in auth.headers(REQUEST)["Authorization"],
    ] == [True, True]


@pytest.mark.parametrize("missing", [None, "", "  ", 0])
@pytest.mark.parametrize("part", ["access", "secret", "token"])
def test_a_missing_agency_is_said_with_advice(part, missing):
    with pytest.raises(DeniedError, match="no agency") as caught:
        agency(**{part: missing}).headers(REQUEST)
    assert "agency" in caught.value.hint
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("auth", [TokenAuth(Secret("t")), keys(), agency()])
def test_a_refusal_is_final(auth):
    assert auth.refused() is False


@pytest.mark.parametrize("auth", [TokenAuth(Secret("TOKSECRET")), keys("TOKSECRET"), agency()])
def test_nothing_secret_is_shown(auth):
    for shown in (repr(auth), str(auth), auth.identity):
        assert not any(word in shown for word in ("SKSECRET", "TOKSECRET", "AKID"))


def test_an_identity_tells_users_apart_and_nothing_else():
    assert keys().identity == keys("other", project_id="q").identity
    assert keys().identity != keys(access_key="AKID2").identity
    assert TokenAuth(Secret("a")).identity != TokenAuth(Secret("b")).identity
    assert agency().identity == agency(access="rotated").identity
    assert len(keys().identity) == 16
