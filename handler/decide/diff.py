"""Findings against the last run: what is new, grown, ongoing, resolved, reopened or was not seen."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from handler.clock import iso, parse_iso
from handler.models import Changes, PastFinding
from handler.policy.match import rule_matcher
from handler.policy.match_keys import Subject
from handler.state.memory import LastRun, Remembered

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from handler.models import CategorySnapshot, Evaluation, Finding
    from handler.policy.rules import Policy, Rule

REOPEN_WINDOW: Final = timedelta(days=30)
DRIFT: Final = ("drift: ", "tolerated ")  # how a warning begins that an answer is not as documented
_ID: Final = re.compile(
    r"request id [^\s)]+|\b[0-9a-fA-F-]{8,}\b|\b(?=[^\W\d_]*\d)(?=\d*[^\W\d_])[^\W_]{8,}\b"  # the last: of any alphabet
)
_NUMBERS: Final = re.compile(r"\d+(?:, \d+)*")
_HOW_MANY: Final = re.compile(r" \(# times\)|(?<=minute)s\b|(?<=call)s\b")


class Compared(NamedTuple):
    """The changes, the findings with `first_seen`, what is to be remembered, and when the run before was (or None).

    `drift` are the warnings on the answers' form that the last run had not.
    """

    changes: Changes
    findings: tuple[Finding, ...]
    last_run: LastRun
    previous_run_at: str | None = None
    drift: tuple[str, ...] = ()


def compare(
    evaluation: Evaluation,
    last_run: LastRun | None,
    policy: Policy,
    now: datetime,
    *,
    place: str = "",
    unreadable: bool = False,
) -> Compared:
    """What changed since the last run, and the next last run before anybody is told.

    `place` names what is checked (host, project, enterprise project): a last run of another place is as good as none.
    `unreadable` says that there was a state and that it could not be read.
    """
    if last_run is not None and place and last_run.place not in ("", place):
        last_run = None
    before = last_run or LastRun(run_at=iso(now), began_at=iso(now), lost=unreadable)
    kinds: dict[str, str] = {}
    remembered = dict(before.findings)
    for finding in evaluation.findings:
        record, kinds[finding.fingerprint] = _found(finding, remembered.get(finding.fingerprint), now)
        remembered[finding.fingerprint] = record
    resolved, unseen = _gone(evaluation, before.findings, kinds, policy)
    for past in resolved:
        record = remembered[past.finding.fingerprint]
        remembered[past.finding.fingerprint] = record._replace(
            status="resolved", resolved_at=iso(now), because=past.because
        )
    form = (text for one in evaluation.coverage for text in one.warnings if text.startswith(DRIFT))
    drift = tuple(sorted({shape(text) for text in form}))
    return Compared(
        changes=Changes(
            **{kind: _of(kinds, kind) for kind in ("new", "grown", "ongoing", "reopened")},
            resolved=resolved,
            unseen=unseen,
        ),
        findings=tuple(one._replace(first_seen=remembered[one.fingerprint].first_seen) for one in evaluation.findings),
        last_run=before._replace(
            run_at=iso(now), policy_digest=policy.digest, place=place, findings=remembered, drift=drift
        ),
        previous_run_at=last_run.run_at if last_run else None,
        drift=tuple(text for text in drift if text not in before.drift),
    )


def gap_hours(previous_run_at: str | None, now: datetime, interval: timedelta | None) -> int | None:
    """Whole hours since the run before, if that is more than twice the interval."""
    if previous_run_at is None or interval is None:
        return None
    gap = now - parse_iso(previous_run_at)
    return int(gap / timedelta(hours=1)) if gap > 2 * interval else None


def shape(text: str) -> str:
    """A text without its numbers and ids: the same reason with another count or request id is not another reason."""
    return _HOW_MANY.sub("", _NUMBERS.sub("#", _ID.sub("#", text)))


def _of(kinds: Mapping[str, str], kind: str) -> tuple[str, ...]:
    return tuple(fingerprint for fingerprint, one in kinds.items() if one == kind)


def _found(finding: Finding, record: Remembered | None, now: datetime) -> tuple[Remembered, str]:
    """The record of a finding that is there now, and what kind of change it is."""
    at = iso(now)
    seen = finding._replace(hosts=None)
    if record is None:
        return Remembered(seen, first_seen=at, last_seen=at, opened_at=at, base_num=finding.num), "new"
    if record.status == "open":
        grown = has_grown(finding.num, _num_told(record))
        base_num = finding.num if grown else record.base_num
        return record._replace(finding=seen, last_seen=at, base_num=base_num), "grown" if grown else "ongoing"
    again = now - parse_iso(record.resolved_at or record.last_seen) < REOPEN_WINDOW
    opened = record._replace(
        finding=seen,
        first_seen=record.first_seen if again else at,
        last_seen=at,
        opened_at=at,
        status="open",
        episode=record.episode + 1,
        reopened=again,
        base_num=finding.num,
        resolved_at=None,
        because="",
    )
    return opened, "reopened" if again else "new"


def has_grown(num: int, told: int) -> bool:
    """Whether num is at least twice what was last told."""
    return num > told and num >= 2 * told


def _num_told(record: Remembered) -> int:
    told = [receipt.num for receipt in record.told.values() if receipt.episode == record.episode]
    return max(told, default=record.base_num)


def _gone(
    evaluation: Evaluation, remembered: Mapping[str, Remembered], found: Iterable[str], policy: Policy
) -> tuple[tuple[PastFinding, ...], tuple[PastFinding, ...]]:
    """What was open and is not found now: resolved, and unseen."""
    exempted = {one.finding.fingerprint for one in evaluation.exempted}
    announced = {one.finding.fingerprint for one in evaluation.announced}
    coverage = {one.category: one for one in evaluation.coverage}
    rows = {(one.category, row.port, row.protocol) for one in evaluation.coverage for row in one.rows}
    rules = {rule.id: rule for rule in policy.rules}
    found = set(found)
    past: list[PastFinding] = []
    for fingerprint, record in remembered.items():
        if record.status != "open" or fingerprint in found:
            continue
        finding = record.finding
        if fingerprint in exempted:
            because = "exempted"
        elif fingerprint in announced:
            because = "policy"
        else:
            there = finding.port is None or (finding.category, finding.port, finding.protocol) in rows
            because = _because(finding, coverage.get(finding.category), rules.get(finding.rule_id), there=there)
        past.append(PastFinding(finding, because))
    resolved = tuple(one for one in past if one.because != "unseen")
    return resolved, tuple(one for one in past if one.because == "unseen")


def _because(finding: Finding, seen: CategorySnapshot | None, rule: Rule | None, *, there: bool) -> str:
    """Why a finding is gone: `policy` where the policy alone tells, `closed` only where the category was seen whole.

    `there`: the row still is (a counter always is).
    """
    if rule is None:
        return "policy"
    complete = seen is not None and seen.complete and seen.plan != "skipped"
    subject = Subject(finding.category, finding.port, finding.protocol, finding.num, finding.status)
    matcher = rule_matcher(rule)
    if not matcher.speaks_of(subject):  # then it was not asked for; only a whole listing shows that it closed
        whole = complete and seen is not None and seen.every_row
        return "closed" if whole and not there else "policy"
    if not complete:
        return "unseen"
    return "policy" if there and matcher.applies(subject) != "yes" else "closed"
