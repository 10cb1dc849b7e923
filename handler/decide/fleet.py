"""All targets of one or several indexes at a glance: which are silent, unknown, or break the policy. Pure."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from handler.clock import iso
from handler.decide.schedule import NEVER, STALE_AFTER, UNSET_INTERVAL, since
from handler.models import SEVERITIES
from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from handler.models import Verdict
    from handler.state.index import Day, Index, IndexEntry

Standing = Literal["never", "stale", "inconclusive", "violations", "compliant"]
STANDINGS: tuple[Standing, ...] = ("never", "stale", "inconclusive", "violations", "compliant")  # worst first
WEEK = 7  # days
SEVERITY_NAMES = tuple(str(severity) for severity in SEVERITIES)  # worst first


class FleetTarget(NamedTuple):
    """One target. `standing` is its verdict, unless that is too old or never came; `age` is of its last whole run."""

    name: str
    standing: Standing
    verdict: Verdict | None
    counts: Mapping[str, int]
    last_run_at: str
    last_complete_at: str
    age: timedelta | None
    problem: str
    days: tuple[Day, ...]
    new: int  # in a week
    resolved: int
    cloud: str
    region: str
    project_id: str
    owner: str
    link: str
    waiting: bool  # never checked, but listed less than twice its interval ago: its first turn is still to come

    @property
    def stale(self) -> bool:
        """Whether its last whole run is too old."""
        return self.standing == "stale"


class FleetStatus(NamedTuple):
    """All targets, worst first. `unread` says which indexes could not be read: then not all targets are known."""

    taken_at: str
    targets: tuple[FleetTarget, ...]
    unread: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many targets there are, and how many of each standing."""
        found = Counter(target.standing for target in self.targets)
        return {"targets": len(self.targets), **{standing: found[standing] for standing in reversed(STANDINGS)}}

    @property
    def verdict(self) -> Verdict:
        """The worst of all targets: one that is silent is not known, and so is an index that could not be read."""
        worst = self.targets[0].standing if self.targets and not self.unread else "inconclusive"
        return worst if worst in ("violations", "compliant") else "inconclusive"

    @property
    def exit_code(self) -> int:
        """3 where a target is silent or unknown, else 1 with findings, else 0."""
        return {"inconclusive": 3, "violations": 1, "compliant": 0}[self.verdict]


def fleet_of(
    indexes: Iterable[Index], now: datetime, stale_after: timedelta | None = None, unread: Iterable[str] = ()
) -> FleetStatus:
    """The fleet of these indexes; a target is stale after `stale_after`, else after twice its interval."""
    first_day = iso(now - timedelta(days=WEEK - 1))[:10]
    found = [
        _target(name, entry, now, stale_after, first_day) for index in indexes for name, entry in index.targets.items()
    ]
    return FleetStatus(iso(now), tuple(sorted(found, key=_worst_first)), tuple(unread))


def _target(name: str, entry: IndexEntry, now: datetime, stale_after: timedelta | None, first_day: str) -> FleetTarget:
    interval = timedelta(seconds=entry.interval_seconds) if entry.interval_seconds else UNSET_INTERVAL
    age = since(entry.last_complete_at, now)
    week = [day for day in entry.days if day.date >= first_day]
    return FleetTarget(
        name=name,
        standing=_standing(entry, age > (stale_after or interval * STALE_AFTER)),
        verdict=entry.verdict,
        counts=entry.counts,
        last_run_at=entry.last_run_at,
        last_complete_at=entry.last_complete_at,
        age=None if age == NEVER else age,
        problem=entry.problem,
        days=entry.days,
        new=sum(day.new for day in week),
        resolved=sum(day.resolved for day in week),
        cloud=entry.cloud,
        region=entry.region,
        project_id=entry.project_id,
        owner=entry.owner,
        link=entry.link,
        waiting=entry.verdict is None and since(entry.first_seen or iso(now), now) <= interval * STALE_AFTER,
    )


def _standing(entry: IndexEntry, old: bool) -> Standing:
    if entry.verdict is None:
        return "never"
    return "stale" if old else entry.verdict


def _worst_first(target: FleetTarget) -> tuple[int, tuple[int, ...], str]:
    counts = tuple(-target.counts.get(level, 0) for level in SEVERITY_NAMES)
    return STANDINGS.index(target.standing), counts, target.name
