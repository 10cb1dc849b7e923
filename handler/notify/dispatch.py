"""Tell every sink what it is owed: record what will be told, send, then mark what was taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from handler.clock import Deadline, iso
from handler.errors import PortComplianceError, StoreConflictError, StoreError
from handler.models import Delivery, Problem
from handler.notify.due import EVERY_RUN, owed
from handler.notify.notification import Situation, notice_of
from handler.notify.outbox import Edges, Telling, claim, keeps, remember, stateless, summarised
from handler.notify.receipts import busy, tell_of, with_pending
from handler.notify.send import Fate, Sent, send
from handler.state.memory import Batch, LastRun, SinkMemory

if TYPE_CHECKING:
    from datetime import timedelta

    from handler.decide.diff import Compared
    from handler.models import Report
    from handler.sinks.sink import Sink
    from handler.state.interface import Store

__all__ = ["Edges", "Told", "tell"]

SAVING: Final = 3.0  # seconds kept for the last save, or a fifth of what is left
_NOBODY: Final = SinkMemory(since="")
_ELSEWHERE: Final = "another run is telling it; what it leaves is told by the next run"


class Told(NamedTuple):
    """Who was told what came of it, what is remembered, and what went wrong on the way."""

    deliveries: tuple[Delivery, ...]
    last_run: LastRun
    problems: tuple[Problem, ...] = ()
    warnings: tuple[str, ...] = ()


def tell(
    report: Report,
    compared: Compared | None,
    sinks: tuple[Sink, ...],
    edges: Edges,
    *,
    store: Store | None = None,
    version: str | None = None,
    run_interval: timedelta | None = None,
    dry_run: bool = False,
) -> Told:
    """Tell the sinks and remember it.

    `compared` is None where no state is configured; then nothing is remembered. `compared` without a `store` is a
    state that could not be read: everything is told, nothing saved. `version` is the one that was loaded.
    """
    memory = summarised(compared.last_run if compared else stateless(report), report, edges.clock)
    situation = Situation(report, memory, edges.clock.now(), run_interval)
    run = Telling(situation, sinks, edges, memory, stateful=compared is not None)
    plans = _plan(run)
    if dry_run:
        rehearsed = (_delivery(sink, "dry_run" if plans.get(sink.name) else "quiet") for sink in sinks)
        return Told(tuple(rehearsed), run.memory)
    if store is not None and any(batch for batches in plans.values() for batch in batches if keeps(batch)):
        try:
            version = claim(run, plans, store, version)
        except StoreConflictError:
            return _beaten(run)
        except StoreError as error:
            run.problems.append(Problem(f"what is being told could not be recorded first: {error}", hint=error.hint))
    _send_all(run, plans)
    if store is not None:
        remember(run, store, version)
    return Told(
        tuple(run.deliveries.get(sink.name, _delivery(sink, "quiet")) for sink in sinks),
        run.memory,
        tuple(run.problems),
        tuple(getattr(store, "warnings", ())),
    )


def _plan(run: Telling) -> dict[str, tuple[Batch, ...]]:
    """The batches of each sink, in order: what an earlier run may have told comes first, then what is owed now."""
    now = run.situation.now
    plans: dict[str, tuple[Batch, ...]] = {}
    for sink in run.sinks:
        known = run.memory.sinks.get(sink.name) or SinkMemory(since=iso(now))
        run.memory = run.memory._replace(sinks={**run.memory.sinks, sink.name: known})
        if busy(known, run.run_id, now):
            run.deliveries[sink.name] = _delivery(sink, "quiet", _ELSEWHERE)
            continue
        after = run.memory
        for batch in known.pending:
            after = tell_of(after, sink.name, batch.items, now)
        chat = run.edges.kind_of(sink.kind).CHAT
        fresh = owed(sink, run.situation.report, after, now, chat=chat, stateful=run.stateful)
        plans[sink.name] = (*known.pending, *((fresh,) if fresh else ()))
    return plans


def _beaten(run: Telling) -> Told:
    """Another run was faster: it tells, this one says nothing and saves nothing."""
    deliveries = tuple(_delivery(sink, "quiet", _ELSEWHERE) for sink in run.sinks)
    return Told(deliveries, run.memory, tuple(run.problems))


def _send_all(run: Telling, plans: dict[str, tuple[Batch, ...]]) -> None:
    """Every sink gets its share of the time left, so that a dead one leaves enough for the others."""
    due = [sink for sink in run.sinks if plans.get(sink.name)]
    reserve = min(SAVING, run.edges.deadline.left() / 5)
    for done, sink in enumerate(due):
        left = max(0.0, run.edges.deadline.left() - reserve)
        share = Deadline.after(left / (len(due) - done), run.edges.clock)
        _send_batches(run, sink, plans[sink.name], share)


def _send_batches(run: Telling, sink: Sink, batches: tuple[Batch, ...], share: Deadline) -> None:
    """Send one sink's batches in order; after one that was not taken, the rest stays owed."""
    repeated = {batch.delivery_id for batch in run.situation.last_run.sinks.get(sink.name, _NOBODY).pending}
    left: list[Batch] = []
    for at, batch in enumerate(batches):
        sent = _send_safely(run, sink, batch, share)
        run.deliveries[sink.name] = _delivery(sink, sent.status, sent.reason)
        taken = sent.fate is Fate.TAKEN
        items = batch.items if taken else tuple(item for item in batch.items if item.key in sent.taken)
        if items:
            run.memory = tell_of(run.memory, sink.name, items, run.edges.clock.now())
        if not taken:
            if _may_have_it(sent, sink, batch, repeated):
                left.append(batch._replace(items=tuple(one for one in batch.items if one not in items)))
            left += (later for later in batches[at + 1 :] if later.delivery_id in repeated)
            break
    run.settled[sink.name] = {batch.delivery_id for batch in batches}
    pending = tuple(Batch(batch.delivery_id, batch.items, run.run_id) for batch in left)
    run.memory = with_pending(run.memory, sink.name, pending, run.situation.now)


def _may_have_it(sent: Sent, sink: Sink, batch: Batch, repeated: set[str]) -> bool:
    """Whether the sink may have the batch although it did not say so; then it must be repeated under its own id.

    A batch that is repeated may have arrived the first time, whatever happens to it now; but one that is refused for
    good is given up, because it would stand in the way of all that follows. What it held is still owed.
    """
    if not keeps(batch) or sink.kind in EVERY_RUN:
        return False
    return sent.fate is Fate.UNKNOWN or (batch.delivery_id in repeated and sent.status != "failed")


def _send_safely(run: Telling, sink: Sink, batch: Batch, share: Deadline) -> Sent:
    """Send one batch. A fault of our own in one kind must not silence the other sinks."""
    edges = run.edges
    situation = run.situation._replace(last_run=run.memory)
    try:
        kind = edges.kind_of(sink.kind)
        notice = notice_of(batch, sink, situation)
        return send(kind, notice, sink, transport=edges.transport, deadline=share, random=edges.random)
    except PortComplianceError as error:
        return Sent(Fate.UNKNOWN, "owed", error.message)
    except Exception as error:  # noqa: BLE001 - named by its type only: its text may hold anything
        return Sent(Fate.UNKNOWN, "owed", f"internal error {type(error).__name__}")


def _delivery(sink: Sink, status: str, reason: str = "") -> Delivery:
    return Delivery(sink.name, sink.kind, status, reason)
