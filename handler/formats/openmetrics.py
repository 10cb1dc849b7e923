"""OpenMetrics text 1.0: gauges of the last run, for a textfile collector or a push gateway.

Gauges only: both refuse a whole file for one `stateset`, and take a gauge with a label for each state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.clock import parse_iso
from handler.formats.inert import inert
from handler.formats.not_asked import NOBODY
from handler.report.verdict import VERDICTS, counts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from handler.decide.schedule import Deferred
    from handler.formats.not_asked import NotAsked
    from handler.models import CategorySnapshot, Report, Verdict

Samples = list[tuple[dict[str, str], float]]
_LABEL_LENGTH = 120


def render_openmetrics(*reports: Report, not_asked: NotAsked = NOBODY) -> str:
    """Gauges named `port_compliance_...`; every sample carries its target's name.

    A target that was not asked has those that are known of it: the verdict it stands for, and its last findings.
    """
    known = {"port_compliance_verdict": _stood_for, "port_compliance_findings": _last_found}
    lines: list[str] = []
    for name, (what, samples) in _FAMILIES.items():
        every = [(report.target.name, samples(report)) for report in reports]
        every += [(one.name, known[name](one)) for one in not_asked.deferred if name in known and one.stands]
        lines += _family(name, what, every)
    return "\n".join([*lines, "# EOF"]) + "\n"


def _verdict(report: Report) -> Samples:
    return _one_of(report.verdict)


def _stood_for(one: Deferred) -> Samples:
    return _one_of(one.stands)


def _one_of(known: Verdict | None) -> Samples:
    return [({"verdict": verdict}, float(known == verdict)) for verdict in VERDICTS]


def _end(report: Report) -> Samples:
    return [({}, parse_iso(report.finished_at).timestamp())]


def _duration(report: Report) -> Samples:
    return [({}, max(0.0, (parse_iso(report.finished_at) - parse_iso(report.started_at)).total_seconds()))]


def _by_severity(report: Report) -> Samples:
    return _counted(counts_of(report))


def _last_found(one: Deferred) -> Samples:
    return _counted(one.counts)


def _counted(counts: Mapping[str, int]) -> Samples:
    return [({"severity": level}, float(count)) for level, count in counts.items()]


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


def _family(name: str, what: str, every: Sequence[tuple[str, Samples]]) -> list[str]:
    """The lines of one metric family over all targets; samples whose labels are equal once harmless are added up."""
    totals: dict[str, float] = {}
    for target, samples in every:
        for labels, value in samples:
            written = labels_of({"target": target, **labels})
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
