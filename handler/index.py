"""The door of the function: `handler(event, context)` and `initializer(context)` for FunctionGraph.

Settings come from `context.getUserData(name)`; the folder of the code is found from this file, because the working
directory is another one, and nothing is written beside the code.
"""

from __future__ import annotations

import logging
import os
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handler.errors import DeliveryError, PortComplianceError, UnknownError, UsageError
from handler.function.events import is_gateway, read_event
from handler.logs import LOGGER, set_up
from handler.run.context import AgencyKeys, Surroundings, Warm
from handler.run.targets import Choices, budget_seconds, check_all, prepare
from handler.run.wiring import settings_of
from handler.transport import HttpTransport, load_requests

if TYPE_CHECKING:
    from handler.function.events import Trigger
    from handler.run.result import RunResult

FOLLOWING = (
    "handler.decide.evaluate",
    "handler.run.result",
    "handler.notify.dispatch",
)  # what a run needs after its first request
CODE_ROOT = Path(__file__).resolve().parent.parent


def initializer(context: Any) -> None:
    """Called once per instance, before its first event: make what warm invocations share, and what a request needs."""
    surroundings_of(context)
    load_requests()


def handler(event: object, context: Any) -> dict[str, Any]:
    """Run the check that an event asks for, and give the report as JSON.

    Raises PortComplianceError after telling and saving where the platform must count a failure: a usage error, or an
    inconclusive run or failed delivery of which no sink accepted anything. A gateway call is always answered.
    """
    return answer(event, surroundings_of(context), *time_left(context), request_id=_request_id(context))


def answer(
    event: object, around: Surroundings, left: float | None, limit: float | None, *, request_id: str = ""
) -> dict[str, Any]:
    """As `handler`, with plain arguments: `left` seconds until the platform stops us, of `limit` in all."""
    set_up(_log_level(around), around.lookup("LOG_FORMAT") or "json", request_id=request_id)
    if is_gateway(event):
        from handler.function.gateway import answer_call  # noqa: PLC0415 - only for gateway calls

        return answer_call(event, around, lambda trigger: _run(trigger, around, left, limit))
    trigger = read_event(event)
    if trigger.kind == "obs" and around.lookup("POLICY_PATH") != f"obs://{trigger.bucket}/{trigger.key}":
        LOGGER.info("the changed object is not the policy: nothing to do")
        return {"version": "1", "ignored": "the changed object is not the policy"}
    outcome = _run(trigger, around, left, limit)
    if outcome.error is not None:
        raise outcome.error
    if outcome.exit_code in (3, 4) and not outcome.accepted:
        raise _nobody_knows(outcome)
    return outcome.document()


def surroundings_of(context: Any) -> Surroundings:
    """What the context gives, by its documented methods only."""
    return Surroundings(
        lookup=lambda name: _text(context.getUserData(name)),
        root=CODE_ROOT,
        warm=_warm(),
        in_function=True,
        own_project=_text(context.getProjectID()) or "",
        agency=AgencyKeys(context.getSecurityAccessKey, context.getSecuritySecretKey, context.getSecurityToken),
    )


def time_left(context: Any) -> tuple[float | None, float | None]:
    """Seconds left and the function's timeout, each None where it is no number: some runtimes cannot tell."""
    try:
        milliseconds = context.getRemainingTimeInMilliSeconds()
    except (TypeError, ValueError, AttributeError):
        milliseconds = None
    number = isinstance(milliseconds, (int, float)) and not isinstance(milliseconds, bool)
    timeout = os.environ.get("RUNTIME_TIMEOUT", "")
    return (milliseconds / 1000 if number else None, float(timeout) if timeout.isdigit() and int(timeout) else None)


def _run(trigger: Trigger, around: Surroundings, left: float | None, limit: float | None) -> RunResult:
    """One run; what stops it before its first request is told as inconclusive, and kept in the outcome."""
    try:
        settings = settings_of(around)
        choices = Choices(trigger.policy, trigger.target, trigger.categories, dry_run=trigger.dry_run)
        prepared = prepare(settings, around, choices)
    except UsageError as error:
        from handler.function.failure import tell_failure  # noqa: PLC0415 - only where nothing can be checked
        from handler.run.result import RunResult  # noqa: PLC0415

        LOGGER.error("%s", error.message)
        seconds = budget_seconds_of(left, limit)
        return RunResult(tell_failure(error, around, seconds, dry_run=trigger.dry_run), error=error)
    reports = check_all(prepared, around, budget_seconds(settings, left, limit))
    from handler.run.result import RunResult  # noqa: PLC0415 - imported by now, while HSS answered

    outcome = RunResult(reports, several=bool(settings.targets_config))
    for report in reports:
        LOGGER.log(
            logging.INFO if report.verdict == "compliant" else logging.WARNING,
            "%s: %d findings, %d problems",
            report.verdict,
            len(report.findings),
            len(report.problems),
            extra={"run_id": report.run_id, "target": report.target.name},
        )
    return outcome


def budget_seconds_of(left: float | None, limit: float | None) -> float:
    """The time for telling where the settings cannot be read."""
    return min(part for part in (left, limit, 30.0) if part is not None)


def _nobody_knows(outcome: RunResult) -> PortComplianceError:
    """The failure that the platform is to count."""
    if outcome.exit_code == 4:
        reasons = [f"{one.sink}: {one.reason}" for report in outcome.reports for one in report.deliveries if one.reason]
        return DeliveryError("no sink accepted anything: " + "; ".join(reasons)[:1000])
    problems = [str(problem) for report in outcome.reports for problem in report.problems]
    return UnknownError("inconclusive, and nobody was told: " + "; ".join(problems)[:1000])


@cache
def _warm() -> Warm:
    return Warm(api=HttpTransport(meanwhile=_import_what_follows))


def _import_what_follows() -> None:
    for name in FOLLOWING:
        import_module(name)


def _log_level(around: Surroundings) -> str:
    level = (around.lookup("LOG_LEVEL") or "info").lower()
    return level if level in ("debug", "info", "warning", "error") else "info"


def _request_id(context: Any) -> str:
    return _text(context.getRequestID()) or ""


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
