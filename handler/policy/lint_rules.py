"""The linter's look at rules: each by itself, and in pairs."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from handler.policy.build import SHORT_FORM_ID
from handler.policy.codes import LintMessage, warning
from handler.policy.match import within
from handler.policy.match_keys import RULE_WITHIN
from handler.policy.services import service_of
from handler.ports import PortSet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from handler.policy.rules import Exemption, Rule

ALSO_UDP = PortSet.of_ports([
    7, 9, 13, 17, 19, 37, 53, 88, 111, 137, 138, 161, 162, 177, 389, 427, 443, 464, 500, 623, 1194, 1701, 1812, 1813,
    1900, 2049, 3389, 3478, 4500, 5060, 5353, 5683, 5684, 11211,
])  # fmt: skip  # services whose UDP side is used in the field, and not only registered

_BESIDE_PORTS = RULE_WITHIN.keys() - {"ports", "protocols", "statistic", "status", "effective_from"}


def lint_rules(rules: Sequence[Rule], cloud: str | None, exemptions: Sequence[Exemption] = ()) -> Iterator[LintMessage]:
    """Unargued rules, TCP-only rules, status where none is sent, covered rules, different severities."""
    for rule in rules:
        yield from _unargued(rule)
        yield from _tcp_only(rule, rules)
        if cloud == "otc" and rule.status:
            message = f"rule {rule.id!r} needs a status; Open Telekom Cloud sends none, so it is never decided"
            yield warning("W109", rule.location, message)
    yield from _pairs(rules, exemptions)


def _unargued(rule: Rule) -> Iterator[LintMessage]:
    missing = [name for name in ("rationale", "remediation") if not getattr(rule, name)]
    if missing and rule.id != SHORT_FORM_ID:
        yield warning("W105", rule.location, f"rule {rule.id!r} has no {' and no '.join(missing)}")


def _tcp_only(rule: Rule, rules: Sequence[Rule]) -> Iterator[LintMessage]:
    if rule.kind != "ports" or rule.protocols != ("tcp",):
        return
    open_ports = rule.ports & ALSO_UDP
    for other in rules:
        if open_ports and "udp" in other.protocols and _as_wide(other, rule):
            open_ports -= other.ports
    if open_ports:
        named = ", ".join(f"{port} ({service_of(port, 'udp') or 'UDP'})" for port in open_ports)
        yield warning("W107", rule.location, f"rule {rule.id!r} looks at TCP only; over UDP too: {named}")


def _as_wide(other: Rule, rule: Rule) -> bool:
    """Whether a rule finds whatever its ports and protocols match, wherever the other one does."""
    return not other.status and within(rule, other, _BESIDE_PORTS)


def _pairs(rules: Sequence[Rule], exemptions: Sequence[Exemption]) -> Iterator[LintMessage]:
    order = {id(rule): at for at, rule in enumerate(rules)}
    covered: set[str] = set()
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


def _near(rules: Sequence[Rule]) -> Iterator[tuple[Rule, Rule]]:
    """Pairs of rules on ports whose spans touch; the others cannot overlap."""
    active: list[Rule] = []
    for rule in sorted((rule for rule in rules if rule.ports), key=lambda rule: rule.ports.ranges[0]):
        active = [other for other in active if other.ports.ranges[-1][1] >= rule.ports.ranges[0][0]]
        yield from ((other, rule) for other in active)
        active.append(rule)


def _counters(rules: Sequence[Rule]) -> Iterator[tuple[Rule, Rule]]:
    counters = [rule for rule in rules if rule.kind == "statistic"]
    for at, rule in enumerate(counters):
        yield from ((rule, other) for other in counters[at + 1 :] if other.statistic == rule.statistic)


def _covers(wide: Rule, narrow: Rule, exemptions: Sequence[Exemption]) -> bool:
    """Whether everything that `narrow` finds, `wide` finds at least as severely and as early."""
    return (
        wide.severity >= narrow.severity
        and within(narrow, wide)
        and not any(wide.id in exemption.rules and narrow.id not in exemption.rules for exemption in exemptions)
    )


def _disagree(one: Rule, other: Rule) -> bool:
    """Two plain lists of ports that overlap with different severities, and are not steps of a ladder."""
    if one.kind != "ports" or other.kind != "ports" or one.severity == other.severity:
        return False
    worse, milder = (one, other) if one.severity > other.severity else (other, one)
    ladder = worse.above > milder.above or (bool(worse.status) and worse.status != milder.status)
    return not ladder and _same_rows(one, other)


def _same_rows(one: Rule, other: Rule) -> bool:
    """Whether some row is judged by both, by the same servers."""
    if (one.hosts, one.listening) != (other.hosts, other.listening):
        return False  # other servers
    if not set(one.categories) & set(other.categories) or not set(one.protocols) & set(other.protocols):
        return False
    return bool(one.ports & other.ports)
