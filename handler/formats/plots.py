"""The history as small SVG plots, drawn by pygal.

pygal: pure Python without dependencies of its own but one, kept since 2012, and its SVG can be stripped of scripts and
styles, which the page's content security policy forbids; matplotlib would be fifty times its size.
"""

from __future__ import annotations

import re
import sys
from itertools import accumulate, groupby
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pygal  # type: ignore[import-untyped]

from handler.formats.not_known import RUNS_DRAWN, WORD, slots
from handler.models import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from handler.formats.not_known import Slot
    from handler.state.memory import RunSummary

# pygal hooks into imports for its map plugins; the hook is of a kind that Python 3.11 warns of at every missing module
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]
_LONG_FRACTION = re.compile(r"(\.\d)\d+")


def ports_plot(history: Sequence[RunSummary]) -> str:
    """Open ports over runs, as an SVG element; what is not known is a gap."""
    drawn = slots(history[-RUNS_DRAWN:])
    return _drawn(_chart(drawn), [[slot.ports for slot in drawn]])


def findings_plot(history: Sequence[RunSummary]) -> str:
    """Findings by severity over runs, stacked, the worst at the bottom, as an SVG element; what is not known is a gap.

    Each line is of its severity and all worse ones, the highest drawn first: pygal's own stacks take a gap for zero.
    """
    drawn = slots(history[-RUNS_DRAWN:])
    stacked = [None if slot.counts is None else list(accumulate(slot.counts)) for slot in drawn]
    heights = [[None if sums is None else sums[at] for sums in stacked] for at in range(len(SEVERITIES))]
    return _drawn(_chart(drawn), heights[::-1])


def _chart(drawn: Sequence[Slot]) -> Any:
    chart = pygal.XY(
        width=560, height=190, margin=6, margin_right=60, margin_left=50, fill=True, show_dots=False,
        show_legend=False, js=(), css=(), min_scale=2, max_scale=6, include_x_axis=True, truncate_label=-1,
        xrange=(0, len(drawn)), formatter=lambda value: f"{value:,.0f}",
    )  # fmt: skip
    said = [place for place, slot in enumerate(drawn) if slot.run is not None]
    places = sorted({0, said[len(said) // 2], len(drawn) - 1})
    chart.x_labels = [{"value": place, "label": drawn[place].at[:16].replace("T", " ")} for place in places]
    return chart


def _drawn(chart: Any, series: Sequence[Sequence[int | None]]) -> str:
    """The chart with these series. pygal fills a line with gaps wrongly, so each piece without a gap is a line."""
    pieces = [(color, piece) for color, values in enumerate(series) for piece in _pieces(values)]
    if not pieces:
        return f'<p class="soft">{WORD} in any of these runs</p>'
    for _, piece in pieces:
        chart.add("", piece)
    tree = chart.render_tree()
    tree.tag = "svg"
    tree.set("aria-hidden", "true")
    tree.attrib.pop("id", None)
    _color(tree, [color for color, _ in pieces])
    _strip(tree)
    return _LONG_FRACTION.sub(r"\1", ET.tostring(tree, encoding="unicode"))


def _pieces(values: Sequence[int | None]) -> Iterator[list[tuple[float, int]]]:
    """The points of each piece that is known; a run lasts to the next, so that one between two gaps is seen too."""
    for known, group in groupby(enumerate(values), key=lambda item: item[1] is not None):
        if known:
            yield [(end, value) for place, value in group if value is not None for end in (place, place + 1)]


def _color(tree: ET.Element, colors: Sequence[int]) -> None:
    """Give the pieces of one line one colour."""
    for group in tree.iter("g"):
        found = re.search(r"\bserie-(\d+)\b", group.get("class", ""))
        if found:
            group.set("class", f"series color-{colors[int(found[1])]}")


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
