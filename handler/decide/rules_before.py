"""What each rule spoke of in an earlier run, kept small: it tells whether a finding is new or newly forbidden."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from handler.policy.match import rule_matcher
from handler.policy.match_keys import Subject
from handler.policy.rules import PROTOCOLS, Rule
from handler.ports import PortSet

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from handler.models import Finding
    from handler.policy.rules import Policy, RuleKind
    from handler.state.memory import LastRun

    Terms = tuple[Any, ...]


def terms_of(rule: Rule) -> Terms:
    """All that decides what the rule finds, in plain JSON; ends with what says nothing are left out."""
    terms = [
        rule.kind,
        rule.ports.ranges,
        rule.categories,
        () if rule.protocols == PROTOCOLS else rule.protocols,
        rule.status,
        rule.statistic or "",
        rule.above,
        rule.effective_from.isoformat() if rule.effective_from else "",
        rule.hosts,
        "" if rule.listening == "any" else rule.listening,
    ]
    while terms and not terms[-1]:
        terms.pop()
    return tuple(terms)


def rule_of(rule_id: str, terms: Terms) -> Rule:
    """A rule that finds the same, without its texts."""
    kind, ports, categories, protocols, status, statistic, above, starts, hosts, listening = (
        *terms,
        *_NOTHING[len(terms) :],
    )
    of_kind: RuleKind = kind
    return Rule(
        rule_id,
        of_kind,
        ports=PortSet(ports),
        categories=categories,
        protocols=protocols or PROTOCOLS,
        status=status,
        statistic=statistic or None,
        above=above,
        effective_from=date.fromisoformat(starts) if starts else None,
        hosts=hosts,
        listening=listening or "any",
    )


def remembered_terms(
    rules: Iterable[Rule], whole: Iterable[str], before: Mapping[str, Mapping[str, Terms]]
) -> dict[str, dict[str, Terms]]:
    """The terms to keep: today's for each category that was seen whole, else those of the run that last saw it."""
    kept = {category: dict(terms) for category, terms in before.items()}
    today = [(rule, terms_of(rule)) for rule in rules]
    for category in whole:
        kept[category] = {rule.id: terms for rule, terms in today if category in rule.categories}
    return kept


def is_newly_forbidden(finding: Finding, before: LastRun, policy: Policy, still_excused: int = 0) -> bool:
    """Whether a finding that nobody remembers would not have been one by the policy of the run before.

    False where that cannot be told: an earlier version kept no rules, or the category was never seen whole.
    `still_excused` is how much of the row is exempted or announced today: an exemption by server takes a part of it.
    """
    rules, excused = before.rules.get(finding.category), before.excused.get(finding.fingerprint)
    if excused is not None:  # with a greater num it is the server that is new, unless the rule itself begins
        return finding.num <= excused - still_excused or _was_announced(rules, finding.rule_id, before.run_at)
    today = next((rule for rule in policy.rules if rule.id == finding.rule_id), None)
    if rules is None or today is None:
        return False
    terms = rules.get(finding.rule_id)
    if terms is None or terms == terms_of(today):
        return terms is None
    subject = Subject(finding.category, finding.port, finding.protocol, finding.num, finding.status)
    matcher = rule_matcher(rule_of(finding.rule_id, terms))
    return not matcher.speaks_of(subject) or matcher.applies(subject) not in ("yes", "depends")


def _was_announced(rules: Mapping[str, Terms] | None, rule_id: str, run_at: str) -> bool:
    """Whether the rule only announced what it finds in the run at that time."""
    terms = rules.get(rule_id) if rules else None
    starts = rule_of(rule_id, terms).effective_from if terms else None
    return starts is not None and run_at[:10] < starts.isoformat()


_NOTHING: Terms = ("ports", (), (), (), (), "", 0, "", (), "")
