"""SARIF 2.1.0: results are findings only; what was not seen is a tool notification."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from handler import __version__
from handler.formats.artifact import artifact_uri, message_string
from handler.formats.inert import inert
from handler.formats.not_asked import NOBODY, counts_as
from handler.formats.words import not_seen, notes, place, servers_words
from handler.models import Severity, worst_first

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from handler.decide.schedule import Deferred
    from handler.formats.not_asked import NotAsked
    from handler.models import Finding, Report

_LEVELS = {
    Severity.CRITICAL: ("error", "9.5"),
    Severity.HIGH: ("error", "8.0"),
    Severity.MEDIUM: ("warning", "5.5"),
    Severity.LOW: ("note", "3.0"),
    Severity.INFO: ("note", "1.0"),
}  # SARIF level, and the score by which GitHub's code scanning ranks a security result
_LONG = 1000
MOST_RESULTS = 25_000  # of one run; code scanning refuses a file with more
MOST_TAGS = 10  # of one rule; code scanning shows no more


def render_sarif(*reports: Report, not_asked: NotAsked = NOBODY) -> str:
    """A log with a run per target, valid against the published schema; pure ASCII.

    What was not asked is one run more, of an id of its own: a run without results under a target's id would close
    that target's alerts.
    """
    others = [_run_of_others(not_asked)] if not_asked.deferred else []
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [*map(sarif_run, reports), *others],
    }
    return json.dumps(log, indent=2) + "\n"


def sarif_run(report: Report) -> dict[str, Any]:
    """The run object of one target."""
    every = sorted(report.findings, key=worst_first)
    findings = every[:MOST_RESULTS]
    worst = {finding.rule_id: finding for finding in reversed(findings)}
    index = {rule_id: number for number, rule_id in enumerate(worst)}
    return {
        "tool": {"driver": {"name": "port-compliance", "version": __version__, "rules": [*map(_rule, worst.values())]}},
        "automationDetails": {"id": f"port-compliance/{inert(report.target.name, 80)}/"},
        "invocations": [_invocation(report, [*_left_out(len(every)), *map(_tags_cut, worst.values())])],
        "results": [_result(report, finding, index[finding.rule_id]) for finding in findings],
        "properties": {
            "verdict": report.verdict,
            "policyDigest": inert(report.policy_digest),
            "exempted": len(report.exempted),
            "announced": len(report.announced),
        },
    }


def _run_of_others(not_asked: NotAsked) -> dict[str, Any]:
    """The run object of what was not asked: no result, and a notification for each target."""
    return {
        "tool": {"driver": {"name": "port-compliance", "version": __version__}},
        "automationDetails": {"id": "port-compliance/_not_asked/"},
        "invocations": [
            {
                "executionSuccessful": not_asked.verdict != "inconclusive",
                "toolExecutionNotifications": [*map(_deferred, not_asked.deferred)],
            }
        ],
        "results": [],
        "properties": {"verdict": not_asked.verdict, "notAsked": len(not_asked.deferred)},
    }


def _deferred(one: Deferred) -> dict[str, Any]:
    levels = {"inconclusive": "error", "violations": "warning"}
    return _notification(levels.get(one.stands or "", "note"), f"not asked in this run: {counts_as(one)}")


def _left_out(findings: int) -> Iterator[str]:
    if findings > MOST_RESULTS:
        cut = findings - MOST_RESULTS
        yield f"{cut} of {findings} findings are left out, the least severe: a run has at most {MOST_RESULTS} results"


def _tags_cut(finding: Finding) -> str:
    cut = len(_tags(finding)) - MOST_TAGS
    return (
        f"rule {inert(finding.rule_id)}: {cut} of its tags are left out, a rule has at most {MOST_TAGS}"
        if cut > 0
        else ""
    )


def _invocation(report: Report, cut: Sequence[str]) -> dict[str, Any]:
    blind = [_notification("error", reason) for reason in not_seen(report)]
    warnings = (_notification("warning", note) for note in (*notes(report), *filter(None, cut)))
    return {
        "executionSuccessful": report.verdict != "inconclusive",
        "startTimeUtc": report.started_at,
        "endTimeUtc": report.finished_at,
        "toolExecutionNotifications": [*blind, *warnings],
    }


def _notification(level: str, text: str) -> dict[str, Any]:
    return {"level": level, "message": message_string(text)}


def _rule(finding: Finding) -> dict[str, Any]:
    level, score = _LEVELS[finding.severity]
    title = inert(finding.title) or "(no title)"
    return {
        "id": inert(finding.rule_id),
        "shortDescription": message_string(title),
        "fullDescription": message_string(inert(finding.rationale, _LONG) or title),
        "help": message_string(inert(finding.remediation, _LONG) or "See the policy."),
        "defaultConfiguration": {"level": level},
        "properties": {"security-severity": score, "tags": _tags(finding)[:MOST_TAGS]},
    }


def _tags(finding: Finding) -> list[str]:
    return list(dict.fromkeys(["security", *(inert(tag, 80) for tag in finding.tags)]))


def _result(report: Report, finding: Finding, rule: int) -> dict[str, Any]:
    return {
        "ruleId": inert(finding.rule_id),
        "ruleIndex": rule,
        "level": _LEVELS[finding.severity][0],
        "message": message_string(_message(finding)),
        "locations": [_location(report, finding)],
        "partialFingerprints": {"portCompliance/v1": inert(finding.fingerprint)},
        **_baseline(report, finding),
        "properties": {"category": inert(finding.category), "num": finding.num, "severity": str(finding.severity)},
    }


def _message(finding: Finding) -> str:
    servers = f" Servers: {'; '.join(servers_words(finding))}." if finding.hosts else ""
    return f"{inert(finding.title)}: {place(finding)} on {inert(finding.category)}, num {finding.num}.{servers}"


def _location(report: Report, finding: Finding) -> dict[str, Any]:
    """Where the rule stands that forbids it (code scanning wants a file), and the place itself."""
    where = f"{inert(report.target.name, 80)}/{inert(finding.category)}/{place(finding)}"
    location: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": where, "kind": "resource"}]}
    first = (report.policy_files[0], 1) if report.policy_files else None  # a report read from a file knows no rule
    stands = report.rule_places.get(finding.rule_id, first)
    if stands is not None:
        file, line = stands
        location["physicalLocation"] = {"artifactLocation": {"uri": artifact_uri(file)}, "region": {"startLine": line}}
    return location


def _baseline(report: Report, finding: Finding) -> dict[str, str]:
    if report.changes is None:
        return {}
    begun = {*report.changes.new, *report.changes.newly_forbidden, *report.changes.reopened}
    is_new = finding.fingerprint in begun
    return {"baselineState": "new" if is_new else "unchanged"}
