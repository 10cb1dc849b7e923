"""The fleet as one HTML file that needs nothing else: searched, filtered and sorted in the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.decide.fleet import SEVERITY_NAMES, STANDINGS
from handler.formats.fleet import age_words
from handler.formats.html_report import render_page
from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from handler.decide.fleet import FleetStatus

BAR_HEIGHT = 80  # of the month's plot, in its own units
_LETTERS = {"compliant": "c", "violations": "v", "inconclusive": "i"}


class Bar(NamedTuple):
    """One day of the month: how many targets ended it how, and how high each part of its bar is."""

    date: str
    counts: dict[str, int]
    heights: dict[str, float]


def render_fleet_html(fleet: FleetStatus) -> str:
    """The whole page; every row is in it, so it works without its script too."""
    return render_page(
        "fleet",
        ("report.css", "fleet.css"),
        fleet=fleet,
        bars=month_of(fleet),
        bar_height=BAR_HEIGHT,
        severities=SEVERITY_NAMES,
        standings=STANDINGS,
        age_words=age_words,
        letters=lambda target: "".join(_LETTERS[day.verdict] for day in target.days),
    )


def month_of(fleet: FleetStatus) -> list[Bar]:
    """The last 31 days of all targets together; a day counts with its worst verdict."""
    days: dict[str, dict[str, int]] = {}
    for target in fleet.targets:
        for day in target.days:
            counts = days.setdefault(day.date, dict.fromkeys(_LETTERS, 0))
            counts[day.verdict] += 1
    most = max((sum(counts.values()) for counts in days.values()), default=1)
    return [
        Bar(date, counts, {word: round(BAR_HEIGHT * count / most, 1) for word, count in counts.items()})
        for date, counts in sorted(days.items())[-31:]
    ]
