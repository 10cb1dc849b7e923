"""When each rule of a policy finds a port, with its exemptions taken off: ranges, without any row. Pure."""

from __future__ import annotations

from collections import Counter
from itertools import chain, pairwise
from typing import TYPE_CHECKING, NamedTuple

from handler.models import CATEGORIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from handler.models import Severity
    from handler.policy.rules import Exemption, Policy, Rule

PROTOCOLS = ("tcp", "udp")


class Claim(NamedTuple):
    """When a rule finds a row: its num is above the threshold and its status one of these (empty: any)."""

    severity: Severity
    threshold: int
    status: tuple[str, ...]

    def within(self, other: Claim) -> bool:
        """Whether the other claim finds whatever this one finds."""
        narrow = not other.status or (bool(self.status) and set(self.status) <= set(other.status))
        return self.threshold >= other.threshold and narrow


class Reading:
    """A policy on one day, asked rule by rule: the rules in force, or instead those that are announced."""

    def __init__(self, policy: Policy, today: date, *, announced: bool = False) -> None:
        self.rules: Mapping[str, Rule] = {rule.id: rule for rule in policy.rules if rule.announced(today) == announced}
        self.announced = {rule.id: rule for rule in policy.rules if rule.announced(today)}
        self.known = {rule.id for rule in policy.rules}
        # an exemption for some enterprise projects does not hold for the default, all of them
        self._exemptions = [e for e in policy.exemptions if not e.expired(today) and not e.enterprise_projects]

    def exemptions(self, rule: Rule, category: str) -> list[Exemption]:
        """Those that can switch off some of the rule's ports in that category."""
        return [
            exemption
            for exemption in self._exemptions
            if category in exemption.categories
            and (not exemption.rules or rule.id in exemption.rules)
            and (exemption.ports is None or (rule.kind != "statistic" and _overlap(exemption, rule)))
        ]

    def claims(self, name: str, category: str, protocol: str) -> list[tuple[int, int, Claim]]:
        """The ranges that the rule finds, ascending and disjoint; a counter is the range (-1, -1)."""
        rule = self.rules.get(name)
        if rule is None or category not in rule.categories:
            return []
        if rule.kind == "statistic":
            pieces: Iterable[tuple[int, int]] = [(-1, -1)] if protocol == PROTOCOLS[0] else []
        else:
            pieces = rule.ports.ranges if protocol in rule.protocols else ()
        exemptions = self.exemptions(rule, category)
        return [
            (low, high, Claim(rule.severity, threshold, rule.status))
            for low, high in _cut(pieces, exemptions)
            if (threshold := _threshold(rule, low, exemptions)) is not None
        ]

    def counts(self) -> Counter[Severity]:
        """How many ports of a protocol and category (and counters) are found, by severity, rule by rule."""
        counts: Counter[Severity] = Counter()
        for name in self.rules:
            for category in CATEGORIES:
                for low, high, claim in chain.from_iterable(self.claims(name, category, p) for p in PROTOCOLS):
                    counts[claim.severity] += high - low + 1
        return counts


def _overlap(exemption: Exemption, rule: Rule) -> bool:
    return exemption.ports is not None and bool(exemption.ports & rule.ports)


def _cut(pieces: Iterable[tuple[int, int]], exemptions: Sequence[Exemption]) -> Iterator[tuple[int, int]]:
    """The pieces, cut wherever an exemption begins or ends."""
    ranges = chain.from_iterable(e.ports.ranges for e in exemptions if e.ports is not None)
    edges = sorted(set(chain.from_iterable((low, high + 1) for low, high in ranges)))
    for low, high in pieces:
        inner = [low, *(edge for edge in edges if low < edge <= high), high + 1]
        yield from ((start, after - 1) for start, after in pairwise(inner))


def _threshold(rule: Rule, port: int, exemptions: Iterable[Exemption]) -> int | None:
    """The num above which the rule finds the port; None where an exemption switches it off whatever the num."""
    holding = [e for e in exemptions if e.ports is None or port in e.ports]
    limits = [e.up_to for e in holding if e.up_to is not None]
    return None if len(limits) < len(holding) else max([rule.above, *limits])
