"""The check of one target: gather, decide, act."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.clock import iso
from handler.errors import StoreDamagedError, StoreError
from handler.models import CategorySnapshot
from handler.run import lazy
from handler.run.job import LoadedState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handler.clock import Clock
    from handler.models import Report, Snapshot
    from handler.notify.dispatch import Dispatched
    from handler.run.job import Adapters, Job
    from handler.state.interface import Store


def check_target(job: Job, adapters: Adapters) -> Report:
    """Check one target and tell: the report says everything that came of it, deliveries included."""
    # gather
    state = load_state(adapters.store)
    snapshot = with_skipped(adapters.source(job), job.skipped)
    # decide
    evaluation = lazy.evaluate(job.policy, snapshot, job.started_at.date())
    compared = lazy.compare_with(state, evaluation, job)
    report = lazy.report_of(job, snapshot, evaluation, compared, state)
    # act
    if adapters.hosts is not None and report.findings:
        findings, warnings = adapters.hosts(job, report.findings)
        report = report._replace(findings=findings, warnings=(*report.warnings, *warnings))
    told = adapters.notifier(report, compared, state.store, state.version)
    return finished(report, told, adapters.clock)


def load_state(store: Store | None) -> LoadedState:
    """The last run, or why there is none to compare with: then everything counts as new, and it is said."""
    if store is None:
        return LoadedState()
    try:
        last_run, version = store.load()
        return LoadedState(last_run, store, version, configured=True)
    except StoreDamagedError as error:
        return LoadedState(store=store, configured=True, trouble=f"no previous state: {error.message}")
    except StoreError as error:
        trouble = f"no previous state: {error.message}; nothing will be saved"
        return LoadedState(configured=True, trouble=trouble)


def with_skipped(snapshot: Snapshot, skipped: Sequence[str]) -> Snapshot:
    """The snapshot with the categories that were not asked for named in it."""
    named = tuple(CategorySnapshot(category, plan="skipped") for category in skipped)
    return snapshot._replace(categories=snapshot.categories + named)


def finished(report: Report, told: Dispatched, clock: Clock) -> Report:
    """The report after telling."""
    return report._replace(
        finished_at=iso(clock.now()),
        deliveries=told.deliveries,
        problems=(*report.problems, *told.problems),
        warnings=(*report.warnings, *told.warnings),
    )
