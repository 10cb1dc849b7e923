"""The report as JSON version 1: pure ASCII, so that no terminal and no log obeys what is in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from handler.report import report_dict, targets_dict

if TYPE_CHECKING:
    from handler.models import Report


def render_json(*reports: Report, run_id: str = "") -> str:
    """The whole report (`schemas/report.schema.json`), or those of several targets; nothing is cut."""
    whole = report_dict(reports[0]) if len(reports) == 1 else targets_dict(run_id, reports)
    return json.dumps(whole, indent=2, allow_nan=False) + "\n"
