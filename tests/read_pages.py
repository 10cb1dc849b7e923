"""Lists of rows, and what is proven after some of their pages, for tests of the plan."""

from __future__ import annotations

from random import Random

from handler.hss.pages import ListPage
from handler.hss.plan import Ask
from handler.hss.proof import Proof
from handler.models import Row
from handler.ports import PortSet


def tcp(*ports: int) -> tuple[Row, ...]:
    """Rows of these ports; num rises and falls, as in a list that is not sorted by num."""
    return tuple(Row(port, "tcp", 1 + at % 3) for at, port in enumerate(ports))


def ask(*ports: int, every_row: bool = False) -> Ask:
    return Ask("host", PortSet.of_ports(ports), every_row)


def seen(total: int, *each: tuple[Row, ...], sortable: bool = False) -> Proof:
    """After these answers, each to the question that the ones before lead to."""
    proof = Proof.begin(sort_asked=sortable)
    for rows in each:
        proof = proof.add(ListPage.of(proof.now.offset, total, rows))
    return proof


def listed(rows: tuple[Row, ...], answers: int, *, total: int | None = None, sortable: bool = False) -> Proof:
    """After so many answers of a service that gives 200 rows of this list at once."""
    proof = Proof.begin(sort_asked=sortable)
    for _ in range(answers):
        at = proof.now.offset
        proof = proof.add(ListPage.of(at, len(rows) if total is None else total, rows[at : at + 200]))
    return proof


def ascending(count: int, start: int = 1000) -> tuple[Row, ...]:
    return tcp(*range(start, start + count))


def shuffled(count: int, start: int = 1000) -> tuple[Row, ...]:
    ports = list(range(start, start + count))
    Random(3).shuffle(ports)
    return tcp(*ports)
