"""What one run has to send, how it is recorded before it is sent, and how it is remembered afterwards."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from handler.clock import iso, parse_iso
from handler.errors import StoreConflictError, StoreError
from handler.models import Problem
from handler.notify.batches import lasting
from handler.notify.receipts import merged_memories, pruned, with_pending
from handler.notify.run_items import blind_problems
from handler.report.verdict import count_severities
from handler.state.document import encode
from handler.state.memory import HISTORY_LENGTH, LastRun, Remembered, RunSummary, at_place

if TYPE_CHECKING:
    from handler.clock import Clock
    from handler.decide.announced import Announcement
    from handler.models import Report
    from handler.models.delivery import Delivery
    from handler.notify.notification import Situation
    from handler.notify.send import DeliveryContext
    from handler.sinks.sink import Sink
    from handler.state.interface import Store
    from handler.state.memory import Batch

LEASE_MARGIN: Final = timedelta(seconds=60)
SAVES: Final = 5
SAVE_AGAIN: Final = 0.5  # seconds


class Outbox:
    """What one run has to send, as far as it has come.

    `memory` is what will be remembered, `batches` are what each sink gets, in order, `waiting` what it gets once the
    other targets were asked, and `settled` the ids of the batches that this run is done with, by sink.
    """

    def __init__(
        self, situation: Situation, sinks: tuple[Sink, ...], context: DeliveryContext, *, stateful: bool
    ) -> None:
        self.situation, self.sinks, self.context, self.stateful = situation, sinks, context, stateful
        self.memory = situation.last_run
        self.known_sinks = situation.last_run.sinks  # as they were loaded
        self.previous_run_at: str | None = None
        self.announced: tuple[Announcement, ...] = ()
        self.batches: dict[str, tuple[Batch, ...]] = {}
        self.waiting: dict[str, tuple[Batch, ...]] = {}
        self.deliveries: dict[str, Delivery] = {}
        self.settled: dict[str, set[str]] = {}
        self.problems: list[Problem] = []

    @property
    def run_id(self) -> str:
        """The id of the run, which its claims bear."""
        return self.situation.report.run_id

    @property
    def clock(self) -> Clock:
        """The clock of the run."""
        return self.context.deadline.clock


def claim(outbox: Outbox, store: Store, version: str | None) -> str | None:
    """Save what will be sent before it is: another run must not send it too, and a crash must not lose it.

    Gives the version that was saved, or the one that came in where nothing is worth a claim. Raises StoreConflictError
    where another run was faster, and StoreError where it cannot be saved.
    """
    if not any(keeps(batch) for batches in outbox.batches.values() for batch in batches):
        return version
    until = iso(outbox.clock.now() + timedelta(seconds=outbox.context.deadline.left()) + LEASE_MARGIN)
    for name, batches in outbox.batches.items():
        mine = tuple(one._replace(claimed_by=outbox.run_id, lease_until=until) for one in batches if keeps(one))
        outbox.memory = with_pending(outbox.memory, name, mine, outbox.situation.now)
    return _save_claim(outbox, store, version, SAVES)


def _save_claim(outbox: Outbox, store: Store, version: str | None, tries: int) -> str:
    """Save the claim; where only another place of the same state was written meanwhile, beside that."""
    try:
        return _save(outbox, store, outbox.memory, version)
    except StoreConflictError:
        theirs, version = store.load()
        if tries == 1 or theirs is None or not _is_of_another_place(outbox, theirs):
            raise
        return _save_claim(outbox, store, version, tries - 1)


def _is_of_another_place(outbox: Outbox, theirs: LastRun) -> bool:
    """Whether what another run wrote leaves this place as it was; then its news are kept beside ours."""
    same, others = at_place(theirs, outbox.memory.place)
    was = (None, {}) if same is None else (same.run_at, same.sinks)
    if was != (outbox.previous_run_at, outbox.known_sinks):
        return False
    outbox.memory = outbox.memory._replace(others=others)
    return True


def keeps(batch: Batch) -> bool:
    """Whether the batch is worth repeating in a later run: a heartbeat is not."""
    return any(lasting(item) for item in batch.items)


def remember(outbox: Outbox, store: Store, version: str | None) -> str | None:
    """Save what was told; where another run wrote meanwhile, its receipts and ours together.

    Gives the version that was saved, or the one that came in where nothing could be.
    """
    came = version
    outbox.memory = pruned(outbox.memory, outbox.sinks, outbox.situation.now)
    memory = outbox.memory
    try:
        for _ in range(SAVES):
            try:
                saved = _save(outbox, store, memory, version)
            except StoreConflictError:
                theirs, version = store.load()
                memory = merged_memories(theirs or outbox.memory, outbox.memory, outbox.settled, outbox.run_id)
                continue
            outbox.memory = memory
            outbox.previous_run_at, outbox.known_sinks = memory.run_at, memory.sinks
            return saved
        reason = f"other runs wrote it {SAVES} times in between"
    except StoreError as error:
        reason = str(error)
    outbox.problems.append(
        Problem(f"what was told could not be remembered, the next run may repeat it: {reason}", hint=StoreError.hint)
    )
    return came


def _save(outbox: Outbox, store: Store, memory: LastRun, version: str | None) -> str:
    """Save, and once more after a moment: a store that hiccups must not cost people a second message."""
    document = encode(memory)
    try:
        return store.save(document, version)
    except StoreConflictError:
        raise
    except StoreError:
        outbox.clock.sleep(SAVE_AGAIN)
        return store.save(document, version)


def stateless(report: Report) -> LastRun:
    """A memory of nothing but this run's findings: everything in it is new."""
    at = report.started_at
    records = (
        Remembered(one, first_seen=one.first_seen or at, last_seen=at, opened_at=at, base_num=one.num)
        for one in report.findings
    )
    return LastRun(run_at=at, findings={one.finding.fingerprint: one for one in records})


def summarised(last_run: LastRun, report: Report, clock: Clock) -> LastRun:
    """The memory with this run's line of history, its target, and since when what is not seen now has not been."""
    line = RunSummary(
        run_id=report.run_id,
        at=report.started_at,
        verdict=report.verdict,
        counts=tuple(count_severities(report.findings).values()),
        ports=sum(one.total_num if one.total_num is not None else len(one.rows) for one in report.coverage),
        seconds=max(0, int((clock.now() - parse_iso(report.started_at)).total_seconds())),
        calls=sum(one.api_calls for one in report.coverage),
    )
    since = {category: last_run.blind_since.get(category, report.started_at) for category in blind_problems(report)}
    target = tuple(report.target) if report.target.host else last_run.target
    history = (*last_run.history, line)[-HISTORY_LENGTH:]
    return last_run._replace(history=history, blind_since=since, target=target, gap=_gap(last_run, report))


def _gap(last_run: LastRun, report: Report) -> tuple[str, ...]:
    """The time without runs that ends with this one, else the last that is remembered."""
    if report.gap_hours is None or report.previous_run_at is None:
        return last_run.gap
    return report.previous_run_at, report.started_at, str(report.gap_hours)
