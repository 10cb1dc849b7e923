from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.errors import ApiError, DeniedError, ThrottledError
from handler.hss.refusals import LARGEST_REFUSAL, error_body, harmless, is_throttle, refusal
from handler.transport.request import Response
from tests.fakes import json_response

AT = "https://hss.example/v5/p/asset/statistics"

HSS = {"error_code": "HSS.1005", "error_description": "策略不合法", "error_msg": "invalid policy"}
BARE = {"error_code": "00000010", "error_description": "拒绝访问"}
GATEWAY = {
    "error_msg": "Incorrect IAM authentication information: Unauthorized",
    "error_code": "APIGW.0301",
    "request_id": "r-1",
}
IAM = {"error": {"code": 401, "message": "The request you have made requires authentication.", "title": "Unauthorized"}}


def told(body, status=400, **headers):
    return refusal(json_response(body, status, **headers), AT)


@pytest.mark.parametrize(
    ("body", "status", "kind", "code", "text"),
    [
        (HSS, 400, ApiError, "HSS.1005", "invalid policy"),
        (BARE, 400, DeniedError, "00000010", "拒绝访问"),
        (GATEWAY, 401, DeniedError, "APIGW.0301", "Incorrect IAM"),
        (IAM, 401, DeniedError, "401", "requires authentication"),
    ],
)
def test_the_four_documented_shapes_are_read(body, status, kind, code, text):
    error = told(body, status)
    assert type(error) is kind
    assert (error.status, error.code) == (status, code)
    assert str(error).startswith(f"{AT}: HTTP {status} {code} ")
    assert text in str(error)


def test_the_request_id_comes_from_the_body_else_from_the_header():
    assert told(GATEWAY, 401, **{"x-request-id": "r-2"}).request_id == "r-1"
    error = told(HSS, **{"x-request-id": "r-2"})
    assert error.request_id == "r-2"
    assert str(error).endswith("(request id r-2)")


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "HSS.0010", DeniedError),
        (400, "HSS.0013", DeniedError),
        (500, "00000010", DeniedError),
        (401, "", DeniedError),
        (403, "APIG.0302", DeniedError),
        (429, "", ThrottledError),
        (429, "APIG.0308", ThrottledError),
        (400, "APIGW.0308", ThrottledError),
        (400, "HSS.0001", ApiError),
        (404, "APIGW.0101", ApiError),
        (500, "HSS.0041", ApiError),
        (302, "", ApiError),
    ],
)
def test_the_kind_follows_code_and_status(status, code, kind):
    response = json_response({"error_code": code, "error_msg": "x"}, status)
    assert type(refusal(response, AT)) is kind
    assert is_throttle(response) is (kind is ThrottledError)


@pytest.mark.parametrize(
    ("status", "code", "text", "hint"),
    [
        (401, "APIGW.0301", "AK access failed to reach the limit,forbidden", "five minutes"),
        (401, "APIG.0301", "Incorrect IAM authentication information: x-sdk-date expired", "clock"),
        (401, "APIG.0301", "Incorrect IAM authentication information: token expires", "HSS_AUTH_TOKEN"),
        (
            401,
            "APIG.0301",
            "Incorrect IAM authentication information: verify aksk signature fail",
            "HUAWEICLOUD_SDK_SK",
        ),
        (401, "APIG.0301", "The token project is not the requested project", "HSS_PROJECT_ID"),
        (401, "APIGW.0307", "The token must be updated.", "HSS_AUTH_TOKEN"),
        (401, "", "no", "not accepted"),
        (403, "", "no", "HSS ReadOnlyAccess"),
        (400, "HSS.0013", "no permission", "HSS_ENTERPRISE_PROJECT_ID"),
        (429, "APIGW.0308", "policy ip over ratelimit,limit:5,time:1 minute", "Five calls"),
        (404, "", "", "HSS_ENDPOINT"),
        (302, "", "", "redirect"),
        (503, "", "", "service itself failed"),
    ],
)
def test_each_kind_of_refusal_has_its_own_advice(status, code, text, hint):
    assert hint in told({"error_code": code, "error_msg": text}, status).hint


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[1]", b"null", b'{"error": "x"}', b'{"error_code": {"a": 1}}', b"\xff\xfe"]
)
def test_a_body_in_no_known_shape_still_gives_status_and_kind(body):
    error = refusal(Response(403, {}, body), AT)
    assert isinstance(error, DeniedError)
    assert str(error) == f"{AT}: HTTP 403"


def test_a_vendors_text_is_one_harmless_line_and_cut():
    text = "a\x1b[31m\nb\u202e" + "c" * 500
    assert harmless(text).startswith("a [31m b ccc")
    assert len(harmless(text)) == 200


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=300), st.integers(300, 599))
def test_no_text_of_a_vendor_breaks_a_line(code, text, request_id, status):
    body = json.dumps({"error_code": code, "error_msg": text, "request_id": request_id}).encode()
    error = refusal(Response(status, {}, body), AT)
    assert str(error).isprintable()
    assert len(str(error)) < 500


def test_a_refusal_of_megabytes_is_not_read():
    body = b'{"error_code": "APIG.0308", "error_msg": "\\u0041"' + b" " * LARGEST_REFUSAL + b"}"
    assert error_body(Response(500, {}, body)).code == ""
    assert error_body(Response(500, {}, body.replace(b" " * 60, b""))).code == "APIG.0308"
