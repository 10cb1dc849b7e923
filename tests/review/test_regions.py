"""What finds each port: of thousands of rules that find it alike, the most severe tells all."""

from __future__ import annotations

import time
from datetime import date
from random import Random

import pytest

from handler.models import Severity
from handler.policy.rules import Exemption, Rule
from handler.ports import PortSet
from handler.review.loosened import loosened
from handler.review.regions import Found, by_edge
from tests.small_policies import policy_of

TODAY = date(2026, 12, 1)
MOST_SECONDS = 30.0  # of this process; each port with each rule took more, and four times as long for twice as many
BY_SERVER = Exemption("e", "r", "o", TODAY, hosts=("win-1",))


def some_found(random, at):
    low, high = sorted(random.choices(range(1, 12), k=2))
    severity = random.choice((Severity.LOW, Severity.MEDIUM, Severity.HIGH))
    rule = Rule(f"r{at}", "ports", severity=severity, ports=PortSet.of([(low, high)]))
    rule = rule._replace(hosts=random.choice(((), (), (), ("win-*",))))
    whole = rule._replace(hosts=random.choice(((), (), ("win-*",))))
    return Found(low, high, random.choice((0, 0, 3)), rule, whole, (BY_SERVER,) if random.random() < 0.1 else ())


def each_with_each(several, edges):
    """By edge: all by server, and of the others the most severe of each `above`, the first of these."""
    at = {}
    for edge in edges:
        there = [one for one in several if one.low <= edge <= one.high]
        plain = [one for one in there if not (one.but or one.rule.host_aware or one.whole.host_aware)]
        best = {}
        for one in plain:
            if one.above not in best or one.rule.severity > best[one.above].rule.severity:
                best[one.above] = one
        kept = [one for one in there if one not in plain or any(one is other for other in best.values())]
        if kept:
            at[edge] = kept
    return at


@pytest.mark.parametrize("seed", range(40))
def test_by_edge_all_are_kept_that_tell_something(seed):
    random = Random(seed)
    several = [some_found(random, at) for at in range(random.randrange(1, 15))]
    edges = sorted({edge for one in several for edge in (one.low, one.high + 1)})
    assert dict(by_edge(several, edges)) == each_with_each(several, edges)


def windows(count):
    rules = "".join(f"  - {{id: r{n}, ports: [{1 + n}-{20_000 + n}], severity: high}}\n" for n in range(count))
    return policy_of(f"version: 1\nrules:\n{rules}")


def test_policies_of_thousands_of_rules_that_overlap_are_compared_in_seconds():
    old, new = windows(4000), windows(3999)
    began = time.process_time()
    (place,) = loosened(old, new, TODAY)
    assert time.process_time() - began < MOST_SECONDS
    assert (place.low, place.high, place.was, place.now) == (23_999, 23_999, Severity.HIGH, None)
