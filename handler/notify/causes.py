"""What is told once for several targets of one run: the causes that they share, and the messages of a digest. Pure."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from handler.decide.diff import shape
from handler.errors import of_target
from handler.named_tuple import NamedTuple
from handler.notify.batches import FINDING_ITEMS, delivery_id, id_of, lasting
from handler.notify.run_items import reason_and_since
from handler.state.memory import Batch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from handler.sinks.sink import Sink
    from handler.state.memory import Item

    Cause = tuple[str, str, str]

_SIGHT: Final = ("not_seen", "seen_again")
MOST_APART: Final = 2  # so many targets are told one by one, whatever they share


class Event(NamedTuple):
    """What one target owes a sink: a batch with an id of its own. `target` is its number in the run."""

    target: int
    name: str
    place: str
    batch: Batch


def waits(sink: Sink, batches: Iterable[Batch]) -> bool:
    """Whether these are told once every target was asked; what holds incidents has one for each place anyway."""
    if sink.kind.holds_incidents:
        return False
    return sink.digest or any(item.what in _SIGHT for batch in batches for item in batch.items)


def messages_of(sink: Sink, owed: Sequence[Event], repeated: frozenset[str]) -> list[tuple[Event, ...]]:
    """The messages to one sink, each with the events of one or more targets, in the order in which they are sent.

    `repeated` are the ids of events that an earlier run may have told: they go out again alone, under these ids.
    """
    again = [(event,) for event in owed if event.batch.delivery_id in repeated]
    fresh = [event for event in owed if event.batch.delivery_id not in repeated]
    return [*again, *(_packed(fresh, sink) if sink.digest else _cause_first(fresh, sink))]


def _cause_first(events: Sequence[Event], sink: Sink) -> Iterator[tuple[Event, ...]]:
    """What more than two share in one message, then what each target has besides."""
    shared = _shared(events)
    parts = [_parted(event, sink, shared) for event in events]
    together = tuple(part for part, _ in parts if part is not None)
    if together:
        yield together
    yield from ((rest,) for _, rest in parts if rest is not None)


def message_id(sink: Sink, events: Sequence[Event]) -> str:
    """The id of a message, made of the ids of its events; one alone has its own."""
    ids = sorted(event.batch.delivery_id for event in events)
    if len(ids) == 1:
        return ids[0]
    return id_of(sink.name, ids)


def _cause(item: Item, target: str) -> Cause | None:
    """Why something was not seen, or is seen again: what targets may share, for their names and times are left out."""
    if item.what not in _SIGHT:
        return None
    reason, _ = reason_and_since(item)
    return item.what, item.key, reason.replace(shape(of_target(target)), "")


def _shared(events: Iterable[Event]) -> frozenset[Cause]:
    """The causes of more than two targets."""
    of_targets = {(_cause(item, event.name), event.target) for event in events for item in event.batch.items}
    counts = Counter(cause for cause, _ in of_targets if cause is not None)
    return frozenset(cause for cause, count in counts.items() if count > MOST_APART)


def _parted(event: Event, sink: Sink, shared: frozenset[Cause]) -> tuple[Event | None, Event | None]:
    """The event as what is told for all who share its cause, and what is left of it; each may be None."""
    items = event.batch.items
    common = [item for item in items if _cause(item, event.name) in shared]
    if not common:
        return None, event
    rest = [item for item in items if item not in common]
    if _is_worth_a_message(rest):
        return _of(event, sink, common), _of(event, sink, rest)
    return _of(event, sink, [item for item in items if lasting(item)]), None


def _is_worth_a_message(items: Iterable[Item]) -> bool:
    """That nothing was remembered before is said with the cause, too; and what only rides along has no own message."""
    return any(lasting(item) and item.what != "digest" for item in items)


def _of(event: Event, sink: Sink, items: list[Item]) -> Event:
    return event._replace(batch=Batch(delivery_id(sink.name, items, event.place), tuple(items)))


def _packed(events: Sequence[Event], sink: Sink) -> Iterator[tuple[Event, ...]]:
    """One message of all; for machines, that list every finding, as many as one message carries."""
    if not sink.kind.takes_all:
        yield from [tuple(events)] if events else []
        return
    packed: list[Event] = []
    for event in events:
        if packed and _findings((*packed, event)) > sink.max_findings:
            yield tuple(packed)
            packed = []
        packed.append(event)
    if packed:
        yield tuple(packed)


def _findings(events: Iterable[Event]) -> int:
    return sum(item.what in FINDING_ITEMS for event in events for item in event.batch.items)
