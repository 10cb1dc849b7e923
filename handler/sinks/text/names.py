"""Names of targets as people read them: in order, neighbours folded, no more than a line holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from handler.foreign_text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST: Final = 8
_LEAST_RANGE: Final = 3  # two neighbours are shorter as two names
_NUMBERED: Final = re.compile(r"(.*?)(\d+)", re.ASCII)


def folded_names(names: Iterable[str]) -> str:
    """`prod-1 to prod-12, test and 3 more`."""
    runs: list[list[str]] = []
    for name in sorted(set(names), key=_order):
        if runs and _follows(runs[-1][-1], name):
            runs[-1].append(name)
        else:
            runs.append([name])
    pieces = [(piece, count) for run in runs for piece, count in _pieces(run)]
    more = sum(count for _, count in pieces[_MOST:])
    shown = ", ".join(one_line(piece, 130) for piece, _ in pieces[:_MOST])
    return f"{shown} and {more} more" if more else shown


def _pieces(run: list[str]) -> list[tuple[str, int]]:
    """A range, or its names one by one; each with how many it stands for."""
    if len(run) >= _LEAST_RANGE:
        return [(f"{run[0]} to {run[-1]}", len(run))]
    return [(name, 1) for name in run]


def _order(name: str) -> tuple[str, int, str]:
    numbered = _NUMBERED.fullmatch(name)
    return (numbered[1], int(numbered[2]), name) if numbered else (name, -1, name)


def _follows(name: str, following: str) -> bool:
    """Whether it is the same name with the next number, written in the same way."""
    one, two = _NUMBERED.fullmatch(name), _NUMBERED.fullmatch(following)
    if one is None or two is None or one[1] != two[1]:
        return False
    return two[2] == str(int(one[2]) + 1).zfill(len(one[2]))
