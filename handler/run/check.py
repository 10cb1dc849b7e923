"""The check of one target: gather, decide, act."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.clock import iso
from handler.errors import StoreDamagedError, StoreError
from handler.models import CategorySnapshot
from handler.run import lazy
from handler.run.fault import internal_error
from handler.run.job import LoadedState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handler.clock import Clock
    from handler.decide.diff import Compared
    from handler.models import Report, Snapshot
    from handler.notify.dispatch import Dispatched
    from handler.run.job import Adapters, Job
    from handler.state.interface import Store


def check_target(job: Job, adapters: Adapters) -> Report:
    """Check one target and tell: the report says everything that came of it, deliveries included.

    Raises nothing: a fault of our own makes this target inconclusive, and hides no other.
    """
    state = load_state(adapters.store)
    state = state._replace(trouble=adapters.redactor.text(state.trouble))
    try:
        with adapters.redactor.errors():
            report, compared = _decided(job, adapters, state)
    except Exception as error:  # noqa: BLE001 - whatever it is, people are told, and the other targets are checked
        report, compared = lazy.failed_run(
            job.run_id, job.started_at, job.target, internal_error(error, job.target.name), state
        )
    return told_report(report, compared, state, adapters)


def told_report(report: Report, compared: Compared | None, state: LoadedState, adapters: Adapters) -> Report:
    """The report once the sinks were told; inconclusive where a fault of our own kept them from it. Raises nothing.

    What is told has been through the redactor here, and what came of it where it came in: each text once.
    """
    report = adapters.redactor.report(report)
    try:
        with adapters.redactor.errors():
            tell = adapters.notifier
            told = None if tell is None else tell(report, compared, state.store, state.version)
        return finished(report, told, adapters.clock)
    except Exception as error:  # noqa: BLE001 - as above
        problem = internal_error(error, report.target.name).problem
        return report._replace(
            verdict="inconclusive", finished_at=iso(adapters.clock.now()), problems=(*report.problems, problem)
        )


def _decided(job: Job, adapters: Adapters, state: LoadedState) -> tuple[Report, Compared | None]:
    # gather
    snapshot = with_skipped(adapters.redactor.snapshot(adapters.source(job)), job.skipped)
    # decide
    evaluation = lazy.evaluate(job.policy, snapshot, job.started_at.date())
    compared = lazy.compare_with(state, evaluation, job)
    report = lazy.report_of(job, snapshot, evaluation, compared, state)
    if adapters.hosts is None or not report.findings:
        return report, compared
    findings, warnings = adapters.hosts(job, report.findings)
    return report._replace(findings=findings, warnings=(*report.warnings, *warnings)), compared


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
    except Exception as error:  # noqa: BLE001 - as a state that cannot be read: its content may be anything
        trouble = f"no previous state: {internal_error(error).message}; nothing will be saved"
        return LoadedState(configured=True, trouble=trouble)


def with_skipped(snapshot: Snapshot, skipped: Sequence[str]) -> Snapshot:
    """The snapshot with the categories that were not asked for named in it."""
    named = tuple(CategorySnapshot(category, plan="skipped") for category in skipped)
    return snapshot._replace(categories=snapshot.categories + named)


def finished(report: Report, told: Dispatched | None, clock: Clock) -> Report:
    """The report after telling, if anybody was to be told."""
    report = report._replace(finished_at=iso(clock.now()))
    if told is None:
        return report
    return report._replace(
        deliveries=told.deliveries,
        problems=(*report.problems, *told.problems),
        warnings=(*report.warnings, *told.warnings),
    )
