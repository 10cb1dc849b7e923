"""What holds incidents gets one event for each: what is due for whole incidents, no more events than a run may send."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.models import worst_first
from handler.notify.batches import ENDED_ITEMS
from handler.state.memory import INCIDENT, Item

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from handler.sinks.sink import Sink
    from handler.state.memory import Remembered

_REKEYED = "rekeyed"


def told_key(record: Remembered, sink: str) -> str:
    """The key of the incident that the sink holds open for a finding; empty without one.

    A receipt that names none is of a finding that was an incident of its own, as in earlier versions.
    """
    receipt = record.told.get(sink)
    if receipt is None or receipt.transition == "resolved":
        return ""
    return receipt.key or record.finding.fingerprint


def incident_of(item: Item) -> str:
    """The key of the incident that an item is told under."""
    keys = (part.removeprefix(INCIDENT) for part in item.mark.split(" ") if part.startswith(INCIDENT))
    return next(keys, item.key)


def by_incident(
    items: Sequence[Item], records: Iterable[Remembered], stays: Callable[[Remembered], bool], sink: Sink, place: str
) -> list[Item]:
    """The items with their incidents, and what moves from one to another, as many as `max_findings` events tell.

    `stays` says whether a record is open for the sink. What is left stays due. Findings move where the incident of
    their group opens, or is open; and at once where what they were told under was an incident of several.
    """
    known = {one.finding.fingerprint: one for one in records}
    told = {name: told_key(one, sink.name) for name, one in known.items()}
    keys = {name: sink.incident_key(one.finding, place) for name, one in known.items() if stays(one)}
    marked = [_marked(item, keys.get(item.key, item.key)) for item in items]
    open_before = {key for name, key in keys.items() if told[name] == key}
    moved = _moved(marked, keys, told, open_before)
    rekeyed = [_rekeyed(one, keys[one.finding.fingerprint]) for one in _worst_of(known, moved)]
    return list(_fitting([*marked, *rekeyed], told, open_before, sink.max_findings))


def _moved(
    due: Iterable[Item], keys: Mapping[str, str], told: Mapping[str, str], open_before: AbstractSet[str]
) -> set[str]:
    """The fingerprints, besides what is due, that were told under another key than theirs, and are to leave it."""
    opened = open_before | {incident_of(item) for item in due if item.what not in ENDED_ITEMS}
    moving = {name for name, key in keys.items() if _moves(name, told[name], key, opened)}
    return moving - {item.key for item in due}


def _worst_of(known: Mapping[str, Remembered], names: Iterable[str]) -> list[Remembered]:
    return sorted((known[name] for name in names), key=lambda one: worst_first(one.finding))


def _moves(own: str, told: str, key: str, opened: AbstractSet[str]) -> bool:
    """Whether what was told under one key belongs under another now; `own` is the finding's own key."""
    return told not in ("", key) and (told != own or key in opened)


def _marked(item: Item, key: str) -> Item:
    """The item with its incident's key, where that is not the finding's own."""
    return item if item.what in ENDED_ITEMS or key == item.key else item._replace(mark=f"{item.mark} {INCIDENT}{key}")


def _rekeyed(record: Remembered, key: str) -> Item:
    finding = record.finding
    mark = f"{record.first_seen} {record.episode} {finding.num}"
    return _marked(Item(_REKEYED, finding.fingerprint, mark, str(finding.severity)), key)


def _fitting(
    items: Iterable[Item], told: Mapping[str, str], open_before: AbstractSet[str], most: int
) -> Iterator[Item]:
    """The items that no more than so many events tell: one opens or changes an incident, one ends it.

    The first always fits, or a move, which takes two, never would where there is one.
    """
    events: set[tuple[str, str]] = set()
    for item in items:
        needed = set(_events_of(item, told.get(item.key, ""), open_before))
        if not events or len(events | needed) <= most:
            events |= needed
            yield item


def _events_of(item: Item, told: str, open_before: AbstractSet[str]) -> Iterator[tuple[str, str]]:
    """The events that tell an item of a finding that was told under this key."""
    key, ends = incident_of(item), item.what in ENDED_ITEMS
    if not ends and not (item.what == _REKEYED and key in open_before):
        yield "opens", key
    if ends or told not in ("", key):
        yield "ends", told or item.key
