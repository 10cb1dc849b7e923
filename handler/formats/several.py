"""The reports of several targets in one text, worst first, for the formats that can hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.formats.json_report import render_targets
from handler.formats.registry import FORMATS, render
from handler.report.verdict import worst_target_first

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handler.models import Report
    from handler.state.memory import RunSummary

__all__ = ["FORMATS", "MERGED", "render_all"]
MERGED = frozenset(FORMATS) - {"html"}


def render_all(
    name: str, reports: Sequence[Report], *, several: bool, color: bool = False, history: Sequence[RunSummary] = ()
) -> str:
    """One report as it is; several worst first: joined, or merged where the format is one document.

    With `several` JSON is the document of several targets, even if there is one. Only formats in `MERGED` take more
    than one report; UsageError for others.
    """
    ordered = worst_target_first(reports)
    if several and name == "json":
        return render_targets(ordered)
    return render(name, *ordered, color=color, history=history)
