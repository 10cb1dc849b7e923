"""What holds incidents gets one event for each: what is due for whole incidents, no more events than a run may send."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.models import worst_first
from handler.sinks.text.incidents import incident_key
from handler.state.memory import INCIDENT, Item

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from handler.sinks.sink import Sink
    from handler.state.memory import Remembered

_ENDS, _MOVES = ("resolved", "missed"), "rekeyed"


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
    keys = {name: incident_key(sink.group, one.finding, place) for name, one in known.items() if stays(one)}
    marked = [_marked(item, keys.get(item.key, item.key)) for item in items]
    open_before = {key for name, key in keys.items() if told[name] == key}
    moving = _moving(marked, told, keys, open_before)
    marked += [_moved(one, keys[one.finding.fingerprint]) for one in sorted(map(known.__getitem__, moving), key=_worst)]
    return list(_fitting(marked, told, open_before, sink.max_findings))


def _moving(
    marked: Iterable[Item], told: Mapping[str, str], keys: Mapping[str, str], open_before: AbstractSet[str]
) -> list[str]:
    """The findings of which nothing else is due, and that belong under another incident than they were told under."""
    opened = open_before | {incident_of(item) for item in marked if item.what not in _ENDS}
    others = keys.keys() - {item.key for item in marked}
    return [name for name in others if _moves(name, told[name], keys[name], opened)]


def _moves(name: str, before: str, key: str, opened: AbstractSet[str]) -> bool:
    """Whether a finding that was told under one key belongs under another now."""
    return before not in ("", key) and (before != name or key in opened)


def _worst(record: Remembered) -> tuple[object, ...]:
    return worst_first(record.finding)


def _marked(item: Item, key: str) -> Item:
    """The item with its incident's key, where that is not the finding's own."""
    return item if item.what in _ENDS or key == item.key else item._replace(mark=f"{item.mark} {INCIDENT}{key}")


def _moved(record: Remembered, key: str) -> Item:
    finding = record.finding
    mark = f"{record.first_seen} {record.episode} {finding.num}"
    return _marked(Item(_MOVES, finding.fingerprint, mark, str(finding.severity)), key)


def _fitting(
    items: Iterable[Item], told: Mapping[str, str], open_before: AbstractSet[str], most: int
) -> Iterator[Item]:
    """The items that no more than so many events tell: one opens or changes an incident, one ends it.

    The first always fits, or a move, which takes two, never would where there is one.
    """
    events: set[tuple[str, str]] = set()
    for item in items:
        needed = _events(item, told.get(item.key, ""), open_before)
        if not events or len(events | needed) <= most:
            events |= needed
            yield item


def _events(item: Item, before: str, open_before: AbstractSet[str]) -> set[tuple[str, str]]:
    """What tells an item: the incident that it opens or changes, and the one that it ends."""
    if item.what in _ENDS:
        return {("ends", before or item.key)}
    key = incident_of(item)
    needed = set() if item.what == _MOVES and key in open_before else {("opens", key)}
    return needed | {("ends", before)} if before and before != key else needed
