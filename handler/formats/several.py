"""The reports of several targets in one text, for the formats that can hold them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from handler.formats.registry import FORMATS, render
from handler.report import VERDICTS, targets_dict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handler.last_run import RunSummary
    from handler.models import Report

__all__ = ["FORMATS", "MERGED", "render_all"]
MERGED = frozenset({"text", "markdown", "json", "github", "csv", "ocsf", "sarif"})


def render_all(
    name: str, reports: Sequence[Report], *, several: bool, color: bool = False, history: Sequence[RunSummary] = ()
) -> str:
    """One report as it is; several worst first: joined, or merged where the format is one document.

    With `several` JSON is the document of several targets, even if there is one. Only formats in `MERGED` take more
    than one report.
    """
    ordered = sorted(reports, key=lambda report: (VERDICTS.index(report.verdict), report.target.name))
    if several and name == "json":
        return json.dumps(targets_dict(ordered[0].run_id if ordered else "", ordered), indent=2) + "\n"
    texts = [render(name, report, color=color, history=history) for report in ordered]
    if len(texts) == 1:
        return texts[0]
    if name == "csv":
        return texts[0] + "".join("".join(text.splitlines(keepends=True)[1:]) for text in texts[1:])
    if name in ("ocsf", "sarif"):
        return json.dumps(_merged(name, [json.loads(text) for text in texts]), indent=2) + "\n"
    return "\n".join(texts) if name in ("text", "markdown") else "".join(texts)


def _merged(name: str, documents: list[Any]) -> Any:
    if name == "ocsf":
        return [event for events in documents for event in events]
    return {**documents[0], "runs": [run for document in documents for run in document["runs"]]}
