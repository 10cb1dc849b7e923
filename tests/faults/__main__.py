"""Print the matrix: `python -m tests.faults [--part api|moving|sinks|stores|wire|kill] [--edge TEXT] [--fault TEXT] [--every N]`."""

from __future__ import annotations

import argparse
import sys

from tests.faults.cells import broken_lines, by_fault, play, table
from tests.faults.matrix import PARTS, every


def main() -> int:
    """0 where every cell held, else 1."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--part", choices=sorted(PARTS), action="append")
    parser.add_argument("--edge", default="", help="only edges whose name has this text")
    parser.add_argument("--fault", default="", help="only faults whose name has this text")
    parser.add_argument("--every", type=int, default=1, help="only every Nth cell")
    chosen = parser.parse_args()
    cells = [
        one
        for one in every(chosen.part or list(PARTS), chosen.every)
        if chosen.edge in one.edge and chosen.fault in one.fault
    ]
    played = []
    for number, cell in enumerate(cells, 1):
        played.append(play(cell))
        if number % 100 == 0:
            print(f"{number} of {len(cells)} cells", file=sys.stderr, flush=True)
    print("\n".join([*broken_lines(played), "", *table(played), "", *by_fault(played)]))
    return int(any(one.broken for one in played))


if __name__ == "__main__":
    sys.exit(main())
