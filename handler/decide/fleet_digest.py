"""What a fleet's digest says to one sink: what is silent, and what is worse than last time. Pure."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from handler.clock import iso
from handler.decide.fleet import STANDINGS
from handler.decide.schedule import since
from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from handler.decide.fleet import FleetStatus, FleetTarget
    from handler.models import Verdict

SILENT = ("never", "stale")
_NAMED = 3  # targets with one cause that are named; more are counted
_WORDS = {"never": "never checked"}


class FleetDigest(NamedTuple):
    """What to tell, worst first, and what is known to be told once it is: by target, standing and time.

    `unread` are sentences on indexes, `targets` what is silent or worse. `key` is made of these events: the same when
    they are told again because nobody took them, another when they come again.
    """

    unread: tuple[str, ...]
    targets: tuple[FleetTarget, ...]
    told: Mapping[str, str]
    key: str = ""
    seen_again: bool = False  # something that was told as not known is over, and nothing else is not known

    @property
    def not_seen(self) -> tuple[str, ...]:
        """Lines on what is not known: indexes, and targets that are silent or inconclusive."""
        return (*self.unread, *_lines([one for one in self.targets if one.standing != "violations"]))

    @property
    def violations(self) -> tuple[str, ...]:
        """Lines on targets that break the policy and did not before."""
        return tuple(_line(one) for one in self.targets if one.standing == "violations")

    @property
    def verdict(self) -> Verdict:
        """The worst of what counts here: a target whose first turn is still to come does not."""
        if _not_known(self.told):
            return "inconclusive"
        return "violations" if self.told else "compliant"

    @property
    def lines(self) -> tuple[str, ...]:
        """All of it."""
        return (*self.not_seen, *self.violations)


def digest_for(
    fleet: FleetStatus, told: Mapping[str, str], now: datetime, remind_after: timedelta | None
) -> FleetDigest:
    """The digest for one sink. What is better than last time is forgotten in silence, so that a relapse is told."""
    unread = {f"#{text.partition(':')[0]}": f"not read: {text}" for text in fleet.unread}
    targets = _by_name(fleet.targets)
    standings = {**dict.fromkeys(unread, "stale"), **{name: one.standing for name, one in targets.items()}}
    telling = _telling(standings, told, now, remind_after)
    remembered = _remembered(standings, telling, told, iso(now))
    return FleetDigest(
        tuple(unread[name] for name in telling if name in unread),
        tuple(targets[name] for name in telling if name in targets),
        remembered,
        "|".join(_event(name, standings[name], targets.get(name), told) for name in telling),
        _not_known(told) and not _not_known(remembered),
    )


def _telling(
    standings: Mapping[str, str], told: Mapping[str, str], now: datetime, remind_after: timedelta | None
) -> list[str]:
    """Who is in the digest, in the order of the fleet."""
    return [name for name, one in standings.items() if _tells(one, *_before(told, name), now, remind_after)]


def _remembered(
    standings: Mapping[str, str], telling: Container[str], told: Mapping[str, str], now: str
) -> dict[str, str]:
    """What is known to be told, once this is; nothing of what is well."""
    return {
        name: f"{standing} {now if name in telling else _before(told, name)[1] or now}"
        for name, standing in standings.items()
        if standing != "compliant"
    }


def _not_known(told: Mapping[str, str]) -> bool:
    """Whether anything in a memory of what was told is not known: silent, inconclusive, or an index."""
    return any(_before(told, name)[0] != "violations" for name in told)


def _event(name: str, standing: str, target: FleetTarget | None, told: Mapping[str, str]) -> str:
    """What makes it this event and no other: a relapse has another end, a reminder another time of telling."""
    return f"{name} {standing} {'' if target is None else target.last_complete_at} {_before(told, name)[1]}"


def _by_name(targets: Iterable[FleetTarget]) -> dict[str, FleetTarget]:
    """The targets whose first turn is over, worst first; of two with one name the worse."""
    found: dict[str, FleetTarget] = {}
    for one in targets:
        if not one.waiting:
            found.setdefault(one.name, one)
    return found


def _before(told: Mapping[str, str], name: str) -> tuple[str, str]:
    """What was last told of a target, and when; empty for one of which nothing was told."""
    standing, _, at = told.get(name, "").partition(" ")
    return standing, at


def _tells(standing: str, before: str, at: str, now: datetime, remind_after: timedelta | None) -> bool:
    """Whether it is worse than last time; one that is silent also if it was told long ago."""
    worse = _rank(standing) < _rank(before)
    overdue = standing in SILENT and remind_after is not None and bool(at) and since(at, now) >= remind_after
    return worse or overdue


def _rank(standing: str) -> int:
    """How bad: 0 is the worst; a target that nothing was said of counts as compliant."""
    return next((rank for rank, word in enumerate(STANDINGS) if word == standing), len(STANDINGS) - 1)


def _lines(targets: Sequence[FleetTarget]) -> Iterator[str]:
    """A line for each target; one for all where many have the same standing and the same problem."""
    of_a_kind = sorted(targets, key=lambda one: (_rank(one.standing), one.problem))
    for _, grouped in groupby(of_a_kind, key=lambda one: (one.standing, one.problem)):
        group = list(grouped)
        if len(group) > _NAMED:
            yield _together(group)
        else:
            yield from map(_line, group)


def _together(group: Sequence[FleetTarget]) -> str:
    """`295 targets stale, no whole run since ..., HTTP 401: a, b, c and 292 more`."""
    latest = max(group, key=lambda one: one.last_complete_at)
    owners = {one.owner for one in group}
    shared = latest._replace(owner=owners.pop() if len(owners) == 1 else "")
    named = ", ".join(one.name for one in group[:_NAMED])
    return f"{len(group)} targets {', '.join(_parts(shared))}: {named} and {len(group) - _NAMED} more"


def _line(target: FleetTarget) -> str:
    return f"{target.name}: {', '.join(_parts(target))}"


def _parts(target: FleetTarget) -> Iterator[str]:
    yield _WORDS.get(target.standing, target.standing)
    if target.standing == "stale":
        yield f"no whole run since {target.last_complete_at or 'it was listed'}"
    if target.standing == "violations":
        yield " and ".join(f"{count} {level}" for level, count in target.counts.items() if count)
    if target.problem:
        yield target.problem
    if target.owner:
        yield f"ask {target.owner}"
