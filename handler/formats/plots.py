"""The history as small SVG plots, drawn by pygal.

pygal: pure Python without dependencies of its own but one, kept since 2012, and its SVG can be stripped of scripts and
styles, which the page's content security policy forbids; matplotlib would be fifty times its size.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pygal  # type: ignore[import-untyped]

from handler.models import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handler.state.memory import RunSummary

# pygal hooks into imports for its map plugins; the hook is of a kind that Python 3.11 warns of at every missing module
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]
RUNS_DRAWN = 120  # runs drawn; more would not be told apart
_LONG_FRACTION = re.compile(r"(\.\d)\d+")


def ports_plot(history: Sequence[RunSummary]) -> str:
    """Open ports over runs, as an SVG element."""
    return _drawn(_chart("Line", history), [("open ports", [run.ports for run in _last(history)])])


def findings_plot(history: Sequence[RunSummary]) -> str:
    """Findings by severity over runs, stacked, the worst at the bottom, as an SVG element."""
    runs = _last(history)
    series = [(str(level), [run.counts[index] for run in runs]) for index, level in enumerate(SEVERITIES)]
    return _drawn(_chart("StackedLine", history), series)


def _last(history: Sequence[RunSummary]) -> Sequence[RunSummary]:
    return history[-RUNS_DRAWN:]


def _chart(kind: str, history: Sequence[RunSummary]) -> Any:
    runs = _last(history)
    chart = getattr(pygal, kind)(
        width=560, height=190, margin=6, margin_right=60, margin_left=50, fill=True, show_dots=False,
        show_legend=False, show_minor_x_labels=False, js=(), css=(), min_scale=2, max_scale=6, include_x_axis=True,
        truncate_label=-1, formatter=lambda value: f"{value:,.0f}",
    )  # fmt: skip
    chart.x_labels = [run.at[:16].replace("T", " ") for run in runs]
    chart.x_labels_major = [chart.x_labels[place] for place in sorted({0, len(runs) // 2, len(runs) - 1})]
    return chart


def _drawn(chart: Any, series: Sequence[tuple[str, Sequence[int]]]) -> str:
    for name, values in series:
        chart.add(name, list(values))
    tree = chart.render_tree()
    tree.tag = "svg"
    tree.set("aria-hidden", "true")
    tree.attrib.pop("id", None)
    _strip(tree)
    return _LONG_FRACTION.sub(r"\1", ET.tostring(tree, encoding="unicode"))


def _strip(parent: ET.Element) -> None:
    """Remove scripts, styles, comments (they hold the day of drawing), captions, and what only a script would fill."""
    for child in list(parent):
        dead = callable(child.tag) or child.tag in {"defs", "title", "script", "style"} or _is_overlay(child)
        if dead:
            parent.remove(child)
        else:
            child.attrib.pop("style", None)
            _strip(child)


def _is_overlay(element: ET.Element) -> bool:
    return "overlay" in element.get("class", "")
