"""A list that moves between any two calls, and a reader that follows the plan: for the model of the reading."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import chain, combinations, pairwise, product, repeat
from math import lcm
from operator import attrgetter
from random import Random
from typing import TypeVar

from handler.hss.merge import Exact, everything, proven
from handler.hss.pages import CAP, ListPage
from handler.hss.plan import Ask, ExactPorts, GiveUp, NextPage, StartOver, Step, next_step
from handler.hss.proof import Proof
from handler.models import Row
from handler.simulator.fleet import Line
from handler.simulator.moving import ROW_STATUSES, ROW_TYPES, SORTED_BY, ListOrder, moved, ordered

_Any = TypeVar("_Any")
Name = tuple[int, str]  # port and type: which line it is, whatever its num and status
_NAME = attrgetter("port", "type")


def honest(offset: int, _total: int) -> int:
    """Where a page begins that was asked for at `offset`."""
    return offset


def made_up(chance: Random, count: int, cloud: str, ports: int = 65_535) -> tuple[Line, ...]:
    """So many lines of random ports up to `ports`, many of them of several types."""
    some = _some_of(ROW_TYPES if cloud == "huaweicloud" else ROW_TYPES[:2])
    names: dict[Name, None] = {}
    while len(names) < min(count, ports):
        drawn = zip(chance.choices(range(1, ports + 1), k=count), chance.choices(some, k=count), strict=True)
        for port, kinds in drawn:
            for kind in kinds:
                names[port, kind] = None
            if len(names) >= min(count, ports):
                break
    listed = _shuffled(list(names)[:count], chance)
    said = chance.choices(_SAID, k=len(listed))
    columns = chain(zip(*listed, strict=True), zip(*said, strict=True))
    return tuple(map(Line, *columns, repeat(()), range(0, -len(listed), -1)))


_SAID = tuple(product((1, 1, 2, 3, 9), ROW_STATUSES))


@cache
def _some_of(types: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Of which types a port may be: three times in five of one, else of two or of all."""
    by_size = [tuple(combinations(types, size)) for size in (1, 1, 1, 2, len(types))]
    each = lcm(*map(len, by_size))
    return [kinds for one in by_size for kinds in one * (each // len(one))]


def _shuffled(listed: Iterable[_Any], chance: Random) -> list[_Any]:
    """In any order. `Random.shuffle` draws a number of its own for each place, which costs seven times as much."""
    rank, known = chance.random, list(listed)
    ranks = [rank() for _ in known]
    return [known[at] for at in sorted(range(len(known)), key=ranks.__getitem__)]


@dataclass
class MovingList:
    """`lasting` names the lines that were open at every call so far, `listed_at` the lines of a call in their order."""

    lines: tuple[Line, ...]
    order: ListOrder
    chance: Random
    changes: int = 0  # between two calls at most
    size: int = 200  # of a page
    cap: int = CAP  # of `total_num`
    cloud: str = "otc"
    begins: Callable[[int, int], int] = honest
    change: Callable[[tuple[Line, ...], int], tuple[Line, ...]] | None = None  # instead of chance
    log: list[list[Line]] = field(default_factory=list)  # the whole list at each call
    _versions: list[tuple[Line, ...]] = field(default_factory=list)  # the lines at the calls at which they were others
    _in_order: list[Line] = field(default_factory=list)  # the latest of them
    _rows: dict[Line, Row] = field(default_factory=dict)

    def page(self, offset: int) -> ListPage:
        at = self.begins(offset, len(self._moved()))
        listed = self._listed(at, at + self.size)
        total = min(len(listed), self.cap)
        return ListPage.of(offset, total, tuple(map(self._row, listed[at : at + self.size])))

    def exact(self, port: int) -> Exact:
        return Exact(
            port,
            tuple(self._row(line) for line in self._listed(0, len(self._moved())) if line.port == port),
            proven=True,
        )

    @property
    def lasting(self) -> set[Name]:
        stayed = set(map(_NAME, self._versions[0]))
        for lines in self._versions[1:]:
            stayed.intersection_update(map(_NAME, lines))
        return {(port, kind.lower()) for port, kind in stayed}

    def listed_at(self, call: int) -> list[Name]:
        return [(line.port, line.type.lower()) for line in self.log[call]]

    def _moved(self) -> list[Line]:
        """The lines at the next call, in their order."""
        nth = len(self.log)
        if nth and self.change is not None:
            self.lines = self.change(self.lines, nth)
        elif nth and (changes := self.chance.randint(0, self.changes)):
            self.lines = moved(self.lines, self.chance, changes, nth)
        if not self._versions or self.lines is not self._versions[-1]:
            self._in_order = ordered(self.lines, self.order)
            if self.change is None:  # what moves by chance moves from any place, and is put in order again the sooner
                self.lines = tuple(self._in_order)
            self._versions.append(self.lines)
        return self._in_order

    def _listed(self, begin: int, end: int) -> list[Line]:
        """The same, as that call shows them from place to place: what an order leaves open is left to chance there."""
        listed = self._in_order.copy()
        if self.order != "insertion":
            shown = slice(*self._untied(begin, end))
            listed[shown] = ordered(_shuffled(listed[shown], self.chance), self.order)
        self.log.append(listed)
        return listed

    def _untied(self, begin: int, end: int) -> tuple[int, int]:
        """These places, and those around them that may be shown instead."""
        rank, lines, size = SORTED_BY.get(self.order), self._in_order, len(self._in_order)
        if rank is None:
            return 0, size
        begin, end = min(begin, size), min(end, size)
        while 0 < begin < size and rank(lines[begin - 1]) == rank(lines[begin]):
            begin -= 1
        while 0 < end < size and rank(lines[end - 1]) == rank(lines[end]):
            end += 1
        return begin, end

    def _row(self, line: Line) -> Row:
        row = self._rows.get(line)
        if row is None:
            status = line.status if self.cloud == "huaweicloud" else None
            row = self._rows[line] = Row(line.port, line.type.lower(), line.num, status)
        return row


@dataclass
class Outcome:
    """What a reading ended with; `asked` are the ports that were asked for by themselves."""

    complete: bool
    rows: tuple[Row, ...]
    calls: int
    plan: str
    proof: Proof
    asked: tuple[int, ...] = ()

    @property
    def names(self) -> set[Name]:
        return {(row.port, row.protocol) for row in self.rows}


def read(world: MovingList, ask: Ask) -> Outcome:
    """Follow the plan to its end, with all the time there is."""
    proof, calls = Proof.begin(sort_asked=world.cloud == "huaweicloud").add(world.page(0)), 1
    while isinstance(step := next_step(ask, proof), NextPage | StartOver):
        proof = proof.again() if isinstance(step, StartOver) else proof
        proof, calls = proof.add(world.page(proof.now.offset)), calls + 1
    return _outcome(world, step, proof, calls)


def _outcome(world: MovingList, step: Step, proof: Proof, calls: int) -> Outcome:
    if isinstance(step, ExactPorts):
        exact = [world.exact(port) for port in step.ports]
        return Outcome(True, proven(proof, exact), calls + len(exact), "ports", proof, step.ports)
    if isinstance(step, GiveUp):
        return Outcome(False, everything(proof), calls, "none", proof)
    return Outcome(True, proven(proof), calls, step.plan, proof)


def slipped(world: MovingList, proof: Proof, name: Name) -> bool:
    """Whether a line changed places at a seam in both of two readings: the one stated limit."""
    if proof.state != "whole" or proof.first is None:
        return False
    call = {id(page): nth for nth, page in enumerate(page for pages in proof.answers for page in pages)}
    return all(
        any(_changed_places(world, call[id(a)], call[id(b)], name, _shared(a, b)) for a, b in pairwise(one))
        for one in (proof.first.pages, proof.now.pages)
    )


def _shared(last: ListPage, page: ListPage) -> Iterator[Name]:
    here = {key[:2] for key in last.keys}
    return (key[:2] for key in page.keys if key[:2] in here)


def _changed_places(world: MovingList, before: int, after: int, name: Name, others: Iterator[Name]) -> bool:
    then, now = world.listed_at(before), world.listed_at(after)
    return any(then.index(one) < then.index(name) and now.index(one) > now.index(name) for one in others)
