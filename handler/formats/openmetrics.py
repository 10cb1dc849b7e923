"""OpenMetrics text 1.0: gauges of the last run, for a textfile collector or a push gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.clock import parse_iso
from handler.formats.inert import inert
from handler.models import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from handler.models import Report

Sample = tuple[dict[str, str], float]
_VERDICTS = ("inconclusive", "violations", "compliant")
_LABEL_LENGTH = 120


def render_openmetrics(report: Report) -> str:
    """Gauges named `port_compliance_...`; every sample carries the target's name."""
    lines = [*_verdict(report), *_run(report), *_findings(report), *_coverage(report), "# EOF"]
    return "\n".join(lines) + "\n"


def _verdict(report: Report) -> list[str]:
    name = "port_compliance_verdict"
    samples = [({name: verdict}, float(report.verdict == verdict)) for verdict in _VERDICTS]
    return _family(report, name, "What the last run concluded.", samples, kind="stateset")


def _run(report: Report) -> list[str]:
    finished = parse_iso(report.finished_at)
    seconds = max(0.0, (finished - parse_iso(report.started_at)).total_seconds())
    return [
        *_family(report, "port_compliance_run_end_timestamp_seconds", "When it ended.", [({}, finished.timestamp())]),
        *_family(report, "port_compliance_run_duration_seconds", "How long it took.", [({}, seconds)]),
    ]


def _findings(report: Report) -> list[str]:
    by_severity = [
        ({"severity": str(level)}, float(sum(finding.severity == level for finding in report.findings)))
        for level in Severity
    ]
    rows = [
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
    hushed = [({"why": "exempted"}, float(len(report.exempted))), ({"why": "announced"}, float(len(report.announced)))]
    return [
        *_family(report, "port_compliance_findings", "Findings of each severity.", by_severity),
        *_family(report, "port_compliance_finding_num", "What HSS counts for each finding.", rows),
        *_family(report, "port_compliance_not_counted", "Rows that a rule forbids and that do not count.", hushed),
    ]


def _coverage(report: Report) -> list[str]:
    asked = [(category, {"category": category.category}) for category in report.coverage if category.plan != "skipped"]
    complete = [(labels, float(category.complete)) for category, labels in asked]
    rows = [(labels, float(len(category.rows))) for category, labels in asked]
    calls = [(labels, float(category.api_calls)) for category, labels in asked]
    return [
        *_family(report, "port_compliance_complete", "1 where all that the policy asks was seen.", complete),
        *_family(report, "port_compliance_rows", "Rows of port statistics that were read.", rows),
        *_family(report, "port_compliance_api_calls", "Calls that the run made.", calls),
    ]


def _family(report: Report, name: str, what: str, samples: Iterable[Sample], kind: str = "gauge") -> list[str]:
    """The lines of one metric family; samples whose labels are equal once made harmless are added up."""
    totals: dict[str, float] = {}
    for labels, value in samples:
        written = _labels({"target": report.target.name, **labels})
        totals[written] = totals.get(written, 0.0) + value
    unit = [f"# UNIT {name} seconds"] if name.endswith("_seconds") else []
    values = [f"{name}{written} {_number(value)}" for written, value in totals.items()]
    return [f"# TYPE {name} {kind}", *unit, f"# HELP {name} {what}", *values]


def _labels(labels: dict[str, str]) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return inert(value, _LABEL_LENGTH).replace("\\", "\\\\").replace('"', '\\"')


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)
