"""The linter's look at rules: each by itself, and in pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.policy.build import SHORT_FORM_ID
from handler.policy.codes import LintMessage, warning
from handler.policy.lint_pairs import lint_pairs
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
        if cloud == "otc" and rule.status:
            message = f"rule {rule.id!r} needs a status; Open Telekom Cloud sends none, so it is never decided"
            yield warning("W109", rule.location, message)
    yield from _tcp_only(rules)
    yield from lint_pairs(rules, exemptions)


def _unargued(rule: Rule) -> Iterator[LintMessage]:
    missing = [name for name in ("rationale", "remediation") if not getattr(rule, name)]
    if missing and rule.id != SHORT_FORM_ID:
        yield warning("W105", rule.location, f"rule {rule.id!r} has no {' and no '.join(missing)}")


def _tcp_only(rules: Sequence[Rule]) -> Iterator[LintMessage]:
    """Rules on TCP alone whose ports speak UDP, too, where no rule as wide looks at that."""
    others = _on_udp(rules)
    for rule in rules:
        if rule.kind == "ports" and rule.protocols == ("tcp",):
            open_ports = _left_open(rule, others)
            if open_ports:
                named = ", ".join(f"{port} ({service_of(port, 'udp') or 'UDP'})" for port in open_ports)
                yield warning("W107", rule.location, f"rule {rule.id!r} looks at TCP only; over UDP too: {named}")


def _on_udp(rules: Sequence[Rule]) -> list[tuple[Rule, PortSet]]:
    """Rules that look at UDP whatever the status, one of all that are as wide, with the ports of them all."""
    found: dict[tuple[object, ...], list[Rule]] = {}
    for rule in rules:
        if "udp" in rule.protocols and not rule.status:
            found.setdefault(tuple(getattr(rule, key) for key in _BESIDE_PORTS), []).append(rule)
    joined = ((those[0], PortSet.of(span for one in those for span in one.ports.ranges)) for those in found.values())
    return [(one, ports & ALSO_UDP) for one, ports in joined]


def _left_open(rule: Rule, others: Sequence[tuple[Rule, PortSet]]) -> PortSet:
    """The rule's ports that speak UDP, without those of rules as wide that look at UDP."""
    open_ports = rule.ports & ALSO_UDP
    for other, ports in others if open_ports else ():
        left = open_ports - ports
        if left != open_ports and within(rule, other, _BESIDE_PORTS):
            open_ports = left
        if not open_ports:
            break
    return open_ports
