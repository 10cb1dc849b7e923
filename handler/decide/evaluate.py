"""What a policy says of a snapshot. Pure: the same snapshot, policy and day give the same evaluation."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING

from handler.decide.fingerprint import Fingerprinter
from handler.models import (
    CATEGORIES,
    AnnouncedFinding,
    CategorySnapshot,
    Evaluation,
    ExemptedFinding,
    ExemptionNotice,
    Finding,
    Gaps,
    Problem,
    Row,
    family,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from handler.models import Snapshot, Target, Verdict
    from handler.policy.rules import Exemption, Policy, Rule

NOTICE_DAYS = 14  # an exemption is announced as ending this many days before its last day
ALL_ENTERPRISE_PROJECTS = "all_granted_eps"


def evaluate(policy: Policy, snapshot: Snapshot, today: date) -> Evaluation:
    """All findings, exempted and announced rows, what could not be decided, and what to warn of.

    `coverage` of the result is the snapshot's, with a category turned incomplete where a rule could not be
    decided or fewer rows came than the policy expects.
    """
    sorter = _Sorter(policy, snapshot.target, today)
    coverage = []
    for category in snapshot.categories:
        rules = tuple(rule for rule in policy.rules if category.category in rule.categories)
        hits, undecided = _hits(category, rules)
        problems = (*_too_few(category, policy), *_undecided(undecided, today))
        coverage.append(
            category._replace(complete=False, problems=category.problems + problems) if problems else category
        )
        for rule, row in hits:
            sorter.add(rule, row, category.category)
    return Evaluation(
        findings=tuple(sorted(sorter.findings, key=worst_first)),
        exempted=tuple(sorted(sorter.exempted, key=lambda item: worst_first(item.finding))),
        announced=tuple(sorted(sorter.announced, key=lambda item: worst_first(item.finding))),
        exemption_notices=tuple(_notices(policy, today)),
        coverage=tuple(coverage),
        vendor=_gaps(policy, snapshot),
        problems=tuple(problem for category in coverage for problem in category.problems),
        warnings=tuple(_warnings(policy, snapshot, today)),
    )


def verdict_of(evaluation: Evaluation) -> Verdict:
    """`inconclusive` if an asked category is not complete, else `violations` with a finding, else `compliant`."""
    asked = [category for category in evaluation.coverage if category.plan != "skipped"]
    if not asked or any(not category.complete for category in asked):
        return "inconclusive"
    return "violations" if evaluation.findings else "compliant"


def worst_first(finding: Finding) -> tuple[int, int, int, str, str]:
    """The order of findings everywhere: severity, then category, port, protocol and rule."""
    return (
        -finding.severity,
        CATEGORIES.index(finding.category),
        -1 if finding.port is None else finding.port,
        finding.protocol or "",
        finding.rule_id,
    )


def candidates(rules: Iterable[Rule], ports: Iterable[int]) -> Mapping[int, list[Rule]]:
    """The rules that forbid each of these ports: the cost is that of the pairs, not of rules times ports."""
    distinct = sorted(set(ports))
    found: dict[int, list[Rule]] = defaultdict(list)
    for rule in rules:
        for low, high in rule.ports.ranges:
            for port in distinct[bisect_left(distinct, low) : bisect_right(distinct, high)]:
                found[port].append(rule)
    return found


def speaks_of(rule: Rule, protocol: str) -> bool:
    """Whether a rule judges rows of that protocol; one that is neither TCP nor UDP is judged by every rule."""
    kind = family(protocol)
    return kind is None or kind in rule.protocols


_Hit = tuple["Rule", Row]
_Undecided = dict[str, tuple["Rule", str]]  # rule id -> the rule, and what it needs


def _hits(category: CategorySnapshot, rules: Sequence[Rule]) -> tuple[list[_Hit], _Undecided]:
    """Each (rule, row) that makes a finding, and the rules that cannot be decided, with the reason."""
    hits, undecided = _row_hits(category, rules)
    for rule in rules:
        if rule.needs_every_row and category.complete and not category.every_row:
            undecided[rule.id] = (rule, "every row, but only some were read")
        if rule.statistic is not None:
            count = (category.statistics or {}).get(rule.statistic)
            if count is None:
                undecided[rule.id] = (rule, f"{rule.statistic}, which asset/statistics did not tell")
            elif count > rule.above:
                hits.append((rule, Row(-1, "", count)))
    return hits, undecided


def _row_hits(category: CategorySnapshot, rules: Sequence[Rule]) -> tuple[list[_Hit], _Undecided]:
    hits: list[_Hit] = []
    undecided: _Undecided = {}
    by_port = candidates(rules, (row.port for row in category.rows))
    for row in [row for row in category.rows if row.port in by_port]:
        for rule in by_port[row.port]:
            if not speaks_of(rule, row.protocol):
                continue
            if rule.status and row.status is None:
                undecided[rule.id] = (rule, "status, this cloud does not send it")
            elif row.num > rule.above and (not rule.status or row.status in rule.status):
                hits.append((rule, row))
    return hits, undecided


def _undecided(undecided: Mapping[str, tuple[Rule, str]], today: date) -> Iterator[Problem]:
    """A problem for each rule in force that cannot be decided; an announced one breaks nothing."""
    for rule, need in undecided.values():
        if not rule.announced(today):
            yield Problem(
                f"rule {rule.id} needs {need}",
                hint="Check the policy with `port-compliance policy validate --cloud`.",
            )


def _too_few(category: CategorySnapshot, policy: Policy) -> Iterator[Problem]:
    expected = policy.expect_rows.get(category.category, 0)
    seen = len(category.rows) if category.total_num is None else category.total_num
    if category.plan != "skipped" and seen < expected:
        yield Problem(
            f"{category.category}: {seen} rows, but the policy expects at least {expected}",
            hint="Check the HSS agents, the edition and the enterprise project, or lower `expect_rows`.",
        )


class _Sorter:
    """Puts each hit where it belongs on that day: announced, exempted or found."""

    def __init__(self, policy: Policy, target: Target, today: date) -> None:
        self.today = today
        self.findings: list[Finding] = []
        self.exempted: list[ExemptedFinding] = []
        self.announced: list[AnnouncedFinding] = []
        self._fingerprint = Fingerprinter(target)
        self._exemptions = [e for e in policy.exemptions if _in_force(e, target, today)]

    def add(self, rule: Rule, row: Row, category: str) -> None:
        """Sort one hit."""
        finding = _finding(rule, row, category, self._fingerprint)
        if rule.announced(self.today):
            self.announced.append(AnnouncedFinding(finding, str(rule.effective_from)))
            return
        exemption = next((e for e in self._exemptions if _covers(e, rule, finding)), None)
        if exemption is None:
            self.findings.append(finding)
        else:
            self.exempted.append(_exempted(finding, exemption, self.today))


def _in_force(exemption: Exemption, target: Target, today: date) -> bool:
    """Whether an exemption holds on that day and for that target."""
    project = target.enterprise_project_id
    here = project != ALL_ENTERPRISE_PROJECTS and project in exemption.enterprise_projects
    return not exemption.expired(today) and (here or not exemption.enterprise_projects)


def _covers(exemption: Exemption, rule: Rule, finding: Finding) -> bool:
    """Whether an exemption in force switches this finding off."""
    return (
        finding.category in exemption.categories
        and (not exemption.rules or rule.id in exemption.rules)
        and (exemption.ports is None or (finding.port is not None and finding.port in exemption.ports))
        and (exemption.up_to is None or finding.num <= exemption.up_to)
    )


def _exempted(finding: Finding, exemption: Exemption, today: date) -> ExemptedFinding:
    return ExemptedFinding(
        finding=finding,
        exemption_id=exemption.id,
        reason=exemption.reason,
        owner=exemption.owner,
        expires=exemption.expires.isoformat(),
        days_left=exemption.days_left(today),
        ticket=exemption.ticket,
    )


def _finding(rule: Rule, row: Row, category: str, fingerprint: Fingerprinter) -> Finding:
    counter = rule.statistic is not None
    port, protocol = (None, None) if counter else (row.port, row.protocol)
    return Finding(
        fingerprint=fingerprint(rule.id, category, port, protocol),
        rule_id=rule.id,
        title=rule.title or rule.id,
        severity=rule.severity,
        category=category,
        port=port,
        protocol=protocol,
        num=row.num,
        status=row.status,
        message=_message(rule, row, category),
        rationale=rule.rationale,
        remediation=rule.remediation,
        references=rule.references,
        tags=rule.tags,
    )


def _message(rule: Rule, row: Row, category: str) -> str:
    tolerated = f", tolerated {rule.above}" if rule.above else ""
    if rule.statistic is not None:
        return f"{rule.statistic} is {row.num} ({category}{tolerated})"
    state = "is open and not on the allow list" if rule.kind == "allowed_ports" else "is open"
    flagged = f", HSS says {row.status}" if rule.status else ""
    return f"{row.port}/{row.protocol} {state} ({category}, num {row.num}{tolerated}{flagged})"


def _notices(policy: Policy, today: date) -> Iterator[ExemptionNotice]:
    for exemption in policy.exemptions:
        left = exemption.days_left(today)
        if left <= NOTICE_DAYS:
            yield ExemptionNotice(exemption.id, exemption.owner, exemption.expires.isoformat(), left)


def _gaps(policy: Policy, snapshot: Snapshot) -> Gaps | None:
    """Where HSS and the policy disagree; None unless all rows were read and each carries a status."""
    asked = [category for category in snapshot.categories if category.plan != "skipped"]
    if not asked or not all(category.complete and category.every_row for category in asked):
        return None
    if any(row.status is None for category in asked for row in category.rows):
        return None
    silent: list[tuple[str, int, str]] = []
    harmless: list[tuple[str, int, str]] = []
    for category in asked:
        rules = [rule for rule in policy.rules if category.category in rule.categories]
        by_port = candidates(rules, (row.port for row in category.rows))
        for row in category.rows:
            forbidden = row.port in by_port and any(speaks_of(rule, row.protocol) for rule in by_port[row.port])
            if forbidden != (row.status == "danger"):
                (harmless if forbidden else silent).append((category.category, row.port, row.protocol))
    return Gaps(tuple(sorted(silent)), tuple(sorted(harmless)))


def _warnings(policy: Policy, snapshot: Snapshot, today: date) -> Iterator[str]:
    for category in snapshot.categories:
        yield from category.warnings
        for protocol in sorted({row.protocol for row in category.rows}):
            if family(protocol) is None:
                yield (
                    f"{category.category}: rows of type {protocol.upper()!r} are neither TCP nor UDP; "
                    "every rule on their port judges them"
                )
    everywhere = snapshot.target.enterprise_project_id == ALL_ENTERPRISE_PROJECTS
    for exemption in policy.exemptions:
        left = exemption.days_left(today)
        if left < 0:
            yield f"exemption {exemption.id} ({exemption.owner}) ended on {exemption.expires} and is off"
        elif left <= NOTICE_DAYS:
            yield f"exemption {exemption.id} ({exemption.owner}) ends on {exemption.expires}, {left} days left"
        if exemption.enterprise_projects and everywhere:
            yield (
                f"exemption {exemption.id} names enterprise projects, but this run asks for "
                f"{ALL_ENTERPRISE_PROJECTS}: it does not apply"
            )
