"""How an announced rule reads in a message: how severe, from when, and what it will forbid of what is open today."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from handler.clock import parse_iso
from handler.foreign_text import one_line
from handler.models import worst_first
from handler.sinks.text.folding import fold
from handler.sinks.text.lines import SHORT, how_many, where

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from handler.models import AnnouncedFinding, Finding, Report

_PORTS_SHOWN: Final = 6


def announced_sentences(report: Report, today: date) -> tuple[str, ...]:
    """A sentence for each announced rule that will find something of what is open, the first to rule first."""
    rows: dict[tuple[str, str], list[AnnouncedFinding]] = {}
    for one in sorted(report.announced, key=lambda one: (one.effective_from, worst_first(one.finding))):
        rows.setdefault((one.effective_from, one.finding.rule_id), []).append(one)
    return tuple(_sentence(day, [one.finding for one in alike], today) for (day, _), alike in rows.items())


def _sentence(day: str, findings: Sequence[Finding], today: date) -> str:
    worst = findings[0]
    rule, title = one_line(worst.rule_id, 80), one_line(worst.title or worst.rule_id, SHORT)
    name = title if title == rule else f"{title} ({rule})"
    return f"From {day} on, {_in_days(day, today)}, {worst.severity}: {name}; open now: {open_now(findings)}"


def _in_days(day: str, today: date) -> str:
    left = (parse_iso(day).date() - today).days
    return f"in {left} days" if left > 1 else "tomorrow" if left == 1 else "now"


def open_now(findings: Iterable[Finding]) -> str:
    """`3389/tcp, 2 servers; 135-139/tcp, 1 server and 3 more`: a port once, neighbours as a range."""
    lines = fold(findings)
    shown = "; ".join(f"{where(line)}, {how_many(line)}" for line in lines[:_PORTS_SHOWN])
    return f"{shown}; and {len(lines) - _PORTS_SHOWN} more" if len(lines) > _PORTS_SHOWN else shown
