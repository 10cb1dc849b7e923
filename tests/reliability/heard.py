"""What a receiver heard, replayed: each event once, against what was remembered and against the truth."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from handler.notify.batches import FINDING_ITEMS
from handler.state.memory import SERVERS

if TYPE_CHECKING:
    from handler.state.memory import Item

OPENS = ("new", "newly_forbidden", "reopened", "raised")


@dataclass
class Figures:
    """What a number of schedules came to."""

    schedules: int = 0
    runs: int = 0
    messages: int = 0
    changes: int = 0
    lost: int = 0
    repeated: int = 0
    repeated_other_id: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))


@dataclass
class Heard:
    """What one receiver knows once it has heard everything. An event that it took already is dropped by its id.

    `open` are the findings that it believes open, `severity` what it was told last of each, `at` when; `blind` are the
    targets of which it believes that they are not seen.
    """

    items: dict[str, tuple[Item, ...]]  # by the id of the event that they are told in
    open: set[str] = field(default_factory=set)
    severity: dict[str, int] = field(default_factory=dict)
    at: dict[str, int] = field(default_factory=dict)
    blind: set[str] = field(default_factory=set)
    repeated: int = 0
    repeated_other_id: int = 0
    _ids: set[str] = field(default_factory=set)
    _changes: set[tuple[str, ...]] = field(default_factory=set)

    def hear(self, message: dict[str, Any]) -> None:
        """Take one message: an event of each of its targets."""
        for part in message["parts"]:
            if part["id"] in self._ids:
                self.repeated += 1
            else:
                self._ids.add(part["id"])
                self._learn(part, message["at"])

    def _learn(self, part: dict[str, Any], at: int) -> None:
        target = part["target"]
        if any(note.startswith("no previous state") for note in part["notes"]):
            self.open -= {one for one in self.open if one.startswith(f"{target}-")}
        opened = [key for what in OPENS for key in part[what]]
        ended = [*_missed(part), *part["resolved"]]
        self.open |= set(opened)
        self.open -= set(ended)
        self.at |= dict.fromkeys((*opened, *ended), at)
        self.severity |= part["severities"]
        (self.blind.add if part["not_seen"] else self.blind.discard if part["seen_again"] else str)(target)
        changes = {_change(item, target) for item in self.items.get(part["id"], ())} - {()}
        self.repeated_other_id += len(changes & self._changes)
        self._changes |= changes


def _missed(part: dict[str, Any]) -> list[str]:
    """The findings that opened and ended while nothing could be told; they stand in its notes."""
    notes = (note for note in part["notes"] if note.startswith("opened and "))
    return [f"{part['target']}-{note.split(': ')[1].split('/')[0]}" for note in notes]


def _change(item: Item, target: str) -> tuple[str, ...]:
    """Which change the item tells of: growth is told at each doubling, a severity at each move, the rest per episode."""
    if item.what in ("not_seen", "seen_again"):
        return target, item.what, item.key, item.mark
    if item.what not in FINDING_ITEMS:
        return ()
    first_seen, episode, num, *more = item.mark.split(" ")
    moved = [part for part in more if not part.startswith(SERVERS)]
    what = "open" if item.what in ("new", "newly_forbidden", "reopened") else item.what
    what = "resolved" if what == "missed" else what
    return (item.key, first_seen, episode, what, *((num,) if what == "grown" else ()), *moved)
