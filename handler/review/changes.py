"""The nouns of a policy comparison: what changes, for which ports, and which exemptions moved. Frozen."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from handler.models import CATEGORIES
from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handler.models import Severity
    from handler.policy.rules import Exemption, Policy
    from handler.review.weaker import Weaker

ChangeKind = Literal["new", "severity", "announced", "gone"]
ExemptionKind = Literal["added", "extended", "shortened", "changed", "dropped"]
_FIRST = ("expires", "rules", "ports", "categories", "enterprise_projects", "up_to", "hosts", "owner")  # in this order
_UNSAID = {
    "rules": "all",
    "ports": "all",
    "enterprise_projects": "any",
    "up_to": "any num",
    "hosts": "any",
    "ticket": "none",
    "approved_by": "nobody",
}
KINDS: tuple[ChangeKind, ...] = ("new", "severity", "announced", "gone")


class Change(NamedTuple):
    """Something found by one policy and not by the other, by both with another severity (`was`), or newly announced.

    `low` and `high` are ports, None for a counter; `protocols` is empty for a counter. `num` is the row's, None
    where no snapshot was given.
    """

    kind: ChangeKind
    rule_id: str
    severity: Severity
    category: str
    low: int | None
    high: int | None
    protocols: tuple[str, ...] = ()
    num: int | None = None
    was: Severity | None = None
    because: str = ""

    @property
    def what(self) -> str:
        """`135-139/tcp`, `53/tcp+udp`, or `counter`."""
        if self.low is None:
            return "counter"
        ports = str(self.low) if self.low == self.high else f"{self.low}-{self.high}"
        return f"{ports}/{'+'.join(self.protocols)}"


class ExemptionChange(NamedTuple):
    """An exemption that one policy has and the other has not, or has otherwise; `detail` tells old and new."""

    kind: ExemptionKind
    exemption_id: str
    detail: str


class Comparison(NamedTuple):
    """What changes from `old` to `new` (names to print) on that day. `doubts`: why the answer is not certain.

    `weaker` is what the new policy finds less severely, today or later, whatever was compared; `lowered` the
    categories of which it expects fewer rows.
    """

    old: str
    new: str
    basis: str
    changes: tuple[Change, ...] = ()
    exemptions: tuple[ExemptionChange, ...] = ()
    counts_old: Mapping[Severity, int] = {}
    counts_new: Mapping[Severity, int] = {}
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    weaker: tuple[Weaker, ...] = ()
    lowered: tuple[str, ...] = ()
    day: date = date.min

    @property
    def is_loosened(self) -> bool:
        """Whether the new policy is weaker anywhere."""
        return bool(self.weaker or self.lowered)

    def of(self, kind: ChangeKind) -> tuple[Change, ...]:
        """The changes of one kind, worst first."""
        return tuple(change for change in self.changes if change.kind == kind)


def in_order(changes: list[Change]) -> tuple[Change, ...]:
    """Kind by kind, and each in the order of findings: severity, category in the API's order, port, protocol, rule."""

    def key(change: Change) -> tuple[int, int, int, int, tuple[str, ...], str]:
        low = -1 if change.low is None else change.low
        category = CATEGORIES.index(change.category)
        return (KINDS.index(change.kind), -change.severity, category, low, change.protocols, change.rule_id)

    return tuple(sorted(changes, key=key))


def other_changes(old: Policy, new: Policy, today: date) -> tuple[str, ...]:
    """What changes of two policies that no finding of that day shows."""
    return (*_expectation_changes(old, new), *_announcement_changes(old, new, today))


def _expectation_changes(old: Policy, new: Policy) -> tuple[str, ...]:
    """How `expect_rows` and `limits` change, in words."""
    before, after = _expected(old), _expected(new)
    return tuple(f"{name}: {before[name]} -> {after[name]}" for name in before if before[name] != after[name])


def _announcement_changes(old: Policy, new: Policy, today: date) -> tuple[str, ...]:
    """How rules change that both policies only announce on that day: what they find, they find from a later day on."""
    known = {rule.id: rule for rule in old.rules if rule.announced(today)}
    both = ((known[rule.id], rule) for rule in new.rules if rule.announced(today) and rule.id in known)
    return tuple(
        f"announced rule {after.id}, {key}: {getattr(before, key)} -> {getattr(after, key)}"
        for before, after in both
        for key in ("effective_from", "severity")
        if getattr(before, key) != getattr(after, key)
    )


def _expected(policy: Policy) -> dict[str, str]:
    """What a policy expects of the listing and of its exemptions, as words."""
    rows = {f"expect_rows of {name}": str(policy.expect_rows.get(name, 0)) for name in CATEGORIES}
    return rows | {f"limits, {key}": _words(value) or "none" for key, value in policy.limits._asdict().items()}


def exemption_changes(old: Policy, new: Policy) -> tuple[ExemptionChange, ...]:
    """Exemptions added, extended (a later last day), shortened, changed otherwise, dropped; by id."""
    before = {exemption.id: exemption for exemption in old.exemptions}
    after = {exemption.id: exemption for exemption in new.exemptions}
    added = [ExemptionChange("added", e.id, _whole(e)) for e in new.exemptions if e.id not in before]
    dropped = [ExemptionChange("dropped", e.id, _whole(e)) for e in old.exemptions if e.id not in after]
    changed = filter(None, (_changed(before[name], after[name]) for name in after if name in before))
    return (*added, *changed, *dropped)


def _changed(old: Exemption, new: Exemption) -> ExemptionChange | None:
    before, after = _facts(old), _facts(new)
    differences = [f"{name} {before[name]} -> {after[name]}" for name in before if before[name] != after[name]]
    if not differences:
        return None
    kind: ExemptionKind = "changed"
    if new.expires != old.expires:
        kind = "extended" if new.expires > old.expires else "shortened"
    return ExemptionChange(kind, new.id, "; ".join(differences))


def _whole(exemption: Exemption) -> str:
    facts = _facts(exemption)
    return "; ".join(f"{name} {facts[name]}" for name in _FIRST if name != "enterprise_projects")


def _facts(exemption: Exemption) -> dict[str, str]:
    """What each key of an exemption says, as words."""
    keys = dict.fromkeys((*_FIRST, *(key for key in exemption._fields if key not in ("id", "location"))))
    return {key: _words(getattr(exemption, key)) or _UNSAID[key] for key in keys}


def _words(value: Any) -> str:
    """The words for a value; none for one that says nothing."""
    return ", ".join(value) if isinstance(value, tuple) else "" if value is None else str(value)
