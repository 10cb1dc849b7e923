"""What a fleet's digest says to one sink: what is silent, and what is worse than last time. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.clock import iso
from handler.decide.fleet import STANDINGS
from handler.decide.schedule import since
from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime, timedelta

    from handler.decide.fleet import FleetStatus, FleetTarget

SILENT = ("never", "stale")


class FleetDigest(NamedTuple):
    """The lines to tell, worst first, and what is known to be told once they are: by target, standing and time."""

    lines: tuple[str, ...]
    told: Mapping[str, str]


def digest_for(
    fleet: FleetStatus, told: Mapping[str, str], now: datetime, remind_after: timedelta | None
) -> FleetDigest:
    """The digest for one sink. What is better than last time is forgotten in silence, so that a relapse is told."""
    standings: list[tuple[str, str, str]] = [(f"#{text}", "stale", f"not read: {text}") for text in fleet.unread]
    standings += [(one.name, one.standing, _line(one)) for one in fleet.targets if not one.waiting]
    lines, known = [], {}
    for name, standing, line in standings:
        before, _, at = told.get(name, "").partition(" ")
        tells = _tells(standing, before, at, now, remind_after)
        if tells:
            lines.append(line)
        if standing != "compliant":
            known[name] = f"{standing} {iso(now) if tells or not at else at}"
    return FleetDigest(tuple(lines), known)


def _tells(standing: str, before: str, at: str, now: datetime, remind_after: timedelta | None) -> bool:
    """Whether it is worse than last time; one that is silent also if it was told long ago."""
    worse = _rank(standing) < _rank(before)
    overdue = standing in SILENT and remind_after is not None and bool(at) and since(at, now) >= remind_after
    return worse or overdue


def _rank(standing: str) -> int:
    """How bad: 0 is the worst; a target that nothing was said of counts as compliant."""
    return next((rank for rank, word in enumerate(STANDINGS) if word == standing), len(STANDINGS) - 1)


def _line(target: FleetTarget) -> str:
    return ", ".join(_parts(target))


def _parts(target: FleetTarget) -> Iterator[str]:
    yield f"{target.name}: {'never checked' if target.standing == 'never' else target.standing}"
    if target.standing == "stale":
        yield f"no whole run since {target.last_complete_at or 'it was listed'}"
    if target.standing == "violations":
        yield " and ".join(f"{count} {level}" for level, count in target.counts.items() if count)
    if target.problem:
        yield target.problem
    if target.owner:
        yield f"ask {target.owner}"
