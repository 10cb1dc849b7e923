"""What a policy says of one port: every rule and exemption that speaks of it, which find it, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeVar

from handler.clock import in_days
from handler.models import CATEGORIES
from handler.named_tuple import NamedTuple
from handler.policy.match import ExemptionsInForce, concerns, exemption_matcher, rule_matcher, unmet_terms
from handler.policy.match_keys import ALL_ENTERPRISE_PROJECTS, UNSAID, Subject

_Owner = TypeVar("_Owner")  # a rule or an exemption
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date

    from handler.models import Severity
    from handler.policy.match_keys import Answer
    from handler.policy.rules import Exemption, Limits, Location, Policy, Rule

    _Words = Callable[[_Owner, "Question"], str]

Result = Literal["finding", "conditional", "undecided", "announced", "exempted", "nothing", "applies", "off"]
_ORDER: tuple[Result, ...] = ("finding", "undecided", "conditional", "announced", "exempted", "nothing")  # worst first


class Question(NamedTuple):
    """One row to ask about; `num` and `status` None: not said. `status` `none` is a row without one."""

    port: int
    protocol: str
    category: str
    num: int | None = None
    status: str | None = None
    enterprise_project: str = ALL_ENTERPRISE_PROJECTS

    @property
    def subject(self) -> Subject:
        """The row as the matcher takes it."""
        num = UNSAID if self.num is None else self.num
        status = UNSAID if self.status is None else None if self.status == "none" else self.status
        return Subject(self.category, self.port, self.protocol, num, status)


class Statement(NamedTuple):
    """What one rule (`finding`, `conditional`, ...) or exemption (`applies`, `nothing`, ...) says, and why."""

    kind: Literal["rule", "exemption"]
    id: str
    outcome: Result
    reasons: tuple[str, ...]
    location: Location
    severity: Severity | None = None
    owner: str = ""
    runbook: str = ""


class Explanation(NamedTuple):
    """All that a policy says of one question, on one day."""

    question: Question
    today: date
    outcome: Result
    statements: tuple[Statement, ...]


def explain(policy: Policy, question: Question, today: date) -> Explanation:
    """Every rule and exemption that names this port (of whatever protocol or category), and what comes of it."""
    in_force = ExemptionsInForce(policy, today, question.enterprise_project)
    rules = [rule for rule in policy.rules if question.port in rule.ports or question.port in rule.listed]
    spoken = [_rule_statement(rule, in_force, question, today) for rule in rules]
    finding = [rule for rule, said in zip(rules, spoken, strict=True) if said.outcome != "nothing"]
    exemptions = (
        _exemption_statement(exemption, question, today, policy.limits, concerned=_concerns_any(exemption, finding))
        for exemption in _speaking(policy, question, rules)
    )
    outcome: Result = min((statement.outcome for statement in spoken), key=_ORDER.index, default="nothing")
    return Explanation(question, today, outcome, (*spoken, *exemptions))


def _speaking(policy: Policy, question: Question, rules: Sequence[Rule]) -> Iterator[Exemption]:
    """The exemptions that name the port, and one of these rules or none at all."""
    for exemption in policy.exemptions:
        if _names(exemption, question) and (not exemption.rules or _concerns_any(exemption, rules)):
            yield exemption


def questions(policy: Policy, question: Question, category: str | None) -> tuple[Question, ...]:
    """The question for one category, or for each that the policy speaks of."""
    asked = (category,) if category else policy.categories or CATEGORIES[:1]
    return tuple(
        Question(question.port, question.protocol, each, question.num, question.status, question.enterprise_project)
        for each in asked
    )


def _names(exemption: Exemption, question: Question) -> bool:
    return exemption_matcher(exemption).answers(question.subject).get("ports", "yes") == "yes"


def _concerns_any(exemption: Exemption, rules: Sequence[Rule]) -> bool:
    return any(concerns(exemption, rule) for rule in rules)


def _rule_statement(rule: Rule, in_force: ExemptionsInForce, question: Question, today: date) -> Statement:
    subject, matcher = question.subject, rule_matcher(rule)
    answers = matcher.answers(subject)
    found = matcher.applies(subject) if matcher.speaks_of(subject) else "no"
    if found == "undecidable":
        undecided: Result = "nothing" if rule.announced(today) else "undecided"
        return _said(rule, undecided, tuple(_reasons(_LACKING, answers, "undecidable", rule, question)))
    if found == "no":
        return _said(rule, "nothing", tuple(_reasons(_UNMET, answers, "no", rule, question)))
    conditions = tuple(_reasons(_OPEN, answers, "depends", rule, question))
    if rule.effective_from is not None and rule.announced(today):
        return _said(rule, "announced", (f"in force {_from_day(rule.effective_from, today)}", *conditions))
    return _in_force(rule, in_force, question, conditions)


def _but_for_servers(exemptions: Sequence[Exemption]) -> tuple[str, ...]:
    named = [one for one in exemptions if one.hosts]
    return tuple(f"but for the servers {_list(one.hosts)} (exemption {one.id})" for one in named)


def _above_what_is_tolerated(exemptions: Sequence[Exemption]) -> tuple[str, ...]:
    tolerated = [(one.up_to, one.id) for one in exemptions if one.up_to is not None and not one.hosts]
    return tuple(f"when num is above {up_to} (exemption {name})" for up_to, name in sorted(tolerated)[-1:])


def _in_force(rule: Rule, in_force: ExemptionsInForce, question: Question, conditions: tuple[str, ...]) -> Statement:
    """What a rule that finds the row under these conditions says, once exemptions are heeded."""
    subject = question.subject
    exemption = in_force.covering(rule, subject)
    if exemption is not None:
        return _said(rule, "exempted", (f"by {exemption.id} until {exemption.expires} ({exemption.owner})",))
    maybe = [one for one, _ in in_force.tolerating(rule, subject)]
    conditions += (*_but_for_servers(maybe), *_above_what_is_tolerated(maybe))
    return _said(rule, "conditional" if conditions else "finding", conditions or (_why(rule, question),))


def _from_day(day: date, today: date) -> str:
    return f"from {day}, {in_days((day - today).days)}"


def _said(rule: Rule, outcome: Result, reasons: tuple[str, ...]) -> Statement:
    return Statement("rule", rule.id, outcome, reasons, rule.location, rule.severity, rule.owner, rule.runbook)


def _why(rule: Rule, question: Question) -> str:
    what = "is not on its allow list" if rule.kind == "allowed_ports" else "is forbidden"
    counted = "" if question.num is None else f", num {question.num} is above {rule.above}"
    flagged = f", status is {question.status}" if rule.status else ""
    return f"{question.port}/{question.protocol} {what} ({question.category}{counted}{flagged})"


def _reasons(
    words: Mapping[str, _Words[_Owner]],
    answers: Mapping[str, Answer],
    given: Answer,
    owner: _Owner,
    question: Question,
) -> Iterator[str]:
    """The words of each key that gave that answer."""
    return (tell(owner, question) for key, tell in words.items() if answers.get(key) == given)


def _exemption_statement(
    exemption: Exemption, question: Question, today: date, limits: Limits, *, concerned: bool
) -> Statement:
    """What an exemption says; `concerned`: a rule that it concerns finds the row."""
    answers = dict(exemption_matcher(exemption).answers(question.subject))
    answers |= dict.fromkeys(unmet_terms(exemption, today, question.enterprise_project, limits), "no")
    off = tuple(_reasons(_OFF, answers, "no", exemption, question))
    if off:
        return Statement("exemption", exemption.id, "off", off, exemption.location)
    if not concerned:
        idle = ("there is nothing to exempt: none of its rules finds this",)
        return Statement("exemption", exemption.id, "nothing", idle, exemption.location)
    left = exemption.days_left(today)
    days = "day" if left == 1 else "days"
    holds = f"until {exemption.expires}, {left} {days} left ({exemption.owner}): {exemption.reason}"
    conditions = tuple(_reasons(_WHILE, answers, "depends", exemption, question))
    outcome: Result = "conditional" if conditions else "applies"
    return Statement("exemption", exemption.id, outcome, (holds, *_vouched(exemption), *conditions), exemption.location)


def _vouched(exemption: Exemption) -> Iterator[str]:
    told = (("ticket", exemption.ticket), ("approved by", exemption.approved_by))
    words = ", ".join(f"{label} {text}" for label, text in told if text)
    if words:
        yield words


def _list(hosts: Sequence[str]) -> str:
    """What `hosts` says, as words; what a leading ! takes away comes last."""
    given = ", ".join(entry for entry in hosts if not entry.startswith("!"))
    taken = ", ".join(entry[1:] for entry in hosts if entry.startswith("!"))
    return f"{given or 'of every name'}{' but for ' + taken if taken else ''}"


def _carried(question: Question) -> str:
    if question.status == "none":
        return "the row carries none"
    return f"no document lists what {question.status} means"


# What is said of a key, by its answer: a key that judges and has no words here would go unexplained.
_UNMET: Mapping[str, _Words[Rule]] = {
    "ports": lambda _, question: f"allows {question.port}",
    "categories": lambda rule, _: f"speaks of category {', '.join(rule.categories)} only",
    "protocols": lambda rule, _: f"speaks of {', '.join(rule.protocols)} only",
    "above": lambda rule, question: f"num {question.num} is not above {rule.above}",
    "status": lambda rule, question: f"status {question.status} is not {' or '.join(rule.status)}",
    "hosts": lambda rule, _: f"no server of {_list(rule.hosts)} listens",
    "listening": lambda rule, _: f"no server listens {rule.listening}",
}
_OPEN: Mapping[str, _Words[Rule]] = {
    "above": lambda rule, _: f"when num is above {rule.above}",
    "status": lambda rule, _: f"when status is {' or '.join(rule.status)}",
    "hosts": lambda rule, _: f"on the servers {_list(rule.hosts)}; num is how many of them listen",
    "listening": lambda rule, _: f"when a server listens {rule.listening}; num is how many do",
}
_LACKING: Mapping[str, _Words[Rule]] = {
    "status": lambda rule, question: f"needs status {' or '.join(rule.status)}, and {_carried(question)}",
}
_OFF: Mapping[str, _Words[Exemption]] = {
    "protocols": lambda exemption, _: f"speaks of {', '.join(exemption.protocols)} only",
    "expires": lambda exemption, _: f"ended on {exemption.expires}",
    "categories": lambda exemption, _: f"speaks of category {', '.join(exemption.categories)} only",
    "enterprise_projects": lambda exemption, _: (
        f"holds only for a run that asks for enterprise project {' or '.join(exemption.enterprise_projects)}"
    ),
    "limits": lambda *_: "breaks a limit of the policy, which `policy validate` names",
    "up_to": lambda exemption, question: f"num {question.num} is above {exemption.up_to}",
    "hosts": lambda exemption, _: f"speaks of the servers {_list(exemption.hosts)} only",
}
_WHILE: Mapping[str, _Words[Exemption]] = {
    "up_to": lambda exemption, _: f"while num is at most {exemption.up_to}",
    "hosts": lambda exemption, _: f"for the servers {_list(exemption.hosts)} only; others stand",
}
