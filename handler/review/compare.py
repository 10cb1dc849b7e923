"""What a new policy would find in a recorded snapshot that the old one does not, and the reverse. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from handler.decide.evaluate import evaluate
from handler.models.listeners import server_of
from handler.review.changes import Change, Comparison, exemption_changes, in_order, other_changes
from handler.review.loosened import loosened, lowered_expectations

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet
    from datetime import date

    from handler.models import Evaluation, Finding, Snapshot
    from handler.policy.rules import Policy
    from handler.review.changes import ChangeKind

_Key = tuple[str, str, "int | None", "str | None", "str | None"]


def compare_on_snapshot(
    old: Policy, new: Policy, snapshot: Snapshot, today: date, names: tuple[str, str]
) -> Comparison:
    """Both policies on the same rows and day, finding by finding; the cost is that of two checks."""
    before, after = evaluate(old, snapshot, today), evaluate(new, snapshot, today)
    rows = sum(len(category.rows) for category in snapshot.categories)
    return Comparison(
        old=names[0],
        new=names[1],
        basis=f"{rows} rows of the snapshot taken at {snapshot.taken_at}",
        changes=in_order(list(_changes(old, new, before, after))),
        exemptions=exemption_changes(old, new),
        counts_old=Counter(finding.severity for finding in before.findings),
        counts_new=Counter(finding.severity for finding in after.findings),
        doubts=tuple(_doubts(old, new, before, after)),
        notes=other_changes(old, new, today),
        weaker=loosened(old, new, today),
        lowered=lowered_expectations(old, new),
        day=today,
    )


def _doubts(old: Policy, new: Policy, before: Evaluation, after: Evaluation) -> Iterator[str]:
    """What keeps the comparison from being certain."""
    seen = {category.category for category in before.coverage if category.plan != "skipped"}
    for category in dict.fromkeys((*old.categories, *new.categories)):
        if category not in seen:
            yield f"the snapshot holds nothing of category {category}"
    for name, evaluation in (("old", before), ("new", after)):
        yield from _undecided(name, evaluation)


def _undecided(name: str, evaluation: Evaluation) -> Iterator[str]:
    """The categories that the snapshot cannot answer under that policy."""
    for listing in evaluation.coverage:
        if not listing.complete and listing.plan != "skipped":
            reasons = "; ".join(str(problem) for problem in listing.problems) or "not complete"
            yield f"{listing.category} is inconclusive under the {name} policy: {reasons}"


def _changes(old: Policy, new: Policy, before: Evaluation, after: Evaluation) -> Iterator[Change]:
    was = {_key(finding): finding for finding in before.findings}
    now = {_key(finding): finding for finding in after.findings}
    why_not_before, why_not_after = _Reasons(old, before, "added"), _Reasons(new, after, "dropped")
    for key, finding in now.items():
        past = was.get(key)
        if past is None:
            yield _change("new", finding, why_not_before(finding))
            continue
        if past.severity != finding.severity:
            yield _change("severity", finding, "", past)
        more = _servers_more(finding, past)
        if more:
            yield _change("new", finding._replace(num=more), why_not_before(finding))
    for key, finding in was.items():
        less = _servers_more(finding, now[key]) if key in now else finding.num
        if less:
            yield _change("gone", finding._replace(num=less), why_not_after(finding))
    yield from _announced(after, was.keys() | _announced_keys(before))


def _announced_keys(evaluation: Evaluation) -> set[_Key]:
    return {_key(item.finding) for item in evaluation.announced}


def _announced(after: Evaluation, known: AbstractSet[_Key]) -> Iterator[Change]:
    for item in after.announced:
        if _key(item.finding) not in known:
            yield _change("announced", item.finding, f"from {item.effective_from}")


def _servers_more(one: Finding, other: Finding) -> int:
    """How many servers `one` finds behind a row that `other` does not."""
    if one.hosts is None or other.hosts is None:
        return max(0, one.num - other.num)
    return len({server_of(host) for host in one.hosts} - {server_of(host) for host in other.hosts})


def _key(finding: Finding) -> _Key:
    return (finding.rule_id, finding.category, finding.port, finding.protocol, finding.status)


def _change(kind: ChangeKind, finding: Finding, because: str, past: Finding | None = None) -> Change:
    return Change(
        kind=kind,
        rule_id=finding.rule_id,
        severity=finding.severity,
        category=finding.category,
        low=finding.port,
        high=finding.port,
        protocols=(finding.protocol,) if finding.protocol is not None else (),
        num=finding.num,
        was=None if past is None else past.severity,
        because=because,
    )


class _Reasons:
    """Why a policy does not find a row that the other one finds."""

    def __init__(self, policy: Policy, evaluation: Evaluation, verb: str) -> None:
        self._verb = verb
        self._rules = {rule.id for rule in policy.rules}
        self._exempted = {_key(item.finding): item.exemption_id for item in evaluation.exempted}
        self._announced = {_key(item.finding): item.effective_from for item in evaluation.announced}
        self._others = _rules_by_row(evaluation.findings)

    def __call__(self, finding: Finding) -> str:
        """`exempted by legacy`, `announced for 2027-01-01`, `rule added`, ...; and who else finds the row."""
        key = _key(finding)
        when = "was " if self._verb == "added" else "now "
        if key in self._exempted:
            return f"{when}exempted by {self._exempted[key]}"
        if key in self._announced:
            return f"{when}announced for {self._announced[key]}"
        reason = "rule changed" if finding.rule_id in self._rules else f"rule {self._verb}"
        others = self._others.get((finding.category, finding.port, finding.protocol), ()) if finding.protocol else ()
        return f"{reason}; the row {when}found by {', '.join(others[:3])}" if others else reason


def _rules_by_row(findings: Iterable[Finding]) -> Mapping[tuple[str, int | None, str | None], list[str]]:
    found: dict[tuple[str, int | None, str | None], list[str]] = defaultdict(list)
    for finding in findings:
        found[(finding.category, finding.port, finding.protocol)].append(finding.rule_id)
    return found
