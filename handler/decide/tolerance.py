"""What exemptions take of a row that a rule finds: all of it, some of its servers, or nothing. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.models.listeners import PortListeners
from handler.named_tuple import NamedTuple
from handler.policy.match_keys import UNSAID
from handler.policy.servers import (
    count_servers,
    covered_by_exemption,
    left_for_rule,
    surely_left,
    surely_spared,
)

if TYPE_CHECKING:
    from handler.models.listeners import Listener
    from handler.policy.match import ExemptionsInForce, Matcher
    from handler.policy.match_keys import Subject
    from handler.policy.rules import Exemption, Rule


class Tolerated(NamedTuple):
    """The parts of a row that exemptions switch off, and what is left of it (None: nothing).

    `unapplied` says which exemptions could not be judged, and why; they switch nothing off.
    """

    exempted: tuple[tuple[Exemption, Subject], ...]
    standing: Subject | None
    unapplied: tuple[str, ...] = ()


def found_part(rule: Rule, subject: Subject) -> Subject:
    """The subject that a rule found, with the servers that the rule speaks of and their number."""
    if not rule.host_aware or subject.port is None:
        return subject
    return _of(subject, left_for_rule(rule, subject.category, subject.known).listeners)


def tolerated(rule: Rule, subject: Subject, in_force: ExemptionsInForce) -> Tolerated:
    """What the exemptions that hold make of a subject that the rule finds.

    Those by server take theirs away; the others cover the rest or nothing. What is then within the rule's own `above`
    goes with them.
    """
    if not in_force.of(rule) and not subject.counted:
        return Tolerated((), subject)
    whole = in_force.covering(rule, subject)
    if whole is not None:
        return Tolerated(((whole, _of(subject, subject.known.listeners) if whole.hosts else subject),), None)
    exempted: list[tuple[Exemption, Subject]] = []
    unapplied: list[str] = []
    rest = subject
    for exemption in _by_server(rule, subject, in_force):
        covered = covered_by_exemption(exemption, rest.category, rest.known)
        if covered.trouble:
            unapplied.append(f"exemption {exemption.id} does not apply: {covered.trouble}")
            continue
        if covered.listeners:
            exempted.append((exemption, _of(rest, covered.listeners)))
        own = set(covered.listeners)
        rest = _of(rest, tuple(one for one in rest.known.listeners if one not in own))
    return _left_over(rule, rest, in_force, Tolerated(tuple(exempted), rest, tuple(unapplied)))


def waits_for_listeners(rule: Rule, subject: Subject, matcher: Matcher) -> bool:
    """Whether nothing but who listens keeps the rule from finding the row, and some of that is known."""
    some = subject.listeners is not UNSAID and bool(subject.listeners.listeners)
    return rule.host_aware and some and matcher.answers(subject).get("status", "yes") == "yes"


def surely_standing(rule: Rule, subject: Subject, in_force: ExemptionsInForce) -> Subject | None:
    """What the rule finds, and no exemption covers, whoever else may listen; None where that is not sure.

    It is asked of a row of which it is not known who listens; its num is that of the servers that are known.
    """
    assert subject.listeners is not UNSAID, "a row that is judged says its listeners"
    left = surely_left(rule, subject.category, subject.protocol, subject.listeners)
    for exemption in _by_server(rule, subject, in_force):
        left = surely_spared(exemption, subject.category, left)
    sure = _of(subject, left)
    if not isinstance(sure.num, int) or sure.num <= rule.above:
        return None
    others = (matcher.applies(sure) for one, matcher in in_force.of(rule) if not one.hosts and matcher.speaks_of(sure))
    return None if "yes" in others else sure


def _by_server(rule: Rule, subject: Subject, in_force: ExemptionsInForce) -> list[Exemption]:
    """The exemptions by server that speak of a subject; a counter has no servers."""
    if subject.port is None:
        return []
    return [one for one, matcher in in_force.of(rule) if one.hosts and matcher.speaks_of(subject)]


def _left_over(rule: Rule, rest: Subject, in_force: ExemptionsInForce, so_far: Tolerated) -> Tolerated:
    """What becomes of the servers that no exemption by server takes."""
    if not rest.counted:
        return so_far
    if isinstance(rest.num, int) and rest.num <= rule.above:
        return so_far._replace(standing=None)
    whole = in_force.covering(rule, rest)
    return so_far if whole is None else so_far._replace(exempted=(*so_far.exempted, (whole, rest)), standing=None)


def _of(subject: Subject, listeners: tuple[Listener, ...]) -> Subject:
    """The subject with these of its listeners, counted as servers."""
    assert subject.listeners is not UNSAID, "a row that is judged says its listeners"
    left = PortListeners(subject.listeners.port, listeners)
    return subject._replace(num=count_servers(subject.category, listeners), listeners=left, counted=True)
