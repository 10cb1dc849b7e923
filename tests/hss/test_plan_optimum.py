"""The plan against the fewest calls that any plan could make."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from handler.hss.merge import proven
from handler.hss.pages import ListPage
from handler.hss.plan import ExactPorts, NextPage, Stop, calls_from_start, next_step, unanswered
from handler.hss.proof import Proof
from handler.models import Row
from handler.ports import PortSet
from tests.examples import examples
from tests.read_pages import ascending, ask, seen, shuffled

SORTED = ("asked", "seen", "none")
SIZE = 12  # rows of a page in the small estates below


@dataclass(frozen=True)
class Estate:
    rows: tuple[Row, ...]
    wanted: tuple[int, ...]
    sortable: bool

    def read(self, answers: int) -> Proof:
        """After so many pages, or all that the list needs."""
        proof = Proof.begin(sort_asked=self.sortable)
        while answers and proof.state == "going":
            at = proof.now.offset
            proof, answers = proof.add(ListPage.of(at, len(self.rows), self.rows[at : at + SIZE])), answers - 1
        return proof


@st.composite
def estates(draw) -> Estate:
    numbers = draw(st.lists(st.integers(0, 239), unique=True, max_size=5 * SIZE))  # one draw for each name
    names = [(1 + number // 2, ("tcp", "udp")[number % 2]) for number in numbers]
    order = draw(st.sampled_from(["number", "text", "none"]))
    rank = {"number": lambda name: name, "text": lambda name: (str(name[0]), name[1]), "none": hash}[order]
    rows = tuple(Row(*name, 1 + at % 3) for at, name in enumerate(sorted(names, key=rank)))
    return Estate(rows, tuple(draw(st.sets(st.integers(1, 120), max_size=9))), draw(st.booleans()))


def walked(estate: Estate) -> tuple[int, set[int], Proof]:
    """Our plan on an estate: calls, ports asked for by themselves, and what the pages prove."""
    proof, calls = estate.read(1), 1
    while True:
        done = next_step(ask(*estate.wanted), proof)
        if isinstance(done, NextPage):
            calls += 1
            proof = proof.add(ListPage.of(done.offset, len(estate.rows), estate.rows[done.offset : done.offset + SIZE]))
        elif isinstance(done, ExactPorts):
            return calls + len(done.ports), set(done.ports), proof
        else:
            assert isinstance(done, Stop)
            return calls, set(), proof


def optimum(estate: Estate) -> int:
    """The fewest calls of any plan that starts with the first page: so many pages, then the ports still open."""
    wanted, best = PortSet.of_ports(estate.wanted), []
    for answers in range(1, 100):
        proof = estate.read(answers)
        best.append(answers + len(unanswered(wanted, proof)))
        if proof.state != "going":
            return min(best)
    raise AssertionError(estate)


@settings(max_examples=examples(150), deadline=None)
@given(estates())
def test_no_plan_without_a_proven_order_needs_fewer_calls(estate):
    unordered = replace(estate, sortable=False)
    first = unordered.read(1)
    promised = 1 + min(first.left(), len(estate.wanted))
    assert optimum(unordered) <= walked(unordered)[0] <= promised


@settings(max_examples=examples(150), deadline=None)
@given(estates())
def test_with_an_order_the_calls_lie_between_the_optimum_and_what_the_first_page_promised(estate):
    calls, _, _ = walked(estate)
    first = estate.read(1)
    open_ports = len(unanswered(PortSet.of_ports(estate.wanted), first))
    assert optimum(estate) <= calls <= 1 + min(first.left(), open_ports)


@settings(max_examples=examples(150), deadline=None)
@given(estates())
def test_whatever_the_plan_every_wanted_row_is_seen(estate):
    _, exact, proof = walked(estate)
    wanted = {row for row in estate.rows if row.port in estate.wanted}
    assert wanted <= set(proven(proof)) | {row for row in estate.rows if row.port in exact}


@settings(max_examples=examples(100), deadline=None)
@given(st.integers(0, 10_000), st.sets(st.integers(1, 300), max_size=120), st.booleans(), st.sampled_from(SORTED))
def test_calls_from_the_start_are_those_that_the_plan_then_makes(total, ports, every_row, order):
    wanted = ask(*ports, every_row=every_row)
    name, calls = calls_from_start(wanted, total, order)
    rows = (shuffled if order == "none" else ascending)(min(200, total))
    then = next_step(wanted, seen(total, rows, sortable=order == "asked"))
    more = then.calls if isinstance(then, NextPage) else len(then.ports) if isinstance(then, ExactPorts) else 0
    assert calls == 1 + more
    assert isinstance(then, ExactPorts) is (name == "ports" and bool(ports))
