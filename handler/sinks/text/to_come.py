"""What a message says of days to come: exemptions near their end, and rules that are announced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from handler.foreign_text import one_line
from handler.sinks.text.folding import fold
from handler.sinks.text.lines import SHORT, how_many, where

if TYPE_CHECKING:
    from handler.models import ExemptionNotice, Report
    from handler.sinks.sink import Announcement

_PORTS_SHOWN: Final = 6


def exemption_words(exemption: ExemptionNotice, report: Report) -> str:
    """`lifts (owner x@example.org, ticket EXC-1, approved by y) holds until 2026-12-02, 10 days left`."""
    known = next((one for one in report.exempted if one.exemption_id == exemption.exemption_id), None)
    told = (
        ("owner", exemption.owner),
        ("ticket", known.ticket if known else ""),
        ("approved by", known.approved_by if known else ""),
    )
    vouched = ", ".join(f"{label} {one_line(text, 80)}" for label, text in told if text)
    who = f"{one_line(exemption.exemption_id, 80)} ({vouched})"
    if exemption.days_left < 0:
        return f"{who} ended on {exemption.expires}; its ports count again"
    return f"{who} holds until {exemption.expires}, {_days(exemption.days_left)} left"


def announcement_words(announced: Announcement) -> str:
    """`Remote Desktop is open (rdp), high, counts from 2026-12-14, in 13 days: 3389/tcp, 2 servers`."""
    rule, title = one_line(announced.rule_id, 80), one_line(announced.title or announced.rule_id, SHORT)
    name = title if title == rule else f"{title} ({rule})"
    when = f"counts from {announced.effective_from}, in {_days(announced.days_left)}"
    lines = fold(announced.findings)
    ports = [f"{where(line)}, {how_many(line)}" for line in lines[:_PORTS_SHOWN]]
    ports += [f"and {len(lines) - _PORTS_SHOWN} more"] if len(lines) > _PORTS_SHOWN else []
    return f"{name}, {announced.severity}, {when}: {'; '.join(ports) or 'nothing that it forbids is open today'}"


def _days(number: int) -> str:
    return f"{number} day" if number == 1 else f"{number} days"
