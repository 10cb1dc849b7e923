"""A sample of the matrix that takes seconds: every part, every edge of asking and telling, other cells than a neighbour's.

The whole of it is `make test-faults`, which prints the table in docs/reliability.md.
"""

from __future__ import annotations

from itertools import islice

import pytest

from tests.faults.cells import broken_lines, play, table
from tests.faults.matrix import PARTS

# primes: a sample meets every duration
STEPS = {"api": 101, "moving": 31, "sinks": 83, "stores": 41, "wire": 83, "kill": 17}


@pytest.mark.parametrize("part", PARTS)
def test_every_sampled_cell_holds(part):
    played = [play(cell) for cell in islice(PARTS[part](), STEPS[part] // 2, None, STEPS[part])]
    assert len(played) >= 5
    assert list(broken_lines(played)) == []


def test_a_cell_that_breaks_is_red_and_named():
    from tests.faults.cells import Cell

    def fails() -> list[str]:
        raise ValueError("a bug")

    played = [play(Cell("edge", "fault", "once", fails)), play(Cell("edge", "fault", "a while", list))]
    assert list(table(played))[2].startswith("| edge | 1 | 2 | 1 | 1 |")
    assert "ValueError came out" in next(broken_lines(played))
