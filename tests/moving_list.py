"""A list that moves between any two calls, and a reader that follows the plan: for the model of the reading."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from handler.hss.merge import Exact, everything, proven
from handler.hss.pages import Page
from handler.hss.plan import Ask, ExactPorts, GiveUp, NextPage, StartOver, Step, next_step
from handler.hss.proof import Proof
from handler.models import Row
from handler.simulator.fleet import Line
from handler.simulator.moving import Order, moved, ordered

Name = tuple[int, str]  # port and type: which line it is, whatever its num and status


def name_of(line: Line) -> Name:
    return line.port, line.type.lower()


@dataclass
class MovingList:
    """`lasting` are the lines that were open at every call so far; `log` holds the whole list at each call."""

    lines: tuple[Line, ...]
    order: Order
    chance: Random
    changes: int = 0  # between two calls at most
    size: int = 200  # of a page
    cloud: str = "otc"
    change: Callable[[tuple[Line, ...], int], tuple[Line, ...]] | None = None  # instead of chance
    lasting: set[Name] = field(default_factory=set)
    log: list[list[Line]] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)

    def page(self, offset: int) -> Page:
        listed = self._listed()
        self.offsets.append(offset)
        rows = tuple(map(self._row, listed[offset : offset + self.size]))
        return Page.of(offset, len(listed), rows)

    def exact(self, port: int) -> Exact:
        listed = [line for line in self._listed() if line.port == port]
        return Exact(port, tuple(map(self._row, listed)), proven=True)

    def _listed(self) -> list[Line]:
        nth = len(self.log)
        if nth and self.change is not None:
            self.lines = self.change(self.lines, nth)
        elif nth:
            self.lines = moved(self.lines, self.chance, self.chance.randint(0, self.changes), nth)
        names = set(map(name_of, self.lines))
        self.lasting = self.lasting & names if nth else names
        self.log.append(ordered(self.lines, self.order, self.chance))
        return self.log[-1]

    def _row(self, line: Line) -> Row:
        return Row(line.port, line.type.lower(), line.num, line.status if self.cloud == "huaweicloud" else None)


@dataclass
class Told:
    """What a reading ended with. `calls` is None in `limit` where no line was missed."""

    complete: bool
    rows: tuple[Row, ...]
    calls: int
    plan: str
    proof: Proof
    asked: tuple[int, ...] = ()  # ports asked for by themselves

    @property
    def names(self) -> set[Name]:
        return {(row.port, row.protocol) for row in self.rows}


def read(world: MovingList, ask: Ask, *, sort_asked: bool = False) -> Told:
    """Follow the plan to its end, with all the time there is."""
    proof = Proof.begin(sort_asked=sort_asked).add(world.page(0))
    calls = 1
    while True:
        step = next_step(ask, proof)
        if isinstance(step, StartOver):
            proof = proof.again()
            proof, calls = proof.add(world.page(0)), calls + 1
        elif isinstance(step, NextPage):
            proof, calls = proof.add(world.page(step.offset)), calls + 1
        else:
            return _told(world, step, proof, calls)


def _told(world: MovingList, step: Step, proof: Proof, calls: int) -> Told:
    if isinstance(step, ExactPorts):
        exact = [world.exact(port) for port in step.ports]
        return Told(True, proven(proof, exact), calls + len(exact), "ports", proof, step.ports)
    if isinstance(step, GiveUp):
        return Told(False, everything(proof), calls, "none", proof)
    return Told(True, proven(proof), calls, step.plan, proof)
