"""The check: gather, decide, act.

What decides and acts is imported where it is used: a cold start asks HSS first, and imports the rest while it waits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from handler.clock import iso
from handler.errors import StoreDamagedError, StoreError
from handler.models import CategorySnapshot, Changes, Finding, PastFinding, Problem, Report

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime, timedelta

    from handler.clock import Clock
    from handler.decide.diff import Compared
    from handler.errors import PortComplianceError
    from handler.models import Evaluation, Snapshot, Target
    from handler.notify.dispatch import Told
    from handler.policy.rules import Policy
    from handler.state.interface import Store
    from handler.state.memory import LastRun


class Job(NamedTuple):
    """One target on one run. `categories` are asked, `skipped` are those a setting narrowed away."""

    run_id: str
    started_at: datetime
    policy: Policy
    target: Target
    categories: tuple[str, ...]
    skipped: tuple[str, ...] = ()
    run_interval: timedelta | None = None


class Outlet(Protocol):
    """Tells the sinks, and remembers what was told."""

    def __call__(self, report: Report, compared: Compared | None, store: Store | None, version: str | None) -> Told:
        """Tell what is owed. `compared` is None where no state is configured."""
        ...


class Parts(NamedTuple):
    """The edges of one run. `hosts` finds the servers behind findings, and may warn; None: not asked."""

    source: Callable[[Job], Snapshot]
    outlet: Outlet
    clock: Clock
    store: Store | None = None
    hosts: Callable[[Job, tuple[Finding, ...]], tuple[tuple[Finding, ...], tuple[str, ...]]] | None = None


class Recalled(NamedTuple):
    """What is known of the last run. `store` is None where there is none, or where it cannot be written either."""

    last_run: LastRun | None = None
    store: Store | None = None
    version: str | None = None
    configured: bool = False
    trouble: str = ""


def run(job: Job, parts: Parts) -> Report:
    """Check one target and tell: the report says everything that came of it, deliveries included."""
    # gather
    recalled = recall(parts.store)
    snapshot = parts.source(job)
    # decide
    from handler.decide.evaluate import evaluate  # noqa: PLC0415

    evaluation = evaluate(job.policy, with_skipped(snapshot, job.skipped), job.started_at.date())
    compared = _compared(evaluation, recalled, job)
    report = _report(job, snapshot, evaluation, compared, recalled)
    # act
    if parts.hosts is not None and report.findings:
        findings, warnings = parts.hosts(job, report.findings)
        report = report._replace(findings=findings, warnings=(*report.warnings, *warnings))
    told = parts.outlet(report, compared, recalled.store, recalled.version)
    return finished(report, told, parts.clock)


def recall(store: Store | None) -> Recalled:
    """The last run, or why there is none to compare with: then everything counts as new, and it is said."""
    if store is None:
        return Recalled()
    from handler.state.memory import decode  # noqa: PLC0415

    try:
        document, version = store.load()
        return Recalled(None if document is None else decode(document), store, version, configured=True)
    except StoreDamagedError as error:
        return Recalled(store=store, configured=True, trouble=f"no previous state: {error.message}")
    except StoreError as error:
        return Recalled(configured=True, trouble=f"no previous state: {error.message}; nothing will be saved")


def with_skipped(snapshot: Snapshot, skipped: Sequence[str]) -> Snapshot:
    """The snapshot with the categories that were not asked for named in it."""
    named = tuple(CategorySnapshot(category, plan="skipped") for category in skipped)
    return snapshot._replace(categories=snapshot.categories + named)


def finished(report: Report, told: Told, clock: Clock) -> Report:
    """The report after telling."""
    return report._replace(
        finished_at=iso(clock.now()),
        deliveries=told.deliveries,
        problems=(*report.problems, *told.problems),
        warnings=(*report.warnings, *told.warnings),
    )


def run_failure(
    run_id: str, started_at: datetime, target: Target, error: PortComplianceError, outlet: Outlet, store: Store | None
) -> Report:
    """A run that could not begin (a broken policy or setting), told as inconclusive. Nothing counts as resolved."""
    recalled = recall(store)
    at = iso(started_at)
    report = Report(
        run_id=run_id,
        started_at=at,
        finished_at=at,
        verdict="inconclusive",
        policy_name="",
        policy_digest="",
        policy_files=(),
        target=target,
        problems=tuple(Problem(line, hint=error.hint) for line in error.message.splitlines()[:50]),
        taken_at=at,
    )
    compared = _nothing_seen(recalled, at) if recalled.configured else None
    if compared is not None:
        report = report._replace(changes=compared.changes)
    told = outlet(report, compared, recalled.store, recalled.version)
    return report._replace(deliveries=told.deliveries, problems=(*report.problems, *told.problems))


def _compared(evaluation: Evaluation, recalled: Recalled, job: Job) -> Compared | None:
    if not recalled.configured:
        return None
    from handler.decide.diff import compare  # noqa: PLC0415

    place = f"{job.target.host}|{job.target.project_id}|{job.target.enterprise_project_id}"
    unreadable = bool(recalled.trouble)
    return compare(evaluation, recalled.last_run, job.policy, job.started_at, place=place, unreadable=unreadable)


def _report(
    job: Job, snapshot: Snapshot, evaluation: Evaluation, compared: Compared | None, recalled: Recalled
) -> Report:
    from handler.report.verdict import build_report  # noqa: PLC0415

    report = build_report(job.run_id, iso(job.started_at), job.policy, snapshot, evaluation)
    if not any(category.plan != "skipped" for category in report.coverage):
        nothing = Problem("no category was asked: the policy and HSS_CATEGORIES have none in common")
        report = report._replace(problems=(nothing,))
    if recalled.trouble:
        report = report._replace(warnings=(*report.warnings, recalled.trouble))
    if compared is None:
        return report
    from handler.decide.diff import gap_hours  # noqa: PLC0415

    gap = gap_hours(compared.previous_run_at, job.started_at, job.run_interval)
    late = () if gap is None else (f"no run for {gap} h before this one",)
    return report._replace(
        findings=compared.findings,
        changes=compared.changes,
        previous_run_at=compared.previous_run_at,
        gap_hours=gap,
        warnings=(*(text for text in report.warnings if _is_news(text, compared)), *late),
    )


def _is_news(warning: str, compared: Compared) -> bool:
    """Whether a warning is said in this run: an answer's form is reported when it changes, all else each time."""
    from handler.decide.diff import DRIFT, shape  # noqa: PLC0415

    return not warning.startswith(DRIFT) or shape(warning) in compared.drift


def _nothing_seen(recalled: Recalled, at: str) -> Compared:
    """Every open finding is unseen: neither ongoing nor resolved."""
    from handler.decide.diff import Compared  # noqa: PLC0415
    from handler.state.memory import LastRun  # noqa: PLC0415

    last_run = recalled.last_run or LastRun(run_at=at, began_at=at, lost=bool(recalled.trouble))
    unseen = tuple(PastFinding(one.finding, "unseen") for one in last_run.findings.values() if one.status == "open")
    return Compared(
        changes=Changes(unseen=unseen),
        findings=(),
        last_run=last_run,
        previous_run_at=recalled.last_run.run_at if recalled.last_run else None,
    )
