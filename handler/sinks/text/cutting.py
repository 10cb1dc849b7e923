"""The report as a machine gets it: the findings that its sink is due, and the number of the others."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from handler.foreign_text import cut
from handler.models import Changes
from handler.report.json_v1 import finding_dict, report_dict, targets_dict
from handler.report.verdict import counts_of
from handler.sinks.message import BARE
from handler.sinks.text.fitting import lines_at
from handler.sinks.text.lines import LONG
from handler.sinks.text.moves import due_findings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handler.models import Finding, Report
    from handler.sinks.sink import Notification, Sink

_LINES_OF_TEXT = ("rationale", "remediation", "references")
_FINGERPRINT = attrgetter("fingerprint")


def is_cut(shrink: int) -> bool:
    """Whether a machine's message loses something that it is due: what is too large is shared out before that."""
    return shrink > BARE


def most_listed(sink: Sink, shrink: int) -> int | None:
    """How many entries of a list are shown; None: all."""
    return lines_at(sink.max_findings, shrink) if is_cut(shrink) else None


def listed_findings(notification: Notification, sink: Sink, shrink: int = 0) -> tuple[Finding, ...]:
    """The open findings to list, worst first, at most `max_findings`, half as many at each step of a cut.

    They are those that the message is about, never more than fit; then the other open ones, where the sink wants
    everything on every run.
    """
    groups = [due_findings(notification), notification.ongoing if sink.send == "always" else ()]
    ordered = [finding for group in groups for finding in sorted(group, key=lambda finding: -finding.severity)]
    return tuple(ordered[: lines_at(sink.max_findings, shrink if is_cut(shrink) else 0)])


def due_report(notification: Notification, sink: Sink, shrink: int = 0) -> dict[str, Any]:
    """The report's JSON with `findings` cut to `listed_findings`; `omitted` counts the other open findings.

    What is derived is in the first of a run's messages only, and goes first where that is too large. On several targets
    it is what a run over several targets gives, with such a report of each.
    """
    if not notification.parts:
        return _of_one(notification, sink, shrink)
    whole = targets_dict(notification.report.run_id, (), ())
    reports = [_of_one(part, sink, shrink) for part in notification.parts]
    return whole | {"verdict": notification.report.verdict, "targets": reports}


def _of_one(notification: Notification, sink: Sink, shrink: int) -> dict[str, Any]:
    report = notification.report
    cap = most_listed(sink, shrink)
    whole = report_dict(_rest(report, cap, bare=shrink >= BARE or notification.further))
    listed = listed_findings(notification, sink, shrink)
    shown = {finding.fingerprint for finding in listed}
    shown_as = _without_texts if is_cut(shrink) else dict
    body = whole | {
        "findings": [shown_as(finding_dict(finding)) for finding in listed],
        "omitted": whole["omitted"] + _not_among(report.findings, shown),
        "changes": _changes(whole["changes"], shown, notification, cap),
    }
    body = body if sink.hosts else without_hosts(body)
    return short_texts(body) if is_cut(shrink) else body


def _not_among(findings: Sequence[Finding], shown: set[str]) -> int:
    """How many of the findings are not shown: counted in C, since each of many messages counts all of them."""
    return len(findings) - sum(map(shown.__contains__, map(_FINGERPRINT, findings)))


def _rest(report: Report, cap: int | None, *, bare: bool) -> Report:
    """The report without what a message says in another way: it is written for each of its messages, at each cut."""
    changes = report.changes and Changes(unseen=report.changes.unseen[:cap])
    rest = report._replace(findings=(), counts=counts_of(report), changes=changes)
    return rest._replace(exempted=(), announced=(), vendor=None) if bare else rest


def _without_texts(finding: dict[str, Any]) -> dict[str, Any]:
    empty = {key: type(finding[key])() for key in _LINES_OF_TEXT if key in finding}
    return finding | empty


def _changes(
    changes: dict[str, Any] | None, shown: set[str], notification: Notification, cap: int | None
) -> dict[str, Any] | None:
    """The changes that this sink has not been told yet; some may be those of an earlier run."""
    if changes is None:
        return None
    groups = {
        "new": notification.new,
        "newly_forbidden": notification.newly_forbidden,
        "grown": notification.grown,
        "raised": notification.raised,
        "lowered": notification.lowered,
        "ongoing": (*notification.steady, *notification.reminded, *notification.ongoing),
        "reopened": notification.reopened,
    }
    return {
        **{
            name: [one.fingerprint for one in findings if one.fingerprint in shown] for name, findings in groups.items()
        },
        "resolved": [
            finding_dict(finding) | {"because": notification.ended_because(finding)}
            for finding in (*notification.resolved, *notification.missed)[:cap]
        ],
        "unseen": changes["unseen"],
    }


def short_texts(value: Any) -> Any:
    """The same with every text cut to 300 characters."""
    if isinstance(value, dict):
        return {key: short_texts(part) for key, part in value.items()}
    if isinstance(value, list):
        return [short_texts(part) for part in value]
    return cut(value, LONG) if isinstance(value, str) else value


def without_hosts(value: Any) -> Any:
    """The same without any `hosts`: names and addresses of servers stay inside the company."""
    if isinstance(value, dict):
        return {
            key: without_hosts(part) if isinstance(part, (dict, list)) else part
            for key, part in value.items()
            if key != "hosts"
        }  # one call for each object, not for each of its texts
    return [without_hosts(part) for part in value] if isinstance(value, list) else value
