"""Each rule, exemption and limit of a policy changed a little: dropped, shifted, widened, narrowed, flipped. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from handler.models import CATEGORIES, COUNTERS
from handler.named_tuple import NamedTuple
from handler.policy.rules import PROTOCOLS, STATUSES, Limits, Location
from handler.ports import ALL_PORTS, NAMED_PORTS, PortSet, range_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from handler.policy.rules import Exemption, Policy, Rule

_Owner = TypeVar("_Owner", "Rule", "Exemption")
_DAY = timedelta(days=1)


class Mutant(NamedTuple):
    """A policy with one small change. `before` and `after` are the part that is changed; None: dropped."""

    description: str
    policy: Policy
    before: Rule | Exemption | Limits
    after: Rule | Exemption | Limits | None

    @property
    def location(self) -> Location:
        """Where the changed part stands; of limits, which may be those of several files, only a file is known."""
        if isinstance(self.before, Limits):
            return Location(self.policy.files[0] if self.policy.files else "policy")
        return self.before.location


def mutants(policy: Policy) -> Iterator[Mutant]:
    """Every mutant of every rule, exemption and limit, in that order; some may say the same as the policy."""
    for at, rule in enumerate(policy.rules):
        for words, changed in chain([("dropped", None)], _rule_changes(rule)):
            others = (*policy.rules[:at], *([changed] if changed else ()), *policy.rules[at + 1 :])
            yield Mutant(f"rule {rule.id}: {words}", policy._replace(rules=others), rule, changed)
    for at, exemption in enumerate(policy.exemptions):
        for words, other in chain([("dropped", None)], _exemption_changes(exemption)):
            rest = (*policy.exemptions[:at], *([other] if other else ()), *policy.exemptions[at + 1 :])
            yield Mutant(f"exemption {exemption.id}: {words}", policy._replace(exemptions=rest), exemption, other)
    for words, limits in _limit_changes(policy.limits):
        yield Mutant(f"limits: {words}", policy._replace(limits=limits), policy.limits, limits)


def _rule_changes(rule: Rule) -> Iterator[tuple[str, Rule]]:
    yield from _counter_changes(rule) if rule.statistic is not None else _row_changes(rule)
    yield from _each(rule, "categories", _choices("categories", rule.categories, CATEGORIES))
    yield from _each(rule, "above", _count_changes("above", rule.above))
    if rule.effective_from is not None:
        yield "effective_from dropped", rule._replace(effective_from=None)
        yield from _each(rule, "effective_from", _day_changes("effective_from", rule.effective_from))


def _row_changes(rule: Rule) -> Iterator[tuple[str, Rule]]:
    """What only a rule about rows has: ports, protocols, status."""
    for words, listed in _port_changes(rule.listed):
        yield words, rule._replace(ports=ALL_PORTS - listed if rule.kind == "allowed_ports" else listed)
    if rule.kind == "ports":
        yield "ports flipped to allowed_ports", rule._replace(kind="allowed_ports", ports=ALL_PORTS - rule.listed)
    if rule.kind == "allowed_ports":
        yield "allowed_ports flipped to ports", rule._replace(kind="ports", ports=rule.listed)
    yield from _each(rule, "protocols", _choices("protocols", rule.protocols, PROTOCOLS))
    yield from _each(rule, "status", _status_changes(rule.status))
    yield from _each(rule, "hosts", _host_changes(rule.hosts))
    if rule.listening != "any":
        yield "listening -> any", rule._replace(listening="any")


def _counter_changes(rule: Rule) -> Iterator[tuple[str, Rule]]:
    other = COUNTERS[(COUNTERS.index(rule.statistic or "") + 1) % len(COUNTERS)]
    yield f"statistic {rule.statistic} -> {other}", rule._replace(statistic=other)


def _exemption_changes(exemption: Exemption) -> Iterator[tuple[str, Exemption]]:
    projects = exemption.enterprise_projects
    if exemption.ports is not None:
        yield from _each(exemption, "ports", _port_changes(exemption.ports))
        yield "ports flipped", exemption._replace(ports=NAMED_PORTS - exemption.ports)
        yield "widened to every port", exemption._replace(ports=None)
    yield from _each(exemption, "rules", _word_changes("rule", exemption.rules))
    yield from _each(exemption, "categories", _choices("categories", exemption.categories, CATEGORIES))
    yield from _each(exemption, "protocols", _choices("protocols", exemption.protocols, PROTOCOLS))
    yield from _each(exemption, "enterprise_projects", _word_changes("enterprise project", projects))
    yield from _each(exemption, "hosts", _host_changes(exemption.hosts))
    if exemption.up_to is not None:
        yield "up_to dropped", exemption._replace(up_to=None)
        yield from _each(exemption, "up_to", _count_changes("up_to", exemption.up_to))
    yield from _each(exemption, "expires", _day_changes("expires", exemption.expires))


def _limit_changes(limits: Limits) -> Iterator[tuple[str, Limits]]:
    if limits.exemption_days is not None:
        yield "exemption_days dropped", limits._replace(exemption_days=None)
        for words, days in _count_changes("exemption_days", limits.exemption_days):
            yield words, limits._replace(exemption_days=days)
    for key in limits.require:
        left = tuple(other for other in limits.require if other != key)
        yield f"require {key} left out", limits._replace(require=left)


def _each(owner: _Owner, key: str, changes: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, _Owner]]:
    """The rule or exemption with each of these values of one key."""
    return ((words, owner._replace(**{key: value})) for words, value in changes)


def _word_changes(name: str, chosen: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """A list that an exemption is bound to: not bound at all, and each word left out."""
    if chosen:
        yield f"widened to every {name}", ()
    for left_out in chosen if len(chosen) > 1 else ():
        yield f"{name} {left_out} left out", tuple(word for word in chosen if word != left_out)


def _host_changes(hosts: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """A list of servers: every server, each entry left out, and each turned into its opposite."""
    yield from _word_changes("server", hosts)
    for at, entry in enumerate(hosts):
        turned = entry.removeprefix("!") if entry.startswith("!") else f"!{entry}"
        yield f"{entry} -> {turned}", (*hosts[:at], turned, *hosts[at + 1 :])


def _port_changes(ports: PortSet) -> Iterator[tuple[str, PortSet]]:
    """All shifted by one; each range a port wider and narrower at either end, and left out."""
    for step in (-1, 1) if ports else ():
        yield f"ports shifted by {step:+}", _of((low + step, high + step) for low, high in ports.ranges)
    for low, high in ports.ranges:
        name = range_text(low, high)
        others = [each for each in ports.ranges if each != (low, high)]
        yield f"{name} widened to {low - 1}", _of([*others, (low - 1, high)])
        yield f"{name} widened to {high + 1}", _of([*others, (low, high + 1)])
        if low < high:
            yield f"{name} narrowed by {low}", _of([*others, (low + 1, high)])
            yield f"{name} narrowed by {high}", _of([*others, (low, high - 1)])
        if others:
            yield f"{name} left out", _of(others)


def _of(ranges: Iterable[tuple[int, int]]) -> PortSet:
    """The set, kept within what a policy can name."""
    return PortSet.of(ranges) & NAMED_PORTS


def _choices(name: str, chosen: tuple[str, ...], known: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Of two words: the other ones that can be chosen."""
    for other in ((known[0],), (known[1],), known):
        if set(other) != set(chosen):
            yield f"{name} {'+'.join(chosen)} -> {'+'.join(other)}", other


def _status_changes(status: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    if not status:
        yield "narrowed to status danger", ("danger",)
        return
    unnamed = tuple(word for word in STATUSES if word not in status)
    yield "widened to any status", ()
    for added in unnamed:
        yield f"status widened by {added}", (*status, added)
    for name in status if len(status) > 1 else ():
        yield f"status narrowed by {name}", tuple(word for word in status if word != name)
    if unnamed:
        yield f"status flipped to {'+'.join(unnamed)}", unnamed


def _count_changes(name: str, count: int) -> Iterator[tuple[str, int]]:
    yield f"{name} {count} -> {count + 1}", count + 1
    if count > 0:
        yield f"{name} {count} -> {count - 1}", count - 1


def _day_changes(name: str, day: date) -> Iterator[tuple[str, date]]:
    """A day sooner and a day later, as far as there are such days: an exemption may say that it never ends."""
    for step in (-_DAY, _DAY) if date.min < day < date.max else (_DAY,) if day == date.min else (-_DAY,):
        yield f"{name} {day} -> {day + step}", day + step
