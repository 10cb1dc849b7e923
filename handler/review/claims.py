"""When each rule of a policy finds a port, with its exemptions taken off: ranges, without any row. Pure."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING

from handler.models import CATEGORIES
from handler.policy.host_patterns import without_servers
from handler.policy.match import ExemptionsInForce, rule_matcher
from handler.policy.match_keys import ALL_ENTERPRISE_PROJECTS, Subject
from handler.policy.rules import PROTOCOLS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date

    from handler.models import Severity
    from handler.policy.match_keys import Answer
    from handler.policy.rules import Exemption, Policy, Rule

    FoundRange = tuple[int, int, Rule]  # the lowest and highest port, and the rule as exemptions leave it there

COUNTER = -1  # stands for the port of a counter


class PolicyOnDay:
    """A policy on one day, asked rule by rule: the rules in force, or instead those that are announced."""

    def __init__(self, policy: Policy, today: date, *, announced: bool = False) -> None:
        self.rules: Mapping[str, Rule] = {rule.id: rule for rule in policy.rules if rule.announced(today) == announced}
        self.announced = {rule.id: rule for rule in policy.rules if rule.announced(today)}
        self.known = {rule.id for rule in policy.rules}
        self._exemptions = ExemptionsInForce(policy, today, ALL_ENTERPRISE_PROJECTS)

    def claims(self, name: str, category: str, protocol: str) -> list[FoundRange]:
        """The ranges that the rule finds, ascending and disjoint; a counter is among those of the first protocol."""
        rule = self.rules.get(name)
        if rule is None:
            return []
        speaks_of = rule_matcher(rule).speaks_of
        places = _counter(category, protocol) if rule.statistic else self._rows(rule, category, protocol)
        found = (
            (low, high, left_over(rule, self._exemptions.tolerating(rule, subject)))
            for low, high, subject in places
            if speaks_of(subject)
        )
        return [(low, high, left) for low, high, left in found if left is not None]

    def _rows(self, rule: Rule, category: str, protocol: str) -> Iterator[tuple[int, int, Subject]]:
        for low, high in self._exemptions.stretches(rule):
            yield low, high, Subject(category, low, protocol)

    def counts(self) -> Counter[Severity]:
        """How many ports of a protocol and category (and counters) are found, by severity, rule by rule."""
        counts: Counter[Severity] = Counter()
        for name in self.rules:
            for category in CATEGORIES:
                for low, high, rule in chain.from_iterable(self.claims(name, category, p) for p in PROTOCOLS):
                    counts[rule.severity] += high - low + 1
        return counts


def left_over(rule: Rule, tolerating: Iterable[tuple[Exemption, Answer]], *, at_most: bool = True) -> Rule | None:
    """What exemptions leave of a rule: on fewer servers, or for a higher num only, or (None) nothing at all.

    Of exemptions by server only the texts are known. One that counts its servers, or leaves some in, may take none:
    `at_most` takes off what it may tolerate, else only what is surely tolerated goes.
    """
    above = rule.above
    for exemption, answer in tolerating:
        if exemption.hosts:
            surely = exemption.up_to is None and not any(entry.startswith("!") for entry in exemption.hosts)
            if surely or at_most:
                rule = rule._replace(hosts=without_servers(rule.hosts, exemption.hosts))
        elif answer == "yes" or exemption.up_to is None:
            return None
        else:
            above = max(above, exemption.up_to)
    return rule if above == rule.above else rule._replace(above=above)


def _counter(category: str, protocol: str) -> Iterator[tuple[int, int, Subject]]:
    """A counter has no protocol; it is asked for once, with the first one."""
    if protocol == PROTOCOLS[0]:
        yield COUNTER, COUNTER, Subject(category, None, None)
