"""What is warned of beside the findings: odd types of rows, exemptions that end or do not apply. Pure."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING

from handler.models import ExemptionNotice, family
from handler.policy.match_keys import ALL_ENTERPRISE_PROJECTS
from handler.policy.rules import NOTICE_DAYS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from handler.models import CategorySnapshot, Snapshot, Target
    from handler.policy.rules import Policy

MOST_TYPES = 20  # that are neither TCP nor UDP and are named; an odd answer may hold thousands
_PROTOCOL = itemgetter(1)  # of a row


def warnings_of(policy: Policy, snapshot: Snapshot, today: date) -> Iterator[str]:
    """The warnings of each category, and those of the exemptions."""
    for category in snapshot.categories:
        yield from category.warnings
        yield from _odd_types(category)
    yield from _exemption_warnings(policy, snapshot.target, today)


def _odd_types(category: CategorySnapshot) -> Iterator[str]:
    """The types of rows that are neither TCP nor UDP; of very many, some."""
    types = sorted(kind for kind in set(map(_PROTOCOL, category.rows)) if family(kind) is None)
    for protocol in types[:MOST_TYPES]:
        yield (
            f"{category.category}: rows of type {protocol.upper()!r} are neither TCP nor UDP; "
            "every rule on their port judges them"
        )
    if len(types) > MOST_TYPES:
        yield f"{category.category}: {len(types) - MOST_TYPES} more types of rows are neither TCP nor UDP"


def _exemption_warnings(policy: Policy, target: Target, today: date) -> Iterator[str]:
    """Those that end or ended, and those that do not apply."""
    everywhere = target.enterprise_project_id == ALL_ENTERPRISE_PROJECTS
    for exemption in policy.exemptions:
        left = exemption.days_left(today)
        if left < 0:
            yield f"exemption {exemption.id} ({exemption.owner}) ended on {exemption.expires} and is off"
        elif left <= NOTICE_DAYS:
            days = "1 day" if left == 1 else f"{left} days"
            yield f"exemption {exemption.id} ({exemption.owner}) ends on {exemption.expires}, {days} left"
        for breach in policy.limits.breaches(exemption, today):
            yield f"exemption {exemption.id} ({exemption.owner}) {breach}: it does not apply"
        if exemption.enterprise_projects and everywhere:
            yield (
                f"exemption {exemption.id} names enterprise projects, but this run asks for "
                f"{ALL_ENTERPRISE_PROJECTS}: it does not apply"
            )


def exemption_notices(policy: Policy, today: date) -> Iterator[ExemptionNotice]:
    """Each exemption that ends within the days of notice, or has ended, with the days that are left."""
    for exemption in policy.exemptions:
        left = exemption.days_left(today)
        if left <= NOTICE_DAYS:
            yield ExemptionNotice(exemption.id, exemption.owner, exemption.expires.isoformat(), left)
