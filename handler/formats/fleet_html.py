"""The fleet as one HTML file that needs nothing else: searched, filtered and sorted in the page."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from handler.clock import iso, parse_iso
from handler.decide.fleet import SEVERITY_NAMES, STANDINGS
from handler.formats.fleet import age_words, count_words
from handler.formats.html_report import render_page
from handler.named_tuple import NamedTuple
from handler.state.index import DAYS_KEPT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handler.decide.fleet import FleetStatus, FleetTarget

BAR_HEIGHT = 80  # of the month's plot, in its own units
NOT_CHECKED = "not checked"
_LETTERS = {"compliant": "c", "violations": "v", "inconclusive": "i", NOT_CHECKED: "-"}


class Bar(NamedTuple):
    """One day of the month: how many targets ended it how, and how high each part of its bar is."""

    date: str
    counts: dict[str, int]
    heights: dict[str, float]


def render_fleet_html(fleet: FleetStatus) -> str:
    """The whole page; every row is in it, so it works without its script too."""
    dates = _dates(fleet)
    return render_page(
        "fleet",
        ("report.css", "fleet.css"),
        fleet=fleet,
        bars=month_of(fleet),
        bar_height=BAR_HEIGHT,
        severities=SEVERITY_NAMES,
        standings=STANDINGS,
        age_words=age_words,
        count_words=count_words,
        letters=lambda target: "".join(_LETTERS[word] for word in _month(target, dates).values()),
    )


def month_of(fleet: FleetStatus) -> list[Bar]:
    """The last 31 days of all targets together; a day counts with its worst verdict, or as not checked."""
    dates = _dates(fleet)
    days = {date: dict.fromkeys(_LETTERS, 0) for date in dates}
    for target in fleet.targets:
        for date, word in _month(target, dates).items():
            days[date][word] += 1
    most = max((sum(counts.values()) for counts in days.values()), default=0) or 1
    return [
        Bar(date, counts, {word: round(BAR_HEIGHT * count / most, 1) for word, count in counts.items()})
        for date, counts in days.items()
    ]


def _dates(fleet: FleetStatus) -> list[str]:
    """Every day from the first that is known to today, at most the last 31."""
    today = parse_iso(fleet.taken_at)
    first = min((target.days[0].date for target in fleet.targets if target.days), default="~")
    dates = (iso(today - timedelta(days=ago))[:10] for ago in reversed(range(DAYS_KEPT)))
    return [date for date in dates if date >= first]


def _month(target: FleetTarget, dates: Sequence[str]) -> dict[str, str]:
    """A word for each day since the target was first checked: one without a run is not checked, never left out.

    Today is not over, so a target that was not checked yet has no word for it.
    """
    known = {day.date: day.verdict for day in target.days}
    first = min(known, default="~")
    days = (date for date in dates if date >= first and (date in known or date != dates[-1]))
    return {date: known.get(date, NOT_CHECKED) for date in days}
