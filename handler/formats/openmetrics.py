"""OpenMetrics text 1.0: gauges of the last run, for a textfile collector or a push gateway.

Gauges only: both refuse a whole file for one `stateset`, and take a gauge with a label for each state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.clock import parse_iso
from handler.formats.inert import inert
from handler.report.verdict import VERDICTS, counts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from handler.models import CategorySnapshot, Report

Samples = list[tuple[dict[str, str], float]]
_LABEL_LENGTH = 120


def render_openmetrics(*reports: Report) -> str:
    """Gauges named `port_compliance_...`; every sample carries its target's name."""
    lines = [line for name, (what, samples) in _FAMILIES.items() for line in _family(name, what, samples, reports)]
    return "\n".join([*lines, "# EOF"]) + "\n"


def _verdict(report: Report) -> Samples:
    return [({"verdict": verdict}, float(report.verdict == verdict)) for verdict in VERDICTS]


def _end(report: Report) -> Samples:
    return [({}, parse_iso(report.finished_at).timestamp())]


def _duration(report: Report) -> Samples:
    return [({}, max(0.0, (parse_iso(report.finished_at) - parse_iso(report.started_at)).total_seconds()))]


def _by_severity(report: Report) -> Samples:
    return [({"severity": level}, float(count)) for level, count in counts_of(report).items()]


def _each(report: Report) -> Samples:
    return [
        (
            {
                "rule": finding.rule_id,
                "severity": str(finding.severity),
                "category": finding.category,
                "port": "" if finding.port is None else str(finding.port),
                "protocol": finding.protocol or "",
            },
            float(finding.num),
        )
        for finding in report.findings
    ]


def _hushed(report: Report) -> Samples:
    return [({"why": "exempted"}, float(len(report.exempted))), ({"why": "announced"}, float(len(report.announced)))]


def _per_category(number: Callable[[CategorySnapshot], int]) -> Callable[[Report], Samples]:
    """Samples of each category that was asked."""
    return lambda report: [
        ({"category": category.category}, float(number(category)))
        for category in report.coverage
        if category.plan != "skipped"
    ]


_FAMILIES: dict[str, tuple[str, Callable[[Report], Samples]]] = {
    "port_compliance_verdict": ("1 for what the last run concluded, 0 for the others.", _verdict),
    "port_compliance_run_end_timestamp_seconds": ("When it ended.", _end),
    "port_compliance_run_duration_seconds": ("How long it took.", _duration),
    "port_compliance_findings": ("Findings of each severity.", _by_severity),
    "port_compliance_finding_num": ("What HSS counts for each finding.", _each),
    "port_compliance_not_counted": ("Rows that a rule forbids and that do not count.", _hushed),
    "port_compliance_complete": ("1 where all that the policy asks was seen.", _per_category(lambda c: c.complete)),
    "port_compliance_rows": ("Rows of port statistics that were read.", _per_category(lambda c: len(c.rows))),
    "port_compliance_api_calls": ("Calls that the run made.", _per_category(lambda c: c.api_calls)),
}


def _family(name: str, what: str, samples: Callable[[Report], Samples], reports: Sequence[Report]) -> list[str]:
    """The lines of one metric family; samples whose labels are equal once made harmless are added up."""
    totals: dict[str, float] = {}
    for report in reports:
        for labels, value in samples(report):
            written = labels_of({"target": report.target.name, **labels})
            totals[written] = totals.get(written, 0.0) + value
    unit = [f"# UNIT {name} seconds"] if name.endswith("_seconds") else []
    values = [f"{name}{written} {number_of(value)}" for written, value in totals.items()]
    return [f"# TYPE {name} gauge", *unit, f"# HELP {name} {what}", *values]


def labels_of(labels: dict[str, str]) -> str:
    """The labels of a sample, each value made harmless."""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return inert(value, _LABEL_LENGTH).replace("\\", "\\\\").replace('"', '\\"')


def number_of(value: float) -> str:
    """A value without a fraction where it has none."""
    return str(int(value)) if value.is_integer() else repr(value)
