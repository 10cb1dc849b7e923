"""Whether a mutant says anything else than its policy: both are asked about every point where either could change.

A policy's answer is constant between the edges of its ranges, counts and days, so asking one point of each stretch
asks about all ports, protocols, categories, statuses, nums and days.
"""

from __future__ import annotations

from datetime import date
from itertools import chain, product
from typing import TYPE_CHECKING

from handler.decide.evaluate import evaluate
from handler.models import CATEGORIES, COUNTERS, CategorySnapshot, Row, Snapshot, Target
from handler.named_tuple import NamedTuple
from handler.policy.match import concerns
from handler.policy.match_keys import ALL_ENTERPRISE_PROJECTS
from handler.policy.rules import PROTOCOLS, STATUSES, Exemption, Limits, Policy, Rule
from handler.ports import HIGHEST
from handler.review.probe_servers import on_ports, worlds
from handler.review.regions import turning_days

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from handler.models import Evaluation, Finding
    from handler.review.mutants import Mutant
    from handler.review.probe_servers import World

_ANY_DAY = date(2026, 1, 1)
_ELSEWHERE = "another-enterprise-project"


class _Point(NamedTuple):
    """One thing to ask both policies about: rows with who listens behind them (nobody: not known), or counters."""

    rows: tuple[Row, ...]
    counters: Mapping[str, int] = {}
    world: World = ()


def differs(policy: Policy, mutant: Mutant) -> bool:
    """Whether some row, counter and day gets another result under the mutant."""
    old, new = _parts(policy, mutant)
    rules, exemptions = (*old.rules, *new.rules), (*old.exemptions, *new.exemptions)
    points: list[_Point] = [_Point(_rows(rules, exemptions, _nums(rules, exemptions)))]
    points += [
        _Point(_rows(rules, exemptions, [len(world)]), {}, world)
        for world in worlds(rules, exemptions, _nums(rules, exemptions))
    ]
    points += [_Point((), counters) for counters in _counters(rules, exemptions)]
    for point, day, project in product(points, _days(old, new), _projects(exemptions)):
        snapshot = _snapshot(point, project)
        if _answers(evaluate(old, snapshot, day)) != _answers(evaluate(new, snapshot, day)):
            return True
    return False


def _parts(policy: Policy, mutant: Mutant) -> tuple[Policy, Policy]:
    """Both policies without the rules and exemptions that the change cannot concern: rules judge independently."""
    if isinstance(mutant.before, Limits):
        return policy, mutant.policy
    if isinstance(mutant.before, Rule):
        rule = mutant.before
        exemptions = tuple(exemption for exemption in policy.exemptions if concerns(exemption, rule))
        return _only(policy, {rule.id}, exemptions), _only(mutant.policy, {rule.id}, exemptions)
    changed = [each for each in (mutant.before, mutant.after) if isinstance(each, Exemption)]
    ids = {rule.id for rule in policy.rules if any(concerns(exemption, rule) for exemption in changed)}
    return _only(policy, ids, policy.exemptions), _only(mutant.policy, ids, mutant.policy.exemptions)


def _only(policy: Policy, ids: set[str], exemptions: tuple[Exemption, ...]) -> Policy:
    return Policy(
        policy.name, "", tuple(rule for rule in policy.rules if rule.id in ids), exemptions, limits=policy.limits
    )


def _rows(rules: Sequence[Rule], exemptions: Sequence[Exemption], nums: Sequence[int]) -> tuple[Row, ...]:
    statuses = (None, *STATUSES) if any(rule.status for rule in rules) else (None,)
    points = product(_ports(rules, exemptions), PROTOCOLS, nums, statuses)
    return tuple(Row(port, kind, num, status) for port, kind, num, status in points)


def _counters(rules: Sequence[Rule], exemptions: Sequence[Exemption]) -> Iterator[dict[str, int]]:
    """Each counter that a rule reads, alone, at each count that matters; the others are 0."""
    for counter in sorted({rule.statistic for rule in rules if rule.statistic is not None}):
        yield from ({counter: count} for count in _nums(rules, exemptions))


def _ports(rules: Sequence[Rule], exemptions: Sequence[Exemption]) -> list[int]:
    """The first port of each stretch in which nothing changes."""
    sets = [rule.ports for rule in rules] + [e.ports for e in exemptions if e.ports is not None]
    edges = {edge for ports in sets for low, high in ports.ranges for edge in (low, high + 1)}
    return sorted({0, 1} | {edge for edge in edges if edge <= HIGHEST})


def _nums(rules: Sequence[Rule], exemptions: Sequence[Exemption]) -> list[int]:
    limits = {rule.above for rule in rules} | {e.up_to for e in exemptions if e.up_to is not None}
    return sorted({num for limit in limits for num in (limit, limit + 1)})


def _days(*policies: Policy) -> list[date]:
    """The first day of each stretch, beginning before all of them."""
    starts = set(chain.from_iterable(map(turning_days, policies)))
    return sorted({date.min, *starts}) if starts else [_ANY_DAY]


def _projects(exemptions: Sequence[Exemption]) -> Iterator[str]:
    named = sorted({project for exemption in exemptions for project in exemption.enterprise_projects})
    yield from (*named, *((_ELSEWHERE,) if named else ()), ALL_ENTERPRISE_PROJECTS)


def _snapshot(point: _Point, project: str) -> Snapshot:
    rows, counts = point.rows, {**dict.fromkeys(COUNTERS, 0), **point.counters}
    listeners = on_ports(sorted({row.port for row in rows}), point.world) if point.world else ()
    listings = tuple(
        CategorySnapshot(
            name, rows, len(rows), counts, plan="pages", every_row=True, complete=True, listeners=listeners
        )
        for name in CATEGORIES
    )
    return Snapshot(Target(enterprise_project_id=project), "2026-01-01T00:00:00Z", listings)


def _answers(evaluation: Evaluation) -> tuple[frozenset[object], ...]:
    """What came of each row, without words."""
    return (
        frozenset(_row(finding) for finding in evaluation.findings),
        frozenset((_row(item.finding), item.exemption_id) for item in evaluation.exempted),
        frozenset((_row(item.finding), item.effective_from) for item in evaluation.announced),
        frozenset((category.category, category.complete) for category in evaluation.coverage),
    )


def _row(finding: Finding) -> tuple[object, ...]:
    return (finding.rule_id, finding.category, finding.port, finding.protocol, finding.num, finding.status)
