"""The linter's look at exemptions: rotten, too wide, or of no use in a given snapshot."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from handler.policy.codes import LintMessage, warning
from handler.policy.match import concerns, exemption_matcher, judged_counter, judged_rows, unmet_terms
from handler.policy.rules import NOTICE_DAYS, PROTOCOLS
from handler.policy.servers import covered_by_exemption
from handler.ports import PortSet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from handler.models import CategorySnapshot, Snapshot
    from handler.policy.match_keys import Subject
    from handler.policy.rules import Exemption, Limits, Policy, Rule


def lint_exemptions(policy: Policy, today: date | None, snapshot: Snapshot | None) -> Iterator[LintMessage]:
    """Those beyond the limits (an error), expired and expiring ones, those that are wider than they need be."""
    for exemption in policy.exemptions:
        concerned = [rule for rule in policy.rules if concerns(exemption, rule)]
        yield from _limits(exemption, policy.limits, today)
        yield from _approval(exemption)
        yield from _dates(exemption, today)
        yield from _beyond_its_rules(exemption, concerned)
        yield from _unbounded(exemption, concerned)
        if snapshot is not None and _unused(exemption, concerned, today, snapshot, policy.limits):
            yield warning("W204", exemption.location, f"exemption {exemption.id!r} matches nothing in the snapshot")


def _limits(exemption: Exemption, limits: Limits, today: date | None) -> Iterator[LintMessage]:
    for breach in limits.breaches(exemption, today):
        yield LintMessage("E309", "error", exemption.location, f"exemption {exemption.id!r} {breach}")


def _approval(exemption: Exemption) -> Iterator[LintMessage]:
    if exemption.approved_by and exemption.approved_by.casefold() == exemption.owner.casefold():
        told = f"exemption {exemption.id!r} was approved by its own owner, {exemption.owner}"
        yield warning("W205", exemption.location, told)


def _dates(exemption: Exemption, today: date | None) -> Iterator[LintMessage]:
    if today is None:
        return
    left = exemption.days_left(today)
    told = f"exemption {exemption.id!r} of {exemption.owner}"
    if left < 0:
        yield warning("W201", exemption.location, f"{told} expired on {exemption.expires}")
    elif left <= NOTICE_DAYS:
        yield warning("W202", exemption.location, f"{told} expires on {exemption.expires}, in {left} days")


def _beyond_its_rules(exemption: Exemption, concerned: Sequence[Rule]) -> Iterator[LintMessage]:
    told = f"exemption {exemption.id!r} names"
    found = PortSet.of(span for rule in concerned for span in rule.ports.ranges)
    beyond = exemption.ports - found if exemption.ports is not None else None
    if beyond:
        yield warning("W203", exemption.location, f"{told} ports that none of its rules finds: {beyond}")
    for key, thing in (("categories", "category"), ("protocols", "protocol")):
        for word in _idle(exemption, concerned, key)[:1]:
            yield warning("W203", exemption.location, f"{told} a {thing} that none of its rules looks at: {word}")


def _idle(exemption: Exemption, concerned: Sequence[Rule], key: str) -> list[str]:
    """The words of that key that no rule has; none where it says what saying nothing means."""
    named = getattr(exemption, key)
    if named == exemption._field_defaults[key]:
        return []
    spoken = set(chain.from_iterable(getattr(rule, key) for rule in concerned))
    return [word for word in named if word not in spoken]


def _unbounded(exemption: Exemption, concerned: Sequence[Rule]) -> Iterator[LintMessage]:
    """Of a whole rule; of protocols that nobody thought of."""
    told = f"exemption {exemption.id!r}"
    on_rows = [rule for rule in concerned if rule.statistic is None]
    if exemption.ports is None and on_rows:
        names = ", ".join(rule.id for rule in on_rows[:3])
        yield warning("W206", exemption.location, f"{told} names no ports: it switches off all of {names}")
    both = next((rule for rule in on_rows if rule.protocols == exemption.protocols == PROTOCOLS), None)
    if both is not None:
        yield warning("W207", exemption.location, f"{told} names no protocols, and {both.id!r} looks at tcp and udp")


def _unused(
    exemption: Exemption, concerned: Sequence[Rule], today: date | None, snapshot: Snapshot, limits: Limits
) -> bool:
    """Whether it holds and matches nothing: True only where the snapshot holds every row that could show a match."""
    day = today or exemption.expires  # without a day, dates are not judged
    if unmet_terms(exemption, day, snapshot.target.enterprise_project_id, limits):
        return False
    spoken = {category for rule in concerned for category in rule.categories} & set(exemption.categories)
    whole = {one.category: one for one in snapshot.categories if one.complete and one.every_row}
    return spoken <= whole.keys() and not any(_used(exemption, concerned, whole[name]) for name in spoken)


def _used(exemption: Exemption, concerned: Sequence[Rule], category: CategorySnapshot) -> bool:
    """Whether one of the rules finds a row or counter that the exemption speaks of, whatever it tolerates of it."""
    rows = judged_rows(concerned, category.category, category.rows, category.listeners)
    found = (subject for _, subject, matcher in rows if matcher.applies(subject) != "no")
    found = (subject for subject in found if _maybe_on(exemption, subject))
    counters = (judged_counter(rule, category.category, category.statistics or {}) for rule in concerned)
    counted = (pair[0] for pair in counters if pair is not None and pair[1] == "yes")
    return any(map(exemption_matcher(exemption).speaks_of, chain(found, counted)))


def _maybe_on(exemption: Exemption, subject: Subject) -> bool:
    """Whether one of its servers may listen there: only listeners that are known show that none does."""
    covered = covered_by_exemption(exemption._replace(up_to=None), subject.category, subject.known)
    return bool(covered.trouble or covered.listeners)
