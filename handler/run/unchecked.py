"""The end of what nobody checks any more: a run in which everything that was open ends, and who is told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.clock import iso
from handler.decide.diff import Compared
from handler.models import CategorySnapshot, Changes, Problem, Report
from handler.notify.due import due_batch

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from handler.models import Target, Verdict
    from handler.models.delivery import Delivery
    from handler.run.targets import PreparedRun
    from handler.sinks.sink import Sink
    from handler.state.memory import LastRun, Remembered


def groups(sinks: Sequence[Sink]) -> tuple[tuple[Verdict, tuple[Sink, ...]], ...]:
    """The sinks, with the verdict that they hear.

    Kinds that hold incidents are told apart: they end nothing where a run saw nothing.
    """
    ending = tuple(sink for sink in sinks if sink.kind.holds_incidents)
    others = tuple(sink for sink in sinks if not sink.kind.holds_incidents)
    both: tuple[tuple[Verdict, tuple[Sink, ...]], ...] = (("compliant", ending), ("inconclusive", others))
    return tuple(group for group in both if group[1])


def ended(
    target: Target, last_run: LastRun, run: PreparedRun, verdict: Verdict, why: Problem
) -> tuple[Report, Compared]:
    """A run in which nothing was asked and everything that was open ends, because it is no longer checked."""
    at = iso(run.started_at)
    changes = Changes()  # what ended is told from the memory
    report = Report(
        run_id=run.run_id,
        started_at=at,
        finished_at=at,
        verdict=verdict,
        policy_name="",
        policy_digest="",
        policy_files=(),
        target=target,
        coverage=_nothing_left_unseen(last_run) if verdict == "compliant" else (),
        changes=changes,
        problems=() if verdict == "compliant" else (why,),
    )
    findings = {fingerprint: _ended(record, at) for fingerprint, record in last_run.findings.items()}
    memory = last_run._replace(run_at=at, findings=findings)
    return report, Compared(changes=changes, findings=(), last_run=memory, previous_run_at=last_run.run_at)


def once(sinks: Iterable[Sink]) -> tuple[Sink, ...]:
    """The sinks as they hear of an end: once, and not in each run until all of them have taken it."""
    return tuple(sink._replace(send="changes") for sink in sinks)


def is_settled(deliveries: Iterable[Delivery]) -> bool:
    """Whether every sink took what it was sent, or there was nothing to send."""
    return not any(delivery.missed for delivery in deliveries)


def is_told_whole(
    sinks: Iterable[Sink], last_run: LastRun, report: Report, run: PreparedRun, *, waiting: Collection[str] = ()
) -> bool:
    """Whether none of these sinks is due more, by what is remembered of telling them.

    Those `waiting` are told at the end of the run, and what came of that is known then.
    """
    asked = (sink for sink in sinks if not (sink.kind.once_a_run or sink.kind.mirrors or sink.name in waiting))
    return not any(due_batch(sink, report, last_run, run.started_at) for sink in asked)


def _ended(record: Remembered, at: str) -> Remembered:
    """The record once nobody looks any more; what flapped does so no longer, or its end would never be told."""
    steady = record._replace(flapping_since=None)
    return (
        steady._replace(status="resolved", resolved_at=at, because="unchecked") if record.status == "open" else steady
    )


def _nothing_left_unseen(last_run: LastRun) -> tuple[CategorySnapshot, ...]:
    """Each category that some sink was told is not seen, as whole: nobody is to see it any more, so that ends too."""
    told = {category for memory in last_run.sinks.values() for category in memory.not_seen if category}
    return tuple(CategorySnapshot(category, complete=True) for category in sorted(told))
