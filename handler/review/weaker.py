"""A place that a new policy finds less severely than the old one, in words; and such places put together. Pure."""

from __future__ import annotations

from datetime import timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from handler.named_tuple import NamedTuple
from handler.policy.match_keys import ALL_ENTERPRISE_PROJECTS
from handler.review.regions import OTHER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import date

    from handler.models import Severity
    from handler.policy.rules import Location
    from handler.review.regions import Space


class Weaker(NamedTuple):
    """Rows (or a counter) that the old policy finds with severity `was`, the new one with `now` or (None) not at all.

    Ports, nums and days are given by their first and last; a last num or day of None is without end. Empty `statuses`
    and `projects` are all there are; `servers` and `listening` are as in the old rule. `location` is where that one
    stands, `because` what the new policy says instead, `there` where it says so.
    """

    category: str
    counter: str | None
    low: int
    high: int
    least: int
    most: int | None
    since: date
    until: date | None
    protocols: tuple[str, ...]
    statuses: tuple[str, ...]
    projects: tuple[str, ...]
    was: Severity
    now: Severity | None
    rule_id: str
    location: Location
    because: str
    there: Location | None
    servers: tuple[str, ...] = ()
    listening: str = "any"

    @property
    def what(self) -> str:
        """`445/tcp`, `135-139/tcp+udp`, or the counter's name."""
        if self.counter is not None:
            return self.counter
        ports = str(self.low) if self.low == self.high else f"{self.low}-{self.high}"
        named = [protocol for protocol in self.protocols if protocol != OTHER]
        return f"{ports}/{'+'.join(named) or 'neither tcp nor udp'}"

    @property
    def only(self) -> str:
        """For which rows it holds, where not for all: `num 3-5, status danger`."""
        words = [_nums(self.least, self.most)]
        if self.statuses:
            words.append(f"status {' or '.join('any other' if one == OTHER else one for one in self.statuses)}")
        if self.projects:
            words.append(f"enterprise project {' or '.join(map(_project, self.projects))}")
        words.append(f"servers {' '.join(self.servers)}" if self.servers else "")
        words.append(f"listening {self.listening}" if self.listening != "any" else "")
        return ", ".join(word for word in words if word)

    def when(self, today: date) -> str:
        """`from today`, `from 2027-04-01 to 2027-06-30`."""
        since = "from today" if self.since == today else f"from {self.since}"
        return since if self.until is None else f"{since} to {self.until}"

    def words(self, today: date) -> str:
        """`445/tcp on host: high -> nothing, from today`."""
        only = f", {self.only}" if self.only else ""
        now = "nothing" if self.now is None else self.now
        return f"{self.what} on {self.category}{only}: {self.was} -> {now}, {self.when(today)}"


def _nums(least: int, most: int | None) -> str:
    if most is None:
        return f"num above {least - 1}" if least > 1 else ""
    return f"num {least}" if least == most else f"num {least}-{most}"


def _project(name: str) -> str:
    return "any other" if name == ALL_ENTERPRISE_PROJECTS else name


def together(places: Iterable[Weaker], space: Space) -> tuple[Weaker, ...]:
    """The same places as few as can be: what touches in one way and is alike in all others is one."""
    found = list(places)
    for start, end, after in (("low", "high", _next), ("least", "most", _next), ("since", "until", _tomorrow)):
        found = list(_touching(found, start, end, after))
    for name, every in (("protocols", ()), ("statuses", space.statuses), ("projects", space.projects)):
        found = list(_alike(found, name, every))
    return tuple(sorted(found, key=_order))


def _order(place: Weaker) -> tuple[Any, ...]:
    now = -1 if place.now is None else int(place.now)
    return (-place.was, now, place.category != "host", place.low, place.high, place.since, place.least, place[8:11])


def _next(number: int) -> int:
    return number + 1


def _tomorrow(day: date) -> date:
    return day + timedelta(days=1)


def _touching(places: Iterable[Weaker], start: str, end: str, after: Callable[[Any], Any]) -> Iterator[Weaker]:
    """Those that follow one another in these two fields joined."""
    for group in _groups(places, start, end):
        first, *others = sorted(group, key=attrgetter(start))
        for place in others:
            last, values = getattr(first, end), {end: getattr(place, end)}
            if last is not None and after(last) == getattr(place, start):
                first = _with(first, values)
            else:
                yield first
                first = place
        yield first


def _alike(places: Iterable[Weaker], name: str, every: Sequence[str]) -> Iterator[Weaker]:
    """Those that differ in that list of words only joined; a list of `every` word says nothing."""
    for group in _groups(places, name):
        words = tuple(dict.fromkeys(word for place in group for word in getattr(place, name)))
        yield _with(group[0], {name: () if set(words) == set(every) else words})


def _with(place: Weaker, values: dict[str, Any]) -> Weaker:
    return place._replace(**values)


def _groups(places: Iterable[Weaker], *but: str) -> Iterable[list[Weaker]]:
    """The places that are the same but for these fields."""
    groups: dict[tuple[Any, ...], list[Weaker]] = {}
    for place in places:
        key = tuple(value for name, value in zip(place._fields, place, strict=True) if name not in but)
        groups.setdefault(key, []).append(place)
    return groups.values()
