"""What changed and what is open, in numbers: the first thing that a message says."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from handler.report.verdict import narrowed_away
from handler.sinks.text.moves import STILL_OPEN, open_findings, open_moves
from handler.sinks.text.names import folded_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from handler.models import Finding
    from handler.sinks.sink import Notification, Sink

_ENDED: Final = {
    "policy": "no longer forbidden",
    "status": "no longer flagged",
    "lowered": "no longer told here",
    "unchecked": "no longer checked",
}  # the others are their own words


def summary(notification: Notification, sink: Sink) -> str:
    """What changed and what is open, in numbers; each severity in words."""
    report = notification.report
    parts = (
        _changed(notification, sink) or notification.headline or _nothing_listed(notification),
        "Checked, complete: nothing new." if _quiet_besides(notification, sink) else "",
        open_by_severity(open_findings(notification)),
        f"Exempted: {len(report.exempted)}." if report.exempted else "",
        f"Announced: {len(report.announced)}." if report.announced else "",
        _narrowed(notification),
    )
    return " ".join(part for part in parts if part)


def _narrowed(notification: Notification) -> str:
    """`Not asked, by a setting: container.`: what the policy speaks of and nothing is known of; of several, where."""
    where: dict[str, list[str]] = {}
    for part in notification.parts or (notification,):
        for category in narrowed_away(part.report):
            where.setdefault(category, []).append(part.report.target.name)
    of = {category: f" of {folded_names(names)}" if notification.parts else "" for category, names in where.items()}
    return f"Not asked, by a setting: {'; '.join(map(''.join, of.items()))}." if of else ""


def _changed(notification: Notification, sink: Sink) -> str:
    """`Findings: 2 new, 1 closed, 50 still open.` or an empty text."""
    moves = {word: len(findings) for word, findings in open_moves(notification).items()}
    still_open = moves.pop(STILL_OPEN)
    moves["flapping"] = len(notification.flapping)
    ended = (notification.ended_because(finding) for finding in notification.resolved)
    moves |= Counter(_ENDED.get(because, because) for because in ended)
    moves[STILL_OPEN] = 0 if sink.still_open == "none" else still_open
    changed = ", ".join(f"{count} {word}" for word, count in moves.items() if count)
    return f"Findings: {changed}." if changed else ""


def _quiet_besides(notification: Notification, sink: Sink) -> bool:
    """Whether a heartbeat has to say so itself, because there are findings."""
    return notification.heartbeat and bool(_changed(notification, sink)) and not _blind(notification)


def _blind(notification: Notification) -> bool:
    return notification.report.verdict == "inconclusive"


def _nothing_listed(notification: Notification) -> str:
    if _blind(notification):
        seen = any(part.rows for part in notification.report.coverage)
        return "What could be seen holds no finding for this channel." if seen else "Nothing could be seen."
    if notification.report.verdict == "violations":
        return "No finding concerns this channel."
    return "Checked, complete: no port breaks the policy."


def open_by_severity(findings: Iterable[Finding]) -> str:
    """`Open now: 1 critical, 2 high.` or an empty text."""
    count = Counter(finding.severity for finding in findings)
    words = ", ".join(f"{count[severity]} {severity}" for severity in sorted(count, reverse=True))
    return f"Open now: {words}." if words else ""
