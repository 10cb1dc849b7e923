"""API Gateway: who may ask, and how a report is answered. A call never ends in an exception."""

from __future__ import annotations

import hmac
import json
from typing import TYPE_CHECKING, Any

from handler.errors import PortComplianceError
from handler.function.events import UnreadableCallError, check_body, read_event
from handler.logs import LOGGER
from handler.run import lazy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from handler.function.events import Trigger
    from handler.models import Secret
    from handler.run.result import RunResult

TEXT_SHORTER = 8  # a report as text is at most so many times shorter than as JSON
LEAST_BYTES = 1000  # with less room nothing is left out any more
HTTP_STATUS = {"compliant": 200, "violations": 207, "inconclusive": 503}


def answer_call(event: Mapping[str, Any], token: Secret | None, run: Callable[[Trigger], RunResult]) -> dict[str, Any]:
    """The answer to a call: 200, 207, 503 by the verdict; 400 unreadable; 401 without the right bearer token."""
    try:
        trigger = read_event(event)
        if token is None or not authorized(trigger.authorization, token.reveal()):
            return _answer(401, {"error": "the Authorization header does not hold the bearer token of APIG_TOKEN"})
        check_body(event)
        outcome = run(trigger)
        return _fitting(outcome, markdown=trigger.wants_markdown)
    except UnreadableCallError as error:
        return _answer(400, {"error": error.message, "hint": error.hint})
    except PortComplianceError as error:
        LOGGER.error("%s", error.message)
        return _answer(503, {"error": error.message, "hint": error.hint})
    except Exception as error:  # noqa: BLE001 - the one broad except: a call is always answered, by the type only
        LOGGER.error("internal error %s", type(error).__name__)
        return _answer(503, {"error": f"internal error {type(error).__name__}"})


def authorized(header: str, token: str) -> bool:
    """Whether a call may run: `gateway` leaves it to the gateway; without a token nobody may."""
    if token == "gateway":  # noqa: S105 - the word that switches the check off, as documented
        return True
    wanted = f"Bearer {token}".encode()
    return bool(token) and hmac.compare_digest(header.encode(errors="surrogatepass"), wanted)


def _fitting(outcome: RunResult, *, markdown: bool) -> dict[str, Any]:
    """The report as an answer below the platform's limit; as text within JSON it is larger than by itself."""
    limit = lazy.RESULT_BYTES * (TEXT_SHORTER if markdown else 1)
    while True:
        answer = _reported(outcome, limit, markdown=markdown)
        size = len(json.dumps(answer).encode())
        if size < lazy.RESULT_BYTES or limit < LEAST_BYTES:
            return answer
        limit = int(limit * min(0.9, lazy.RESULT_BYTES / size))


def _reported(outcome: RunResult, limit: int, *, markdown: bool) -> dict[str, Any]:
    status = HTTP_STATUS[outcome.verdict]
    if not markdown:
        return _answer(status, outcome.document(limit))
    reports = outcome.fitted(limit)
    text = "\n".join(lazy.render_report("markdown", report) for report in reports)
    return _respond(status, "text/markdown; charset=utf-8", text)


def _answer(status: int, body: object) -> dict[str, Any]:
    return _respond(status, "application/json", json.dumps(body))


def _respond(status: int, content_type: str, body: str) -> dict[str, Any]:
    return {
        "statusCode": status,
        "headers": {"Content-Type": content_type, "Cache-Control": "no-store"},
        "body": body,
        "isBase64Encoded": False,
    }
