"""Tell every sink what it is due: record what will be told, send, then write a receipt for what was taken."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from handler.clock import Deadline, parse_iso
from handler.errors import PortComplianceError, StoreConflictError, StoreError
from handler.logs import LOGGER
from handler.models import Problem
from handler.models.delivery import Delivery
from handler.named_tuple import NamedTuple
from handler.notify.due import due_batches
from handler.notify.notification import RunNotifications, Situation
from handler.notify.outbox import LEASE_MARGIN, Outbox, claim, keeps, remember, stateless, summarised
from handler.notify.receipts import as_of_kind, busy, mirrored, with_pending, with_presumed, with_receipts
from handler.notify.send import Acceptance, DeliveryContext, SendResult, send
from handler.notify.shares import halves
from handler.state.memory import Batch, LastRun, SinkMemory

if TYPE_CHECKING:
    from collections.abc import Container, Sequence
    from collections.abc import Set as AbstractSet

    from handler.decide.diff import Compared
    from handler.models import Report
    from handler.sinks.sink import Sink
    from handler.state.interface import Store
    from handler.state.memory import Item

__all__ = ["DeliveryContext", "Dispatched", "dispatch"]

SAVING: Final = 3.0  # seconds kept for the last save, or a fifth of what is left
ELSEWHERE: Final = "another run is telling it; what it leaves is told by the next run"


class Dispatched(NamedTuple):
    """What came of telling each sink, what is remembered, and what went wrong on the way."""

    deliveries: tuple[Delivery, ...]
    last_run: LastRun
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()


def dispatch(
    report: Report,
    compared: Compared | None,
    sinks: tuple[Sink, ...],
    context: DeliveryContext,
    *,
    store: Store | None = None,
    version: str | None = None,
    run_interval: timedelta | None = None,
    dry_run: bool = False,
) -> Dispatched:
    """Tell the sinks and remember it; what is for several targets at once waits in `context.together`.

    `compared` is None where no state is configured; then nothing is remembered. `compared` without a `store` is a
    state that could not be read: everything is told, nothing saved. `version` is the one that was loaded.
    Times are compared and remembered as of the start of the run; only leases are of the moment.
    """
    clock = context.deadline.clock
    memory = summarised(compared.last_run if compared else stateless(report), report, clock)
    situation = Situation(report, memory, parse_iso(report.started_at), run_interval, store is not None, context.shard)
    outbox = Outbox(situation, sinks, context, stateful=compared is not None)
    if compared is not None:
        outbox.previous_run_at, outbox.announced = compared.previous_run_at, compared.announced
    _fill(outbox)
    if dry_run:
        rehearsed = (delivery_of(sink, "dry_run" if outbox.batches.get(sink.name) else "quiet") for sink in sinks)
        return Dispatched(tuple(rehearsed), outbox.memory)
    if context.together is not None:
        context.together.hold(outbox)
    return _tell(outbox, store, version)


def _tell(outbox: Outbox, store: Store | None, version: str | None) -> Dispatched:
    """Tell what is in the outbox; what waits in it is kept for the end of the run."""
    if store is not None:
        try:
            version = claimed(outbox, store, version)
        except StoreConflictError:
            return _beaten(outbox)
    _send_all(outbox)
    if store is not None:
        version = remember(outbox, store, version)
    if outbox.context.together is not None:
        outbox.context.together.add(outbox, store, version)
    return dispatched(outbox, store, outbox.waiting)


def claimed(outbox: Outbox, store: Store, version: str | None) -> str | None:
    """Save what will be sent; where that cannot be, it is sent all the same. Raises StoreConflictError."""
    try:
        return claim(outbox, store, version)
    except StoreConflictError:
        raise
    except StoreError as error:
        outbox.problems.append(Problem(f"what is being told could not be recorded first: {error}", hint=error.hint))
        return version


def _fill(outbox: Outbox) -> None:
    """Give each sink its batches, in order: what an earlier run may have told comes first, then what is due now."""
    now = outbox.situation.now
    for sink in outbox.sinks:
        outbox.memory = as_of_kind(outbox.memory, sink, now)
        known = outbox.memory.sinks[sink.name]
        if is_busy(known, outbox):
            outbox.deliveries[sink.name] = delivery_of(sink, "quiet", ELSEWHERE)
            continue
        after = outbox.memory
        for batch in known.pending:
            after = with_receipts(after, sink.name, batch.items, now)
        report, announced = outbox.situation.report, outbox.announced
        fresh = due_batches(sink, report, after, now, stateful=outbox.stateful, announced=announced)
        outbox.batches[sink.name] = (*known.pending, *fresh)


def is_busy(known: SinkMemory, outbox: Outbox) -> bool:
    """Whether another run is telling the sink; a lease longer than a run can last was written by a wrong clock."""
    now = outbox.clock.now()
    latest = now + timedelta(seconds=outbox.context.run_seconds) + 2 * LEASE_MARGIN
    return busy(known, outbox.run_id, now) and not busy(known, outbox.run_id, latest)


def _beaten(outbox: Outbox) -> Dispatched:
    """Another run was faster: it tells, this one says nothing and saves nothing."""
    return Dispatched(tuple(delivery_of(sink, "quiet", ELSEWHERE) for sink in outbox.sinks), outbox.memory)


def dispatched(outbox: Outbox, store: Store | None, silent: Container[str]) -> Dispatched:
    """What came of it so far; each sink that did not take what it was sent is a line of the log, but the `silent`."""
    deliveries = [outbox.deliveries.get(sink.name, delivery_of(sink, "quiet")) for sink in outbox.sinks]
    for one in deliveries:
        if one.missed and one.sink not in silent:
            marks = {"run_id": outbox.run_id, "target": outbox.situation.report.target.name, "sink": one.sink}
            LOGGER.warning("%s (%s) did not take it: %s, %s", one.sink, one.kind, one.status, one.reason, extra=marks)
    warnings = tuple(getattr(store, "warnings", ()))
    return Dispatched(tuple(deliveries), outbox.memory, tuple(outbox.problems), warnings)


def _send_all(outbox: Outbox) -> None:
    """Every sink gets its share of the time left, so that a dead one leaves enough for the others."""
    deadline = outbox.context.deadline
    waiting = [sink for sink in outbox.sinks if outbox.batches.get(sink.name)]
    reserve = min(SAVING, deadline.left() / 5)
    for done, sink in enumerate(waiting):
        left = max(0.0, deadline.left() - reserve)
        share = Deadline.after(left / (len(waiting) - done), outbox.clock)
        _send_batches(outbox, sink, outbox.context._replace(deadline=share))


def _send_batches(outbox: Outbox, sink: Sink, context: DeliveryContext) -> None:
    """Send one sink's batches in order; after one that was not taken, the rest stays due."""
    batches = outbox.batches[sink.name]
    known = outbox.situation.last_run.sinks.get(sink.name, SinkMemory(since=""))
    repeated = {batch.delivery_id for batch in known.pending}
    left: tuple[Batch, ...] = ()
    ids = {batch.delivery_id for batch in batches}
    waiting, sent_before, notifications = list(batches), False, RunNotifications(sink)
    while waiting:
        batch = waiting.pop(0)
        shared = halves(sink, outbox.situation.report, batch)
        situation = outbox.situation._replace(last_run=outbox.memory, further=sent_before)
        sent = _send_safely(notifications, batch, situation, context, may_split=bool(shared))
        if sent.too_large:
            waiting[:0] = shared
            ids |= {half.delivery_id for half in shared}
            continue
        sent_before = True
        note(outbox, sink, sent)
        rest = _received(outbox, sink, batch, sent)
        if sent.acceptance is not Acceptance.TAKEN:
            left = ((rest,) if may_have_it(sent, sink, batch, repeated) else ()) + _repeated(waiting, repeated)
            break
    outbox.settled[sink.name] = ids
    pending = tuple(Batch(batch.delivery_id, batch.items, outbox.run_id) for batch in left)
    outbox.memory = with_pending(outbox.memory, sink.name, pending, outbox.situation.now)


def _received(outbox: Outbox, sink: Sink, batch: Batch, sent: SendResult) -> Batch:
    """Keep receipts of what the sink has taken of a batch. Gives the rest of it."""
    items = _taken(sent, batch)
    if items:
        outbox.memory = with_receipts(outbox.memory, sink.name, items, outbox.situation.now)
    told = set(items)
    if sink.kind.mirrors and sent.acceptance is Acceptance.TAKEN:
        outbox.memory = mirrored(outbox.memory, sink.name)
    if sink.kind.mirrors and sent.acceptance is Acceptance.UNKNOWN:
        outbox.memory = with_presumed(outbox.memory, sink.name, batch.items, outbox.situation.now)
    return batch._replace(items=tuple(item for item in batch.items if item not in told))


def _repeated(batches: Sequence[Batch], repeated: set[str]) -> tuple[Batch, ...]:
    return tuple(batch for batch in batches if batch.delivery_id in repeated)


def _taken(sent: SendResult, batch: Batch) -> tuple[Item, ...]:
    """What the sink has taken of a batch, for sure."""
    if sent.acceptance is Acceptance.TAKEN:
        return batch.items
    return tuple(item for item in batch.items if item.key in sent.taken)


def may_have_it(sent: SendResult, sink: Sink, batch: Batch, repeated: AbstractSet[str]) -> bool:
    """Whether the sink may have the batch although it did not say so; then it must be repeated under its own id.

    A batch that is repeated may have arrived the first time, whatever happens to it now; but one that is refused for
    good is given up, because it would stand in the way of all that follows. What it held is still due.
    """
    if not keeps(batch) or sink.kind.mirrors:
        return False
    return sent.acceptance is Acceptance.UNKNOWN or (batch.delivery_id in repeated and sent.status != "failed")


def _send_safely(
    notifications: RunNotifications, batch: Batch, situation: Situation, context: DeliveryContext, *, may_split: bool
) -> SendResult:
    """Send one batch. A fault of our own in one kind must not silence the other sinks."""
    try:
        return send(notifications.notification_of(batch, situation), notifications.sink, context, may_split=may_split)
    except PortComplianceError as error:
        return SendResult(Acceptance.UNKNOWN, "owed", error.message)
    except Exception as error:  # noqa: BLE001 - named by its type only: its text may hold anything
        return SendResult(Acceptance.UNKNOWN, "owed", f"internal error {type(error).__name__}")


def note(outbox: Outbox, sink: Sink, sent: SendResult) -> None:
    """Keep what came of one message; one that had nothing to say does not undo that the sink took another."""
    known = outbox.deliveries.get(sink.name)
    if sent.status != "quiet" or known is None or not known.taken:
        outbox.deliveries[sink.name] = delivery_of(sink, sent.status, sent.reason)


def delivery_of(sink: Sink, status: str, reason: str = "") -> Delivery:
    """The outcome of one telling, for this sink."""
    return Delivery(sink.name, sink.kind.name, status, reason)
