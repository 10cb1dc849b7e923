"""How an announced rule reads in a message: from when it rules, and what it will find of what is open today."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from handler.clock import in_days, parse_iso
from handler.foreign_text import one_line
from handler.models import worst_first
from handler.sinks.text.folding import fold
from handler.sinks.text.lines import SHORT, how_many, where

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from handler.models import AnnouncedFinding, Finding, Report

_PORTS_SHOWN: Final = 6


def announcement(day: str, today: date, rule: str, found: Sequence[Finding], *, whole: bool = True) -> str:
    """`From 2026-12-20 on, in 14 days, smb forbids 445 in host; open now: 445/tcp, high, 2 servers`.

    `found` is what of it is open; where not the `whole` was seen, nothing open is not said.
    """
    nothing = "; nothing of it is open now" if whole else ""
    when = in_days((parse_iso(day).date() - today).days)
    return f"From {day} on, {when}, {rule}{f'; open now: {_open(found)}' if found else nothing}"


def announced_in(report: Report, today: date) -> tuple[str, ...]:
    """A sentence for each announced rule that will find something of what is open, the first to rule first."""
    rows: dict[tuple[str, str], list[AnnouncedFinding]] = {}
    for one in sorted(report.announced, key=lambda one: (one.effective_from, worst_first(one.finding))):
        rows.setdefault((one.effective_from, one.finding.rule_id), []).append(one)
    return tuple(
        announcement(day, today, f"{_name(alike[0].finding)} counts", [one.finding for one in alike])
        for (day, _), alike in rows.items()
    )


def _name(finding: Finding) -> str:
    rule, title = one_line(finding.rule_id, 80), one_line(finding.title or finding.rule_id, SHORT)
    return title if title == rule else f"{title} ({rule})"


def _open(findings: Iterable[Finding]) -> str:
    """`3389/tcp, high, 2 servers; 135-139/tcp, low, 1 server; and 3 more`: a port once, neighbours as a range."""
    lines = fold(findings)
    shown = "; ".join(f"{where(line)}, {line.severity}, {how_many(line)}" for line in lines[:_PORTS_SHOWN])
    return f"{shown}; and {len(lines) - _PORTS_SHOWN} more" if len(lines) > _PORTS_SHOWN else shown
