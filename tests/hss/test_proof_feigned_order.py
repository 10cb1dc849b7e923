"""An order of port that is only seen, where no sort can be asked for, and lists that feign it.

A row jumps over a seam to the front, one before the seam closes and one behind it opens: the seam fits in place, the
total stands still, every page ascends. Run it with more readings: `READINGS=20000 pytest tests/hss/test_proof_feigned_order.py`.
"""

from __future__ import annotations

import os
from random import Random

import pytest

from handler.hss.pages import ListPage
from handler.hss.plan import Ask
from handler.hss.proof import Proof
from handler.hss.reading import ListReading
from handler.models import Row
from handler.simulator.fleet import Line
from tests.moving_list import MovingList, made_up, read, slipped

READINGS = int(os.environ.get("READINGS", "600"))
EVERY = Ask("host", every_row=True)
SIZE = 20


def in_order(count, start=1000):
    return tuple(Line(port, "TCP", 1 + port % 3) for port in range(start, start + count))


def jumping(chance):
    """Changes between two calls that cancel out: some rows jump to the front, as many close as open."""

    def change(lines, nth):
        now = sorted(lines, key=lambda line: line.port)
        for number in range(chance.choice((0, 0, 1, 1, 2))):
            at = chance.randrange(len(now))
            if chance.random() < 0.7:
                now[at] = now[at]._replace(updated=nth * 100 + number)
            gone = now.pop(chance.randrange(len(now)))
            now.append(came(now, gone, chance))
        return tuple(now)

    return change


def came(now, gone, chance):
    """A new row: of a port that is there in the other type, of any port, or at times one that closed just now."""
    names = {(line.port, line.type) for line in now}
    port = chance.choice((chance.choice(now).port, chance.randint(1, 65_535), gone.port))
    free = [kind for kind in ("TCP", "UDP") if (port, kind) not in names]
    return Line(port, free[0], chance.randint(1, 9)) if free else gone


def worlds(count):
    for seed in range(count):
        chance = Random(f"feigned {seed}")
        lines = made_up(chance, chance.choice((21, 25, 36, 40, 52, 65)), "otc", chance.choice((65_535, 300)))
        yield MovingList(lines, "front", chance, size=SIZE, change=jumping(chance))


def one_pass(world):
    reading = ListReading()
    while reading.state == "going":
        reading = reading.add(world.page(reading.offset))
    return reading


def test_a_row_that_jumps_over_a_seam_to_the_front_is_in_the_reading():
    missed = []
    for world in worlds(READINGS):
        outcome = read(world, EVERY)
        lost = world.lasting - outcome.names if outcome.complete else set()
        missed += [name for name in lost if not slipped(world, outcome.proof, name)]
    assert not missed


def test_one_pass_alone_would_have_missed_some():
    """That the lists above are as bad as they should be."""
    feigned = 0
    for world in worlds(READINGS):
        reading = one_pass(world)
        feigned += reading.shows == "seen" and not world.lasting <= {key[:2] for key in reading.keys}
    assert feigned >= READINGS // 100


def test_three_changes_between_two_pages_are_seen_by_a_second_look():
    def feigned(now, nth):
        if nth != 1:
            return now
        moved = [line._replace(updated=1) if line.port == 1025 else line for line in now if line.port != 1005]
        return (*moved, Line(2000, "TCP", 1))

    world = MovingList(in_order(40), "front", Random(1), size=SIZE, change=feigned)
    outcome = read(world, EVERY)
    assert (outcome.complete, outcome.calls) == (True, 3 + 3)  # the second look is the first page of the second reading
    assert world.lasting <= outcome.names


def test_a_quiet_list_is_whole_after_the_second_look():
    outcome = read(MovingList(in_order(40), "port", Random(1), size=SIZE), EVERY)
    assert (outcome.complete, outcome.calls, len(outcome.rows)) == (True, 3 + 1, 40)


@pytest.mark.parametrize("where", ["behind the first page", "in the first page"])
def test_what_comes_before_the_second_look_costs_a_second_reading_only_in_the_first_page(where):
    def change(now, nth):
        return (*now, Line(2000 if where == "behind the first page" else 1, "TCP", 1)) if nth == 3 else now

    outcome = read(MovingList(in_order(40), "port", Random(1), size=SIZE, change=change), EVERY)
    assert (outcome.complete, outcome.calls) == (True, 4 if where == "behind the first page" else 6)


def test_types_of_one_port_may_change_places_before_the_second_look():
    lines = tuple(Line(port, kind, 1 + port % 3) for port in range(1000, 1030) for kind in ("TCP", "UDP"))
    outcome = read(MovingList(lines, "port", Random(1), size=SIZE), EVERY)
    assert (outcome.complete, len(outcome.rows)) == (True, 60)
    assert outcome.proof.first is None


# the second look itself


def page(offset, total, *ports, num=None):
    return ListPage.of(offset, total, tuple(Row(port, "tcp", num or 1 + port % 3) for port in ports))


def looking():
    """A proof whose next page is the second look: ports 100 to 115, read in two pages."""
    proof = Proof.begin(sort_asked=False).add(page(0, 16, *range(100, 110))).add(page(6, 16, *range(106, 116)))
    assert (proof.state, proof.looks_again, proof.now.offset, proof.left()) == ("going", True, 0, 1)
    return proof


def test_a_second_look_that_shows_the_same_is_a_proof_whatever_became_of_the_rest():
    proof = looking().add(page(0, 23, *range(100, 110)))
    assert (proof.state, proof.left()) == ("whole", 0)


def test_a_second_look_that_shows_anything_else_begins_a_second_reading():
    proof = looking().add(page(0, 16, 115, *range(100, 109)))
    assert (proof.state, proof.looks_again, proof.now.offset, proof.left()) == ("going", False, 6, 1)
    assert proof.add(page(6, 16, *range(105, 115))).state == "whole"


def test_a_second_look_that_holds_the_whole_list_is_a_proof_by_itself():
    proof = looking().add(page(0, 4, *range(100, 104)))
    assert (proof.state, proof.first, len(proof.now.pages)) == ("whole", None, 1)


def test_a_second_look_that_proves_nothing_is_taken_once_more():
    failed = looking().add(page(0, 3, *range(100, 110)))
    assert (failed.state, failed.left()) == ("failed", 1)
    assert failed.again().add(page(0, 16, *range(100, 110))).state == "whole"


def test_rows_that_cannot_be_read_at_the_second_look_make_no_second_reading():
    proof = looking().add(ListPage.of(0, 16, tuple(Row(port, "tcp", 1) for port in range(100, 109)), size=10))
    assert proof.state == "whole"


# the stated limits


def test_limit_as_many_rows_that_move_in_their_own_order_as_a_page_holds():
    """One slips to the front, and before the second look all rows of the first page are updated, the last one first."""

    def change(now, nth):
        if nth == 1:
            moved = [line._replace(updated=1) if line.port == 1025 else line for line in now if line.port != 1005]
            return (*moved, Line(2000, "TCP", 1))
        if nth == 3:
            back = {line.port: line for line in in_order(SIZE)}
            others = [line for line in now if line.port not in back]
            return (*others, *(line._replace(updated=5000 - line.port) for line in back.values()))
        return now

    world = MovingList(in_order(40), "front", Random(1), size=SIZE, change=change)
    outcome = read(world, EVERY)
    assert (outcome.complete, world.lasting - outcome.names) == (True, {(1025, "tcp")})


def test_limit_a_row_that_moves_forward_over_a_seam_and_not_to_the_first_page():
    """A list that merely stands in order of port, and in which a row may come to stand anywhere."""

    def change(now, nth):
        if nth != 2:
            return now
        moved = [line for line in now if line.port not in (1050, 1030)]
        return (*moved[:25], Line(1050, "TCP", 1 + 1050 % 3), *moved[25:], Line(2000, "TCP", 1))

    world = MovingList(in_order(60), "insertion", Random(1), size=SIZE, change=change)
    outcome = read(world, EVERY)
    assert (outcome.complete, world.lasting - outcome.names) == (True, {(1050, "tcp")})
