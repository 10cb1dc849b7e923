"""The list that moves between any two calls, in each order that a service may have: ports come, go, grow and change places.

What the policy forbids stays as it is; everything around it moves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from random import Random

from handler.simulator.fleet import Fleet, Line
from handler.simulator.moving import ORDERS
from tests.faults import invariants
from tests.faults.cells import LASTS, Cell
from tests.faults.scene import Scene, scene

ALLOWED = range(1000, 2000)
Move = Callable[[Fleet, int], Fleet]


def _fillers(fleet: Fleet) -> list[Line]:
    return [line for line in fleet.lines("0", "host") if line.port in ALLOWED]


def _grow(fleet: Fleet, nth: int) -> Fleet:
    known = {line.port for line in _fillers(fleet)}
    free = [port for port in ALLOWED if port not in known]
    return fleet.with_line(Line(Random(nth).choice(free), "TCP", 1 + nth % 9, "normal", updated=nth)) if free else fleet


def _shrink(fleet: Fleet, nth: int) -> Fleet:
    return fleet.without(Random(nth).choice(_fillers(fleet)).port)


def _slide(fleet: Fleet, nth: int) -> Fleet:
    """One closes in front and one opens at the end, so that `total_num` stands still."""
    return _grow(fleet.without(_fillers(fleet)[0].port), nth)


def _touch(fleet: Fleet, nth: int) -> Fleet:
    """One is updated: it changes its num, and where the service sorts so, its place."""
    line = Random(nth).choice(_fillers(fleet))
    return fleet.without(line.port).with_line(line._replace(num=1 + nth % 9, updated=nth))


def _much(fleet: Fleet, nth: int) -> Fleet:
    for number, move in enumerate((_shrink, _shrink, _touch, _grow, _slide, _touch, _grow)):
        fleet = move(fleet, 10 * nth + number)
    return fleet


MOVES: Mapping[str, Move] = {
    "one opens before each call": _grow,
    "one closes before each call": _shrink,
    "one closes, one opens before each call": _slide,
    "one is updated before each call": _touch,
    "eight changes before each call": _much,
}


def cells() -> Iterator[Cell]:
    for edge, options in _services():
        for name, move in MOVES.items():
            for lasts in LASTS:
                yield Cell(edge, name, lasts, partial(_play, options, move, lasts))


def _services() -> Iterator[tuple[str, dict[str, str]]]:
    """By name, how each lists: Open Telekom Cloud as it likes, Huawei Cloud sorted as asked, or as it likes too."""
    for order in ORDERS:
        yield f"a list that moves, by {order}", {"cloud": "otc", "order": order}
    for sort in ("number", "text"):
        yield f"the same on Huawei Cloud, sorted by {sort}", {"cloud": "huaweicloud", "sort": sort}
    for order in ORDERS:
        ignored = {"cloud": "huaweicloud", "sort": "ignored", "order": order}
        yield f"the same on Huawei Cloud, sort ignored, by {order}", ignored


def _play(options: dict[str, str], move: Move, lasts: str) -> list[str]:
    with scene(**options) as world:
        return invariants.once_each(_story(world, move, lasts, finds=options.get("order") != "none"))


def _story(world: Scene, move: Move, lasts: str, *, finds: bool) -> Iterator[str]:
    """Told once; then a change, and the list begins to move; then it stands still. In random order nothing is proven."""
    world.run()
    world.change()
    world.simulator.moving = move
    for _ in range(LASTS[lasts]):
        yield from invariants.of_run(world.run())
        yield from invariants.of_marks(world)
    world.simulator.moving = None
    for _ in range(2):
        last = world.run()
        yield from invariants.of_run(last)
    if finds and (last.report is None or last.report["verdict"] != "violations"):
        yield "not conclusive after recovery"
    if finds:
        yield from invariants.of_telling(world)
    yield from world.leaks()
