"""OCSF events of class 2003, Compliance Finding, schema 1.5; used for a file and by the ocsf sink."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal

from handler import __version__
from handler.clock import parse_iso
from handler.formats.inert import inert
from handler.formats.not_asked import NOBODY, counts_as, worst_of
from handler.formats.words import not_seen, place
from handler.models import Report, Severity, Target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handler.decide.schedule import Deferred
    from handler.formats.not_asked import NotAsked
    from handler.models import Finding

Activity = Literal["create", "update", "close"]
_CLASS = 2003
_ACTIVITIES = {
    "create": (1, "Create", 1, "New"),
    "update": (2, "Update", 2, "In Progress"),
    "close": (3, "Close", 4, "Resolved"),
}
_SEVERITIES = {
    Severity.INFO: (1, "Informational"),
    Severity.LOW: (2, "Low"),
    Severity.MEDIUM: (3, "Medium"),
    Severity.HIGH: (4, "High"),
    Severity.CRITICAL: (5, "Critical"),
}
_WARNING, _FAIL = 2, 3  # compliance.status_id
_LONG = 1000


def render_ocsf(*reports: Report, not_asked: NotAsked = NOBODY) -> str:
    """A JSON array with an event per finding and per thing that was not seen or asked; empty when clean."""
    others = [_deferred_event(one, not_asked) for one in not_asked.open]
    return json.dumps([*(event for report in reports for event in ocsf_events(report)), *others], indent=2) + "\n"


def ocsf_events(report: Report) -> list[dict[str, Any]]:
    """The events of a run: findings (known ones are updates), and warnings for what was not seen."""
    moves = ("ongoing", "grown", "raised", "lowered")
    known = {one for name in moves for one in getattr(report.changes, name)} if report.changes else set()
    found = [
        ocsf_event(report, finding, "update" if finding.fingerprint in known else "create")
        for finding in report.findings
    ]
    return found + [_blind_event(report, number, reason) for number, reason in enumerate(not_seen(report))]


def ocsf_event(report: Report, finding: Finding, activity: Activity) -> dict[str, Any]:
    """One finding as an event; `close` for one that is resolved."""
    title = inert(finding.title) or finding.rule_id
    compliance = {
        "control": inert(finding.rule_id),
        "desc": inert(finding.rationale, _LONG),
        "requirements": [inert(finding.rule_id)],
        "standards": [inert(report.policy_name) or "policy"],
        "status_id": 1 if activity == "close" else _FAIL,
        "status": "Pass" if activity == "close" else "Fail",
    }
    info = {
        "uid": inert(finding.fingerprint),
        "title": title,
        "desc": inert(finding.message, _LONG),
        **_first_seen(finding),
    }
    return {
        **_event(report, finding.severity, activity, info, compliance),
        "message": f"{title}: {place(finding)} on {inert(finding.category)}, num {finding.num}",
        "resources": _resources(report, finding),
        **_remediation(finding),
    }


def _blind_event(report: Report, number: int, reason: str) -> dict[str, Any]:
    info = {"uid": f"{inert(report.run_id)}-inconclusive-{number}", "title": "Inconclusive check", "desc": reason}
    event = _coverage_event(report, Severity.MEDIUM, info)
    return {**event, "message": f"Not everything was seen: {reason}"}


def _deferred_event(one: Deferred, not_asked: NotAsked) -> dict[str, Any]:
    """A warning as severe as what the target's last run found."""
    nothing_seen = Report(
        run_id=not_asked.run_id,
        started_at=not_asked.at,
        finished_at=not_asked.at,
        verdict="inconclusive",
        policy_name="",
        policy_digest="",
        policy_files=(),
        target=Target(name=one.name),
    )
    reason = counts_as(one)
    info = {"uid": inert(f"{not_asked.run_id}-not-asked-{one.name}"), "title": "Not asked in this run", "desc": reason}
    event = _coverage_event(nothing_seen, worst_of(one), info)
    return {**event, "message": f"Not asked in this run: {reason}"}


def _coverage_event(report: Report, severity: Severity, info: Mapping[str, Any]) -> dict[str, Any]:
    compliance = {
        "control": "coverage",
        "requirements": ["coverage"],
        "standards": [inert(report.policy_name) or "policy"],
        "status_id": _WARNING,
        "status": "Warning",
    }
    return {**_event(report, severity, "create", info, compliance), "resources": [_project(report)]}


def _event(
    report: Report, severity: Severity, activity: Activity, info: Mapping[str, Any], compliance: Mapping[str, Any]
) -> dict[str, Any]:
    activity_id, activity_name, status_id, status = _ACTIVITIES[activity]
    severity_id, severity_name = _SEVERITIES[severity]
    return {
        "activity_id": activity_id,
        "activity_name": activity_name,
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": _CLASS,
        "class_name": "Compliance Finding",
        "type_uid": _CLASS * 100 + activity_id,
        "type_name": f"Compliance Finding: {activity_name}",
        "severity_id": severity_id,
        "severity": severity_name,
        "status_id": status_id,
        "status": status,
        "time": milliseconds(report.taken_at or report.started_at),
        "metadata": {
            "version": "1.5.0",
            "product": {"name": "port-compliance", "vendor_name": "port-compliance", "version": __version__},
            "correlation_uid": inert(report.run_id),
        },
        "finding_info": dict(info),
        "compliance": dict(compliance),
    }


def milliseconds(time: str) -> int:
    """Milliseconds since 1970 of an ISO 8601 text: the unit of every time in OCSF."""
    return int(parse_iso(time).timestamp() * 1000)


def _first_seen(finding: Finding) -> dict[str, int]:
    return {} if finding.first_seen is None else {"first_seen_time": milliseconds(finding.first_seen)}


def _remediation(finding: Finding) -> dict[str, Any]:
    if not finding.remediation:
        return {}
    references = {"references": [inert(url) for url in finding.references]} if finding.references else {}
    return {"remediation": {"desc": inert(finding.remediation, _LONG), **references}}


def _resources(report: Report, finding: Finding) -> list[dict[str, Any]]:
    """The servers behind the finding where they are known, else the project."""
    hosts = [
        {"uid": inert(host.host_id), "name": inert(host.host_name), "type": inert(finding.category), **_region(report)}
        for host in finding.hosts or ()
    ]
    return hosts or [_project(report)]


def _project(report: Report) -> dict[str, Any]:
    return {
        "uid": inert(report.target.project_id) or "unknown",
        "name": inert(report.target.name),
        "type": "project",
        **_region(report),
    }


def _region(report: Report) -> dict[str, str]:
    return {"region": inert(report.target.region)} if report.target.region else {}
