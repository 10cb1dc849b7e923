"""Which calls answer a policy: the fewest, decided anew after each page. Pure.

Every category starts with one unfiltered first page. Then the pages that `handler.hss.proof` still needs, or one exact
query for each port that is not answered yet, whichever are fewer. A port is answered by an exact query, by the whole
list, or by pages that are proven to ascend by number and have passed it; a port that was merely seen is not, since its
other types may follow.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Literal

from handler.hss.overlap import pages_of
from handler.hss.pages import CAP, Sorted
from handler.hss.parameters import HIGHEST_OFFSET, LIMIT
from handler.hss.proof import TRIES
from handler.hss.reading import ListReading
from handler.named_tuple import NamedTuple
from handler.ports import HIGHEST, NAMED_PORTS, PortSet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from handler.hss.proof import Proof
    from handler.policy.rules import Policy

PlanName = Literal["pages", "ports", "sorted"]


class Ask(NamedTuple):
    """What a policy wants to know of one category: these ports, or every row, and which asset counters."""

    category: str
    ports: PortSet = PortSet()
    every_row: bool = False
    counters: tuple[str, ...] = ()


class NextPage(NamedTuple):
    """Ask for the page at `offset`; `calls` may still be needed, `fewest` surely are."""

    offset: int
    calls: int
    fewest: int


class ExactPorts(NamedTuple):
    """Ask for each of these ports by itself."""

    ports: tuple[int, ...]


class Stop(NamedTuple):
    """Everything that was asked is answered."""

    plan: PlanName
    every_row: bool


class StartOver(NamedTuple):
    """The pages prove nothing. Read them again with so many calls; where that does not fit, ask for the ports."""

    why: str
    calls: int
    ports: tuple[int, ...] = ()


class GiveUp(NamedTuple):
    """The pages prove nothing, and nothing else would."""

    why: str


Step = NextPage | ExactPorts | Stop | StartOver | GiveUp


def asks_of(policy: Policy, categories: Iterable[str]) -> tuple[Ask, ...]:
    """What the policy wants to know of each of the categories."""
    return tuple(_ask(policy, category) for category in categories)


def next_step(ask: Ask, proof: Proof) -> Step:
    """What to do after a page."""
    if proof.state == "whole":
        return Stop("pages", every_row=True)
    ports = PortSet() if ask.every_row else unanswered(_named(ask.ports), proof)
    if proof.state == "failed":
        return _after_failure(proof, ports)
    calls = proof.left()
    return _without_pages(ask, ports, calls) or _next_page(ask, proof, ports, calls)


def calls_ahead(step: Step) -> int:
    """The calls that a step leads to, as far as they are planned."""
    if isinstance(step, ExactPorts):
        return len(step.ports)
    return step.calls if isinstance(step, NextPage | StartOver) else 0


def unanswered(ports: PortSet, proof: Proof) -> PortSet:
    """Those of the ports that may have rows which were not seen."""
    if proof.state == "whole":
        return PortSet()
    passed = proof.now.highest if isinstance(proof.now, ListReading) else None
    return ports if passed is None else ports & PortSet(((passed, HIGHEST),))  # a page may end between two types of it


def calls_from_start(ask: Ask, rows: int, order: Sorted) -> tuple[PlanName, int]:
    """The plan for a list of so many rows that does not move, and its calls, the first page included.

    A proven order may save some. The choice is made by what `total_num` says of the rows, never more than the cap.
    """
    ports = len(ask.ports & NAMED_PORTS)
    if rows > LIMIT and not ask.every_row and ports < _calls_of_pages(min(rows, CAP), order):
        return "ports", 1 + ports
    return "pages", _calls_of_pages(rows, order)


def _calls_of_pages(rows: int, order: Sorted) -> int:
    """One pass; where an order is only seen, a second look at its first page; where there is none, a second pass."""
    pages = pages_of(rows)
    if rows <= LIMIT or order == "asked":
        return pages
    return pages + (1 if order == "seen" else pages)


@lru_cache(maxsize=8)
def _named(ports: PortSet) -> PortSet:
    """Those of the ports that a query can name; found out once, not after each page."""
    return ports & NAMED_PORTS


def _without_pages(ask: Ask, ports: PortSet, calls: int) -> Step | None:
    """What answers the rest in fewer calls than the pages; None where the pages must go on."""
    if ask.every_row:
        return None
    if not ports:
        return Stop("sorted" if ask.ports else "ports", every_row=False)
    few = len(ports.ranges) <= calls and len(ports) <= calls  # each range holds a port at least
    return ExactPorts(tuple(ports)) if few else None


def _next_page(ask: Ask, proof: Proof, ports: PortSet, calls: int) -> Step:
    if proof.now.offset > HIGHEST_OFFSET:
        return (
            ExactPorts(tuple(ports)) if ports else GiveUp(f"the listing is longer than offset {HIGHEST_OFFSET} reaches")
        )
    may_stop_early = isinstance(proof.now, ListReading) and proof.now.may_stop_early and not ask.every_row
    return NextPage(proof.now.offset, calls, fewest=1 if may_stop_early else proof.surely_left())


def _after_failure(proof: Proof, ports: PortSet) -> Step:
    """Exact queries prove more than another reading; start over once only where it needs fewer calls."""
    calls = proof.left()
    if ports and (proof.tries >= TRIES or len(ports) <= calls):
        return ExactPorts(tuple(ports))
    if proof.tries >= TRIES:
        return GiveUp(proof.why)
    return StartOver(proof.why, calls, tuple(ports))


def _ask(policy: Policy, category: str) -> Ask:
    rules = [rule for rule in policy.rules if category in rule.categories]
    ports = PortSet.of(chain.from_iterable(rule.ports.ranges for rule in rules if not rule.needs_every_row))
    counters = dict.fromkeys(rule.statistic for rule in rules if rule.statistic)
    return Ask(category, ports, any(rule.needs_every_row for rule in rules), tuple(counters))
