"""The linter's look at exemptions: rotten, too wide, or of no use in a given snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.models import CATEGORIES, CategorySnapshot, Row, Snapshot, family
from handler.policy.lint_codes import SOON, LintMessage, warning
from handler.ports import PortSet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from handler.policy.rules import Exemption, Rule


def lint_exemptions(
    exemptions: Sequence[Exemption], rules: Sequence[Rule], today: date | None, snapshot: Snapshot | None
) -> Iterator[LintMessage]:
    """Expired and expiring exemptions, those wider than their rules, those that match nothing in the snapshot."""
    for exemption in exemptions:
        concerned = [rule for rule in rules if not exemption.rules or rule.id in exemption.rules]
        yield from _dates(exemption, today)
        yield from _too_wide(exemption, concerned)
        expired = today is not None and exemption.expired(today)
        if snapshot is not None and not expired and _unused(exemption, concerned, snapshot):
            yield warning("W204", exemption.location, f"exemption {exemption.id!r} matches nothing in the snapshot")


def _dates(exemption: Exemption, today: date | None) -> Iterator[LintMessage]:
    if today is None:
        return
    left = exemption.days_left(today)
    told = f"exemption {exemption.id!r} of {exemption.owner}"
    if left < 0:
        yield warning("W201", exemption.location, f"{told} expired on {exemption.expires}")
    elif left <= SOON:
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


def _unused(exemption: Exemption, concerned: Sequence[Rule], snapshot: Snapshot) -> bool:
    """True only where the snapshot holds every row that could have proved the opposite."""
    projects = exemption.enterprise_projects
    if projects and snapshot.target.enterprise_project_id not in projects:
        return False
    spoken = {category for rule in concerned for category in rule.categories} & set(exemption.categories)
    seen = {category.category: category for category in snapshot.categories}
    if any(name not in seen or not (seen[name].complete and seen[name].every_row) for name in spoken):
        return False
    return not any(_used(exemption, rule, seen[name]) for rule in concerned for name in spoken & set(rule.categories))


def _used(exemption: Exemption, rule: Rule, category: CategorySnapshot) -> bool:
    if rule.statistic is not None:
        return exemption.ports is None and (category.statistics or {}).get(rule.statistic, 0) > rule.above
    rows = (row for row in category.rows if exemption.ports is None or row.port in exemption.ports)
    return any(_finds(rule, row) for row in rows)


def _finds(rule: Rule, row: Row) -> bool:
    protocol = family(row.protocol)
    return (
        row.num > rule.above
        and row.port in rule.ports
        and (protocol is None or protocol in rule.protocols)
        and (not rule.status or row.status in rule.status)
    )
