"""All parts of the matrix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from tests.faults import api_edges, kill, moving_edges, sink_edges, store_edges, wire
from tests.faults.cells import Cell

PARTS: dict[str, Callable[[], Iterator[Cell]]] = {
    "api": api_edges.cells,
    "moving": moving_edges.cells,
    "sinks": sink_edges.cells,
    "stores": store_edges.cells,
    "wire": wire.cells,
    "kill": kill.cells,
}


def every(parts: list[str], step: int = 1) -> Iterator[Cell]:
    """Every `step`th cell of the parts, in order."""
    for part in parts:
        yield from islice(PARTS[part](), 0, None, step)
