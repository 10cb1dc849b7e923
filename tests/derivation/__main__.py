"""Runs the comparison as often as wanted: python -m tests.derivation --pages 20000 --form rst."""

from __future__ import annotations

import argparse
import sys
from collections import Counter

from tests.derivation.compare import MODES, tried
from tests.derivation.pages import FORMS, Shown


def _around(shown: Shown, name: str) -> list[str]:
    """The lines of the page on which a field stands."""
    lines = shown.text.split("\n")
    places = [place for (_, field), place in shown.places.items() if field == name.partition(".")[2]]
    return [f"{at}: {lines[at - 1]}" for place in places for at in place]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.derivation")
    parser.add_argument("--pages", type=int, default=1000, help="pages of each form and mode")
    parser.add_argument("--form", choices=FORMS, help="only this form")
    parser.add_argument("--start", type=int, default=0, help="the first seed")
    parser.add_argument("--share", type=float, default=0.4, help="how many cells hold something broken")
    parser.add_argument("--show", type=int, default=3, help="how many differences to print, with their pages")
    args = parser.parse_args()
    silent = 0
    for form in [args.form] if args.form else FORMS:
        total: dict[str, Counter[str]] = {mode: Counter() for mode in MODES}
        for seed in range(args.start, args.start + args.pages):
            for mode, outcome in tried(form, seed, args.share).items():
                total[mode] += outcome.counts
                silent += len(outcome.differences)
                for difference in outcome.differences[: args.show]:
                    args.show -= 1
                    print(form, seed, difference, *_around(outcome.shown, difference.name), *outcome.gaps, "", sep="\n")
        for mode, counts in total.items():
            print(f"{form}, {mode}: {args.pages} pages from seed {args.start};", dict(counts), flush=True)
    print(f"{silent} silent differences")
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main())
