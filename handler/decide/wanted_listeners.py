"""Of which ports it matters who listens: only there HSS is asked for it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.policy.match import ExemptionsInForce, concerns, judged_rows
from handler.policy.match_keys import UNSAID
from handler.ports import PortSet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from handler.models import Severity, Snapshot
    from handler.policy.match import Matcher
    from handler.policy.match_keys import Subject
    from handler.policy.rules import Policy, Rule


def is_host_aware(policy: Policy) -> bool:
    """Whether any rule or exemption goes by server or address."""
    return any(rule.host_aware for rule in policy.rules) or any(one.hosts for one in policy.exemptions)


def wanted_listeners(policy: Policy, snapshot: Snapshot, today: date) -> tuple[tuple[str, int], ...]:
    """Category and port of the rows on whose servers the verdict depends, worst first, each once.

    Those are rows that a rule by server may find, and rows that a rule finds and no exemption covers as they are, but
    one by server may. Port 0 cannot be asked for.
    """
    if not is_host_aware(policy):
        return ()
    in_force = ExemptionsInForce(policy.exemptions, today, snapshot.target.enterprise_project_id)
    worst: dict[tuple[str, int], Severity] = {}
    for rule, subject, matcher in _judged(policy, snapshot):
        place = subject.category, subject.port or 0
        if subject.port and _matters(rule, subject, matcher, in_force, today):
            worst[place] = max(rule.severity, worst.get(place, rule.severity))
    return tuple(sorted(worst, key=lambda place: (-worst[place], *place)))


def _may_ask(rule: Rule, policy: Policy) -> bool:
    """Whether the rule, or an exemption from it, goes by server."""
    return rule.host_aware or any(one.hosts and concerns(one, rule) for one in policy.exemptions)


def most_wanted(policy: Policy, category: str, rows: int) -> int:
    """Of how many ports it may matter at most, in a category of so many rows that nobody has seen."""
    concerned = (rule for rule in policy.rules if category in rule.categories)
    ports = PortSet.of(span for rule in concerned if _may_ask(rule, policy) for span in rule.ports.ranges)
    return min(rows, sum(high - low + 1 for low, high in ports.ranges))


def _judged(policy: Policy, snapshot: Snapshot) -> Iterator[tuple[Rule, Subject, Matcher]]:
    for category in snapshot.categories:
        for rule, subject, matcher in judged_rows(policy.rules, category.category, category.rows):
            yield rule, subject._replace(listeners=UNSAID), matcher


def _matters(rule: Rule, subject: Subject, matcher: Matcher, in_force: ExemptionsInForce, today: date) -> bool:
    found = matcher.applies(subject)
    if rule.host_aware:
        return found == "depends"  # on its servers; without them nothing else is found
    if found != "yes" or rule.announced(today) or in_force.covering(rule, subject) is not None:
        return False
    return any(one.hosts and matcher.speaks_of(subject) for one, matcher in in_force.of(rule))
