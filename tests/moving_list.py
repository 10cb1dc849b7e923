"""A list that moves between any two calls, and a reader that follows the plan: for the model of the reading."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from operator import attrgetter
from random import Random

from handler.hss.merge import Exact, everything, proven
from handler.hss.pages import CAP, ListPage
from handler.hss.plan import Ask, ExactPorts, GiveUp, NextPage, StartOver, Step, next_step
from handler.hss.proof import Proof
from handler.models import Row
from handler.simulator.fleet import Line
from handler.simulator.moving import ROW_STATUSES, ROW_TYPES, ListOrder, moved, ordered

Name = tuple[int, str]  # port and type: which line it is, whatever its num and status
_NAME = attrgetter("port", "type")


def honest(offset: int, _total: int) -> int:
    """Where a page begins that was asked for at `offset`."""
    return offset


def made_up(chance: Random, count: int, cloud: str, ports: int = 65_535) -> tuple[Line, ...]:
    """So many lines of random ports up to `ports`, many of them of several types."""
    types = ROW_TYPES if cloud == "huaweicloud" else ROW_TYPES[:2]
    names: dict[Name, None] = {}
    while len(names) < min(count, ports):
        port = chance.randint(1, ports)
        names.update(
            dict.fromkeys((port, kind) for kind in chance.sample(types, chance.choice((1, 1, 1, 2, len(types)))))
        )
    listed = list(names)[:count]
    chance.shuffle(listed)
    return tuple(
        Line(*name, chance.choice((1, 1, 2, 3, 9)), chance.choice(ROW_STATUSES), updated=-at)
        for at, name in enumerate(listed)
    )


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
    _stayed: set[Name] = field(default_factory=set)  # `lasting`, with types as the service spells them
    _known: tuple[Line, ...] | None = None  # the lines that `_stayed` knows

    def page(self, offset: int) -> ListPage:
        listed = self._listed()
        at = self.begins(offset, len(listed))
        total = min(len(listed), self.cap)
        return ListPage.of(offset, total, tuple(map(self._row, listed[at : at + self.size])))

    def exact(self, port: int) -> Exact:
        return Exact(port, tuple(self._row(line) for line in self._listed() if line.port == port), proven=True)

    @property
    def lasting(self) -> set[Name]:
        return {(port, kind.lower()) for port, kind in self._stayed}

    def listed_at(self, call: int) -> list[Name]:
        return [(line.port, line.type.lower()) for line in self.log[call]]

    def _listed(self) -> list[Line]:
        nth = len(self.log)
        if nth and self.change is not None:
            self.lines = self.change(self.lines, nth)
        elif nth:
            self.lines = moved(self.lines, self.chance, self.chance.randint(0, self.changes), nth)
        listed = ordered(self.lines, self.order, self.chance)
        self.log.append(listed)
        if self.lines is not self._known:
            names = set(map(_NAME, listed))
            self._stayed, self._known = self._stayed & names if nth else names, self.lines
        return listed

    def _row(self, line: Line) -> Row:
        return Row(line.port, line.type.lower(), line.num, line.status if self.cloud == "huaweicloud" else None)


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
