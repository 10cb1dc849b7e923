"""The door of the function: `handler(event, context)` and `initializer(context)` for FunctionGraph.

Settings come from `context.getUserData(name)`; the folder of the code is found from this file, because the working
directory is another one, and nothing is written beside the code.
"""

from __future__ import annotations

import gc
import logging
import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handler.clock import parse_iso
from handler.errors import DeliveryError, PortComplianceError, UnknownError, UsageError
from handler.function.events import is_gateway, read_event
from handler.function.failure import tell_failure
from handler.function.gateway import answer_call
from handler.logs import LOGGER, set_up
from handler.run import lazy
from handler.run.context import AgencyKeys, Context, FunctionIdentity, Warm
from handler.run.targets import RunRequest, budget_seconds, prepare
from handler.run.walk import check_targets
from handler.run.wiring import Wiring
from handler.transport.http import HttpTransport

if TYPE_CHECKING:
    from collections.abc import Iterable

    from handler.function.events import Trigger
    from handler.models import Report
    from handler.models.delivery import Delivery
    from handler.run.result import RunResult

lazy.load_what_asks()  # while the platform makes an instance; every event but a few asks
CODE_ROOT = Path(__file__).resolve().parent.parent
MANY_OBJECTS = 10_000  # made since the collector looked last; a page has a thousand, none of which refers back
MOST_FOR_FAILURE = 30.0  # seconds for telling that a run could not begin


def initializer(context: Any) -> None:
    """Called once per instance, before its first event: make what warm invocations share, and what a request needs.

    What is there then stays, so the collector of unused objects need not look at it, nor at every page.
    """
    gc.set_threshold(MANY_OBJECTS)
    gc.disable()
    try:
        context_of(context)
        _api().open()
    finally:
        gc.freeze()
        gc.enable()


def handler(event: object, context: Any) -> dict[str, Any]:
    """Run the check that an event asks for, and give the report as JSON. `context` is the platform's.

    Raises PortComplianceError after telling and saving where the platform must count a failure: a usage error, or an
    inconclusive run or failed delivery of which no sink accepted anything. A gateway call is always answered.
    """
    return invoke(event, context_of(context), *time_left(context), request_id=_text(context.getRequestID()) or "")


def invoke(
    event: object, context: Context, left: float | None, limit: float | None, *, request_id: str = ""
) -> dict[str, Any]:
    """As `handler`, with a context of ours: `left` seconds until the platform stops us, of `limit` in all."""
    wiring = Wiring(context)
    settings = wiring.settings
    set_up(settings.log_level, settings.log_format, hide=wiring.redactor.text, request_id=request_id)
    if is_gateway(event):
        return answer_call(event, settings.apig_token, lambda trigger: _run(trigger, wiring, left, limit))
    with wiring.redactor.errors():
        return _invoked(event, wiring, left, limit)


def _invoked(event: object, wiring: Wiring, left: float | None, limit: float | None) -> dict[str, Any]:
    settings = wiring.settings
    trigger = read_event(event)
    if trigger.kind == "obs" and settings.policy_path != f"obs://{trigger.bucket}/{trigger.key}":
        LOGGER.info("the changed object is not the policy: nothing to do")
        return {"version": "1", "ignored": "the changed object is not the policy"}
    if trigger.notify_test:
        return _tested(lazy.check_sinks(wiring, budget_seconds(settings, left, limit)))
    if trigger.fleet:
        from handler.function.fleet import tell_fleet  # noqa: PLC0415 - only a timer of its own asks for it

        return tell_fleet(wiring, budget_seconds(settings, left, limit), dry_run=trigger.dry_run)
    outcome = _run(trigger, wiring, left, limit)
    if outcome.error is not None:
        raise outcome.error
    if outcome.exit_code in (3, 4) and not outcome.accepted:
        raise _nobody_knows(outcome)
    return outcome.document()


def context_of(platform: Any) -> Context:
    """What the platform's context gives, by its documented methods only."""
    agency = AgencyKeys(platform.getSecurityAccessKey, platform.getSecuritySecretKey, platform.getSecurityToken)
    return Context(
        lookup=lambda name: _text(platform.getUserData(name)),
        root=CODE_ROOT,
        warm=_warm(),
        function=FunctionIdentity(_text(platform.getProjectID()) or "", agency),
    )


def time_left(platform: Any) -> tuple[float | None, float | None]:
    """Seconds left and the function's timeout, each None where it is no number: some runtimes cannot tell."""
    try:
        milliseconds = platform.getRemainingTimeInMilliSeconds()
    except (TypeError, ValueError, AttributeError):
        milliseconds = None
    number = isinstance(milliseconds, (int, float)) and not isinstance(milliseconds, bool)
    timeout = os.environ.get("RUNTIME_TIMEOUT", "")
    return (milliseconds / 1000 if number else None, float(timeout) if timeout.isdigit() and int(timeout) else None)


def _run(trigger: Trigger, wiring: Wiring, left: float | None, limit: float | None) -> RunResult:
    """One run; what stops it before its first request is told as inconclusive, and kept in the outcome."""
    always = trigger.kind == "gateway"
    request = RunRequest(trigger.policy, trigger.target, trigger.categories, dry_run=trigger.dry_run, always=always)
    try:
        with wiring.redactor.errors():  # before it is told, too
            prepared = prepare(wiring, request)
    except UsageError as error:
        LOGGER.error("%s", error.message)
        budget = budget_seconds(wiring.settings, left, limit)
        seconds = min(budget, MOST_FOR_FAILURE)
        wiring.begin(budget, seconds)
        reports = tell_failure(error, wiring, seconds, trigger.target, dry_run=trigger.dry_run)
        _log(reports)
        return lazy.RunResult(reports, several=len(reports) > 1, error=error)
    checked = check_targets(prepared, wiring, budget_seconds(wiring.settings, left, limit))
    _log(checked.reports)
    several = bool(wiring.settings.targets_config)
    return lazy.RunResult(checked.reports, several, prepared.error, checked.deferred, prepared.run_id)


def _tested(told: tuple[Delivery, ...]) -> dict[str, Any]:
    """What came of a test of the sinks. Raises DeliveryError where none took it."""
    if not any(one.taken for one in told):
        raise DeliveryError("no sink took the test: " + "; ".join(f"{one.sink}: {one.reason}" for one in told)[:1000])
    return {"version": "1", "notify_test": True, "deliveries": [one._asdict() for one in told]}


def _log(reports: Iterable[Report]) -> None:
    for report in reports:
        LOGGER.log(
            logging.INFO if report.verdict == "compliant" else logging.WARNING,
            "%s: %s; %d findings, %d problems, %d calls, %d s",
            report.target.name,
            report.verdict,
            len(report.findings),
            len(report.problems),
            sum(one.api_calls for one in report.coverage),
            (parse_iso(report.finished_at) - parse_iso(report.started_at)).total_seconds(),
            extra={"run_id": report.run_id, "target": report.target.name},
        )


def _nobody_knows(outcome: RunResult) -> PortComplianceError:
    """The failure that the platform is to count."""
    if outcome.exit_code == 4:
        reasons = [f"{one.sink}: {one.reason}" for report in outcome.reports for one in report.deliveries if one.reason]
        return DeliveryError("no sink accepted anything: " + "; ".join(reasons)[:1000])
    return UnknownError("inconclusive, and nobody was told: " + "; ".join(outcome.not_known)[:1000])


@cache
def _warm() -> Warm:
    return Warm(api=_api())


@cache
def _api() -> HttpTransport:
    return HttpTransport(meanwhile=lazy.load_what_follows)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
