"""The result of a run: what it holds, how it reads as JSON version 1, and which exit code it means."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from handler.decide.evaluate import verdict_of
from handler.models import Report, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from handler.models import (
        AnnouncedFinding,
        CategorySnapshot,
        Changes,
        Evaluation,
        ExemptedFinding,
        Finding,
        Gaps,
        Host,
        PastFinding,
        Snapshot,
        Verdict,
    )
    from handler.policy.rules import Policy

VERSION = "1"
RESULT_BYTES = 200_000  # a function's result stays below the platform's 256 KB for asynchronous answers
_BARE_BYTES = 2_000  # more than one target's report can be, with everything cut
VERDICTS: tuple[Verdict, ...] = ("inconclusive", "violations", "compliant")  # worst first


def build_report(run_id: str, started_at: str, policy: Policy, snapshot: Snapshot, evaluation: Evaluation) -> Report:
    """The report of a run before anybody was told; `finished_at` is `started_at` until the run ends."""
    return Report(
        run_id=run_id,
        started_at=started_at,
        finished_at=started_at,
        verdict=verdict_of(evaluation),
        policy_name=policy.name,
        policy_digest=policy.digest,
        policy_files=policy.files,
        target=snapshot.target,
        coverage=evaluation.coverage,
        findings=evaluation.findings,
        exempted=evaluation.exempted,
        announced=evaluation.announced,
        exemption_notices=evaluation.exemption_notices,
        vendor=evaluation.vendor,
        problems=evaluation.problems,
        warnings=(*policy.warnings, *evaluation.warnings),
        taken_at=snapshot.taken_at,
    )


def exit_code(report: Report, fail_on: Severity = Severity.INFO) -> int:
    """3 inconclusive, 4 a delivery failed, 1 a finding at least as severe as `fail_on`, else 0 (design section 3)."""
    if report.verdict == "inconclusive":
        return 3
    if any(delivery.status in ("failed", "owed") for delivery in report.deliveries):
        return 4
    return 1 if any(finding.severity >= fail_on for finding in report.findings) else 0


def count_severities(findings: Iterable[Finding]) -> dict[str, int]:
    """How many findings of each severity, worst first, zeros included."""
    counts = Counter(finding.severity for finding in findings)
    return {str(severity): counts[severity] for severity in sorted(Severity, reverse=True)}


def worst_verdict(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of several targets' verdicts; of none, `inconclusive`."""
    return min(verdicts, key=VERDICTS.index, default="inconclusive")


def report_dict(report: Report) -> dict[str, Any]:
    """The report as JSON version 1 (`schemas/report.schema.json`)."""
    return {
        "version": VERSION,
        "run_id": report.run_id,
        "started_at": report.started_at,
        "finished_at": report.finished_at,
        "verdict": report.verdict,
        "policy": {"name": report.policy_name, "digest": report.policy_digest, "files": list(report.policy_files)},
        "target": {
            "name": report.target.name,
            "cloud": report.target.cloud,
            "region": report.target.region,
            "host": report.target.host,
            "project_id": report.target.project_id,
            "enterprise_project_id": report.target.enterprise_project_id,
        },
        "coverage": [_coverage_dict(category) for category in report.coverage],
        "statistics": {c.category: dict(c.statistics) for c in report.coverage if c.statistics is not None},
        "counts": dict(report.counts) if report.counts is not None else count_severities(report.findings),
        "vendor": _gaps_dict(report.vendor),
        "announced": [_announced_dict(item) for item in report.announced],
        "findings": [finding_dict(finding) for finding in report.findings],
        "exempted": [_exempted_dict(item) for item in report.exempted],
        "changes": _changes_dict(report.changes),
        "deliveries": [
            {"sink": d.sink, "kind": d.kind, "status": d.status, "reason": d.reason} for d in report.deliveries
        ],
        "problems": [str(problem) for problem in report.problems],
        "warnings": list(report.warnings),
        "omitted": report.omitted,
    }


def finding_dict(finding: Finding) -> dict[str, Any]:
    """One finding as JSON; `hosts` only where they were asked for."""
    hosts = {} if finding.hosts is None else {"hosts": [_host_dict(host) for host in finding.hosts]}
    return {
        "fingerprint": finding.fingerprint,
        "rule_id": finding.rule_id,
        "title": finding.title,
        "severity": str(finding.severity),
        "category": finding.category,
        "port": finding.port,
        "protocol": finding.protocol,
        "num": finding.num,
        "status": finding.status,
        "message": finding.message,
        "rationale": finding.rationale,
        "remediation": finding.remediation,
        "references": list(finding.references),
        "tags": list(finding.tags),
        "first_seen": finding.first_seen,
        **hosts,
    }


def targets_dict(run_id: str, reports: Iterable[Report]) -> dict[str, Any]:
    """The result of a run over several targets, worst verdict first."""
    ordered = sorted(reports, key=lambda report: (VERDICTS.index(report.verdict), report.target.name))
    return {
        "version": VERSION,
        "run_id": run_id,
        "verdict": worst_verdict(report.verdict for report in ordered),
        "targets": [report_dict(report) for report in ordered],
    }


def fit(report: Report, limit: int = RESULT_BYTES) -> Report:
    """The report below `limit` bytes of JSON: its least severe findings are dropped and counted in `omitted`."""
    counts = count_severities(report.findings) if report.counts is None else report.counts
    every = len(report.findings)
    bare = report._replace(findings=(), omitted=report.omitted + every, counts=counts)
    room = limit - _size(report_dict(bare))
    if room <= 0:
        cut = _without_lists(report._replace(counts=counts))
        return cut if _size(report_dict(cut)) < limit else _bare(cut)
    kept = _how_many(report.findings, room)
    if kept == every:
        return report
    return bare._replace(findings=report.findings[:kept], omitted=report.omitted + every - kept)


def _how_many(findings: tuple[Finding, ...], room: int) -> int:
    """How many of the findings, from the worst on, fit into so many bytes of JSON."""
    for kept, finding in enumerate(findings):
        room -= _size(finding_dict(finding)) + 2  # the comma and the space between two of them
        if room <= 0:
            return kept
    return len(findings)


def fit_all(reports: Iterable[Report], limit: int = RESULT_BYTES) -> tuple[Report, ...]:
    """Reports of several targets below `limit` bytes together, worst first; what a small one leaves goes to the others.

    Where not even their verdicts fit, the least bad are left out and counted in a warning of the first.
    """
    ordered = sorted(reports, key=lambda report: (VERDICTS.index(report.verdict), report.target.name))
    most = max(1, limit // _BARE_BYTES)
    kept, left_out = ordered[:most], len(ordered) - most
    if left_out > 0:
        said = f"{left_out} more targets were left out of a function's result: they are in the messages and the log"
        kept[0] = kept[0]._replace(warnings=(said, *kept[0].warnings))
    left = limit - 500  # the envelope
    fitted: dict[int, Report] = {}
    sizes = [_size(report_dict(report)) for report in kept]
    for done, index in enumerate(sorted(range(len(kept)), key=lambda index: sizes[index])):
        fitted[index] = fit(kept[index], left // (len(kept) - done) - 2)
        left -= _size(report_dict(fitted[index])) + 2
    return tuple(fitted[index] for index in range(len(kept)))


def _without_lists(report: Report) -> Report:
    """The last resort: the verdict, the coverage and the counts of what was left out."""
    omitted = report.omitted + len(report.findings)
    return report._replace(
        findings=(),
        exempted=report.exempted[:20],
        announced=report.announced[:20],
        vendor=None,
        changes=None,
        problems=report.problems[:50],
        warnings=(*report.warnings[:50], "the lists were too long for a function's result and were cut"),
        omitted=omitted,
    )


def _bare(report: Report) -> Report:
    """What is left where hundreds of targets share one result: verdict, counts of findings, the first reason."""
    return report._replace(
        policy_files=report.policy_files[:1],
        coverage=tuple(one._replace(statistics=None, problems=()) for one in report.coverage),
        exempted=(),
        announced=(),
        problems=tuple(one._replace(message=one.message[:200], path=one.path[:80]) for one in report.problems[:1]),
        warnings=tuple(text[:120] for text in report.warnings[:1]),
        deliveries=tuple(one._replace(reason=one.reason[:40]) for one in report.deliveries[:3]),
    )


def _size(value: object) -> int:
    return len(json.dumps(value).encode())


def _coverage_dict(category: CategorySnapshot) -> dict[str, Any]:
    return {
        "category": category.category,
        "plan": category.plan,
        "api_calls": category.api_calls,
        "rows": len(category.rows),
        "total_num": category.total_num,
        "complete": category.complete,
        "problems": [str(problem) for problem in category.problems],
    }


def _gaps_dict(gaps: Gaps | None) -> dict[str, Any] | None:
    if gaps is None:
        return None
    return {
        name: [{"category": category, "port": port, "protocol": protocol} for category, port, protocol in rows]
        for name, rows in (
            ("danger_not_in_policy", gaps.danger_not_in_policy),
            ("in_policy_not_danger", gaps.in_policy_not_danger),
        )
    }


def _announced_dict(item: AnnouncedFinding) -> dict[str, Any]:
    return {**finding_dict(item.finding), "effective_from": item.effective_from}


def _exempted_dict(item: ExemptedFinding) -> dict[str, Any]:
    exemption = {
        "id": item.exemption_id,
        "reason": item.reason,
        "owner": item.owner,
        "ticket": item.ticket,
        "expires": item.expires,
        "days_left": item.days_left,
    }
    return {**finding_dict(item.finding), "exemption": exemption}


def _changes_dict(changes: Changes | None) -> dict[str, Any] | None:
    if changes is None:
        return None
    return {
        "new": list(changes.new),
        "grown": list(changes.grown),
        "ongoing": list(changes.ongoing),
        "resolved": [_past_dict(item) for item in changes.resolved],
        "reopened": list(changes.reopened),
        "unseen": [_past_dict(item) for item in changes.unseen],
    }


def _past_dict(item: PastFinding) -> dict[str, Any]:
    return {**finding_dict(item.finding), "because": item.because}


def _host_dict(host: Host) -> Mapping[str, Any]:
    return {
        "host_id": host.host_id,
        "host_name": host.host_name,
        "host_ip": host.host_ip,
        "listen_address": host.listen_address,
        "path": host.path,
        "pid": host.pid,
        "container_name": host.container_name,
        "loopback_only": host.loopback_only,
    }
