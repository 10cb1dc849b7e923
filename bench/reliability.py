"""Print the figures of docs/reliability.md: `python bench/reliability.py [SCHEDULES]`, from the root of the project."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.reliability import SCENARIOS, simulate


def main(schedules: int) -> None:
    """One line of a Markdown table for each scenario."""
    logging.disable()
    print("| faults | schedules | runs | messages | changes | lost | repeated, same id | repeated, other id |")
    print("|---|---|---|---|---|---|---|---|")
    for name, faults in SCENARIOS.items():
        several = {"digest", "shared"} & {*faults}  # they take several times as long
        got = simulate(range(schedules // 3 if several else schedules), *faults)
        figures = (got.schedules, got.runs, got.messages, got.changes, got.lost, got.repeated, got.repeated_other_id)
        print(f"| {name} | {' | '.join(str(figure) for figure in figures)} |", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
