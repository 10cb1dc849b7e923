"""The report as JSON version 1: pure ASCII, so that no terminal and no log obeys what is in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from handler.report import report_dict

if TYPE_CHECKING:
    from handler.models import Report


def render_json(report: Report) -> str:
    """The whole report (`schemas/report.schema.json`); nothing is cut."""
    return json.dumps(report_dict(report), indent=2, allow_nan=False) + "\n"
