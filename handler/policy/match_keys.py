"""What each key of the policy language that judges asks of a row; a new one is added here, and `match` heeds it.

The *scope* of a rule or an exemption says which subjects it speaks of. Its *bounds* say to which of those it applies: a
rule then finds them, an exemption tolerates them. An exemption's *terms* say when and for whom it holds at all. The
entry of a key makes the test of one rule or exemption, or gives None where that one leaves the key open. A test asks
nothing else of its rule than what the keys of scope and bounds say, so rules that say the same there may share it.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, Literal

from handler.models import family
from handler.named_tuple import NamedTuple
from handler.policy.host_patterns import contains
from handler.policy.rules import PROTOCOLS, STATUSES
from handler.policy.servers import count_servers, covered_by_exemption, known_of_row, left_for_rule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from handler.models.listeners import PortListeners
    from handler.policy.rules import Exemption, Limits, Rule
    from handler.policy.servers import Left
    from handler.ports import PortSet

    Test = Callable[["Subject"], "Answer"]

Answer = Literal["yes", "no", "depends", "undecidable"]  # depends: on what the subject leaves unsaid
ALL_ENTERPRISE_PROJECTS: Final = "all_granted_eps"  # what a target asks for where none is named


class Unsaid(Enum):
    """A value that a question leaves open: it stands for every value."""

    UNSAID = "unsaid"


UNSAID: Final = Unsaid.UNSAID


class Subject(NamedTuple):
    """What is judged: a row in its category, or a counter of the category (then `port` and `protocol` are None).

    `num` is None for a counter that could not be read, `status` None for a row that carries none. `listeners` are all
    that are known on the port, or why they are not known.
    """

    category: str
    port: int | None
    protocol: str | None
    num: int | Unsaid | None = UNSAID
    status: str | Unsaid | None = UNSAID
    listeners: PortListeners | Unsaid = UNSAID
    counted: bool = False  # `num` is the number of servers among `listeners`

    @property
    def known(self) -> Left:
        """The listeners of this row, or why they are not known; asked only where they are not left unsaid."""
        assert self.listeners is not UNSAID, "a row that is judged says its listeners, or why it does not"
        num = self.num if isinstance(self.num, int) else 0
        return known_of_row(self.listeners, self.category, self.protocol, num)


def _rule_ports(rule: Rule) -> Test:
    if rule.statistic is not None:
        return lambda subject: "yes" if subject.port is None else "no"
    return lambda subject: "yes" if subject.port is not None and subject.port in rule.ports else "no"


def _rule_protocols(rule: Rule) -> Test | None:
    """A type that is neither TCP nor UDP is judged by every rule on its port."""
    if rule.protocols == PROTOCOLS:
        return None
    judged = (None, *rule.protocols)
    return lambda subject: "yes" if subject.protocol is None or family(subject.protocol) in judged else "no"


def _rule_status(rule: Rule) -> Test | None:
    """A word that no document lists may mean what the rule names; nobody knows, where the rule would find the num."""
    if not rule.status:
        return None
    above = _rule_above(rule)

    def test(subject: Subject) -> Answer:
        if subject.status is None:
            return "undecidable"
        if subject.status is UNSAID:
            return "depends"
        if subject.status in rule.status:
            return "yes"
        return "no" if subject.status in STATUSES or above(subject) == "no" else "undecidable"

    return test


def _rule_above(rule: Rule) -> Test:
    above = rule.above

    def test(subject: Subject) -> Answer:
        num = subject.num
        if num is None:
            return "undecidable"
        if num is not UNSAID and num <= above:
            return "no"  # also for a rule by server: fewer are left than HSS counts, never more
        if rule.host_aware and subject.listeners is not UNSAID:
            return _servers_above(rule, subject)
        return "depends" if above and (num is UNSAID or rule.host_aware) else "yes"

    return test


def _servers_above(rule: Rule, subject: Subject) -> Answer:
    left = left_for_rule(rule, subject.category, subject.known)
    if left.trouble:
        return "undecidable"
    return "yes" if count_servers(subject.category, left.listeners) > rule.above else "no"


def _rule_servers(rule: Rule) -> Test:
    """`hosts` and `listening` together: a server is left if one of its listeners is."""

    def test(subject: Subject) -> Answer:
        if subject.listeners is UNSAID:
            return "depends"
        left = left_for_rule(rule, subject.category, subject.known)
        if left.trouble:
            return "undecidable"
        return "yes" if left.listeners else "no"

    return test


def _exemption_ports(exemption: Exemption) -> Test | None:
    ports = exemption.ports
    if ports is None:
        return None
    return lambda subject: "yes" if subject.port is not None and subject.port in ports else "no"


def _exemption_protocols(exemption: Exemption) -> Test | None:
    """One that names protocols covers neither other types nor counters: what it does not name stands."""
    if exemption.protocols == PROTOCOLS:
        return None
    named = exemption.protocols
    return lambda subject: "yes" if subject.protocol is not None and family(subject.protocol) in named else "no"


def _exemption_up_to(exemption: Exemption) -> Test | None:
    up_to = exemption.up_to
    if up_to is None:
        return None

    def test(subject: Subject) -> Answer:
        if exemption.hosts:  # then `hosts` counts its own servers
            return "depends" if subject.listeners is UNSAID else "yes"
        if subject.num is UNSAID:
            return "depends"
        return "yes" if subject.num is not None and subject.num <= up_to else "no"

    return test


def _exemption_hosts(exemption: Exemption) -> Test | None:
    """Whether every server of the subject is one of the exemption's, and those are no more than it tolerates."""
    if not exemption.hosts:
        return None

    def test(subject: Subject) -> Answer:
        if subject.port is None:
            return "no"
        if subject.listeners is UNSAID:
            return "depends"
        known = subject.known
        covered = covered_by_exemption(exemption, subject.category, known)
        if covered.trouble:
            return "undecidable"
        return "yes" if covered.listeners and covered.listeners == known.listeners else "no"

    return test


def _of_category(owner: Rule | Exemption) -> Test:
    return lambda subject: "yes" if subject.category in owner.categories else "no"


def _holds_for_project(exemption: Exemption, _: date, project: str, __: Limits) -> bool:
    named = exemption.enterprise_projects
    return not named or (project != ALL_ENTERPRISE_PROJECTS and project in named)


def _ports_within(narrow: Rule, wide: Rule) -> bool:
    return not narrow.ports or (bool(wide.ports) and _spans(wide.ports, narrow.ports) and not narrow.ports - wide.ports)


def _spans(wide: PortSet, narrow: PortSet) -> bool:
    """A cheap first look: whether the lowest and highest port of `narrow` lie within those of `wide`."""
    return wide.ranges[0][0] <= narrow.ranges[0][0] and narrow.ranges[-1][1] <= wide.ranges[-1][1]


def _status_within(narrow: Rule, wide: Rule) -> bool:
    return not wide.status or (bool(narrow.status) and set(narrow.status) <= set(wide.status))


def _starts_within(narrow: Rule, wide: Rule) -> bool:
    if wide.effective_from is None:
        return True
    return narrow.effective_from is not None and wide.effective_from <= narrow.effective_from


RULE_SCOPE: Final[Mapping[str, Callable[[Rule], Test | None]]] = {
    "ports": _rule_ports,
    "categories": _of_category,
    "protocols": _rule_protocols,
}
RULE_BOUNDS: Final[Mapping[str, Callable[[Rule], Test | None]]] = {
    "status": _rule_status,  # first: a row without a status leaves the rule undecided, however low its num is
    "above": _rule_above,  # before those that listeners decide: they are not asked where num itself is tolerated
    "hosts": lambda rule: _rule_servers(rule) if rule.hosts else None,
    "listening": lambda rule: _rule_servers(rule) if rule.listening != "any" else None,
}
RULE_WITHIN: Final[Mapping[str, Callable[[Rule, Rule], bool]]] = {
    "above": lambda narrow, wide: narrow.above >= wide.above,
    "statistic": lambda narrow, wide: narrow.statistic == wide.statistic,
    "categories": lambda narrow, wide: set(narrow.categories) <= set(wide.categories),
    "protocols": lambda narrow, wide: set(narrow.protocols) <= set(wide.protocols),
    "status": _status_within,
    "hosts": lambda narrow, wide: contains(wide.hosts, narrow.hosts),
    "listening": lambda narrow, wide: wide.listening in ("any", narrow.listening),
    "effective_from": _starts_within,
    "ports": _ports_within,
}
EXEMPTION_SCOPE: Final[Mapping[str, Callable[[Exemption], Test | None]]] = {
    "ports": _exemption_ports,
    "categories": _of_category,
    "protocols": _exemption_protocols,
}
EXEMPTION_BOUNDS: Final[Mapping[str, Callable[[Exemption], Test | None]]] = {
    "up_to": _exemption_up_to,
    "hosts": _exemption_hosts,
}
EXEMPTION_TERMS: Final[Mapping[str, Callable[[Exemption, date, str, Limits], bool]]] = {
    "expires": lambda exemption, today, *_: not exemption.expired(today),
    "enterprise_projects": _holds_for_project,
    "limits": lambda exemption, today, _, limits: not limits.breaches(exemption, today),  # a key of the policy
}
