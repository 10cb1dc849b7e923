"""The history as plots of block characters for a terminal, drawn by plotext 6."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotext  # type: ignore[import-untyped]

from handler.formats.columns import WIDTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handler.state.memory import RunSummary

_HEIGHT = 11


def draw_history(history: Sequence[RunSummary]) -> str:
    """Open ports and findings over runs, without colours; empty for fewer than two runs."""
    if len(history) < 2:
        return ""
    days = [run.at[:10] for run in history]
    ports = _drawn("Open ports", days, [run.ports for run in history])
    findings = _drawn("Findings", days, [sum(run.counts) for run in history])
    return f"{ports}\n\n{findings}\n"


def _drawn(title: str, days: Sequence[str], values: Sequence[int]) -> str:
    figure = plotext.figure  # the library has this one figure; it is left as it was found
    figure.clear()
    try:
        figure.draw(figure.signal(list(values)).lines())
        figure.title(title)
        figure.plot_size(WIDTH, _HEIGHT)
        figure.ruler("x").ticks([1, len(days)], [days[0], days[-1]])
        low, high = min(values), max(values)
        heights = sorted({low, (low + high) // 2, high})
        figure.ruler("y").ticks(heights, [f"{height:,}" for height in heights])
        picture = plotext.uncolorize(figure.build().string())
    finally:
        figure.clear()
    return "\n".join(line.rstrip() for line in picture.splitlines()).rstrip()
