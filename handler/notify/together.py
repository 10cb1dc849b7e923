"""The end of a run over several targets: what is told once for them is claimed in each state, sent, and receipted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from handler.clock import Deadline
from handler.errors import PortComplianceError, StoreConflictError
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
)
from handler.notify.notification import notification_of
from handler.notify.outbox import remember
from handler.notify.receipts import with_pending, with_receipts
from handler.notify.send import Acceptance, SendResult, send
from handler.notify.several import of_several
from handler.state.memory import Batch, SinkMemory, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from handler.notify.outbox import Outbox
    from handler.sinks.sink import Notification, Sink
    from handler.state.interface import Store

_LATER: Final = "told once every target was asked"
_UNTRIED: Final = "not tried: the sink did not take what came before"


class Waiting:
    """A target that was asked, and what waits in its outbox; `left` is what stays claimed for each sink."""

    def __init__(self, outbox: Outbox, store: Store | None, version: str | None) -> None:
        self.outbox, self.store, self.version = outbox, store, version
        self.told = len(outbox.problems)  # problems that its report has already
        self.beaten = False
        self.left: dict[str, tuple[Batch, ...]] = {}

    @property
    def name(self) -> str:
        """The target's name."""
        return self.outbox.situation.report.target.name

    def repeated(self, sink: Sink) -> frozenset[str]:
        """The ids of what an earlier run may have told the sink."""
        known = self.outbox.situation.last_run.sinks.get(sink.name, SinkMemory(since=""))
        return frozenset(batch.delivery_id for batch in known.pending)

    def stays(self, sink: Sink, batch: Batch) -> None:
        """Keep a batch claimed that the sink may have."""
        self.left[sink.name] = (*self.left.get(sink.name, ()), batch)

    def is_elsewhere(self, sink: Sink) -> bool:
        """Whether another run took the sink over since the target was asked."""
        known = self.outbox.memory.sinks.get(sink.name, SinkMemory(since=""))
        theirs = {batch.delivery_id for batch in known.pending} - self.repeated(sink)
        return bool(theirs) or is_busy(known, self.outbox)


class _Message(NamedTuple):
    sink: Sink
    events: tuple[Event, ...]


class Together:
    """What waits for the end of a run, target by target."""

    def __init__(self) -> None:
        self._waiting: list[Waiting] = []

    @property
    def names(self) -> frozenset[str]:
        """The targets for which something waits."""
        return frozenset(each.name for each in self._waiting)

    def hold(self, outbox: Outbox) -> None:
        """Take from a target's outbox what is told once every target was asked."""
        for sink in outbox.sinks:
            batches = outbox.batches.get(sink.name, ())
            if batches and waits(sink, batches):
                outbox.waiting[sink.name] = outbox.batches.pop(sink.name)
                outbox.deliveries[sink.name] = delivery_of(sink, "owed", _LATER)

    def add(self, outbox: Outbox, store: Store | None, version: str | None) -> None:
        """Keep the outbox of a target that was asked, with the state as it was saved, if something waits in it."""
        if outbox.waiting:
            self._waiting.append(Waiting(outbox, store, version))

    def tell(self, deadline: Deadline) -> Mapping[str, Dispatched]:
        """Tell all that waits. Gives what came of it, by target: its deliveries, and the problems that are new."""
        messages = [message for sink in self._sinks() for message in self._messages(sink)]
        for number, each in enumerate(self._waiting):
            own = [(message.sink, event) for message in messages for event in message.events if event.target == number]
            _claim(each, own, deadline)
        self._send_all(messages, deadline)
        return {each.name: _settled(each) for each in self._waiting}

    def _sinks(self) -> tuple[Sink, ...]:
        known = (sink for each in self._waiting for sink in each.outbox.sinks if sink.name in each.outbox.waiting)
        return tuple({sink.name: sink for sink in known}.values())

    def _messages(self, sink: Sink) -> Iterator[_Message]:
        owed, repeated = [], frozenset[str]()
        for number, each in enumerate(self._waiting):
            if each.is_elsewhere(sink):
                each.outbox.deliveries[sink.name] = delivery_of(sink, "quiet", ELSEWHERE)
                continue
            repeated |= each.repeated(sink)
            place = place_of(each.outbox.situation.report.target)
            owed += [Event(number, each.name, place, batch) for batch in each.outbox.waiting.get(sink.name, ())]
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
        for message in messages:
            ready = []
            for event in message.events:
                if over or event.target in blocked:
                    self._note_untried(message.sink, event)
                elif not self._waiting[event.target].beaten:
                    ready.append(event)
            sent = self._send(message.sink, ready, share)
            if sent.acceptance is not Acceptance.TAKEN:
                over = sent.status != "failed"  # what is refused for good says nothing of the other targets' messages
                blocked |= {event.target for event in ready}

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
                sent = send(notification, sink, context)
            except Exception as error:  # noqa: BLE001 - as above
                sent = SendResult(Acceptance.UNKNOWN, "owed", _said(error))
        for event in sendable:
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
        outbox.deliveries[sink.name] = delivery_of(sink, sent.status, sent.reason)
        outbox.settled.setdefault(sink.name, set()).add(batch.delivery_id)

    def _note_untried(self, sink: Sink, event: Event) -> None:
        """Keep that one target's part was not sent: it is still due, and what an earlier run sent may have arrived."""
        each = self._waiting[event.target]
        if event.batch.delivery_id in each.repeated(sink):
            each.stays(sink, event.batch)
        known = each.outbox.deliveries[sink.name]
        if known.reason == _LATER or known.status not in ("owed", "failed"):
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


def _settled(each: Waiting) -> Dispatched:
    """Write the receipts into a target's state, and say what came of its part."""
    outbox = each.outbox
    if not each.beaten:
        for name in outbox.batches:
            left = tuple(Batch(one.delivery_id, one.items, outbox.run_id) for one in each.left.get(name, ()))
            outbox.memory = with_pending(outbox.memory, name, left, outbox.situation.now)
        if each.store is not None and outbox.batches:
            remember(outbox, each.store, each.version)
    told = dispatched(outbox, each.store, frozenset(sink.name for sink in outbox.sinks) - outbox.waiting.keys())
    return told._replace(problems=told.problems[each.told :])


def _said(error: Exception) -> str:
    return error.message if isinstance(error, PortComplianceError) else f"internal error {type(error).__name__}"
