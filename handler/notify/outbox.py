"""One run's telling as far as it has come, and how it is recorded before and remembered after."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from handler.clock import iso, parse_iso
from handler.errors import StoreConflictError, StoreError
from handler.models import Problem, Severity
from handler.notify.due import lasting
from handler.notify.receipts import merged, pruned, with_pending
from handler.state.document import decode, encode
from handler.state.memory import HISTORY_LENGTH, LastRun, Remembered, RunSummary

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from handler.clock import Clock, Deadline
    from handler.models import Delivery, Report
    from handler.notify.notification import Situation
    from handler.sinks.sink import Kind, Sink
    from handler.state.interface import Store
    from handler.state.memory import Batch
    from handler.transport import Transport

LEASE_MARGIN: Final = timedelta(seconds=60)
SAVES: Final = 5
SAVE_AGAIN: Final = 0.5  # seconds


class Edges(NamedTuple):
    """What telling needs of the world. `kind_of` gives the module of a kind (`kinds.kind_module`)."""

    transport: Transport
    kind_of: Callable[[str], Kind]
    clock: Clock
    deadline: Deadline
    random: Random


class Telling:
    """One run's telling, as far as it has come. `settled` are the ids of finished batches, by sink."""

    def __init__(
        self, situation: Situation, sinks: tuple[Sink, ...], edges: Edges, memory: LastRun, *, stateful: bool
    ) -> None:
        self.situation, self.sinks, self.edges = situation, sinks, edges
        self.memory, self.stateful = memory, stateful
        self.deliveries: dict[str, Delivery] = {}
        self.settled: dict[str, set[str]] = {}
        self.problems: list[Problem] = []

    @property
    def run_id(self) -> str:
        """The id of the run, which its claims bear."""
        return self.situation.report.run_id


def claim(run: Telling, plans: dict[str, tuple[Batch, ...]], store: Store, version: str | None) -> str:
    """Save what will be told before it is: another run must not tell it too, and a crash must not lose it."""
    lease = run.edges.clock.now() + timedelta(seconds=run.edges.deadline.left()) + LEASE_MARGIN
    for name, batches in plans.items():
        mine = tuple(one._replace(claimed_by=run.run_id, lease_until=iso(lease)) for one in batches if keeps(one))
        run.memory = with_pending(run.memory, name, mine, run.situation.now)
    return _save(run, store, run.memory, version)


def _save(run: Telling, store: Store, memory: LastRun, version: str | None) -> str:
    """Save, and once more after a moment: a store that hiccups must not cost people a second message."""
    document = encode(memory)
    try:
        return store.save(document, version)
    except StoreConflictError:
        raise
    except StoreError:
        run.edges.clock.sleep(SAVE_AGAIN)
        return store.save(document, version)


def keeps(batch: Batch) -> bool:
    """Whether the batch is worth repeating: a heartbeat is not."""
    return any(lasting(item) for item in batch.items)


def remember(run: Telling, store: Store, version: str | None) -> None:
    """Save what was told; where another run wrote meanwhile, its marks and ours together."""
    run.memory = pruned(run.memory, run.sinks, run.situation.now)
    memory = run.memory
    try:
        for _ in range(SAVES):
            try:
                _save(run, store, memory, version)
            except StoreConflictError:
                document, version = store.load()
                theirs = decode(document) if document is not None else run.memory
                memory = merged(theirs, run.memory, run.settled, run.run_id)
                continue
            run.memory = memory
            return
        reason = f"other runs wrote it {SAVES} times in between"
    except StoreError as error:
        reason = str(error)
    run.problems.append(
        Problem(f"what was told could not be remembered, the next run may repeat it: {reason}", hint=StoreError.hint)
    )


def stateless(report: Report) -> LastRun:
    """A memory of nothing but this run's findings: everything in it is new."""
    at = report.started_at
    records = (
        Remembered(one, first_seen=one.first_seen or at, last_seen=at, opened_at=at, base_num=one.num)
        for one in report.findings
    )
    return LastRun(run_at=at, findings={one.finding.fingerprint: one for one in records})


def summarised(last_run: LastRun, report: Report, clock: Clock) -> LastRun:
    """The memory with this run's line of history."""
    line = RunSummary(
        run_id=report.run_id,
        at=report.started_at,
        verdict=report.verdict,
        counts=tuple(
            sum(one.severity == severity for one in report.findings) for severity in sorted(Severity, reverse=True)
        ),
        ports=sum(one.total_num if one.total_num is not None else len(one.rows) for one in report.coverage),
        seconds=max(0, int((clock.now() - parse_iso(report.started_at)).total_seconds())),
        calls=sum(one.api_calls for one in report.coverage),
    )
    return last_run._replace(history=(*last_run.history, line)[-HISTORY_LENGTH:])
