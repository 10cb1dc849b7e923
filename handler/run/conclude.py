"""What a run makes of what it gathered: the comparison with the last run, and the report. Loaded while HSS answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.clock import iso
from handler.decide.diff import DRIFT, Compared, compare, gap_hours, memory_before, no_run_for, shape
from handler.models import Changes, PastFinding, Problem, Report, Target
from handler.report.verdict import build_report
from handler.state.memory import place_of

if TYPE_CHECKING:
    from datetime import datetime

    from handler.errors import PortComplianceError
    from handler.models import Evaluation, Snapshot
    from handler.run.job import Job, LoadedState, Notifier

PROBLEMS_TOLD = 50


def compare_with(state: LoadedState, evaluation: Evaluation, job: Job) -> Compared | None:
    """What changed since the last run; None where no state is configured."""
    if not state.configured:
        return None
    place = place_of(job.target)
    unreadable = bool(state.trouble)
    compared = compare(evaluation, state.last_run, job.policy, job.started_at, place=place, unreadable=unreadable)
    seconds = 0 if job.run_interval is None else int(job.run_interval.total_seconds())
    return compared._replace(last_run=compared.last_run._replace(interval_seconds=seconds))


def report_of(
    job: Job, snapshot: Snapshot, evaluation: Evaluation, compared: Compared | None, state: LoadedState
) -> Report:
    """The report before anybody is told."""
    report = build_report(job.run_id, iso(job.started_at), job.policy, snapshot, evaluation)
    if not any(category.plan != "skipped" for category in report.coverage):
        nothing = Problem("no category was asked: the policy and HSS_CATEGORIES have none in common")
        report = report._replace(problems=(nothing,))
    if state.trouble:
        report = report._replace(warnings=(*report.warnings, state.trouble))
    return report if compared is None else _with_changes(report, compared, job)


def _with_changes(report: Report, compared: Compared, job: Job) -> Report:
    known = compared.previous_run_at
    before = None if known is None else max(known, job.seen_at)
    gap = gap_hours(before, job.started_at, job.run_interval)
    late = () if gap is None else (no_run_for(gap),)
    return report._replace(
        findings=compared.findings,
        changes=compared.changes,
        previous_run_at=before,
        gap_hours=gap,
        warnings=(*(text for text in report.warnings if _is_news(text, compared)), *late),
    )


def _is_news(warning: str, compared: Compared) -> bool:
    """Whether a warning is said in this run: what is not as documented once, when it changes, all else each time."""
    return not warning.startswith(DRIFT) or shape(warning) in compared.drift


def run_failure(
    run_id: str,
    started_at: datetime,
    target: Target,
    error: PortComplianceError,
    notifier: Notifier,
    state: LoadedState,
) -> Report:
    """A run that could not begin (a broken policy or setting), told as inconclusive. Nothing counts as resolved.

    A `target` without a host is not known: it is then the one that the state remembers, under its names and labels.
    """
    report, compared = failed_run(run_id, started_at, target, error, state)
    told = notifier(report, compared, state.store, state.version)
    return report._replace(deliveries=told.deliveries, problems=(*report.problems, *told.problems))


def failed_run(
    run_id: str, started_at: datetime, target: Target, error: PortComplianceError, state: LoadedState
) -> tuple[Report, Compared | None]:
    """The report of a run that could not be finished before anybody is told, and that it saw nothing."""
    at = iso(started_at)
    target = _as_remembered(target, state)
    compared = _nothing_seen(state, target, started_at) if state.configured else None
    report = Report(
        run_id=run_id,
        started_at=at,
        finished_at=at,
        verdict="inconclusive",
        policy_name="",
        policy_digest="",
        policy_files=(),
        target=target,
        changes=None if compared is None else compared.changes,
        problems=tuple(Problem(line, hint=error.hint) for line in error.message.splitlines()[:PROBLEMS_TOLD]),
    )
    return report, compared


def _as_remembered(target: Target, state: LoadedState) -> Target:
    if target.host or state.last_run is None or not state.last_run.target:
        return target
    return Target(*state.last_run.target)


def _nothing_seen(state: LoadedState, target: Target, now: datetime) -> Compared:
    """Every open finding is unseen: neither ongoing nor resolved."""
    place = place_of(target) if target.host else ""
    last_run, previous_run_at = memory_before(state.last_run, place, now, unreadable=bool(state.trouble))
    unseen = tuple(PastFinding(one.finding, "unseen") for one in last_run.findings.values() if one.status == "open")
    last_run = last_run._replace(run_at=iso(now))
    return Compared(changes=Changes(unseen=unseen), findings=(), last_run=last_run, previous_run_at=previous_run_at)
