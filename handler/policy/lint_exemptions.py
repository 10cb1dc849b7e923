"""The linter's look at exemptions: rotten, too wide, or of no use in a given snapshot."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from handler.models import CATEGORIES, CategorySnapshot, Snapshot
from handler.policy.codes import LintMessage, warning
from handler.policy.host_patterns import contains, host_pattern
from handler.policy.match import concerns, exemption_matcher, judged_counter, judged_rows, unmet_terms
from handler.policy.rules import NOTICE_DAYS
from handler.policy.servers import NO_API, covered_by_exemption
from handler.ports import PortSet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from handler.policy.match_keys import Subject
    from handler.policy.rules import Exemption, Rule


def lint_exemptions(
    exemptions: Sequence[Exemption],
    rules: Sequence[Rule],
    today: date | None,
    snapshot: Snapshot | None,
    cloud: str | None = None,
) -> Iterator[LintMessage]:
    """Expired and expiring exemptions, those wider than their rules, those that match nothing in the snapshot."""
    for exemption in exemptions:
        concerned = [rule for rule in rules if concerns(exemption, rule)]
        yield from _dates(exemption, today)
        yield from _too_wide(exemption, concerned)
        yield from _by_server(exemption, cloud)
        yield from _beyond_its_rules(exemption, concerned)
        if snapshot is not None and _unused(exemption, concerned, today, snapshot):
            yield warning("W204", exemption.location, f"exemption {exemption.id!r} matches nothing in the snapshot")


def _dates(exemption: Exemption, today: date | None) -> Iterator[LintMessage]:
    if today is None:
        return
    left = exemption.days_left(today)
    told = f"exemption {exemption.id!r} of {exemption.owner}"
    if left < 0:
        yield warning("W201", exemption.location, f"{told} expired on {exemption.expires}")
    elif left <= NOTICE_DAYS:
        yield warning("W202", exemption.location, f"{told} expires on {exemption.expires}, in {left} days")


def _too_wide(exemption: Exemption, concerned: Sequence[Rule]) -> Iterator[LintMessage]:
    told = f"exemption {exemption.id!r} names"
    if exemption.ports is not None:
        beyond = exemption.ports - PortSet.of(span for rule in concerned for span in rule.ports.ranges)
        if beyond:
            yield warning("W203", exemption.location, f"{told} ports that none of its rules finds: {beyond}")
    spoken = {category for rule in concerned for category in rule.categories}
    idle = [category for category in exemption.categories if category not in spoken]
    if idle and exemption.categories != CATEGORIES:  # both is also what an exemption means that names none
        yield warning("W203", exemption.location, f"{told} a category that none of its rules looks at: {idle[0]}")


def _beyond_its_rules(exemption: Exemption, concerned: Sequence[Rule]) -> Iterator[LintMessage]:
    """A network that holds more than each network of its rules: the rest switches nothing off."""
    given = [rule.hosts for rule in concerned]
    for entry in exemption.hosts if given and all(given) else ():
        wide = host_pattern(entry).kind == "network" and not entry.startswith("!")
        if wide and not any(contains(hosts, (entry,)) for hosts in given) and _holds_some(entry, given):
            message = f"exemption {exemption.id!r} names servers that none of its rules finds: more of {entry}"
            yield warning("W203", exemption.location, message)


def _holds_some(entry: str, given: Sequence[Sequence[str]]) -> bool:
    return any(contains((entry,), (one,)) for hosts in given for one in hosts if not one.startswith("!"))


def _by_server(exemption: Exemption, cloud: str | None) -> Iterator[LintMessage]:
    """Servers choose their own names, and not every cloud tells them."""
    patterns = [host_pattern(entry) for entry in exemption.hosts]
    names = [pattern.text for pattern in patterns if pattern.kind == "glob" and not pattern.away]
    told = f"exemption {exemption.id!r}"
    if names:
        message = f"{told} goes by names, and servers choose their own: {', '.join(names)}; prefer ids or networks"
        yield warning("W205", exemption.location, message)
    if cloud == "otc" and exemption.hosts:
        yield warning("W206", exemption.location, f"{told} never applies: {NO_API}")
    if "container" in exemption.categories and any(pattern.kind == "network" for pattern in patterns):
        message = f"{told} names addresses, and containers have none of their own: name them, or say categories: [host]"
        yield warning("W112", exemption.location, message)


def _unused(exemption: Exemption, concerned: Sequence[Rule], today: date | None, snapshot: Snapshot) -> bool:
    """Whether it holds and matches nothing: True only where the snapshot holds every row that could show a match."""
    day = today or exemption.expires  # without a day, dates are not judged
    if unmet_terms(exemption, day, snapshot.target.enterprise_project_id):
        return False
    spoken = {category for rule in concerned for category in rule.categories} & set(exemption.categories)
    seen = {category.category: category for category in snapshot.categories}
    if any(name not in seen or not (seen[name].complete and seen[name].every_row) for name in spoken):
        return False
    return not any(_used(exemption, concerned, seen[name]) for name in spoken)


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
