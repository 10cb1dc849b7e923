"""Answers that say no, in the four shapes of body that the cloud uses.

Sources: OTC API Gateway user guide, "Error Codes" (2026-04-22); recorded traffic of Huawei's gateway; HSS's page of
error codes; IAM API reference (2026-01-26).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from handler.transport.request import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handler.simulator.options import Options

NOT_PUBLISHED = ("0101", 404, "The API does not exist or has not been published in the environment")
NO_TOKEN = ("0301", 401, "Incorrect IAM authentication information: x-auth-token not found")
BAD_TOKEN = ("0301", 401, "Incorrect IAM authentication information: Unauthorized")
BAD_SIGNATURE = ("0301", 401, "Incorrect IAM authentication information: verify aksk signature fail")
LOCKED_KEY = (
    "0301",
    401,
    "Incorrect IAM authentication information: AK access failed to reach the limit,forbidden",
)
THROTTLED = (
    "0308",
    429,
    "The throttling threshold has been reached: policy user over ratelimit,limit:{},time:1 minute",
)


def json_answer(
    status: int, document: object, request_id: str, headers: Mapping[str, str] | None = None, end: str = ""
) -> Response:
    """A JSON answer as the gateway passes it on. `document` is encoded as Python does, NaN included."""
    body = (json.dumps(document, ensure_ascii=False) + end).encode()
    known = {"content-type": "application/json;charset=UTF-8", "x-request-id": request_id, "server": "api-gateway"}
    return Response(status, {**known, **(headers or {})}, body)


def gateway(
    options: Options,
    case: tuple[str, int, str],
    request_id: str,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The gateway's shape; `case` is one of this module's constants. The body ends in a line feed."""
    number, status, message = case
    code = f"{options.gateway_prefix}.{number}"
    return json_answer(
        status, {"error_msg": message, "error_code": code, "request_id": request_id}, request_id, headers, "\n"
    )


def hss(code: str, message: str, request_id: str, status: int = 400) -> Response:
    """The service's own shape; even a missing permission comes as 400."""
    document = {"error_code": code, "error_description": message, "error_msg": message}
    return json_answer(status, document, request_id)


def iam(status: int, title: str, message: str, request_id: str) -> Response:
    """IAM's shape."""
    return json_answer(status, {"error": {"code": status, "message": message, "title": title}}, request_id)


def of_shape(options: Options, wanted: Mapping[str, Any], request_id: str) -> Response:
    """Any refusal: `status`, and if given `shape` (gateway, hss, bare, iam, text), `code`, `message`, `retry_after`."""
    status, message = int(wanted["status"]), str(wanted.get("message", "simulated fault"))
    code = str(wanted.get("code", ""))
    shapes: dict[str, Response] = {
        "gateway": json_answer(
            status,
            {
                "error_msg": message,
                "error_code": code or f"{options.gateway_prefix}.{_gateway_number(status)}",
                "request_id": request_id,
            },
            request_id,
            end="\n",
        ),
        "hss": hss(code or "HSS.0013", message, request_id, status),
        "bare": json_answer(status, {"error_code": code or "00000010", "error_description": "拒绝访问"}, request_id),
        "iam": iam(status, "Unauthorized", message, request_id),
        "text": Response(status, {"content-type": "text/html"}, f"<html>{message}</html>".encode()),
    }
    chosen = shapes[str(wanted.get("shape", "gateway"))]
    extra = {"retry-after": str(wanted["retry_after"])} if "retry_after" in wanted else {}
    return Response(chosen.status, {**chosen.headers, **extra}, chosen.body)


def _gateway_number(status: int) -> str:
    return {401: "0301", 403: "0302", 404: "0101", 429: "0308", 500: "0601", 502: "0610", 503: "0613"}.get(
        status, "0201"
    )
