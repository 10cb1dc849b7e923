"""What a policy says of a snapshot. Pure: the same snapshot, policy and day give the same evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from handler.decide.fingerprint import Fingerprinter
from handler.models import (
    EXEMPTION_TEXTS,
    RULE_TEXTS,
    AnnouncedFinding,
    CategorySnapshot,
    Evaluation,
    ExemptedFinding,
    ExemptionNotice,
    Finding,
    Gaps,
    Problem,
    family,
    worst_first,
)
from handler.policy.match import ExemptionsInForce, judged_counter, judged_places, judged_rows, rule_matcher
from handler.policy.match_keys import ALL_ENTERPRISE_PROJECTS, UNSAID
from handler.policy.rules import NOTICE_DAYS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from handler.models import Snapshot, Target, Verdict
    from handler.policy.match_keys import Answer, Subject
    from handler.policy.rules import Exemption, Policy, Rule

    Hit = tuple[Rule, Subject]
    Undecided = dict[str, tuple[Rule, str]]  # rule id -> the rule, and what it needs

MOST_TYPES = 20  # that are neither TCP nor UDP and are named; an odd answer may hold thousands
_NEEDS = {"status": "status, this cloud does not send it"}  # by the key that cannot be judged


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
        for rule, subject in hits:
            sorter.add(rule, subject)
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


def _hits(category: CategorySnapshot, rules: Sequence[Rule]) -> tuple[list[Hit], Undecided]:
    """Each row or counter with a rule that finds it, and the rules that cannot be decided, with the reason."""
    hits: list[Hit] = []
    undecided: Undecided = {}
    for rule, subject, matcher in judged_rows(rules, category.category, category.rows):
        found = matcher.applies(subject)
        if found == "yes":
            hits.append((rule, subject))
        elif found == "undecidable":
            undecided[rule.id] = (rule, _need(rule, subject))
    if category.complete and not category.every_row:
        few = "every row, but only some were read"
        undecided |= {rule.id: (rule, few) for rule in rules if rule.needs_every_row}
    for rule in rules:
        counted = judged_counter(rule, category.category, category.statistics or {})
        if counted is not None:
            _add_counter(category, rule, counted, hits, undecided)
    return hits, undecided


def _add_counter(
    category: CategorySnapshot, rule: Rule, counted: tuple[Subject, Answer], hits: list[Hit], undecided: Undecided
) -> None:
    """A counter that a rule judges: a hit, undecided, or neither; undecided only where nothing else says why."""
    subject, answer = counted
    if answer == "yes":
        hits.append((rule, subject))
    elif answer == "undecidable" and not _is_explained(category, rule):
        undecided[rule.id] = (rule, f"{rule.statistic}, which asset/statistics did not tell")


def _is_explained(category: CategorySnapshot, rule: Rule) -> bool:
    """Whether a problem of the category says why the counter of a rule is missing: a cause is reported once."""
    known = {problem.path for problem in category.problems}
    return not category.complete and bool(known) and (category.statistics is None or f"$.{rule.statistic}" in known)


def _need(rule: Rule, subject: Subject) -> str:
    answers = rule_matcher(rule).answers(subject)
    return " and ".join(_NEEDS[key] for key, answer in answers.items() if answer == "undecidable")


def _undecided(undecided: Undecided, today: date) -> Iterator[Problem]:
    """A problem for each rule in force that cannot be decided; an announced one breaks nothing."""
    for rule, need in undecided.values():
        if not rule.announced(today):
            yield Problem(
                f"rule {rule.id} needs {need}",
                hint="Check the policy with `port-compliance policy validate --cloud`.",
            )


def _too_few(category: CategorySnapshot, policy: Policy) -> Iterator[Problem]:
    """Fewer rows than the policy expects, where their number is known: what was not asked has no number to doubt."""
    expected = policy.expect_rows.get(category.category, 0)
    seen = len(category.rows) if category.total_num is None else category.total_num
    counted = category.complete or category.total_num is not None
    if category.plan != "skipped" and counted and seen < expected:
        yield Problem(
            f"{seen} rows, but the policy expects at least {expected}",
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
        self._exemptions = ExemptionsInForce(policy.exemptions, today, target.enterprise_project_id, policy.limits)

    def add(self, rule: Rule, subject: Subject) -> None:
        """Sort one hit."""
        finding = _finding(rule, subject, self._fingerprint)
        if rule.announced(self.today):
            self.announced.append(AnnouncedFinding(finding, str(rule.effective_from)))
            return
        exemption = self._exemptions.covering(rule, subject)
        if exemption is None:
            self.findings.append(finding)
        else:
            self.exempted.append(_exempted(finding, exemption, self.today))


def _exempted(finding: Finding, exemption: Exemption, today: date) -> ExemptedFinding:
    return ExemptedFinding(
        finding=finding,
        exemption_id=exemption.id,
        expires=exemption.expires.isoformat(),
        days_left=exemption.days_left(today),
        **{name: getattr(exemption, name) for name in EXEMPTION_TEXTS},
    )


def _finding(rule: Rule, subject: Subject, fingerprint: Fingerprinter) -> Finding:
    """The finding that a rule makes of what it found."""
    category, port, protocol, num, status = subject
    assert isinstance(num, int), "what is found has a num"
    assert status is not UNSAID, "a row says its status, or that it carries none"
    return Finding(
        fingerprint=fingerprint(rule.id, category, port, protocol),
        rule_id=rule.id,
        severity=rule.severity,
        category=category,
        port=port,
        protocol=protocol,
        num=num,
        status=status,
        message=_message(rule, subject),
        **_texts(rule),
    )


def _texts(rule: Rule) -> dict[str, Any]:
    return {name: getattr(rule, name) for name in RULE_TEXTS} | {"title": rule.title or rule.id}


def _message(rule: Rule, subject: Subject) -> str:
    tolerated = f", tolerated {rule.above}" if rule.above else ""
    if subject.port is None:
        return f"{rule.statistic} is {subject.num} ({subject.category}{tolerated})"
    state = "is open and not on the allow list" if rule.kind == "allowed_ports" else "is open"
    flagged = f", HSS says {subject.status}" if rule.status else ""
    return f"{subject.port}/{subject.protocol} {state} ({subject.category}, num {subject.num}{tolerated}{flagged})"


def _notices(policy: Policy, today: date) -> Iterator[ExemptionNotice]:
    for exemption in policy.exemptions:
        left = exemption.days_left(today)
        if left <= NOTICE_DAYS:
            yield ExemptionNotice(exemption.id, exemption.owner, exemption.expires.isoformat(), left)


def _gaps(policy: Policy, snapshot: Snapshot) -> Gaps | None:
    """Where HSS and the policy disagree; None unless all rows were read and each carries a status."""
    asked = [category for category in snapshot.categories if category.plan != "skipped"]
    if not asked or not all(map(_says_all, asked)):
        return None
    silent: list[tuple[str, int, str]] = []
    harmless: list[tuple[str, int, str]] = []
    for category in asked:
        forbidden = judged_places(policy.rules, category.category, category.rows)
        for row in category.rows:
            is_forbidden = (row.port, row.protocol) in forbidden
            if is_forbidden != (row.status == "danger"):
                (harmless if is_forbidden else silent).append((category.category, row.port, row.protocol))
    return Gaps(tuple(sorted(silent)), tuple(sorted(harmless)))


def _says_all(category: CategorySnapshot) -> bool:
    """Whether all rows of a category were read, and each carries a status."""
    return category.complete and category.every_row and all(row.status is not None for row in category.rows)


def _warnings(policy: Policy, snapshot: Snapshot, today: date) -> Iterator[str]:
    for category in snapshot.categories:
        yield from category.warnings
        yield from _odd_types(category)
    yield from _exemption_warnings(policy, snapshot.target, today)


def _odd_types(category: CategorySnapshot) -> Iterator[str]:
    """The types of rows that are neither TCP nor UDP; of very many, some."""
    types = sorted({row.protocol for row in category.rows if family(row.protocol) is None})
    for protocol in types[:MOST_TYPES]:
        yield (
            f"{category.category}: rows of type {protocol.upper()!r} are neither TCP nor UDP; "
            "every rule on their port judges them"
        )
    if len(types) > MOST_TYPES:
        yield f"{category.category}: {len(types) - MOST_TYPES} more types of rows are neither TCP nor UDP"


def _exemption_warnings(policy: Policy, target: Target, today: date) -> Iterator[str]:
    """Those that end or ended, and those that do not apply."""
    everywhere = target.enterprise_project_id == ALL_ENTERPRISE_PROJECTS
    for exemption in policy.exemptions:
        left = exemption.days_left(today)
        if left < 0:
            yield f"exemption {exemption.id} ({exemption.owner}) ended on {exemption.expires} and is off"
        elif left <= NOTICE_DAYS:
            yield f"exemption {exemption.id} ({exemption.owner}) ends on {exemption.expires}, {left} days left"
        for breach in policy.limits.breaches(exemption, today):
            yield f"exemption {exemption.id} ({exemption.owner}) {breach}: it does not apply"
        if exemption.enterprise_projects and everywhere:
            yield (
                f"exemption {exemption.id} names enterprise projects, but this run asks for "
                f"{ALL_ENTERPRISE_PROJECTS}: it does not apply"
            )
