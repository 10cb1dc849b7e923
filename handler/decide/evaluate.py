"""What a policy says of a snapshot. Pure: the same snapshot, policy and day give the same evaluation."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from handler.decide.fingerprint import Fingerprinter
from handler.decide.tolerance import found_part, surely_standing, tolerated, waits_for_listeners
from handler.decide.vendor_gaps import vendor_gaps
from handler.decide.warned import exemption_notices, warnings_of
from handler.models import (
    EXEMPTION_TEXTS,
    RULE_TEXTS,
    AnnouncedFinding,
    CategorySnapshot,
    Evaluation,
    ExemptedFinding,
    Finding,
    Problem,
    worst_first,
)
from handler.policy.match import NOT_ASKED, ExemptionsInForce, judged_counter, judged_rows
from handler.policy.match_keys import UNSAID
from handler.policy.rules import STATUSES
from handler.policy.servers import NO_API, hosts_of, left_for_rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from handler.models import Snapshot, Target
    from handler.policy.match_keys import Answer, Subject
    from handler.policy.rules import Exemption, Policy, Rule

    Hit = tuple[Rule, Subject]
    Undecided = dict[tuple[str, str], Rule]  # rule id and what it needs -> the rule

_TEXTS = attrgetter(*RULE_TEXTS)
NOT_ALL_KNOWN = "there may be more servers, for not all that listen are known"
_EVERY_ROW = "every row, but only some were read"
_NEEDS_STATUS = "status, this cloud does not send it"
_NEEDS_KNOWN_STATUS = "status, HSS says a word that no document lists"
_HINTS = {_NEEDS_KNOWN_STATUS: "Until that word is known, a rule without `status` judges such rows."}
_OTHER_HINT = "Check the policy with `port-compliance policy validate --cloud`."


def evaluate(policy: Policy, snapshot: Snapshot, today: date) -> Evaluation:
    """All findings, exempted and announced rows, what could not be decided, and what to warn of.

    `coverage` of the result is the snapshot's, with a category turned incomplete where a rule could not be
    decided or fewer rows came than the policy expects.
    """
    sorter = _Sorter(policy, snapshot.target, today)
    coverage = []
    for category in snapshot.categories:
        rules = tuple(rule for rule in policy.rules if category.category in rule.categories)
        hits, unsure, undecided = _hits(category, rules, snapshot.target)
        problems = (*_too_few(category, policy), *_undecided(undecided, today))
        coverage.append(
            category._replace(complete=False, problems=category.problems + problems) if problems else category
        )
        for rule, subject in hits:
            sorter.add(rule, subject)
        for rule, subject in unsure:
            sorter.add_what_is_sure(rule, subject)
    return Evaluation(
        findings=tuple(sorted(sorter.findings, key=worst_first)),
        exempted=tuple(sorted(sorter.exempted, key=lambda item: worst_first(item.finding))),
        announced=tuple(sorted(sorter.announced, key=lambda item: worst_first(item.finding))),
        exemption_notices=tuple(exemption_notices(policy, today)),
        coverage=tuple(coverage),
        vendor=vendor_gaps(policy, snapshot),
        problems=tuple(problem for category in coverage for problem in category.problems),
        warnings=(*warnings_of(policy, snapshot, today), *sorter.unapplied()),
    )


def _hits(category: CategorySnapshot, rules: Sequence[Rule], target: Target) -> tuple[list[Hit], list[Hit], Undecided]:
    """Each row or counter with a rule that finds it, each for which too few listeners are known, what is undecided."""
    hits: list[Hit] = []
    unsure: list[Hit] = []
    undecided = _short_of_rows(category, rules)
    unasked = NO_API if target.cloud == "otc" else NOT_ASKED
    for rule, subject, matcher in judged_rows(rules, category.category, category.rows, category.listeners, unasked):
        found = matcher.applies(subject)
        if found == "yes":
            hits.append((rule, found_part(rule, subject)))
        elif found == "undecidable":
            unsure += [(rule, subject)] if waits_for_listeners(rule, subject, matcher) else ()
            if (rule.id, _EVERY_ROW) not in undecided:
                undecided[rule.id, _need(rule, subject)] = rule
    for rule in rules:
        counted = judged_counter(rule, category.category, category.statistics or {})
        if counted is not None:
            _add_counter(category, rule, counted, hits, undecided)
    return hits, unsure, undecided


def _short_of_rows(category: CategorySnapshot, rules: Sequence[Rule]) -> Undecided:
    """The rules that need every row, where only some were read and nothing else says why."""
    if category.every_row or not category.complete:
        return {}
    return {(rule.id, _EVERY_ROW): rule for rule in rules if rule.needs_every_row}


def _add_counter(
    category: CategorySnapshot, rule: Rule, counted: tuple[Subject, Answer], hits: list[Hit], undecided: Undecided
) -> None:
    """A counter that a rule judges: a hit, undecided, or neither; undecided only where nothing else says why."""
    subject, answer = counted
    if answer == "yes":
        hits.append((rule, subject))
    elif answer == "undecidable" and not _is_explained(category, rule):
        undecided[rule.id, f"{rule.statistic}, which asset/statistics did not tell"] = rule


def _is_explained(category: CategorySnapshot, rule: Rule) -> bool:
    """Whether a problem of the category says why the counter of a rule is missing: a cause is reported once."""
    known = {problem.path for problem in category.problems}
    return not category.complete and bool(known) and (category.statistics is None or f"$.{rule.statistic}" in known)


def _need(rule: Rule, subject: Subject) -> str:
    if rule.status and subject.status is None:
        return _NEEDS_STATUS
    if rule.status and subject.status not in STATUSES:
        return _NEEDS_KNOWN_STATUS
    return f"the servers behind its ports: {left_for_rule(rule, subject.category, subject.known).trouble}"


def _undecided(undecided: Undecided, today: date) -> Iterator[Problem]:
    """A problem for each rule in force that cannot be decided; an announced one breaks nothing."""
    for (_, need), rule in undecided.items():
        if not rule.announced(today):
            yield Problem(f"rule {rule.id} needs {need}", hint=_HINTS.get(need, _OTHER_HINT))


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
        self._unapplied: dict[str, list[str]] = {}  # which exemption and why, and the rows
        self._fingerprint = Fingerprinter(target)
        self._exemptions = ExemptionsInForce(policy, today, target.enterprise_project_id)

    def add(self, rule: Rule, subject: Subject) -> None:
        """Sort one hit."""
        if rule.announced(self.today):
            finding = _finding(rule, subject, self._fingerprint)
            self.announced.append(AnnouncedFinding(finding, str(rule.effective_from)))
            return
        parts = tolerated(rule, subject, self._exemptions)
        for exemption, part in parts.exempted:
            finding = _finding(rule, part, self._fingerprint)
            self.exempted.append(_exempted(finding, exemption, self.today))
        if parts.standing is not None:
            self.findings.append(_finding(rule, parts.standing, self._fingerprint, parts.unapplied))
            for why in parts.unapplied:
                self._unapplied.setdefault(why, []).append(f"{subject.port}/{subject.protocol}")

    def add_what_is_sure(self, rule: Rule, subject: Subject) -> None:
        """Sort a row of which not all listeners are known, as far as those that are known make it one."""
        sure = None if rule.announced(self.today) else surely_standing(rule, subject, self._exemptions)
        if sure is not None:
            self.findings.append(_finding(rule, sure, self._fingerprint, (NOT_ALL_KNOWN,)))

    def unapplied(self) -> tuple[str, ...]:
        """The exemptions that could not be judged, why, and on which rows."""
        return tuple(f"{why} ({', '.join(dict.fromkeys(rows))})" for why, rows in self._unapplied.items())


def _exempted(finding: Finding, exemption: Exemption, today: date) -> ExemptedFinding:
    return ExemptedFinding(
        finding=finding,
        exemption_id=exemption.id,
        expires=exemption.expires.isoformat(),
        days_left=exemption.days_left(today),
        **{name: getattr(exemption, name) for name in EXEMPTION_TEXTS},
    )


def _finding(rule: Rule, subject: Subject, fingerprint: Fingerprinter, unapplied: Sequence[str] = ()) -> Finding:
    """The finding that a rule makes of what it found; it says which exemptions could not be judged."""
    category, port, protocol, num, status = subject[:5]
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
        message="; ".join((_message(rule, subject), *unapplied)),
        hosts=hosts_of(category, subject.known.listeners) if subject.counted else None,
        **_texts(rule),
    )


def _texts(rule: Rule) -> dict[str, Any]:
    return dict(zip(RULE_TEXTS, _TEXTS(rule), strict=True)) | {"title": rule.title or rule.id}


def _message(rule: Rule, subject: Subject) -> str:
    tolerated = f", tolerated {rule.above}" if rule.above else ""
    if subject.port is None:
        return f"{rule.statistic} is {subject.num} ({subject.category}{tolerated})"
    state = "is open and not on the allow list" if rule.kind == "allowed_ports" else "is open"
    flagged = f", HSS says {subject.status}" if rule.status else ""
    return f"{subject.port}/{subject.protocol} {state} ({subject.category}, num {subject.num}{tolerated}{flagged})"
