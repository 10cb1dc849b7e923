"""Reports made to fit into a function's result: what is least severe goes first, and is counted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from handler.report.json_v1 import deferred_dict, finding_dict, report_dict
from handler.report.verdict import counts_of, worst_target_first

if TYPE_CHECKING:
    from collections.abc import Iterable

    from handler.decide.schedule import Deferred
    from handler.models import Finding, Report

RESULT_BYTES = 200_000  # a function's result stays below the platform's 256 KB for asynchronous answers
_BARE_BYTES = 2_000  # more than one target's report can be, with everything cut
_ENVELOPE_BYTES = 500  # what stands around the reports of several targets


def fit_report(report: Report, limit: int = RESULT_BYTES) -> Report:
    """The report below `limit` bytes of JSON: its least severe findings are dropped and counted in `omitted`."""
    counts = counts_of(report)
    every = len(report.findings)
    bare = report._replace(findings=(), omitted=report.omitted + every, counts=counts)
    room = limit - size_of(report_dict(bare))
    if room <= 0:
        cut = _without_lists(report._replace(counts=counts))
        return cut if size_of(report_dict(cut)) < limit else _bare(cut)
    kept = _how_many(report.findings, room)
    if kept == every:
        return report
    return bare._replace(findings=report.findings[:kept], omitted=report.omitted + every - kept)


def fit_reports(reports: Iterable[Report], limit: int = RESULT_BYTES) -> tuple[Report, ...]:
    """Reports of several targets below `limit` bytes together, worst first; what a small one leaves goes to the others.

    Where not even their verdicts fit, the least bad are left out and counted in a warning of the first.
    """
    ordered = worst_target_first(reports)
    most = max(1, limit // _BARE_BYTES)
    kept, left_out = ordered[:most], len(ordered) - most
    if left_out > 0:
        said = f"{left_out} more targets were left out of a function's result: they are in the messages and the log"
        kept[0] = kept[0]._replace(warnings=(said, *kept[0].warnings))
    left = limit - _ENVELOPE_BYTES
    fitted: dict[int, Report] = {}
    sizes = [size_of(report_dict(report)) for report in kept]
    for done, index in enumerate(sorted(range(len(kept)), key=lambda index: sizes[index])):
        fitted[index] = fit_report(kept[index], left // (len(kept) - done) - 2)
        left -= size_of(report_dict(fitted[index])) + 2
    return tuple(fitted[index] for index in range(len(kept)))


def fit_deferred(deferred: tuple[Deferred, ...], limit: int) -> tuple[Deferred, ...]:
    """As many as go into so many bytes of JSON, from the worst on; the index knows all of them."""
    for kept, one in enumerate(deferred):
        limit -= size_of(deferred_dict(one)) + 2
        if limit <= 0:
            return deferred[:kept]
    return deferred


def _how_many(findings: tuple[Finding, ...], room: int) -> int:
    """How many of the findings, from the worst on, fit into so many bytes of JSON."""
    for kept, finding in enumerate(findings):
        room -= size_of(finding_dict(finding)) + 2  # the comma and the space between two of them
        if room <= 0:
            return kept
    return len(findings)


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


def size_of(value: object) -> int:
    """Bytes of JSON."""
    return len(json.dumps(value).encode())
