"""What two policies say of every port, without a snapshot: ranges that differ, found rule by rule. Pure."""

from __future__ import annotations

from itertools import chain, groupby, pairwise
from typing import TYPE_CHECKING

from handler.models import CATEGORIES
from handler.named_tuple import NamedTuple
from handler.policy.match import within
from handler.policy.match_keys import RULE_BOUNDS
from handler.policy.rules import PROTOCOLS
from handler.ports import HIGHEST, range_text
from handler.review.changes import Change, Comparison, exemption_changes, in_order, other_changes
from handler.review.claims import COUNTER, PolicyOnDay
from handler.review.loosened import loosened, lowered_expectations

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from handler.models import Severity
    from handler.policy.rules import Policy, Rule
    from handler.review.changes import ChangeKind
    from handler.review.claims import FoundRange


class _Segment(NamedTuple):
    """Ports, both included, of one rule in one category and protocol, as each policy has it; None: finds nothing."""

    low: int
    high: int
    old: Rule | None
    new: Rule | None


def compare_everywhere(old: Policy, new: Policy, today: date, names: tuple[str, str]) -> Comparison:
    """The ranges of all 65,536 ports, by protocol and category, for which the two policies differ on that day."""
    before, after = PolicyOnDay(old, today), PolicyOnDay(new, today)
    ids = list(dict.fromkeys(rule.id for rule in (*old.rules, *new.rules)))
    changes = list(chain.from_iterable(_rule_changes(name, before, after) for name in ids))
    changes += _announcements(old, new, today)
    return Comparison(
        old=names[0],
        new=names[1],
        basis="all ports of each protocol and category",
        changes=in_order(_join_protocols(changes)),
        exemptions=exemption_changes(old, new),
        counts_old=before.counts(),
        counts_new=after.counts(),
        notes=other_changes(old, new, today),
        weaker=loosened(old, new, today),
        lowered=lowered_expectations(old, new),
        day=today,
    )


def _announcements(old: Policy, new: Policy, today: date) -> Iterator[Change]:
    """What the new policy announces and the old one neither announces nor finds by that rule."""
    before, after = (PolicyOnDay(policy, today, announced=True) for policy in (old, new))
    in_force = {rule.id for rule in old.rules if not rule.announced(today)}
    for name, rule in after.rules.items():
        for change in _rule_changes(name, before, after) if name not in in_force else ():
            if change.kind == "new":
                yield change._replace(kind="announced", because=f"from {rule.effective_from}")


def _rule_changes(name: str, before: PolicyOnDay, after: PolicyOnDay) -> Iterator[Change]:
    reason_new = _reason(name, before, after, "added")
    reason_gone = _reason(name, after, before, "dropped")
    for category in CATEGORIES:
        for protocol in PROTOCOLS:
            old, new = before.claims(name, category, protocol), after.claims(name, category, protocol)
            if old == new:
                continue
            changes = chain.from_iterable(
                _segment_changes(segment, name, category, protocol, (reason_new, reason_gone))
                for segment in _segments(old, new)
            )
            yield from _join_ranges(sorted(changes, key=lambda change: (change.kind, change.low)))


def _reason(name: str, without: PolicyOnDay, having: PolicyOnDay, verb: str) -> str:
    if name not in without.known:
        return f"rule {verb}"
    if (name in without.announced) != (name in having.announced):
        return "rule in force" if verb == "added" else "rule announced only"
    return "rule or exemption changed"


def _segments(old: list[FoundRange], new: list[FoundRange]) -> Iterator[_Segment]:
    """Both lists cut at each other's edges, ascending."""
    edges = sorted(set(chain.from_iterable((low, high + 1) for low, high, _ in (*old, *new))))
    sides = (_by_edge(old, edges), _by_edge(new, edges))
    for start, after in pairwise(edges):
        was, now = sides[0].get(start), sides[1].get(start)
        if was != now:
            yield _Segment(start, after - 1, was, now)


def _by_edge(claims: list[FoundRange], edges: list[int]) -> dict[int, Rule]:
    """The rule of each edge that lies inside a range; one walk over both."""
    found: dict[int, Rule] = {}
    remaining = iter(claims)
    low, high, rule = next(remaining, (HIGHEST + 1, HIGHEST + 1, None))
    for edge in edges:
        while rule is not None and edge > high:
            low, high, rule = next(remaining, (HIGHEST + 1, HIGHEST + 1, None))
        if rule is not None and edge >= low:
            found[edge] = rule
    return found


def _segment_changes(
    segment: _Segment, name: str, category: str, protocol: str, reasons: tuple[str, str]
) -> Iterator[Change]:
    old, new = segment.old, segment.new

    def change(kind: ChangeKind, rule: Rule, because: str, was: Severity | None = None) -> Change:
        low, high = (None, None) if segment.low == COUNTER else (segment.low, segment.high)
        protocols = () if segment.low == COUNTER else (protocol,)
        return Change(kind, name, rule.severity, category, low, high, protocols, None, was, because)

    if new is not None and (old is None or not within(new, old, RULE_BOUNDS)):
        yield change("new", new, _condition(new, old, reasons[0]))
    if old is not None and (new is None or not within(old, new, RULE_BOUNDS)):
        yield change("gone", old, _condition(old, new, reasons[1]))
    if old is not None and new is not None and old.severity != new.severity:
        yield change("severity", new, "", old.severity)


def _condition(rule: Rule, other: Rule | None, reason: str) -> str:
    """The reason, with the num and status for which it holds."""
    words = [reason]
    if other is not None and rule.above < other.above:
        words.append(f"num {range_text(rule.above + 1, other.above)}")
    elif rule.above:
        words.append(f"num above {rule.above}")
    if rule.status:
        words.append(f"status {' or '.join(rule.status)}")
    elif other is not None and other.status:
        words.append(f"status other than {' or '.join(other.status)}")
    if rule.hosts:
        words.append(f"servers {' '.join(rule.hosts)}")
    if rule.listening != "any":
        words.append(f"listening {rule.listening}")
    return ", ".join(words)


def _join_ranges(changes: Iterable[Change]) -> Iterator[Change]:
    """Neighbouring ranges with the same change become one."""
    last: Change | None = None
    for change in changes:
        if last is not None and last.high is not None and change.low == last.high + 1 and _same(last, change):
            last = last._replace(high=change.high)
            continue
        if last is not None:
            yield last
        last = change
    if last is not None:
        yield last


def _same(one: Change, other: Change) -> bool:
    return (one.kind, one.severity, one.was, one.because) == (other.kind, other.severity, other.was, other.because)


def _join_protocols(changes: Iterable[Change]) -> list[Change]:
    """The same range and change in both protocols becomes one."""

    def place(change: Change) -> tuple[str, str, str, int, int, str, int, int]:
        ports = (-1, -1) if change.low is None or change.high is None else (change.low, change.high)
        was = -1 if change.was is None else int(change.was)
        return (change.kind, change.rule_id, change.category, *ports, change.because, change.severity, was)

    joined = []
    for _, group in groupby(sorted(changes, key=place), key=place):
        alike = list(group)
        protocols = tuple(sorted({protocol for change in alike for protocol in change.protocols}))
        joined.append(alike[0]._replace(protocols=protocols))
    return joined
