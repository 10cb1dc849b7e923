"""The history as plots of block characters for a terminal, drawn by plotext 6."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import plotext  # type: ignore[import-untyped]

from handler.formats.columns import WIDTH
from handler.formats.not_known import RUNS_DRAWN, WORD, slots

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from handler.formats.not_known import Slot
    from handler.state.memory import RunSummary

_HEIGHT = 11
_HALF = 0.5  # of a slot: a run that is known between two that are not is a dash of this length to both sides


def draw_history(history: Sequence[RunSummary]) -> str:
    """Open ports and findings over the last runs, without colours; empty for fewer than two runs.

    What is not known is a gap.
    """
    if len(history) < 2:
        return ""
    drawn = slots(history[-RUNS_DRAWN:])
    ports = _drawn("Open ports", drawn, [slot.ports for slot in drawn])
    findings = _drawn("Findings", drawn, [None if slot.counts is None else sum(slot.counts) for slot in drawn])
    return f"{ports}\n\n{findings}\n"


def _drawn(title: str, drawn: Sequence[Slot], values: Sequence[int | None]) -> str:
    days, known = [slot.at[:10] for slot in drawn], [value for value in values if value is not None]
    if not known:
        return f"{title}: {WORD} in any of these runs"
    figure = plotext.figure  # the library has this one figure; it is left as it was found
    figure.clear()
    try:
        for places, heights in _pieces(values):
            figure.draw(figure.signal(places, heights).lines())
        figure.title(title if len(known) == len(values) else f"{title} (a gap: {WORD})")
        figure.plot_size(WIDTH, _HEIGHT)
        figure.ruler("x").ticks([1, len(days)], [days[0], days[-1]])
        low, high = min(known), max(known)
        ticks = sorted({low, (low + high) // 2, high})
        figure.ruler("y").ticks(ticks, [f"{height:,}" for height in ticks])
        picture = plotext.uncolorize(figure.build().string())
    finally:
        figure.clear()
    return "\n".join(line.rstrip() for line in picture.splitlines()).rstrip()


def _pieces(values: Sequence[int | None]) -> Iterator[tuple[list[float], list[int]]]:
    """Where and how high: a line for each row of values that are known."""
    for known, piece in groupby(enumerate(values, 1), key=lambda item: item[1] is not None):
        if known:
            places, heights = zip(*piece, strict=True)
            lone = len(places) == 1 and len(values) > 1
            yield (
                ([places[0] - _HALF, places[0] + _HALF], [heights[0]] * 2) if lone else (list(places), list(heights))
            )
