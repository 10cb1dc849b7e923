"""Lists that move: what happens between two calls, and the orders that a service may have."""

from __future__ import annotations

from random import Random

import pytest

from handler.cli import build_parser
from handler.commands.simulate import simulator_of
from handler.simulator.faults import Fault
from handler.simulator.fleet import Fleet, Line
from handler.simulator.moving import Movement, moved, ordered
from handler.simulator.options import Options
from handler.simulator.simulator import Simulator
from tests.fakes import MovingClock
from tests.simulator.test_simulator import ask

LINES = (
    Line(443, "TCP", 2, updated=5),
    Line(80, "TCP", 9),
    Line(9, "UDP", 2, updated=7),
    Line(1000, "TCP", 2, updated=-3),
)


@pytest.mark.parametrize(
    ("order", "ports"),
    [
        ("insertion", [443, 80, 9, 1000]),
        ("port", [9, 80, 443, 1000]),
        ("text", [1000, 443, 80, 9]),
        ("num", [80, 9, 443, 1000]),
        ("updated", [9, 443, 80, 1000]),
        ("front", [9, 443, 80, 1000]),
    ],
)
def test_lines_stand_in_the_order_of_the_service(order, ports):
    assert [line.port for line in ordered(LINES, order)] == ports
    assert [line.port for line in ordered(LINES, order, Random(1))] == ports


def test_in_no_order_they_stand_as_chance_wants():
    orders = {tuple(line.port for line in ordered(LINES, "none", Random(seed))) for seed in range(50)}
    assert len(orders) > 10


def test_ties_are_left_to_chance_or_stay_as_they_were_inserted():
    lines = (Line(1, "UDP", 1), Line(1, "TCP", 1), Line(0, "TCP", 1))
    kept = [line.type for line in ordered(lines, "port")]
    seen = {tuple(line.type for line in ordered(lines, "port", Random(seed))) for seed in range(20)}
    assert kept == ["TCP", "UDP", "TCP"]
    assert seen == {("TCP", "UDP", "TCP"), ("TCP", "TCP", "UDP")}


def test_between_two_calls_lines_come_go_grow_and_change_their_status():
    kinds = set()
    for seed in range(60):
        after = {(line.port, line.type): line for line in moved(LINES, Random(seed), 1, nth=9)}
        for line in LINES:
            then = after.pop((line.port, line.type), None)
            if then is None:
                kinds.add("gone")
            elif then != line:
                kinds.add(
                    "grown" if then.num != line.num else "other status" if then.status != line.status else "touched"
                )
                assert then.updated > 7
        kinds |= {"come" for _ in after}
    assert kinds >= {"gone", "grown", "other status", "come"}


def test_no_line_comes_twice_and_an_empty_list_can_only_grow():
    lines = ()
    for nth in range(1, 300):
        lines = moved(lines, Random(nth), 3, nth)
        assert len({(line.port, line.type) for line in lines}) == len(lines)


def test_movement_is_the_same_for_the_same_seed_and_may_be_none():
    fleet = Fleet.of(*LINES)
    assert Movement(3, 5)(fleet, 2) == Movement(3, 5)(fleet, 2)
    assert any(Movement(seed, 5)(fleet, 2) != fleet for seed in range(9))
    assert Movement(3, 0)(fleet, 2) == fleet


def simulator(moving=None, fault=(), **options):
    fleet = Fleet.of(*(Line(port, "TCP", 1 + port % 3) for port in range(1, 31)))
    return Simulator(fleet, Options(throttle=0, **options), clock=MovingClock(), faults=fault, moving=moving)


def ports(service, query=""):
    return [row["port"] for row in ask(service, f"limit=10&{query}")[1]["data_list"]]


def test_the_fleet_moves_before_the_second_call_and_each_later_one():
    service = simulator(lambda fleet, nth: fleet.without(nth), cloud="otc", order="port")
    assert [ports(service)[0], ports(service)[0], ports(service)[0]] == [1, 2, 3]


def test_an_order_rules_where_no_sort_is_asked_for_or_it_is_ignored():
    assert ports(simulator(order="text"))[:4] == [1, 10, 11, 12]
    assert ports(simulator(order="text"), "sort_key=port")[:3] == [1, 2, 3]
    assert ports(simulator(order="text", sort="ignored"), "sort_key=port")[:3] == [1, 10, 11]


@pytest.mark.parametrize(
    ("fault", "begins", "rows"),
    [
        (Fault("offsets_rounded", last=None, value=10), 11, 10),
        (Fault("offsets_clamped", last=None), 1, 10),
        (Fault("offsets_clamped", last=None, value=5), 6, 10),
        (Fault("short_pages", last=None, value=4), 17, 4),
    ],
)
def test_pages_may_begin_elsewhere_and_hold_fewer_rows(fault, begins, rows):
    got = ports(simulator(fault=[fault], order="port"), "offset=16")
    assert (got[0], len(got)) == (begins, rows)


def parsed(*options):
    arguments = ("simulate", *options)
    return build_parser(arguments).parse_args(arguments)


def test_the_command_line_chooses_an_order_and_how_much_happens():
    service = simulator_of(parsed("--rows", "30", "--order", "port", "--changes", "4", "--throttle", "0"))
    first, later = ports(service), [ports(service) for _ in range(5)]
    assert first == sorted(first)
    assert all(one == sorted(one) for one in later)
    assert any(one != first for one in later)
    still = simulator_of(parsed("--rows", "30", "--throttle", "0"))
    assert ports(still) == ports(still)
