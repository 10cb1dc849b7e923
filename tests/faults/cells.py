"""A cell of the matrix, what came of it, and the table of all of them."""

from __future__ import annotations

import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

LASTS = {"once": 1, "a while": 2, "for ever": 4}  # in how many runs the fault is there; once: on one call of one run
WALL = 60.0  # seconds that a cell may take at most


@dataclass(frozen=True)
class Cell:
    """One edge, one fault, one duration; `play` gives what was broken, nothing if it held."""

    edge: str
    fault: str
    lasts: str
    play: Callable[[], list[str]]


@dataclass(frozen=True)
class Played:
    edge: str
    fault: str
    lasts: str
    broken: tuple[str, ...]
    seconds: float


def play(cell: Cell) -> Played:
    """Play one cell. An exception of any kind that comes out of it is a breach too."""
    began = time.monotonic()
    try:
        broken = cell.play()
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt):
            raise
        last = traceback.extract_tb(error.__traceback__)[-1]
        broken = [
            f"{type(error).__name__} came out at {last.filename.rpartition('/')[2]}:{last.lineno}: {error!s:.200}"
        ]
    took = time.monotonic() - began
    if took > WALL:
        broken.append(f"took {took:.0f} s")
    return Played(cell.edge, cell.fault, cell.lasts, tuple(dict.fromkeys(broken)), took)


def table(played: Iterable[Played]) -> Iterator[str]:
    """Lines of Markdown: per edge, cells tried, held and broken; then each broken cell."""
    edges: dict[str, list[Played]] = defaultdict(list)
    for one in played:
        edges[one.edge].append(one)
    yield "| edge | faults | cells tried | held | broken | seconds |"
    yield "|---|---|---|---|---|---|"
    for edge, cells in edges.items():
        yield f"| {edge} | {len({one.fault for one in cells})} | {_figures(cells)} |"
    everything = [one for cells in edges.values() for one in cells]
    yield f"| **all** | {len({one.fault for one in everything})} | {_figures(everything)} |"


def by_fault(played: Iterable[Played]) -> Iterator[str]:
    """The same cells by fault."""
    faults: dict[str, list[Played]] = defaultdict(list)
    for one in played:
        faults[one.fault].append(one)
    yield "| fault | edges | cells tried | held | broken | seconds |"
    yield "|---|---|---|---|---|---|"
    for fault, cells in faults.items():
        yield f"| {fault} | {len({one.edge for one in cells})} | {_figures(cells)} |"


def broken_lines(played: Iterable[Played]) -> Iterator[str]:
    """What was broken in which cell."""
    for one in played:
        for what in one.broken:
            yield f"BROKEN {one.edge} / {one.fault} / {one.lasts}: {what}"


def _figures(cells: list[Played]) -> str:
    broken = sum(bool(one.broken) for one in cells)
    return f"{len(cells)} | {len(cells) - broken} | {broken} | {sum(one.seconds for one in cells):.1f}"
