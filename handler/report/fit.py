"""Reports made to fit into a function's result: what is derived goes first, the most severe finding last."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

from handler.models import worst_first
from handler.report.json_v1 import deferred_dict, finding_dict, report_dict
from handler.report.shorter_servers import servers_cut
from handler.report.verdict import counts_of, worst_target_first

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from handler.decide.schedule import Deferred
    from handler.models import Finding, Report

RESULT_BYTES = 200_000  # a function's result stays below the platform's 256 KB for asynchronous answers
_BARE_BYTES = 2_000  # more than one target's report can be, with everything cut
_LISTED = 20  # of what is derived, before all of it goes
_REASONS = 50  # problems and warnings
_PAST = ("resolved", "unseen")  # the lists of `changes` that hold findings, not fingerprints
_ENVELOPE_BYTES = 500  # what stands around the reports of several targets


def fit_report(report: Report, limit: int = RESULT_BYTES) -> Report:
    """The report below `limit` bytes of JSON.

    What is derived goes first, and a warning names it: servers, the vendor's view, exempted and announced rows, the
    rules' texts. Then the least severe findings, which `omitted` counts, with what `changes` says of them.
    """
    return report if size_of(report_dict(report)) < limit else _less(report, limit)


def _less(report: Report, limit: int) -> Report:
    """The same of a report that is too long."""
    steps = list(_less_and_less(report._replace(counts=counts_of(report))))
    least, named = steps[-1]
    if size_of(report_dict(least)) < limit:  # else no step before it is small enough, and none needs to be written
        for cut, left_out in steps[1:]:
            said = _said(cut, left_out)
            if size_of(report_dict(said)) < limit:
                return said
    return _worst_that_fit(_said(least, named), limit)


def _less_and_less(report: Report) -> Iterator[tuple[Report, tuple[str, ...]]]:
    """The report with ever less of what is derived, and the names of that; at first it is whole."""
    named: dict[str, str] = {}
    yield report, ()
    for name, without in _DERIVED:
        less = without(report)
        if less != report:
            named[name.split()[0]] = name  # "exempted" takes the place of "exempted beyond 20"
            report = less
            yield report, tuple(named.values())


def _said(report: Report, left_out: tuple[str, ...]) -> Report:
    """The report with a warning of what was left out."""
    if not left_out:
        return report
    warning = f"left out of a result that was too long: {', '.join(left_out)}"
    return report._replace(warnings=(*report.warnings, warning))


def _without_texts(report: Report) -> Report:
    bare = (one._replace(rationale="", remediation="", references=()) for one in report.findings)
    return report._replace(findings=tuple(bare))


def _short_lists(report: Report) -> Report:
    """The first problems and warnings, and of what ended or was not seen only as much as people read."""
    changes = report.changes
    if changes is not None:
        changes = changes._replace(resolved=changes.resolved[:_LISTED], unseen=changes.unseen[:_LISTED])
    return report._replace(changes=changes, problems=report.problems[:_REASONS], warnings=report.warnings[:_REASONS])


_DERIVED: tuple[tuple[str, Callable[[Report], Report]], ...] = (
    (f"servers beyond {_LISTED} of a finding", lambda report: servers_cut(report, _LISTED)),
    ("servers", lambda report: servers_cut(report, 0)),
    ("vendor", lambda report: report._replace(vendor=None)),
    (f"exempted beyond {_LISTED}", lambda report: report._replace(exempted=report.exempted[:_LISTED])),
    ("exempted", lambda report: report._replace(exempted=())),
    (f"announced beyond {_LISTED}", lambda report: report._replace(announced=report.announced[:_LISTED])),
    ("announced", lambda report: report._replace(announced=())),
    ("texts of the rules", _without_texts),
    (f"ended beyond {_LISTED}, problems and warnings beyond {_REASONS}", _short_lists),
)  # in the order in which it goes


def _worst_that_fit(report: Report, limit: int) -> Report:
    """As many of its findings, from the most severe on, as fit beside the rest; or beside the barest that there is."""
    ordered = tuple(sorted(report.findings, key=worst_first))
    for without in (lambda whole: whole, _bare):
        less = without(report)
        room = limit - size_of(report_dict(_with(less, ordered, 0)))
        if room > 0:
            return _with(less, ordered, _how_many(ordered, room, _times_named(less)))
    return _with(_bare(report), ordered, 0)


def _with(report: Report, findings: tuple[Finding, ...], kept: int) -> Report:
    """The report with the first so many of these findings, and without what it says of the others."""
    chosen = {finding.fingerprint for finding in findings[:kept]}
    changes = report.changes
    if changes is not None:
        lists = {name: getattr(changes, name) for name in changes._fields if name not in _PAST}
        changes = changes._replace(**{name: tuple(x for x in one if x in chosen) for name, one in lists.items()})
    omitted = report.omitted + len(findings) - kept
    return report._replace(findings=findings[:kept], changes=changes, omitted=omitted)


def _times_named(report: Report) -> Counter[str]:
    """How often `changes` names each finding by its fingerprint."""
    changes = report.changes
    lists = [] if changes is None else [getattr(changes, name) for name in changes._fields if name not in _PAST]
    return Counter(fingerprint for one in lists for fingerprint in one)


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
        fitted[index], size, room = kept[index], sizes[index], left // (len(kept) - done) - 2
        if size >= room:
            fitted[index] = _less(kept[index], room)
            size = size_of(report_dict(fitted[index]))
        left -= size + 2
    return tuple(fitted[index] for index in range(len(kept)))


def fit_deferred(deferred: tuple[Deferred, ...], limit: int) -> tuple[Deferred, ...]:
    """As many as go into so many bytes of JSON, from the worst on; the index knows all of them."""
    for kept, one in enumerate(deferred):
        limit -= size_of(deferred_dict(one)) + 2
        if limit <= 0:
            return deferred[:kept]
    return deferred


def _how_many(findings: tuple[Finding, ...], room: int, named: Mapping[str, int]) -> int:
    """How many of the findings, from the worst on, fit into so many bytes of JSON."""
    for kept, finding in enumerate(findings):
        times = named.get(finding.fingerprint, 0)
        again = times * (size_of(finding.fingerprint) + 2) if times else 0
        room -= size_of(finding_dict(finding)) + 2 + again  # the comma and the space between two of them
        if room <= 0:
            return kept
    return len(findings)


def _bare(report: Report) -> Report:
    """What is left where hundreds of targets share one result: verdict, counts of findings, the first reason.

    Whatever is derived is gone before.
    """
    return report._replace(
        policy_files=report.policy_files[:1],
        coverage=tuple(one._replace(statistics=None, problems=()) for one in report.coverage),
        changes=None,
        problems=tuple(one._replace(message=one.message[:200], path=one.path[:80]) for one in report.problems[:1]),
        warnings=tuple(text[:120] for text in report.warnings[:1]),
        deliveries=tuple(one._replace(reason=one.reason[:40]) for one in report.deliveries[:3]),
    )


def size_of(value: object) -> int:
    """Bytes of JSON, which is ASCII."""
    return len(json.dumps(value))
