"""The linter's look at rules in pairs: those that add nothing beside another, and those that judge the same otherwise.

Thousands of rules may overlap, so not every pair is compared. Rules that differ in nothing but their ports are kin:
what one kin is to another is asked once; then it is only a question of ports, which sorted lists answer.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from itertools import chain, combinations
from typing import TYPE_CHECKING, Any, Final

from handler.policy.codes import LintMessage, warning
from handler.policy.match import within
from handler.policy.match_keys import RULE_WITHIN
from handler.ports import HIGHEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from handler.policy.rules import Exemption, Rule

    Span = tuple[int, int, int]  # lowest port, highest port, place

FEW_PORTS: Final = 64  # of a rule with several ranges, up to which it is found by each of its ports
_BESIDE_PORTS: Final = tuple(key for key in RULE_WITHIN if key != "ports")


class Kin:
    """Rules that differ in nothing but their ports and texts, by their places in the order of all rules."""

    def __init__(self, one: Rule, named_by: frozenset[int]) -> None:
        self.one, self.named_by = one, named_by  # any of them, and the exemptions that name it
        self.rules: dict[int, Rule] = {}
        self.spans: list[Span] = []  # of those with one range, ascending
        self.several: list[int] = []  # the places of those with more ranges
        self.highest = 0
        self._tops: list[int] = []  # the highest port of each span and those before it
        self._by_port: dict[int, list[int]] = defaultdict(list)
        self._broad: list[int] = []

    def add(self, place: int, rule: Rule) -> None:
        """Take in a rule; they come in the order of their first ranges."""
        self.rules[place] = rule
        if not rule.ports:
            return
        self.highest = max(self.highest, rule.ports.ranges[-1][1])
        if len(rule.ports.ranges) == 1:
            self.spans.append((*rule.ports.ranges[0], place))
            self._tops.append(max((self.spans[-1][1], *self._tops[-1:])))
            return
        self.several.append(place)
        if len(rule.ports) > FEW_PORTS:
            self._broad.append(place)
        else:
            for port in rule.ports:
                self._by_port[port].append(place)

    def before(self, place: int, rule: Rule) -> Iterator[int]:
        """Places before that one of rules with all ports of this rule, among them the first."""
        at = bisect_left(self._tops, rule.ports.ranges[-1][1])
        if at < len(self.spans) and self.spans[at][2] < place:
            yield self.spans[at][2]
        yield from self._first_of(rule, lambda other: other < place)

    def after(self, place: int, rule: Rule, *, mutual: bool) -> Iterator[int]:
        """Places after that one, likewise; where it is `mutual`, none of a rule with the same ports."""
        low, high = rule.ports.ranges[0][0], rule.ports.ranges[-1][1]
        more = mutual and len(rule.ports.ranges) == 1
        at = bisect_left(self.spans, (low, high + 1, -1) if more else (low, high, place + 1))
        if at < len(self.spans) and self.spans[at][0] == low:
            yield self.spans[at][2]
        yield from self._first_of(
            rule, lambda other: other > place and not (mutual and self.rules[other].ports == rule.ports)
        )

    def _first_of(self, rule: Rule, wanted: Callable[[int], bool]) -> Iterator[int]:
        """The first places wanted of rules with several ranges that hold all ports of this one."""
        for places in (self._by_port.get(rule.ports.ranges[0][0], ()), self._broad):
            for place in places:
                if wanted(place) and not rule.ports - self.rules[place].ports:
                    yield place
                    break


def lint_pairs(rules: Sequence[Rule], exemptions: Sequence[Exemption]) -> Iterator[LintMessage]:
    """Rules that add nothing beside another one, and rules on the same ports with different severities."""
    named_by = _named_by(exemptions)
    on_ports = sorted((rule for rule in rules if rule.ports), key=lambda rule: rule.ports.ranges[0])
    kins = _kins(on_ports, named_by)
    near = list(_near(kins))
    yield from _idle(kins, _wider(near), _first_with_its_ports)
    order = {rule.id: at for at, rule in enumerate(rules)}
    yield from chain.from_iterable(_disagreeing(*pair, order) for pair in near)
    counters = _kins([rule for rule in rules if rule.kind == "statistic"], named_by)
    alike = (pair for pair in combinations(counters, 2) if pair[0].one.statistic == pair[1].one.statistic)
    yield from _idle(counters, _wider(alike), _first_counter)


def _named_by(exemptions: Iterable[Exemption]) -> Mapping[str, set[int]]:
    """The places of the exemptions that name a rule, by its id."""
    found: dict[str, set[int]] = defaultdict(set)
    for at, exemption in enumerate(exemptions):
        for name in exemption.rules:
            found[name].add(at)
    return found


def _kins(rules: Iterable[Rule], named_by: Mapping[str, set[int]]) -> list[Kin]:
    """The rules, each with those like it; their places are those in which they come."""
    found: dict[tuple[Any, ...], Kin] = {}
    for place, rule in enumerate(rules):
        exempting = frozenset(named_by.get(rule.id, ()))
        key = (rule.severity, rule.kind, *(getattr(rule, name) for name in _BESIDE_PORTS), exempting)
        if key not in found:
            found[key] = Kin(rule, exempting)
        found[key].add(place, rule)
    return list(found.values())


def _near(kins: Iterable[Kin]) -> Iterator[tuple[Kin, Kin]]:
    """Pairs of kins whose ports lie between the same two; the others have none in common."""
    active: list[Kin] = []
    for kin in kins:  # in the order of their lowest ports
        active = [other for other in active if other.highest >= kin.one.ports.ranges[0][0]]
        yield from ((other, kin) for other in active)
        active.append(kin)


def _covers(wide: Kin, narrow: Kin) -> bool:
    """Whether what `narrow` finds, `wide` finds at least as severely and as early, where it has the ports."""
    severe = wide.one.severity >= narrow.one.severity
    return severe and within(narrow.one, wide.one, _BESIDE_PORTS) and wide.named_by <= narrow.named_by


def _wider(pairs: Iterable[tuple[Kin, Kin]]) -> Mapping[int, list[tuple[Kin, bool]]]:
    """For each kin, by its id, the others that cover it, and whether that is mutual."""
    found: dict[int, list[tuple[Kin, bool]]] = defaultdict(list)
    for one, other in pairs:
        there, back = _covers(one, other), _covers(other, one)
        if there:
            found[id(other)].append((one, back))
        if back:
            found[id(one)].append((other, there))
    return found


def _idle(
    kins: Iterable[Kin],
    wider: Mapping[int, list[tuple[Kin, bool]]],
    first: Callable[[int, Rule, Sequence[tuple[Kin, bool]]], Rule | None],
) -> Iterator[LintMessage]:
    """Each rule that adds nothing, with the first rule that finds all of it; of two that say the same the later one."""
    for kin in kins:
        wides = ((kin, True), *wider.get(id(kin), ()))
        for place, rule in kin.rules.items():
            more = first(place, rule, wides)
            if more is not None:
                yield warning("W103", rule.location, f"rule {rule.id!r} adds nothing: {more.id!r} finds all of it")


def _first_with_its_ports(place: int, rule: Rule, wides: Sequence[tuple[Kin, bool]]) -> Rule | None:
    known = [(at, kin) for kin, _ in wides for at in kin.before(place, rule)]
    known = known or [(at, kin) for kin, mutual in wides for at in kin.after(place, rule, mutual=mutual)]
    return _at_first(known)


def _first_counter(place: int, _: Rule, wides: Sequence[tuple[Kin, bool]]) -> Rule | None:
    earliest = ((next(iter(kin.rules)), kin, mutual) for kin, mutual in wides)
    known = [(at, kin) for at, kin, mutual in earliest if at < place or not mutual]
    return _at_first(known)


def _at_first(known: Sequence[tuple[int, Kin]]) -> Rule | None:
    if not known:
        return None
    place, kin = min(known, key=lambda one: one[0])
    return kin.rules[place]


def _disagreeing(one: Kin, other: Kin, order: Mapping[str, int]) -> Iterator[LintMessage]:
    """Plain lists of ports that overlap with different severities, and are not steps of a ladder."""
    if not _may_disagree(one.one, other.one):
        return
    worse, milder = (one, other) if one.one.severity > other.one.severity else (other, one)
    for at, place in _overlapping(worse, milder, but_within=_covers(worse, milder)):
        pair = (worse.rules[at], milder.rules[place])
        early, late = sorted(pair, key=lambda rule: order[rule.id])
        shared = early.ports & late.ports
        message = f"rules {early.id!r} ({early.severity}) and {late.id!r} ({late.severity}) both find {shared}"
        yield warning("W104", late.location, message)


def _may_disagree(one: Rule, other: Rule) -> bool:
    if one.kind != "ports" or other.kind != "ports" or one.severity == other.severity:
        return False
    worse, milder = (one, other) if one.severity > other.severity else (other, one)
    ladder = worse.above > milder.above or (bool(worse.status) and worse.status != milder.status)
    return not ladder and _same_servers(one, other)


def _same_servers(one: Rule, other: Rule) -> bool:
    """Whether some row may be judged by both, by the same servers."""
    if (one.hosts, one.listening) != (other.hosts, other.listening):
        return False
    return bool(set(one.categories) & set(other.categories) and set(one.protocols) & set(other.protocols))


def _overlapping(worse: Kin, milder: Kin, *, but_within: bool) -> Iterator[tuple[int, int]]:
    """The places of rules with ports in common, one of each kin; without those all of whose milder ports are there."""
    yield from _crossing(worse.spans, milder.spans, but_within=but_within)
    singles = (place for *_, place in worse.spans)
    for at, place in chain(
        ((at, place) for at in worse.several for place in milder.rules),
        ((at, place) for at in singles for place in milder.several),
    ):
        ports, others = worse.rules[at].ports, milder.rules[place].ports
        if ports & others and not (but_within and not others - ports):
            yield at, place


def _crossing(worse: Sequence[Span], milder: Sequence[Span], *, but_within: bool) -> Iterator[tuple[int, int]]:
    """The same for single ranges: those that began and have not ended, and those that begin in between."""
    begun: list[tuple[int, int]] = []  # highest port and place, ascending
    at = 0
    for low, high, place in milder:
        while at < len(worse) and worse[at][0] <= low:
            insort(begun, worse[at][1:])
            at += 1
        end = bisect_left(begun, (high, -1)) if but_within else len(begun)
        yield from ((other, place) for _, other in begun[bisect_left(begun, (low, -1)) : end])
        between = worse[at : bisect_right(worse, (high, HIGHEST + 1, -1))]
        yield from ((other, place) for *_, other in between)
