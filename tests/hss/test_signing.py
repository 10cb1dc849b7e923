"""SDK-HMAC-SHA256 against the vendor's published example and recorded signatures of its own SDK."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.hss.signing import Authorization, canonical_request, is_signed_with, parse_authorization, sign
from handler.transport.request import Request
from tests.examples import examples

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
HOST = "https://hss.cn-north-4.myhuaweicloud.com"
LISTING = (
    "/v5/0123456789abcdef0123456789abcdef/asset/port/statistics"
    "?limit=200&offset=0&category=host&enterprise_project_id=all_granted_eps"
)
TEMPORARY = {"X-Project-Id": "p", "X-Security-Token": "tok/+=", "Content-Type": "application/json"}
JSON = {"Content-Type": "application/json;charset=UTF-8"}

VECTORS = {
    "a": (Request("GET", HOST + LISTING), "46866aaaa6b19e755d6def5a17fa79c59bb7bc702a425b2128e80c7b40629c48"),
    "b": (
        Request("GET", HOST + "/v5/p/asset/statistics?category=container", TEMPORARY),
        "87942389fb3f2fcb3bc134cd5a54b78996540e58c39312fcedaad182a93f2043",
    ),
    "c": (
        Request("GET", HOST + "/v5/a b/ü~*(x)?b=x%20y%2Bz%2F%C3%A4~&a=&a_b=%C3%A9"),
        "d25b3ab6932bafafefa5edd68e014616c36207b2cf8c2ec07e10727e16ff29b9",
    ),
    "d": (
        Request("POST", HOST + "/v3/x", JSON, b'{"a":1}'),
        "9bca63f6c991826f43252c908eaf47faf20c8d0fc2d6fea92f95f6734d756b63",
    ),
    "e": (
        Request("GET", HOST + "/x", {"X_Foo": "bar"}),
        "b732b782b644331ac0574a8e2dd1087100146dff3988f124d9867fd22855269e",
    ),
}
REQUEST = VECTORS["b"][0]


def signed(request: Request = REQUEST, key: str = "AK", secret: str = "SK", moment: datetime = MOMENT) -> Request:
    return request._replace(headers={**request.headers, **sign(request, key, secret, moment)})


def with_header(request: Request, **headers: str) -> Request:
    return request._replace(headers={**request.headers, **{k.replace("_", "-"): v for k, v in headers.items()}})


@pytest.mark.parametrize(("path", "signed_path"), [("/x/y", "/x/y/"), ("/x/y/", "/x/y/"), ("", "/"), ("/", "/")])
def test_the_signed_path_ends_in_exactly_one_slash(path, signed_path):
    text = canonical_request(Request("GET", f"{HOST}{path}?a=b"), {}, ())
    assert text.split("\n")[:3] == ["GET", signed_path, "a=b"]


@pytest.mark.parametrize("name", VECTORS)
def test_signatures_of_the_vendors_sdk_are_reproduced(name):
    request, signature = VECTORS[name]
    headers = sign(request, "AKIDEXAMPLE", "SKEXAMPLEKEY", MOMENT)
    assert headers["Authorization"].endswith(f"Signature={signature}")


def test_the_published_example_is_reproduced():
    url = (
        "https://service.region.example.com/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs"
        "?limit=2&marker=13551d6b-755d-4757-b956-536f674975c0"
    )
    moment = datetime(2019, 11, 15, 3, 36, 55, tzinfo=timezone.utc)
    request = Request("GET", url, {"Content-Type": "application/json"})
    assert sign(request, "QTWAOYTTINDUT2QVKYUC", "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc", moment) == {
        "X-Sdk-Date": "20191115T033655Z",
        "Host": "service.region.example.com",
        "Authorization": "SDK-HMAC-SHA256 Access=QTWAOYTTINDUT2QVKYUC, SignedHeaders=content-type;host;x-sdk-date, "
        "Signature=7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe",
    }


def test_a_moment_of_another_zone_is_sent_in_utc():
    berlin = MOMENT.astimezone(timezone(timedelta(hours=1)))
    assert sign(REQUEST, "AK", "SK", berlin) == sign(REQUEST, "AK", "SK", MOMENT)


def test_a_body_that_is_not_json_goes_unsigned():
    request = Request("POST", HOST + "/x", {"Content-Type": "text/plain"}, b"one")
    assert sign(request, "AK", "SK", MOMENT)["X-Sdk-Content-Sha256"] == "UNSIGNED-PAYLOAD"
    assert sign(request, "AK", "SK", MOMENT) == sign(request._replace(body=b"two"), "AK", "SK", MOMENT)


def test_a_signed_request_is_verified():
    assert is_signed_with(signed(), "SK", MOMENT)


@pytest.mark.parametrize("minutes", [-15, 15])
def test_a_clock_fifteen_minutes_off_is_tolerated_and_no_more(minutes):
    edge = MOMENT + timedelta(minutes=minutes)
    assert is_signed_with(signed(), "SK", edge)
    assert not is_signed_with(signed(), "SK", edge + timedelta(seconds=1 if minutes > 0 else -1))


@pytest.mark.parametrize(
    "forged",
    [
        signed()._replace(method="POST"),
        signed()._replace(url=REQUEST.url.replace("container", "host")),
        signed()._replace(body=b"{}"),
        with_header(signed(), X_Project_Id="q"),
        with_header(signed(), X_Sdk_Date="20260102T030406Z"),
        with_header(signed(), X_Sdk_Date="yesterday"),
        with_header(signed(), Authorization="SDK-HMAC-SHA256 Access=AK, SignedHeaders=host, Signature=00"),
        with_header(signed(), Authorization="Bearer x"),
        signed()._replace(headers={}),
        signed(secret="another"),
    ],
    ids=["method", "query", "body", "header", "date", "unreadable-date", "few-names", "scheme", "none", "key"],
)
def test_whatever_is_changed_breaks_the_signature(forged):
    assert not is_signed_with(forged, "SK", MOMENT)


def test_a_header_that_was_signed_and_is_gone_breaks_the_signature():
    request = signed()
    headers = {name: value for name, value in request.headers.items() if name != "X-Project-Id"}
    assert not is_signed_with(request._replace(headers=headers), "SK", MOMENT)


@pytest.mark.parametrize("value", ["", "SDK-HMAC-SHA256", "SDK-HMAC-SHA256 Access=, SignedHeaders=a, Signature=0"])
def test_a_malformed_header_is_none(value):
    assert parse_authorization(value) is None


def test_a_header_is_taken_apart():
    value = "SDK-HMAC-SHA256 Access=AK, SignedHeaders=host;x-sdk-date, Signature=0a"
    assert parse_authorization(value) == Authorization("AK", ("host", "x-sdk-date"), "0a")


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_the_query_does_not_matter(pairs, chance):
    def usable(text: str) -> bool:
        return not any("\ud800" <= each <= "\udfff" for each in text)

    pairs = [pair for pair in pairs if all(map(usable, pair))]
    other = list(pairs)
    chance.shuffle(other)
    first, second = (Request("GET", f"{HOST}/x?{urlencode(each)}") for each in (pairs, other))
    assert sign(first, "AK", "SK", MOMENT) == sign(second, "AK", "SK", MOMENT)
