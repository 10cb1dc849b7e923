"""An answer that says no, as a typed error with the vendor's code, the request id and advice. Pure.

The four shapes of an error body (gateway, HSS with and without `error_msg`, IAM) and the codes are those of the error
code pages of HSS, API Gateway and IAM; HSS answers a missing permission with HTTP 400.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from handler.errors import ApiError, DeniedError, ThrottledError
from handler.foreign_text import one_line
from handler.hss.strict import json_object
from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handler.transport.request import Response

LARGEST_REFUSAL = 64 * 1024  # bytes; theirs have a few hundred, and a page of rows is none
_LONGEST_TEXT = 200  # characters of a vendor's text
_GATEWAY = re.compile(r"APIGW?\.")
_DENIED = {"HSS.0010", "HSS.0013", "00000010", "APIG.0301", "APIG.0302", "APIG.0303", "APIG.0307", "APIG.0802"}
_THROTTLED = "APIG.0308"

_READ_PERMISSION = (
    "The credentials are good but may not read HSS here: grant HSS ReadOnlyAccess (or hss:ports:list), and if they "
    "were granted one enterprise project only, name it in HSS_ENTERPRISE_PROJECT_ID."
)
_NOT_ACCEPTED = (
    "The credentials were not accepted: check that they are right, and made for this cloud, region and project."
)
_RENEW = "The token is no longer valid: set a new HSS_AUTH_TOKEN, or credentials that can fetch one."
_ENDPOINT = "This endpoint does not publish the API: check HSS_ENDPOINT, HSS_REGION and HSS_CLOUD."
_SERVICE = "The service itself failed; run again later, and quote the request id to its support if it stays so."
HINTS = {
    "HSS.0001": "A parameter was refused: check HSS_PROJECT_ID and HSS_ENTERPRISE_PROJECT_ID.",
    "HSS.0010": _READ_PERMISSION,
    "HSS.0011": "Not found: check that HSS_PROJECT_ID belongs to the endpoint's region.",
    "HSS.0013": _READ_PERMISSION,
    "00000010": _READ_PERMISSION,
    "HSS.0041": _SERVICE,
    "APIG.0101": _ENDPOINT,
    "APIG.0201": "The gateway could not take the request or reach the service: check the endpoint, then run again.",
    "APIG.0302": "The gateway does not let this user call the API: check the account, its region and its agency.",
    "APIG.0307": _RENEW,
    "APIG.0308": "Five calls of one API are allowed a minute, per user and source address: lower HSS_CALLS_PER_MINUTE, "
    "or run what shares these credentials at another time.",
    "APIG.0802": "The source address or user is on the gateway's deny list.",
}
# what the gateway says under one and the same code; the first that matches
_WORDS: tuple[tuple[str, str], ...] = (
    ("reach the limit", "The access key is locked for five minutes after too many failures: wait, then correct it."),
    ("x-sdk-date", "The clock is wrong: a signature may be at most 15 minutes old. Correct the machine's time."),
    ("clock", "The clock is wrong: a signature may be at most 15 minutes old. Correct the machine's time."),
    ("signature expired", "The clock is wrong: a signature may be at most 15 minutes old. Correct the machine's time."),
    (
        "project",
        "The credentials belong to another project: check HSS_PROJECT_ID, and that the token is project-scoped.",
    ),
    ("token", _RENEW),
    ("signature", "The secret key does not fit the access key: check HUAWEICLOUD_SDK_SK."),
    ("aksk", "The access key is not known or its secret is wrong: check HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK."),
)


class ErrorBody(NamedTuple):
    """What an error body says; any part may be empty."""

    code: str
    text: str
    request_id: str


def refusal(response: Response, endpoint: str) -> ApiError:
    """The error that an answer is; `endpoint` names it, without a query."""
    said = error_body(response)
    code = _GATEWAY.sub("APIG.", said.code)
    kind = _kind(response.status, code)
    parts = (f"{endpoint}: HTTP {response.status}", said.code, said.text)
    message = " ".join(part for part in parts if part)
    if said.request_id:
        message += f" (request id {said.request_id})"
    return kind(
        message,
        status=response.status,
        code=said.code,
        request_id=said.request_id,
        hint=_hint(response.status, code, said.text),
    )


def is_throttle(response: Response) -> bool:
    """Whether the gateway's rate limit was hit: its status, or its code."""
    if response.status == 429:
        return True
    if b"0308" not in response.body and b"\\u" not in response.body:
        return False  # a page of rows need not be read for it
    return _GATEWAY.sub("APIG.", error_body(response).code) == _THROTTLED


def error_body(response: Response) -> ErrorBody:
    """Code, text and request id of an error body in any of the four shapes, harmless and cut."""
    body = (json_object(response.body) if len(response.body) <= LARGEST_REFUSAL else None) or {}
    inner = body.get("error")
    iam: Mapping[str, Any] = inner if isinstance(inner, dict) else {}
    code = _first(body, "error_code", "code") or _first(iam, "code")
    text = _first(body, "error_msg", "error_description", "message") or _first(iam, "message", "title")
    request_id = _first(body, "request_id") or response.headers.get("x-request-id", "")
    return ErrorBody(harmless(code, 40), harmless(text), harmless(request_id, 80))


def harmless(text: str, longest: int = _LONGEST_TEXT) -> str:
    """A vendor's text on one line of at most `longest` characters, a blank for each that cannot be seen."""
    return one_line(text, longest, unseen=" ")


def _first(body: Mapping[str, Any], *names: str) -> str:
    for name in names:
        value = body.get(name)
        if isinstance(value, (str, int)) and not isinstance(value, bool) and value != "":
            return str(value)
    return ""


def _kind(status: int, code: str) -> type[ApiError]:
    if status == 429 or code == _THROTTLED:
        return ThrottledError
    return DeniedError if status in (401, 403) or code in _DENIED else ApiError


def _hint(status: int, code: str, text: str) -> str | None:
    """Advice for a code, else for the words, else for the status; None leaves the error's own."""
    if code in HINTS:
        return HINTS[code]
    if status in (401, 403) or code in _DENIED:
        lower = text.lower()
        return next(
            (hint for word, hint in _WORDS if word in lower), _READ_PERMISSION if status != 401 else _NOT_ACCEPTED
        )
    if 300 <= status < 400:
        return (
            "The endpoint answers with a redirect, which is not followed: check HSS_ENDPOINT, or a proxy's login page."
        )
    if status == 404:
        return _ENDPOINT
    return _SERVICE if status >= 500 else None
