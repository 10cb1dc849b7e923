"""A list that moves: lines that come, go, grow and change their status between two calls, and the order they stand in.

No document names an order where none is asked for, so the simulator knows those that a service may well have.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from operator import attrgetter
from random import Random
from typing import TYPE_CHECKING, Any, Literal, get_args

from handler.ports import HIGHEST
from handler.simulator.fleet import Fleet, Line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ListOrder = Literal["insertion", "port", "text", "num", "updated", "front", "none"]
ORDERS: tuple[ListOrder, ...] = get_args(ListOrder)
ROW_TYPES = ("TCP", "UDP", "TCP6", "UDP6")
ROW_STATUSES = ("danger", "normal", "unknown")
_PLACE = attrgetter("port", "type")
_MOST = 1000  # changes between two calls, so that each has a time of its own
SORTED_BY: Mapping[ListOrder, Callable[[Line], Any]] = {
    "port": attrgetter("port"),
    "text": lambda line: str(line.port),
    "num": lambda line: (-line.num, line.port),
    "updated": lambda line: -line.updated,
    "front": lambda line: (-max(0, line.updated), line.port),  # by port, but what was updated stands before the rest
}


@dataclass(frozen=True, slots=True)
class Movement:
    """Between two calls up to `changes` things happen in every estate, the same ones for the same seed."""

    seed: int = 1
    changes: int = 3

    def __call__(self, fleet: Fleet, nth: int) -> Fleet:
        """The fleet after the changes before call number `nth`."""
        chance = Random(f"{self.seed}/{nth}")  # noqa: S311 - not for secrets
        return Fleet(
            {
                place: replace(estate, lines=moved(estate.lines, chance, chance.randint(0, self.changes), nth))
                for place, estate in fleet.estates.items()
            }
        )


def moved(lines: Sequence[Line], chance: Random, changes: int, nth: int) -> tuple[Line, ...]:
    """The lines after so many changes. What came or changed was updated after all others; what is new stands last."""
    now = list(lines)
    for number in range(changes):
        change = chance.choices(_CHANGES, cum_weights=_UP_TO)[0]
        change(now, chance, nth * _MOST + number)
    return tuple(now)


def ordered(lines: Sequence[Line], order: ListOrder, ties: Random | None = None) -> list[Line]:
    """The lines in that order; with `ties` what it leaves open is left to chance, without it to insertion."""
    listed = list(lines)
    if ties is not None and order != "insertion":
        ties.shuffle(listed)
    return listed if order in ("insertion", "none") else sorted(listed, key=SORTED_BY[order])


def _come(now: list[Line], chance: Random, at: int) -> None:
    """A new line, of a new port or of one that is there in another type."""
    port = chance.choice(now).port if now and chance.random() < 0.2 else chance.randint(1, HIGHEST)
    name = chance.choice(ROW_TYPES)
    if (port, name) not in map(_PLACE, now):
        now.append(Line(port, name, chance.randint(1, 9), chance.choice(ROW_STATUSES), updated=at))


def _go(now: list[Line], chance: Random, at: int) -> None:  # noqa: ARG001 - all changes have one shape
    if now:
        now.pop(chance.randrange(len(now)))


def _grow(now: list[Line], chance: Random, at: int) -> None:
    if now:
        index = chance.randrange(len(now))
        now[index] = now[index]._replace(num=chance.randint(1, 12), updated=at)


def _other_status(now: list[Line], chance: Random, at: int) -> None:
    if now:
        index = chance.randrange(len(now))
        now[index] = now[index]._replace(status=chance.choice(ROW_STATUSES), updated=at)


def _switch_off(now: list[Line], chance: Random, at: int) -> None:
    """A server goes, and with it several lines at once."""
    for _ in range(chance.randint(2, 12)):
        _go(now, chance, at)


_CHANGES = (_come, _go, _grow, _other_status, _switch_off)
_UP_TO = (4, 8, 12, 16, 17)  # of seventeen
