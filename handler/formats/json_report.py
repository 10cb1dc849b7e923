"""The report as JSON version 1: pure ASCII, so that no terminal and no log obeys what is in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from handler.report.json_v1 import report_dict, targets_dict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handler.decide.schedule import Deferred
    from handler.models import Report


def render_json(*reports: Report) -> str:
    """The whole report (`schemas/report.schema.json`), or those of several targets; nothing is cut."""
    return _written(report_dict(reports[0])) if len(reports) == 1 else render_targets(reports)


def render_targets(reports: Sequence[Report], deferred: Sequence[Deferred] = (), run_id: str = "") -> str:
    """The document of a run over several targets, even if there is one; `deferred` are those that it did not ask."""
    return _written(targets_dict(run_id or (reports[0].run_id if reports else ""), reports, deferred))


def _written(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, allow_nan=False) + "\n"
