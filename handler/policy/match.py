"""Whether a rule judges a row and finds it, and whether an exemption covers it: the one place that decides.

What each key of the language asks stands in `match_keys`; here the keys of one rule or exemption are put together, for
rows and counters, for questions about one port, and for whole stretches of ports.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from itertools import chain, compress, pairwise
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, Final, TypeVar

from handler.models.listeners import PortListeners
from handler.named_tuple import NamedTuple
from handler.policy.match_keys import (
    EXEMPTION_BOUNDS,
    EXEMPTION_SCOPE,
    EXEMPTION_TERMS,
    RULE_BOUNDS,
    RULE_SCOPE,
    RULE_WITHIN,
    Subject,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from handler.models import Row
    from handler.policy.match_keys import Answer, Test
    from handler.policy.rules import Exemption, Limits, Policy, Rule

NOT_ASKED: Final = "HSS was not asked for them"
_PORT = itemgetter(0)  # of a row
_HEEDED: Final = ("ports", "categories")
_LEFT_TO_ASK = attrgetter(*(key for key in (*RULE_SCOPE, *RULE_BOUNDS) if key not in _HEEDED))  # of a rule
_Owner = TypeVar("_Owner")


class Matcher(NamedTuple):
    """The tests of a rule or an exemption, each with its key; a key that asks for nothing has none."""

    scope: tuple[tuple[str, Test], ...]
    bounds: tuple[tuple[str, Test], ...]

    def speaks_of(self, subject: Subject) -> bool:
        """Whether it is about such a subject, whatever the num and status."""
        for _, test in self.scope:  # noqa: SIM110 - a generator would cost each row twice as much
            if test(subject) != "yes":
                return False
        return True

    def applies(self, subject: Subject) -> Answer:
        """Whether a rule finds, or an exemption tolerates, a subject that it speaks of.

        The first bound that says `no` or `undecidable` decides; else it depends if one of them does.
        """
        together: Answer = "yes"
        for _, test in self.bounds:
            answer = test(subject)
            if answer == "depends":
                together = answer
            elif answer != "yes":
                return answer
        return together

    def answers(self, subject: Subject) -> Mapping[str, Answer]:
        """What each of its keys says."""
        return {key: test(subject) for key, test in (*self.scope, *self.bounds)}


def rule_matcher(rule: Rule, but: Collection[str] = ()) -> Matcher:
    """The tests of a rule, but for the keys that the caller has heeded already."""
    return Matcher(_tests(RULE_SCOPE, rule, but), _tests(RULE_BOUNDS, rule))


def exemption_matcher(exemption: Exemption) -> Matcher:
    """The tests of an exemption; its terms and the rules it names are asked apart."""
    return Matcher(_tests(EXEMPTION_SCOPE, exemption), _tests(EXEMPTION_BOUNDS, exemption))


def judged_rows(
    rules: Iterable[Rule],
    category: str,
    rows: Sequence[Row],
    listeners: Sequence[PortListeners] = (),
    unasked: str = NOT_ASKED,
) -> Iterator[tuple[Rule, Subject, Matcher]]:
    """Each row of a category with each rule that judges it, and the tests that tell whether the rule finds it.

    `listeners` are those of the ports for which they were asked; of the others they are not known, `unasked` says why.
    What it costs grows with the pairs that it gives, not with rules times rows.
    """
    for subject, judges in _candidates(rules, category, rows, listeners, unasked):
        yield from ((rule, subject, matcher) for rule, matcher in judges if matcher.speaks_of(subject))


def judged_places(rules: Iterable[Rule], category: str, rows: Sequence[Row]) -> set[tuple[int | None, str | None]]:
    """Port and protocol of each row of a category that some rule judges, whatever its num and status."""
    candidates = _candidates(rules, category, rows)
    return {
        (subject.port, subject.protocol)
        for subject, judges in candidates
        if any(matcher.speaks_of(subject) for _, matcher in judges)
    }


def _candidates(
    rules: Iterable[Rule],
    category: str,
    rows: Sequence[Row],
    listeners: Sequence[PortListeners] = (),
    unasked: str = NOT_ASKED,
) -> Iterator[tuple[Subject, list[tuple[Rule, Matcher]]]]:
    """Each row whose port a rule of the category names, with those rules and the tests that are then left."""
    by_port = _by_port([rule for rule in rules if category in rule.categories], set(map(_PORT, rows)))
    known = {one.port: one for one in listeners}
    for row in compress(rows, map(by_port.__contains__, map(_PORT, rows))):
        behind = known.get(row.port) or PortListeners(row.port, trouble=unasked)
        yield Subject(category, row.port, row.protocol, row.num, row.status, behind), by_port[row.port]


def _by_port(rules: Iterable[Rule], ports: Collection[int]) -> Mapping[int, list[tuple[Rule, Matcher]]]:
    distinct = sorted(ports)
    found: dict[int, list[tuple[Rule, Matcher]]] = defaultdict(list)
    made: dict[Any, Matcher] = {}
    for rule in rules:
        judge: tuple[Rule, Matcher] | None = None
        for low, high in rule.ports.ranges:
            for port in distinct[bisect_left(distinct, low) : bisect_right(distinct, high)]:
                judge = judge or (rule, _shared_matcher(rule, made))
                found[port].append(judge)
    return found


def _shared_matcher(rule: Rule, made: dict[Any, Matcher]) -> Matcher:
    """The tests of a rule whose ports and categories were heeded; rules that ask for the same share them."""
    asked = _LEFT_TO_ASK(rule)
    if asked not in made:
        made[asked] = rule_matcher(rule, but=_HEEDED)
    return made[asked]


def judged_counter(rule: Rule, category: str, counters: Mapping[str, int]) -> tuple[Subject, Answer] | None:
    """The category's counter that the rule judges, and whether the rule finds it; None for a rule on rows."""
    if rule.statistic is None or category not in rule.categories:
        return None
    subject = Subject(category, None, None, counters.get(rule.statistic), None)
    return subject, rule_matcher(rule).applies(subject)


def concerns(exemption: Exemption, rule: Rule) -> bool:
    """Whether the exemption is for that rule; one that names no rule is for all."""
    return not exemption.rules or rule.id in exemption.rules


def unmet_terms(exemption: Exemption, today: date, project: str, limits: Limits) -> tuple[str, ...]:
    """The keys for which the exemption does not hold on that day, for a target that asks for that project."""
    return tuple(key for key, holds in EXEMPTION_TERMS.items() if not holds(exemption, today, project, limits))


class ExemptionsInForce:
    """Those exemptions of a policy that hold on a day, for a target that asks for that enterprise project."""

    def __init__(self, policy: Policy, today: date, project: str) -> None:
        in_force = (one for one in policy.exemptions if not unmet_terms(one, today, project, policy.limits))
        self._every = [(one, exemption_matcher(one)) for one in in_force]
        self._by_rule: dict[str, list[tuple[Exemption, Matcher]]] = {}

    def of(self, rule: Rule) -> Sequence[tuple[Exemption, Matcher]]:
        """Those that concern the rule, in the order of the policy, with their tests."""
        if rule.id not in self._by_rule:
            self._by_rule[rule.id] = [pair for pair in self._every if concerns(pair[0], rule)]
        return self._by_rule[rule.id]

    def tolerating(self, rule: Rule, subject: Subject) -> Iterator[tuple[Exemption, Answer]]:
        """Those that tolerate (`yes`), or may tolerate (`depends`), that the rule finds the subject."""
        for exemption, matcher in self.of(rule):
            if matcher.speaks_of(subject):
                answer = matcher.applies(subject)
                if answer != "no":
                    yield exemption, answer

    def covering(self, rule: Rule, subject: Subject) -> Exemption | None:
        """The first that tolerates it."""
        return next((exemption for exemption, answer in self.tolerating(rule, subject) if answer == "yes"), None)

    def stretches(self, rule: Rule) -> Iterator[tuple[int, int]]:
        """The rule's ports, cut where an exemption begins or ends: on each stretch every port gets the same answers."""
        ranges = chain.from_iterable(one.ports.ranges for one, _ in self.of(rule) if one.ports is not None)
        edges = sorted(set(chain.from_iterable((low, high + 1) for low, high in ranges)))
        for low, high in rule.ports.ranges:
            inner = [low, *edges[bisect_right(edges, low) : bisect_right(edges, high)], high + 1]
            yield from ((start, after - 1) for start, after in pairwise(inner))


def within(narrow: Rule, wide: Rule, keys: Iterable[str] | None = None) -> bool:
    """Whether `wide` finds whatever `narrow` finds, as far as these keys tell (None: all of them)."""
    return all(RULE_WITHIN[key](narrow, wide) for key in (RULE_WITHIN if keys is None else keys))


def _tests(
    keys: Mapping[str, Callable[[_Owner], Test | None]], owner: _Owner, but: Collection[str] = ()
) -> tuple[tuple[str, Test], ...]:
    made = [(key, make(owner)) for key, make in keys.items() if key not in but]
    return tuple([(key, test) for key, test in made if test is not None])
