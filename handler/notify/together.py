"""The end of a run over several targets: what is told once for them is claimed in each state, sent, and receipted."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from handler.clock import Deadline
from handler.errors import PortComplianceError, StoreConflictError
from handler.models import Problem
from handler.named_tuple import NamedTuple
from handler.notify.causes import Event, message_id, messages_of, waits
from handler.notify.dispatch import (
    ELSEWHERE,
    SAVING,
    Dispatched,
    claimed,
    delivery_of,
    dispatched,
    is_busy,
    may_have_it,
    note,
)
from handler.notify.notification import notification_of
from handler.notify.outbox import remember
from handler.notify.receipts import with_pending, with_receipts
from handler.notify.send import Acceptance, SendResult, send
from handler.notify.several import of_several
from handler.notify.shares import halves
from handler.state.memory import Batch, SinkMemory, place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from handler.models import Target
    from handler.notify.outbox import Outbox
    from handler.sinks.sink import Notification, Sink
    from handler.state.interface import Store

LATER: Final = "told once every target was asked"
_UNTRIED: Final = "not tried: the sink did not take what came before"


class Waiting:
    """A target that was asked, and what waits in its outbox; `left` is what stays claimed for each sink."""

    def __init__(self, outbox: Outbox, store: Store | None, version: str | None) -> None:
        self.outbox, self.store, self.version = outbox, store, version
        self.told = len(outbox.problems)  # problems that its report has already
        self.beaten = False
        self.left: dict[str, tuple[Batch, ...]] = {}

    @property
    def target(self) -> Target:
        """Who was asked: a place that left may have had the name of one that is asked now."""
        return self.outbox.situation.report.target

    def repeated(self, sink: Sink) -> frozenset[str]:
        """The ids of what an earlier run may have told the sink."""
        return frozenset(batch.delivery_id for batch in self._loaded(sink).pending)

    def _loaded(self, sink: Sink) -> SinkMemory:
        return self.outbox.situation.last_run.sinks.get(sink.name, SinkMemory(since=""))

    def stays(self, sink: Sink, batch: Batch) -> None:
        """Keep a batch claimed that the sink may have."""
        self.left[sink.name] = (*self.left.get(sink.name, ()), batch)

    def is_elsewhere(self, sink: Sink) -> bool:
        """Whether another run told the sink, or is telling it, since the target was asked."""
        known = self.outbox.memory.sinks.get(sink.name, SinkMemory(since=""))
        theirs = {batch.delivery_id for batch in known.pending} - self.repeated(sink)
        return bool(theirs) or known.last_told != self._loaded(sink).last_told or is_busy(known, self.outbox)


class _Message(NamedTuple):
    sink: Sink
    events: tuple[Event, ...]


class Together:
    """What waits for the end of a run, target by target."""

    def __init__(self) -> None:
        self._waiting: list[Waiting] = []

    @property
    def targets(self) -> frozenset[Target]:
        """The targets for which something waits."""
        return frozenset(each.target for each in self._waiting)

    def hold(self, outbox: Outbox) -> None:
        """Take from a target's outbox what is told once every target was asked."""
        for sink in outbox.sinks:
            batches = outbox.batches.get(sink.name, ())
            if batches and waits(sink, batches):
                outbox.waiting[sink.name] = outbox.batches.pop(sink.name)
                outbox.deliveries[sink.name] = delivery_of(sink, "owed", LATER)

    def add(self, outbox: Outbox, store: Store | None, version: str | None) -> None:
        """Keep the outbox of a target that was asked, with the state as it was saved, if something waits in it."""
        if outbox.waiting:
            self._waiting.append(Waiting(outbox, store, version))

    def tell(self, deadline: Deadline) -> Mapping[Target, Dispatched]:
        """Tell all that waits. Gives what came of it, by target: its deliveries, and the problems that are new."""
        messages = [message for sink in self._sinks() for message in self._messages(sink)]
        for number, each in enumerate(self._waiting):
            own = [(message.sink, event) for message in messages for event in message.events if event.target == number]
            _safely(each, partial(_claim, each, own, deadline))
        self._send_all(messages, deadline)
        for each in self._waiting:
            _safely(each, partial(_settle, each))
        return {each.target: _outcome(each) for each in self._waiting}

    def _sinks(self) -> tuple[Sink, ...]:
        known = (sink for each in self._waiting for sink in each.outbox.sinks if sink.name in each.outbox.waiting)
        return tuple({sink.name: sink for sink in known}.values())

    def _messages(self, sink: Sink) -> Iterator[_Message]:
        owed, repeated = [], frozenset[str]()
        for number, each in enumerate(self._waiting):
            if sink.name not in each.outbox.waiting:  # what it was due was told when the target was asked
                continue
            if each.is_elsewhere(sink):
                each.outbox.deliveries[sink.name] = delivery_of(sink, "quiet", ELSEWHERE)
                continue
            repeated |= each.repeated(sink)
            name, place = each.target.name, place_of(each.target)
            owed += [Event(number, name, place, batch) for batch in each.outbox.waiting.get(sink.name, ())]
        yield from (_Message(sink, events) for events in messages_of(sink, owed, repeated))

    def _send_all(self, messages: Sequence[_Message], deadline: Deadline) -> None:
        """Every sink gets its share of the time; after a message that was not taken, the rest of a sink stays due."""
        names = list(dict.fromkeys(message.sink.name for message in messages))
        reserve = min(SAVING, deadline.left() / 5)
        for done, name in enumerate(names):
            left = max(0.0, deadline.left() - reserve)
            share = Deadline.after(left / (len(names) - done), deadline.clock)
            self._send_to_one([message for message in messages if message.sink.name == name], share)

    def _send_to_one(self, messages: Sequence[_Message], share: Deadline) -> None:
        over, blocked = False, set[int]()
        queue = list(messages)
        while queue:
            message = queue.pop(0)
            ready = []
            for event in message.events:
                if over or event.target in blocked:
                    self._note_untried(message.sink, event)
                elif not self._waiting[event.target].beaten:
                    ready.append(event)
            sent = self._send(message.sink, ready, share)
            if sent.too_large:
                queue[:0] = self._shared_out(message.sink, ready)
                continue
            if sent.acceptance is not Acceptance.TAKEN:
                over = sent.status != "failed"  # what is refused for good says nothing of the other targets' messages
                blocked |= {event.target for event in ready}

    def _shared_out(self, sink: Sink, events: Sequence[Event]) -> list[_Message]:
        """A message as two: of some targets and of the others, or of some findings of one and the others; or none."""
        if len(events) > 1:
            middle = len(events) // 2
            return [_Message(sink, tuple(events[:middle])), _Message(sink, tuple(events[middle:]))]
        shared: list[_Message] = []
        for event in events:
            outbox = self._waiting[event.target].outbox
            outbox.settled.setdefault(sink.name, set()).add(event.batch.delivery_id)
            batches = halves(sink, outbox.situation.report, event.batch)
            shared += [_Message(sink, (event._replace(batch=batch),)) for batch in batches]
        return shared

    def _may_split(self, sink: Sink, events: Sequence[Event]) -> bool:
        report = self._waiting[events[0].target].outbox.situation.report
        return sink.kind.takes_all and (len(events) > 1 or bool(halves(sink, report, events[0].batch)))

    def _send(self, sink: Sink, events: Sequence[Event], share: Deadline) -> SendResult:
        """Send one message. A fault of our own in one target's part must not silence the others."""
        parts: list[tuple[Event, Notification]] = []
        for event in events:
            outbox = self._waiting[event.target].outbox
            try:
                situation = outbox.situation._replace(last_run=outbox.memory)
                parts.append((event, notification_of(event.batch, sink, situation)))
            except Exception as error:  # noqa: BLE001 - named by its type only: its text may hold anything
                self._note(sink, event, SendResult(Acceptance.UNKNOWN, "owed", _said(error)))
        sendable = [event for event, _ in parts]
        sent = SendResult(Acceptance.TAKEN, "quiet")
        if sendable:
            context = self._waiting[sendable[0].target].outbox.context._replace(deadline=share)
            try:
                notification = of_several(tuple(part for _, part in parts), message_id(sink, sendable))
                sent = send(notification, sink, context, may_split=self._may_split(sink, sendable))
            except Exception as error:  # noqa: BLE001 - as above
                sent = SendResult(Acceptance.UNKNOWN, "owed", _said(error))
        for event in () if sent.too_large else sendable:
            self._note(sink, event, sent)
        return sent

    def _note(self, sink: Sink, event: Event, sent: SendResult) -> None:
        """Keep what became of one target's part of a message."""
        each = self._waiting[event.target]
        outbox, batch = each.outbox, event.batch
        if sent.acceptance is Acceptance.TAKEN:
            outbox.memory = with_receipts(outbox.memory, sink.name, batch.items, outbox.situation.now)
        elif may_have_it(sent, sink, batch, each.repeated(sink)):
            each.stays(sink, batch)
        note(outbox, sink, sent)
        outbox.settled.setdefault(sink.name, set()).add(batch.delivery_id)

    def _note_untried(self, sink: Sink, event: Event) -> None:
        """Keep that one target's part was not sent: it is still due, and what an earlier run sent may have arrived."""
        each = self._waiting[event.target]
        if event.batch.delivery_id in each.repeated(sink):
            each.stays(sink, event.batch)
        known = each.outbox.deliveries[sink.name]
        if known.reason == LATER or not known.missed:
            each.outbox.deliveries[sink.name] = delivery_of(sink, "owed", _UNTRIED)
        each.outbox.settled.setdefault(sink.name, set()).add(event.batch.delivery_id)


def _claim(each: Waiting, events: Sequence[tuple[Sink, Event]], deadline: Deadline) -> None:
    """Record in a target's state what it is part of, before any of it is sent."""
    outbox = each.outbox
    outbox.batches, outbox.context = {}, outbox.context._replace(deadline=deadline)
    for sink, event in events:
        outbox.batches[sink.name] = (*outbox.batches.get(sink.name, ()), event.batch)
    if each.store is None or not events:
        return
    try:
        each.version = claimed(outbox, each.store, each.version)
    except StoreConflictError:
        each.beaten = True
        for sink, _ in events:
            outbox.deliveries[sink.name] = delivery_of(sink, "quiet", ELSEWHERE)


def _settle(each: Waiting) -> None:
    """Write the receipts into a target's state."""
    outbox = each.outbox
    if each.beaten:
        return
    for name in outbox.batches:
        left = tuple(Batch(one.delivery_id, one.items, outbox.run_id) for one in each.left.get(name, ()))
        outbox.memory = with_pending(outbox.memory, name, left, outbox.situation.now)
    if each.store is not None and outbox.batches:
        remember(outbox, each.store, each.version)


def _safely(each: Waiting, do: Callable[[], None]) -> None:
    """Do it; a fault of our own with one target's state is that target's problem, and costs the others nothing."""
    try:
        do()
    except Exception as error:  # noqa: BLE001 - named by its type only: its text may hold anything
        each.outbox.problems.append(Problem(f"what is told could not be remembered: {_said(error)}"))


def _outcome(each: Waiting) -> Dispatched:
    """What came of a target's part."""
    outbox = each.outbox
    told = dispatched(outbox, each.store, frozenset(sink.name for sink in outbox.sinks) - outbox.waiting.keys())
    return told._replace(problems=told.problems[each.told :])


def _said(error: Exception) -> str:
    return error.message if isinstance(error, PortComplianceError) else f"internal error {type(error).__name__}"
