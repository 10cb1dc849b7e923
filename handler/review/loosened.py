"""Whether a new policy is anywhere weaker than the old one: proven over every row and counter there can be. Pure.

The space of category, port, protocol, num, status, enterprise project and day (from today on) is cut into regions in
which neither policy changes its mind; both are asked about each. Rules may be renamed, split, merged or widened: what
counts is how severely a row is found, by whichever rule.
"""

from __future__ import annotations

from itertools import chain, groupby, pairwise
from typing import TYPE_CHECKING

from handler.models import CATEGORIES
from handler.named_tuple import NamedTuple
from handler.policy.match import ExemptionsInForce, concerns, unmet_terms, within
from handler.policy.match_keys import EXEMPTION_BOUNDS, EXEMPTION_SCOPE, RULE_WITHIN
from handler.review.regions import Found, Region, by_edge, found, space_of
from handler.review.server_split import as_one
from handler.review.weaker import Weaker, together

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from handler.policy.rules import Exemption, Location, Policy, Rule
    from handler.review.regions import Space

_WHOSE = ("hosts", "listening")
_EXEMPTION_KEYS = ("expires", "enterprise_projects", *EXEMPTION_SCOPE, *EXEMPTION_BOUNDS)


class _Step(NamedTuple):
    """Nums, both included, and the worst rule of each policy that finds them; None: no rule does."""

    least: int
    most: int | None
    was: Rule | None
    now: Rule | None


def loosened(old: Policy, new: Policy, today: date) -> tuple[Weaker, ...]:
    """Each place that `old` finds and `new` finds less severely or not at all, worst first; empty: there is none."""
    suspects = _suspects(old, new)
    if not suspects:
        return ()
    space = space_of((old._replace(rules=suspects), new), today)
    return together(_everywhere(old, suspects, new, space), space)


def lowered_expectations(old: Policy, new: Policy) -> tuple[str, ...]:
    """The categories of which the new policy expects fewer rows, in words."""
    rows = ((name, old.expect_rows.get(name, 0), new.expect_rows.get(name, 0)) for name in CATEGORIES)
    return tuple(f"expect_rows of {name}: {before} -> {after}" for name, before, after in rows if after < before)


def _suspects(old: Policy, new: Policy) -> tuple[Rule, ...]:
    """The old rules that the new policy does not have just so; the others cannot have become weaker."""
    kept = {_judgement(rule, new) for rule in new.rules}
    return tuple(rule for rule in old.rules if _judgement(rule, old) not in kept)


def _judgement(rule: Rule, policy: Policy) -> tuple[object, ...]:
    """All of a rule and the exemptions that concern it that decides what is found, and how severely."""
    concerned = [exemption for exemption in policy.exemptions if concerns(exemption, rule)]
    said = [
        (policy.limits, policy.limits.breaches(one, None), *(getattr(one, key) for key in _EXEMPTION_KEYS))
        for one in concerned
    ]
    in_order = any(one.hosts and one.up_to is not None for one in concerned)  # each counts what those before it leave
    tolerated = tuple(said) if in_order else frozenset(said)
    return (rule.severity, *(getattr(rule, key) for key in RULE_WITHIN), tolerated)


def _everywhere(old: Policy, suspects: Sequence[Rule], new: Policy, space: Space) -> Iterator[Weaker]:
    """The places of all projects and days; where the same exemptions and rules are in force, they are found once."""
    known = {rule.id: rule for rule in new.rules}
    remembered: dict[object, tuple[Weaker, ...]] = {}
    for project in space.projects:
        for in_force, days in groupby(space.days, key=lambda days: _in_force((old, new), days[0], project)):
            stretch = list(days)
            since, until = stretch[0][0], stretch[-1][1]
            if in_force not in remembered:
                places = space.places(project, since, until)
                remembered[in_force] = tuple(
                    chain.from_iterable(_in_place(old, suspects, new, known, place) for place in places)
                )
            for one in remembered[in_force]:
                yield one._replace(since=since, until=until, projects=(project,))


def _in_force(policies: Iterable[Policy], day: date, project: str) -> tuple[object, ...]:
    """What of these policies holds on that day for that project: all that a day and a project decide."""
    return tuple(
        (
            tuple(rule.announced(day) for rule in policy.rules),
            tuple(not unmet_terms(one, day, project, policy.limits) for one in policy.exemptions),
        )
        for policy in policies
    )


def _in_place(
    old: Policy, suspects: Sequence[Rule], new: Policy, known: Mapping[str, Rule], place: Region
) -> Iterator[Weaker]:
    before = ExemptionsInForce(old, place.since, place.project)
    past = tuple(found(suspects, before, place))
    if not past:
        return
    after = ExemptionsInForce(new, place.since, place.project)
    present = tuple(found(new.rules, after, place, at_most=True))
    edges = sorted({edge for one in (*past, *present) for edge in (one.low, one.high + 1)})
    was, now = by_edge(past, edges), by_edge(present, edges)
    for low, beyond in pairwise(edges):
        for step in _steps(was.get(low, ()), now.get(low, ())) if low in was else ():
            if step.was is not None and (step.now is None or step.now.severity < step.was.severity):
                because, there = _because(known.get(step.was.id), after, place, low)
                because += _by_server(step.was, now.get(low, ()))
                yield _weaker(place, (low, beyond - 1), step, step.was, because, there)


def _steps(past: Sequence[Found], present: Sequence[Found]) -> Iterator[_Step]:
    """The same for the servers of each old rule: new ones count for them only if they plainly speak of all of them."""
    for servers in dict.fromkeys(map(_servers, past)):
        mine = [one for one in past if _servers(one) == servers]
        theirs = [one for one in present if within(mine[0].rule, one.rule, _WHOSE) or _as_exempted(mine[0], one)]
        yield from _steps_of(mine, [*theirs, *(as_one(mine[0].rule, present) if mine[0].rule.hosts else ())])


def _servers(one: Found) -> tuple[object, ...]:
    return one.rule.hosts, one.rule.listening, one.whole.hosts, one.but


def _as_exempted(old: Found, new: Found) -> bool:
    """Whether the new rule speaks of all servers of the old one, and its exemptions take no more of them.

    Of the same servers one that tolerates fewer, or none, leaves as many or more, to those after it as well.
    """
    if not within(old.whole, new.whole, _WHOSE):
        return False
    others = iter(old.but)
    return all(any(_takes_no_more(one, other) for other in others) for one in new.but)


def _takes_no_more(one: Exemption, other: Exemption) -> bool:
    fewer = other.up_to is None or (one.up_to is not None and one.up_to <= other.up_to)
    return fewer and set(one.hosts) == set(other.hosts)


def _steps_of(past: Sequence[Found], present: Sequence[Found]) -> Iterator[_Step]:
    """The nums of a port cut where one of these begins to find it; what is found does not end with a higher num."""
    limits = sorted({one.above for one in (*past, *present)})
    for above, most in zip(limits, (*limits[1:], None), strict=True):
        yield _Step(above + 1, most, _worst(past, above), _worst(present, above))


def _worst(several: Sequence[Found], above: int) -> Rule | None:
    return max((one.rule for one in several if one.above <= above), key=lambda rule: rule.severity, default=None)


def _because(rule: Rule | None, exemptions: ExemptionsInForce, place: Region, port: int) -> tuple[str, Location | None]:
    """What the new policy's rule of the same id says there, and where that is written."""
    if rule is None:
        return "rule dropped", None
    if rule.announced(place.since):
        return f"rule announced for {rule.effective_from}", rule.location
    tolerating = next((one for one, _ in exemptions.tolerating(rule, place.subject(port))), None)
    if tolerating is not None:
        return f"exempted by {tolerating.id}", tolerating.location
    return "rule changed", rule.location


def _by_server(was: Rule, present: Sequence[Found]) -> str:
    """What is to be said where the old rule needed no listeners, and new ones as severe do."""
    if was.host_aware:
        return ""
    asking = [one.rule.id for one in present if one.rule.host_aware and one.rule.severity >= was.severity]
    return f"; {', '.join(asking)} cannot say so where HSS does not tell who listens" if asking else ""


def _weaker(
    place: Region, ports: tuple[int, int], step: _Step, was: Rule, because: str, there: Location | None
) -> Weaker:
    return Weaker(
        category=place.category,
        counter=place.counter,
        low=ports[0],
        high=ports[1],
        least=step.least,
        most=step.most,
        since=place.since,
        until=place.until,
        protocols=(place.protocol,) if place.protocol else (),
        statuses=(place.status,) if place.status else (),
        projects=(place.project,),
        was=was.severity,
        now=None if step.now is None else step.now.severity,
        rule_id=was.id,
        location=was.location,
        because=because,
        there=there,
        servers=was.hosts,
        listening=was.listening,
    )
