"""What was open and is not found now: whether it ended and why, or was only not seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.models import PastFinding
from handler.models.listeners import PortListeners
from handler.policy.match import NOT_ASKED, rule_matcher
from handler.policy.match_keys import Subject
from handler.policy.servers import left_for_rule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from handler.models import CategorySnapshot, Evaluation, Finding
    from handler.policy.rules import Policy, Rule


def gone(
    evaluation: Evaluation, were_open: Iterable[Finding], policy: Policy
) -> tuple[tuple[PastFinding, ...], tuple[PastFinding, ...]]:
    """Those of the findings that are not found now: resolved, and unseen."""
    sight = _Sight(evaluation, policy)
    found = {one.fingerprint for one in evaluation.findings}
    past = [PastFinding(one, sight.because(one)) for one in were_open if one.fingerprint not in found]
    resolved = tuple(one for one in past if one.because != "unseen")
    return resolved, tuple(one for one in past if one.because == "unseen")


class _Sight:
    """What one run saw, and what its policy says of it."""

    def __init__(self, evaluation: Evaluation, policy: Policy) -> None:
        self._exempted = {one.finding.fingerprint for one in evaluation.exempted}
        self._announced = {one.finding.fingerprint for one in evaluation.announced}
        self._coverage = {one.category: one for one in evaluation.coverage}
        self._rules = {rule.id: rule for rule in policy.rules}
        self._rows = {
            (one.category, row.port, row.protocol): row for one in evaluation.coverage for row in one.rows if row.num
        }

    def because(self, finding: Finding) -> str:
        """Why a finding is gone, the first that applies; `closed` only where its category was seen whole."""
        if finding.fingerprint in self._exempted:
            return "exempted"
        if finding.fingerprint in self._announced:
            return "policy"
        now = self._as_it_is(finding)
        rule = self._asking_rule(finding)
        if now is None and self._tells_of_absence(finding.category, asked=rule is not None):
            return "closed"
        if rule is None:
            return "policy"
        return "unseen" if now is None or not self._is_whole(finding.category) else _by_its_rule(rule, now, finding)

    def _asking_rule(self, finding: Finding) -> Rule | None:
        """The finding's rule, if there still is one and it speaks of such a row."""
        rule = self._rules.get(finding.rule_id)
        return rule if rule is not None and rule_matcher(rule).speaks_of(_subject(finding)) else None

    def _is_whole(self, category: str) -> bool:
        seen = self._coverage.get(category)
        return seen is not None and seen.complete and seen.plan != "skipped"

    def _tells_of_absence(self, category: str, *, asked: bool) -> bool:
        """Whether a row that is not there is closed: what the policy does not ask for only a whole listing shows."""
        return self._is_whole(category) and (asked or self._coverage[category].every_row)

    def _as_it_is(self, finding: Finding) -> Subject | None:
        """The row or counter as it is now; None where there is none."""
        if finding.port is None:
            return self._counter(finding, self._coverage.get(finding.category))
        row = self._rows.get((finding.category, finding.port, finding.protocol or ""))
        if row is None:
            return None
        now = _subject(finding)._replace(num=row.num, status=row.status, listeners=self._listeners(finding))
        rule = self._rules.get(finding.rule_id)
        left = None if rule is None or not rule.host_aware else left_for_rule(rule, now.category, now.known)
        return None if left is not None and not left.trouble and not left.listeners else now

    def _listeners(self, finding: Finding) -> PortListeners:
        """Who listens behind the row now; not known where nobody was asked."""
        asked = (one for one in self._coverage[finding.category].listeners if one.port == finding.port)
        return next(asked, PortListeners(finding.port or 0, trouble=NOT_ASKED))

    def _counter(self, finding: Finding, seen: CategorySnapshot | None) -> Subject | None:
        """A counter of nothing is not there, like a row of nothing; one that was not read is as it was."""
        rule = self._rules.get(finding.rule_id)
        counters = {} if seen is None or seen.statistics is None else seen.statistics
        read = None if rule is None or rule.statistic is None else counters.get(rule.statistic)
        if read is None:
            return _subject(finding)
        return _subject(finding)._replace(num=read) if read else None


def _by_its_rule(rule: Rule, now: Subject, finding: Finding) -> str:
    """Which of the rule's terms the row that is still there no longer meets.

    One that it met as little when it was found was changed by the policy, not by the row.
    """
    matcher = rule_matcher(rule)
    today, then = matcher.answers(now), matcher.answers(_subject(finding))
    if today.get("status") == "no":
        return "status" if then["status"] == "yes" else "policy"
    return "tolerated" if today.get("above") == "no" else "policy"


def _subject(finding: Finding) -> Subject:
    return Subject(finding.category, finding.port, finding.protocol, finding.num, finding.status)
