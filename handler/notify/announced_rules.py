"""What each announced rule will forbid of that which is open in a run. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.clock import parse_iso
from handler.models import worst_first
from handler.sinks.sink import Announcement

if TYPE_CHECKING:
    from datetime import date

    from handler.models import AnnouncedFinding, Report


def announcements(report: Report, today: date) -> tuple[Announcement, ...]:
    """The announced rules of a report, the first to count first; of each what is open today."""
    rows: dict[tuple[str, str], list[AnnouncedFinding]] = {}
    for one in sorted(report.announced, key=lambda one: (one.effective_from, worst_first(one.finding))):
        rows.setdefault((one.effective_from, one.finding.rule_id), []).append(one)
    return tuple(_announcement(alike, today) for alike in rows.values())


def _announcement(rows: list[AnnouncedFinding], today: date) -> Announcement:
    first = rows[0]
    days_left = (parse_iso(first.effective_from).date() - today).days
    findings = tuple(one.finding for one in rows)
    worst = first.finding
    return Announcement(worst.rule_id, worst.title, worst.severity, first.effective_from, days_left, findings)
