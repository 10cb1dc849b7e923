"""What a policy says of one port: every rule and exemption that speaks of it, which find it, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from handler.decide.evaluate import ALL_ENTERPRISE_PROJECTS, speaks_of
from handler.models import CATEGORIES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from handler.models import Severity
    from handler.policy.rules import Exemption, Location, Policy, Rule

Outcome = Literal["finding", "conditional", "undecided", "announced", "exempted", "nothing", "applies", "off"]
_ORDER: tuple[Outcome, ...] = ("finding", "undecided", "conditional", "announced", "exempted", "nothing")  # worst first


class Question(NamedTuple):
    """One row to ask about; `num` and `status` None: not said. `status` `none` is a row without one."""

    port: int
    protocol: str
    category: str
    num: int | None = None
    status: str | None = None
    enterprise_project: str = ALL_ENTERPRISE_PROJECTS


class Statement(NamedTuple):
    """What one rule (`finding`, `conditional`, ...) or exemption (`applies`, `nothing`, ...) says, and why."""

    kind: Literal["rule", "exemption"]
    id: str
    outcome: Outcome
    reasons: tuple[str, ...]
    location: Location
    severity: Severity | None = None


class Explanation(NamedTuple):
    """All that a policy says of one question, on one day."""

    question: Question
    today: date
    outcome: Outcome
    statements: tuple[Statement, ...]


def explain(policy: Policy, question: Question, today: date) -> Explanation:
    """Every rule and exemption that names this port (of whatever protocol or category), and what comes of it."""
    rules = [rule for rule in policy.rules if _names(rule, question.port)]
    spoken = [_rule_statement(rule, policy, question, today) for rule in rules]
    ids = {rule.id for rule in rules}
    finding = {statement.id for statement in spoken if statement.outcome != "nothing"}
    exemptions = [
        _exemption_statement(exemption, question, today, finding)
        for exemption in policy.exemptions
        if _reaches(exemption, question.port, ids)
    ]
    outcomes = {statement.outcome for statement in spoken}
    outcome: Outcome = next((outcome for outcome in _ORDER if outcome in outcomes), "nothing")
    return Explanation(question, today, outcome, (*spoken, *exemptions))


def questions(policy: Policy, question: Question, category: str | None) -> tuple[Question, ...]:
    """The question for one category, or for each that the policy speaks of."""
    asked = (category,) if category else policy.categories or CATEGORIES[:1]
    return tuple(
        Question(question.port, question.protocol, each, question.num, question.status, question.enterprise_project)
        for each in asked
    )


def _names(rule: Rule, port: int) -> bool:
    return port in rule.ports or port in rule.listed


def _reaches(exemption: Exemption, port: int, rules: set[str]) -> bool:
    named = exemption.ports is None or port in exemption.ports
    return named and (not exemption.rules or bool(rules.intersection(exemption.rules)))


def _rule_statement(rule: Rule, policy: Policy, question: Question, today: date) -> Statement:
    elsewhere = tuple(_elsewhere(rule, question))
    if not elsewhere and rule.status and question.status == "none":
        outcome: Outcome = "nothing" if rule.announced(today) else "undecided"
        return _said(rule, outcome, (f"needs status {' or '.join(rule.status)}, and the row carries none",))
    harmless = (*elsewhere, *_harmless(rule, question))
    if harmless:
        return _said(rule, "nothing", harmless)
    conditions = tuple(_conditions(rule, question))
    if rule.announced(today):
        return _said(rule, "announced", (f"in force from {rule.effective_from}", *conditions))
    covering = [e for e in policy.exemptions if _covers(e, rule, question, today)]
    for exemption in covering:
        if exemption.up_to is None or (question.num is not None and question.num <= exemption.up_to):
            return _said(rule, "exempted", (f"by {exemption.id} until {exemption.expires} ({exemption.owner})",))
    tolerated = [(e.up_to, e.id) for e in covering if e.up_to is not None and question.num is None]
    conditions += tuple(f"when num is above {up_to} (exemption {name})" for up_to, name in sorted(tolerated)[-1:])
    return _said(rule, "conditional" if conditions else "finding", conditions or (_why(rule, question),))


def _said(rule: Rule, outcome: Outcome, reasons: tuple[str, ...]) -> Statement:
    return Statement("rule", rule.id, outcome, reasons, rule.location, rule.severity)


def _why(rule: Rule, question: Question) -> str:
    what = "is not on its allow list" if rule.kind == "allowed_ports" else "is forbidden"
    counted = "" if question.num is None else f", num {question.num} is above {rule.above}"
    flagged = f", status is {question.status}" if rule.status else ""
    return f"{question.port}/{question.protocol} {what} ({question.category}{counted}{flagged})"


def _elsewhere(rule: Rule, question: Question) -> Iterator[str]:
    """Why the rule does not judge such a row."""
    if question.port not in rule.ports:
        yield f"allows {question.port}"
    if question.category not in rule.categories:
        yield f"speaks of category {', '.join(rule.categories)} only"
    if not speaks_of(rule, question.protocol):
        yield f"speaks of {', '.join(rule.protocols)} only"


def _harmless(rule: Rule, question: Question) -> Iterator[str]:
    """Why the rule tolerates the row."""
    if question.num is not None and question.num <= rule.above:
        yield f"num {question.num} is not above {rule.above}"
    if rule.status and question.status not in (None, "none", *rule.status):
        yield f"status {question.status} is not {' or '.join(rule.status)}"


def _conditions(rule: Rule, question: Question) -> Iterator[str]:
    """What the question leaves open."""
    if question.num is None and rule.above:
        yield f"when num is above {rule.above}"
    if question.status is None and rule.status:
        yield f"when status is {' or '.join(rule.status)}"


def _covers(exemption: Exemption, rule: Rule, question: Question, today: date) -> bool:
    """Whether an exemption switches the rule off for the row, up to a num."""
    named = not exemption.rules or rule.id in exemption.rules
    ported = exemption.ports is None or question.port in exemption.ports
    return named and ported and not list(_off(exemption, question, today))


def _off(exemption: Exemption, question: Question, today: date) -> Iterator[str]:
    """Why an exemption does not reach this row."""
    if exemption.expired(today):
        yield f"ended on {exemption.expires}"
    if question.category not in exemption.categories:
        yield f"speaks of category {', '.join(exemption.categories)} only"
    project = question.enterprise_project
    if exemption.enterprise_projects and (
        project == ALL_ENTERPRISE_PROJECTS or project not in exemption.enterprise_projects
    ):
        yield f"holds only for a run that asks for enterprise project {' or '.join(exemption.enterprise_projects)}"
    if exemption.up_to is not None and question.num is not None and question.num > exemption.up_to:
        yield f"num {question.num} is above {exemption.up_to}"


def _exemption_statement(exemption: Exemption, question: Question, today: date, finding: set[str]) -> Statement:
    off = tuple(_off(exemption, question, today))
    if off:
        return Statement("exemption", exemption.id, "off", off, exemption.location)
    if not (finding.intersection(exemption.rules) if exemption.rules else finding):
        idle = ("there is nothing to exempt: none of its rules finds this",)
        return Statement("exemption", exemption.id, "nothing", idle, exemption.location)
    left = exemption.days_left(today)
    days = "day" if left == 1 else "days"
    reasons = [f"until {exemption.expires}, {left} {days} left ({exemption.owner}): {exemption.reason}"]
    if exemption.up_to is not None and question.num is None:
        reasons.append(f"while num is at most {exemption.up_to}")
    outcome: Outcome = "conditional" if len(reasons) > 1 else "applies"
    return Statement("exemption", exemption.id, outcome, tuple(reasons), exemption.location)
