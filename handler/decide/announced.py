"""Rules that do not rule yet: what is said of them, and at which stages before their day."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from handler.named_tuple import NamedTuple
from handler.policy.rules import PROTOCOLS
from handler.ports import range_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from handler.policy.rules import Rule

STAGES: Final = (1, 14)  # so many days before its day a rule is announced once more
_RANGES_SHOWN: Final = 8


class Announcement(NamedTuple):
    """A rule that is announced: its day, the stage that is reached, and what it will forbid, in words."""

    rule_id: str
    day: str  # YYYY-MM-DD
    stage: str  # "1", "14", or "0" when it has only appeared
    severity: int
    categories: tuple[str, ...]
    tags: tuple[str, ...]
    words: str

    @property
    def mark(self) -> str:
        """What tells its stages apart."""
        return f"{self.day} {self.stage}"


def announcements(rules: Iterable[Rule], today: date) -> tuple[Announcement, ...]:
    """The rules that do not rule yet, the nearest first."""
    known = ((rule, rule.effective_from) for rule in rules if rule.announced(today))
    found = [_announcement(rule, day, today) for rule, day in known if day is not None]
    return tuple(sorted(found, key=lambda one: (one.day, one.rule_id)))


def _announcement(rule: Rule, day: date, today: date) -> Announcement:
    stage = next((str(days) for days in STAGES if day - today <= timedelta(days=days)), "0")
    name = f"{rule.title} ({rule.id})" if rule.title and rule.title != rule.id else rule.id
    words = f"{name} forbids {_what(rule)} ({', '.join(rule.categories)})"
    return Announcement(rule.id, day.isoformat(), stage, int(rule.severity), rule.categories, rule.tags, words)


def _what(rule: Rule) -> str:
    """`23, 9000-9010/tcp`, `every port but 22, 443`, `more than 20 of database_num`."""
    if rule.kind == "statistic":
        return f"more than {rule.above} of {rule.statistic}"
    protocols = "" if rule.protocols == PROTOCOLS else f"/{'+'.join(rule.protocols)}"
    status = f" that HSS calls {' or '.join(rule.status)}" if rule.status else ""
    several = f" on more than {rule.above} servers" if rule.above else ""
    named = " of the servers that it names" if rule.hosts else ""
    return f"{_ports(rule)}{protocols}{status}{several}{named}"


def _ports(rule: Rule) -> str:
    if rule.kind == "status":
        return "every port"
    ranges = rule.listed.ranges
    shown = [range_text(low, high) for low, high in ranges[:_RANGES_SHOWN]]
    more = len(ranges) - len(shown)
    text = ", ".join(shown) + (f" and {more} more" if more > 0 else "")
    return f"every port but {text}" if rule.kind == "allowed_ports" else text
