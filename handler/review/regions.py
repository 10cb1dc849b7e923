"""Where a policy finds, as regions: stretches of ports, and the num above which each rule finds them. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from datetime import date, timedelta
from heapq import heappop, heappush
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from handler.models import CATEGORIES
from handler.named_tuple import NamedTuple
from handler.policy.match import ExemptionsInForce, rule_matcher
from handler.policy.match_keys import ALL_ENTERPRISE_PROJECTS, UNSAID, Subject
from handler.policy.rules import PROTOCOLS, STATUSES
from handler.review.claims import COUNTER, left_over

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from handler.policy.rules import Exemption, Policy, Rule

OTHER: Final = "other"  # stands for every type, status and enterprise project that no policy names
_DAY: Final = timedelta(days=1)


class Region(NamedTuple):
    """What a row or counter is beside its port and num, and when: each rule answers the same all over it.

    `counter` names the counter, then there is no protocol; the days are `since` to `until` (None: for ever).
    """

    category: str
    counter: str | None
    protocol: str | None
    status: str | None
    project: str
    since: date
    until: date | None

    def subject(self, port: int) -> Subject:
        """A row of any num there, or the counter."""
        return Subject(self.category, None if self.counter else port, self.protocol, UNSAID, self.status)


class Found(NamedTuple):
    """Ports, both included, that a rule finds where num is above `above`; `rule` has the `hosts` that are left.

    `but` are the exemptions that take some servers of `whole`, the rule without them, in the order of the policy.
    """

    low: int
    high: int
    above: int
    rule: Rule
    whole: Rule
    but: tuple[Exemption, ...] = ()


class Space(NamedTuple):
    """Everything that two policies tell apart, from a day on."""

    statuses: tuple[str, ...]
    projects: tuple[str, ...]
    days: tuple[tuple[date, date | None], ...]
    counters: tuple[str, ...]

    def places(self, project: str, since: date, until: date | None) -> Iterator[Region]:
        """All of it on these days and for that project, but for ports and nums."""
        for category in CATEGORIES:
            for counter in self.counters:
                yield Region(category, counter, None, None, project, since, until)
            for protocol in (*PROTOCOLS, OTHER):
                for status in self.statuses:
                    yield Region(category, None, protocol, status, project, since, until)


def space_of(policies: Iterable[Policy], today: date) -> Space:
    """What these policies tell apart from that day on."""
    several = tuple(policies)
    rules = tuple(chain.from_iterable(policy.rules for policy in several))
    exemptions = tuple(chain.from_iterable(policy.exemptions for policy in several))
    named = set(chain.from_iterable(rule.status for rule in rules))
    projects = set(chain.from_iterable(exemption.enterprise_projects for exemption in exemptions))
    return Space(
        statuses=(*filter(named.__contains__, STATUSES), OTHER),
        projects=(*sorted(projects), ALL_ENTERPRISE_PROJECTS),
        days=_stretches(today, chain.from_iterable(map(turning_days, several))),
        counters=tuple(sorted({rule.statistic for rule in rules if rule.statistic is not None})),
    )


def turning_days(policy: Policy) -> Iterator[date]:
    """The days on which a rule begins to rule, or an exemption to hold or not; some may stand twice."""
    yield from (rule.effective_from for rule in policy.rules if rule.effective_from is not None)
    yield from (exemption.expires + _DAY for exemption in policy.exemptions if exemption.expires < date.max)
    if policy.limits.exemption_days is not None:  # on the first of these days its end is near enough
        longest = min(policy.limits.exemption_days, (date.max - date.min).days)
        reach = timedelta(days=longest)
        yield from (one.expires - reach for one in policy.exemptions if one.expires - date.min > reach)


def _stretches(today: date, turning: Iterable[date]) -> tuple[tuple[date, date | None], ...]:
    """From today on, first and last day of each stretch in which nothing turns; the last one is without end."""
    starts = [today, *sorted({day for day in turning if day > today})]
    return tuple(zip(starts, (*(day - _DAY for day in starts[1:]), None), strict=True))


def found(
    rules: Iterable[Rule], exemptions: ExemptionsInForce, place: Region, *, at_most: bool = False
) -> Iterator[Found]:
    """What these rules find in a place, with what exemptions in force tolerate taken off.

    Of exemptions by server only the texts are known: `at_most` takes off what they may tolerate, else only what they
    surely do. The rule of what is found has the `hosts` that are left.
    """
    for rule in rules:
        if rule.statistic == place.counter and place.category in rule.categories and not rule.announced(place.since):
            yield from _found(rule, exemptions, place, at_most=at_most)


def _found(rule: Rule, exemptions: ExemptionsInForce, place: Region, *, at_most: bool) -> Iterator[Found]:
    matcher = rule_matcher(rule)
    for low, high in [(COUNTER, COUNTER)] if place.counter else exemptions.stretches(rule):
        subject = place.subject(low)
        if matcher.speaks_of(subject) and matcher.applies(subject) in ("yes", "depends"):
            tolerating = tuple(exemptions.tolerating(rule, subject))
            left = left_over(rule, tolerating, at_most=at_most)
            if left is not None:
                by_server = tuple(exemption for exemption, _ in tolerating if exemption.hosts)
                yield Found(low, high, left.above, left, rule, by_server)


def by_edge(several: Sequence[Found], edges: Sequence[int]) -> Mapping[int, list[Found]]:
    """Those that find the port of each edge, in their order.

    Of those that ask for no servers and tolerate as much, only the most severe: beside it the others tell nothing, and
    thousands may find one port.
    """
    at: dict[int, list[tuple[int, Found]]] = defaultdict(list)
    alike: dict[int, list[tuple[int, Found]]] = defaultdict(list)
    for order, one in enumerate(several):
        if not (one.but or one.rule.host_aware or one.whole.host_aware):
            alike[one.above].append((order, one))
            continue
        for edge in edges[bisect_left(edges, one.low) : bisect_right(edges, one.high)]:
            at[edge].append((order, one))
    for those in alike.values():
        for edge, known in _worst_by_edge(those, edges):
            at[edge].append(known)
    return {edge: [one for _, one in sorted(known, key=itemgetter(0))] for edge, known in at.items()}


def _worst_by_edge(
    several: Iterable[tuple[int, Found]], edges: Sequence[int]
) -> Iterator[tuple[int, tuple[int, Found]]]:
    """The most severe of those that find the port of each edge, the first of these in order."""
    coming = sorted(several, key=lambda known: -known[1].low)
    open_: list[tuple[int, int, Found]] = []
    for edge in edges:
        while coming and coming[-1][1].low <= edge:
            order, one = coming.pop()
            heappush(open_, (-one.rule.severity, order, one))
        while open_ and open_[0][2].high < edge:
            heappop(open_)
        if open_:
            yield edge, open_[0][1:]
