"""Rules in pairs: the linter finds what comparing each with each finds, and of thousands it finds that soon."""

from __future__ import annotations

import time
from datetime import date
from itertools import chain
from random import Random

import pytest

from handler.models import Severity
from handler.policy.codes import warning
from handler.policy.lint_rules import ALSO_UDP, lint_rules
from handler.policy.match import within
from handler.policy.match_keys import RULE_WITHIN
from handler.policy.rules import Exemption, Location, Rule
from handler.policy.services import service_of
from handler.ports import PortSet

MOST_SECONDS = 30.0  # of this process; each with each took twice as long, and four times as long for twice as many
_BESIDE_PORTS = RULE_WITHIN.keys() - {"ports", "protocols", "statistic", "status", "effective_from"}


# Each with each, in the order in which they come: what is right, and slow.


def _tcp_only(rule, rules):
    if rule.kind != "ports" or rule.protocols != ("tcp",):
        return
    open_ports = rule.ports & ALSO_UDP
    for other in rules:
        if open_ports and "udp" in other.protocols and _as_wide(other, rule):
            open_ports -= other.ports
    if open_ports:
        named = ", ".join(f"{port} ({service_of(port, 'udp') or 'UDP'})" for port in open_ports)
        yield warning("W107", rule.location, f"rule {rule.id!r} looks at TCP only; over UDP too: {named}")


def _as_wide(other, rule):
    """Whether a rule finds whatever its ports and protocols match, wherever the other one does."""
    return not other.status and within(rule, other, _BESIDE_PORTS)


def _pairs(rules, exemptions):
    order = {id(rule): at for at, rule in enumerate(rules)}
    covered = set()
    for first, second in chain(_near(rules), _counters(rules)):
        early, late = (first, second) if order[id(first)] < order[id(second)] else (second, first)
        if _covers(early, late, exemptions) or _covers(late, early, exemptions):
            less, more = (late, early) if _covers(early, late, exemptions) else (early, late)
            if less.id not in covered:
                covered.add(less.id)
                yield warning("W103", less.location, f"rule {less.id!r} adds nothing: {more.id!r} finds all of it")
        elif _disagree(early, late):
            shared = early.ports & late.ports
            message = f"rules {early.id!r} ({early.severity}) and {late.id!r} ({late.severity}) both find {shared}"
            yield warning("W104", late.location, message)


def _near(rules):
    """Pairs of rules on ports whose spans touch; the others cannot overlap."""
    active = []
    for rule in sorted((rule for rule in rules if rule.ports), key=lambda rule: rule.ports.ranges[0]):
        active = [other for other in active if other.ports.ranges[-1][1] >= rule.ports.ranges[0][0]]
        yield from ((other, rule) for other in active)
        active.append(rule)


def _counters(rules):
    counters = [rule for rule in rules if rule.kind == "statistic"]
    for at, rule in enumerate(counters):
        yield from ((rule, other) for other in counters[at + 1 :] if other.statistic == rule.statistic)


def _covers(wide, narrow, exemptions):
    """Whether everything that `narrow` finds, `wide` finds at least as severely and as early."""
    return (
        wide.severity >= narrow.severity
        and within(narrow, wide)
        and not any(wide.id in exemption.rules and narrow.id not in exemption.rules for exemption in exemptions)
    )


def _disagree(one, other):
    """Two plain lists of ports that overlap with different severities, and are not steps of a ladder."""
    if one.kind != "ports" or other.kind != "ports" or one.severity == other.severity:
        return False
    worse, milder = (one, other) if one.severity > other.severity else (other, one)
    ladder = worse.above > milder.above or (bool(worse.status) and worse.status != milder.status)
    return not ladder and _same_rows(one, other)


def _same_rows(one, other):
    """Whether some row is judged by both, by the same servers."""
    if (one.hosts, one.listening) != (other.hosts, other.listening):
        return False  # other servers
    if not set(one.categories) & set(other.categories) or not set(one.protocols) & set(other.protocols):
        return False
    return bool(one.ports & other.ports)


def oracle(rules, exemptions):
    return [*chain.from_iterable(_tcp_only(rule, rules) for rule in rules), *_pairs(rules, exemptions)]


PORTS = (7, 9, 10, 53, 54, 123, 161)


def some_ports(random):
    if random.random() < 0.1:
        return PortSet.of([(0, 65535)]) - PortSet.of_ports(random.sample(PORTS, 2))  # more than are kept by port
    ranges = []
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        low, high = sorted(random.choices(PORTS, k=2))
        ranges.append((low, random.choice((low, high))))
    return PortSet.of(ranges)


def some_rule(random, at, plain):
    """Of `plain` ones many are alike."""
    rule = Rule(f"r{at}", "ports", location=Location("p.yaml", at), ports=some_ports(random))
    rule = rule._replace(severity=random.choice((Severity.HIGH, Severity.LOW)))
    if random.random() < 0.1:
        return rule._replace(kind="statistic", ports=PortSet(), statistic="port_num", above=random.choice((0, 1)))
    rule = rule._replace(protocols=random.choice((("tcp",), ("udp",), ("tcp", "udp"), ("tcp", "udp"))))
    if plain:
        return rule
    return rule._replace(
        kind=random.choice(("ports", "ports", "allowed_ports")),
        above=random.choice((0, 0, 0, 2)),
        status=random.choice(((), (), ("danger",))),
        categories=random.choice((("host",), ("host", "container"))),
        hosts=random.choice(((), (), ("win-*",), ("10.0.0.0/8",), ("10.1.0.0/16",))),
        listening=random.choice(("any", "any", "beyond-loopback")),
        effective_from=random.choice((None, None, date(2027, 1, 1))),
    )


def some_exemption(random, at, rules):
    named = tuple(rule.id for rule in random.sample(rules, min(len(rules), random.randrange(3))))
    return Exemption(f"e{at}", "r", "o", date(2027, 1, 1), rules=named, ports=PortSet.of_ports([23]))


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("most", [4, 9, 30])
def test_it_finds_what_comparing_each_with_each_finds(most, plain):
    random, codes = Random(most + plain), set()
    for _ in range(150 if most < 20 else 30):
        rules = [some_rule(random, at, plain) for at in range(random.randrange(2, most))]
        exemptions = [some_exemption(random, at, rules) for at in range(random.choice((0, 0, 1, 2)))]
        found = [one for one in lint_rules(rules, None, exemptions) if one.code != "W105"]
        assert sorted(found, key=str) == sorted(oracle(rules, exemptions), key=str), (rules, exemptions)
        codes |= {one.code for one in found}
    assert codes == {"W103", "W104", "W107"}


def many(kind, count):
    """Rules of which all overlap: windows, all alike, or each within the one before."""
    spans = {
        "windows": lambda at: (1 + at, 20_000 + at),
        "alike": lambda _: (1, 65535),
        "nested": lambda at: (1 + at, 65535 - at),
        "within": lambda at: (1 + at, 65535 - at),
    }
    for at in range(count):
        severity = Severity.CRITICAL if kind == "within" and at % 2 == 0 else Severity.HIGH
        ports = PortSet.of([spans[kind](at)])
        yield Rule(f"r{at}", "ports", severity=severity, ports=ports, rationale="r", remediation="r")


@pytest.mark.parametrize(("kind", "idle"), [("windows", 0), ("alike", 5999), ("nested", 5999)])
def test_six_thousand_rules_that_overlap_are_linted_in_seconds(kind, idle):
    rules, began = list(many(kind, 6000)), time.process_time()
    found = list(lint_rules(rules, None))
    assert time.process_time() - began < MOST_SECONDS
    assert [one.code for one in found] == ["W103"] * idle
    assert not idle or "'r0' finds all of it" in found[-1].message


def test_two_thousand_rules_on_tcp_alone_are_asked_of_all_that_are_wider_at_once():
    tcp = [Rule(f"t{at}", "ports", protocols=("tcp",), ports=PortSet.of([(1, 60_000 + at)])) for at in range(2000)]
    narrow = [one._replace(id=f"u{at}", protocols=("udp",), above=5) for at, one in enumerate(tcp)]
    began = time.process_time()
    found = [one for one in lint_rules([*tcp, *narrow], None) if one.code == "W107"]
    assert (len(found), time.process_time() - began < MOST_SECONDS) == (2000, True)
