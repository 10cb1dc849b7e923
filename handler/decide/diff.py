"""Findings against the last run: what is new, what moved, what stayed, what ended, and what was not seen."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from handler.clock import iso, parse_iso
from handler.decide.announced import announcements
from handler.decide.ended import gone
from handler.decide.flapping import calmed, closed_again
from handler.decide.known_servers import newest_first, with_servers
from handler.decide.rules_before import is_newly_forbidden, remembered_terms
from handler.models import Changes
from handler.named_tuple import NamedTuple
from handler.state.memory import LastRun, Remembered, at_place

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from handler.decide.announced import Announcement
    from handler.models import Evaluation, Finding, PastFinding
    from handler.models.listeners import Host
    from handler.policy.rules import Policy
    from handler.state.memory import Receipt

_DECIDED: Final = ("policy", "exempted")  # ends that are not of the port
_KINDS: Final = ("new", "newly_forbidden", "grown", "raised", "lowered", "ongoing", "reopened")
REOPEN_WINDOW: Final = timedelta(days=30)
DRIFT: Final = ("drift: ", "tolerated ")  # how a warning begins that an answer is not as documented
_ID: Final = (
    r"request id [^\s)]+|\b[0-9a-fA-F-]{8,}\b|\b(?=[^\W\d_]*\d)(?=\d*[^\W\d_])[^\W_]{8,}\b"  # the last: of any alphabet
)
_NUMBERS: Final = r"\d+(?:, \d+)*"
_HOW_MANY: Final = r" \(# times\)|(?<=minute)s\b|(?<=call)s\b"


class Compared(NamedTuple):
    """The changes, the findings with `first_seen`, what is to be remembered, and when the run before was (or None).

    `drift` are the warnings on the answers' form that the last run had not, `announced` the rules that do not rule yet.
    """

    changes: Changes
    findings: tuple[Finding, ...]
    last_run: LastRun
    previous_run_at: str | None = None
    drift: tuple[str, ...] = ()
    announced: tuple[Announcement, ...] = ()


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

    `place` names what is checked (`memory.place_of`): what the last run remembers of other places stays as it is.
    `unreadable` says that there was a state and that it could not be read.
    """
    before, previous_run_at = memory_before(last_run, place, now, unreadable=unreadable)
    kinds: dict[str, tuple[str, ...]] = {}
    excused = _excused(evaluation)
    remembered = dict(before.findings)
    for finding in evaluation.findings:
        record, kinds[finding.fingerprint] = _found(finding, before, policy, now, excused)
        remembered[finding.fingerprint] = record
    were_open = [one.finding for one in before.findings.values() if one.status == "open"]
    resolved, unseen = gone(evaluation, were_open, policy)
    remembered |= {past.finding.fingerprint: _closed(past, before, now) for past in resolved}
    drift = _drift(evaluation)
    return Compared(
        changes=Changes(**{kind: _of(kinds, kind) for kind in _KINDS}, resolved=resolved, unseen=unseen),
        findings=tuple(_dated(one, remembered[one.fingerprint]) for one in evaluation.findings),
        last_run=before._replace(
            run_at=iso(now),
            policy_digest=policy.digest,
            policy_change=_policy_change(before, policy, now),
            place=place,
            findings={fingerprint: calmed(record, now) for fingerprint, record in remembered.items()},
            drift=drift,
            excused=_kept_excuses(before, evaluation, excused),
            rules=remembered_terms(policy.rules, _seen_whole(evaluation), before.rules),
        ),
        previous_run_at=previous_run_at,
        drift=tuple(text for text in drift if text not in before.drift),
        announced=announcements(policy.rules, now.date()),
    )


def _dated(finding: Finding, record: Remembered) -> Finding:
    return newest_first(finding, record)._replace(first_seen=record.first_seen)


def memory_before(
    last_run: LastRun | None, place: str, now: datetime, *, unreadable: bool = False
) -> tuple[LastRun, str | None]:
    """What is remembered of the place, empty at its first run, and when its run before was."""
    mine, others = at_place(last_run, place)
    history = last_run.history if last_run is not None else ()
    known = mine or LastRun(run_at=iso(now), began_at=iso(now), place=place, lost=unreadable)
    return known._replace(others=others, history=history), None if mine is None else mine.run_at


def _policy_change(before: LastRun, policy: Policy, now: datetime) -> tuple[str, ...]:
    """The policy that took another's place, now or in an earlier run."""
    if before.policy_digest in ("", policy.digest):
        return before.policy_change
    return policy.digest, iso(now)


def _excused(evaluation: Evaluation) -> dict[str, int]:
    """The nums of what is there and does not count, by fingerprint."""
    findings = [*(one.finding for one in evaluation.exempted), *(one.finding for one in evaluation.announced)]
    nums = Counter[str]()
    for finding in findings:
        nums[finding.fingerprint] += finding.num
    return dict(nums)


def _drift(evaluation: Evaluation) -> tuple[str, ...]:
    form = (text for one in evaluation.coverage for text in one.warnings if text.startswith(DRIFT))
    return tuple(sorted({shape(text) for text in form}))


def _seen_whole(evaluation: Evaluation) -> tuple[str, ...]:
    return tuple(one.category for one in evaluation.coverage if one.complete and one.plan != "skipped")


def _kept_excuses(before: LastRun, evaluation: Evaluation, excused: Mapping[str, int]) -> Mapping[str, int]:
    """What does not count today; where not everything was seen, also what did not count before."""
    whole = all(one.complete for one in evaluation.coverage if one.plan != "skipped")
    return excused if whole else {**before.excused, **excused}


def gap_hours(previous_run_at: str | None, now: datetime, interval: timedelta | None) -> int | None:
    """Whole hours since the run before, if that is more than twice the interval."""
    if previous_run_at is None or interval is None:
        return None
    gap = now - parse_iso(previous_run_at)
    return int(gap / timedelta(hours=1)) if gap > 2 * interval else None


def no_run_for(hours: object) -> str:
    """So many hours without a run, in words: one that could not save its state leaves no trace in it."""
    return f"no run for {hours} h, or none that could save its state"


def shape(text: str) -> str:
    """A text without its numbers and ids: the same reason with another count or request id is not another reason."""
    return re.sub(_HOW_MANY, "", re.sub(_NUMBERS, "#", re.sub(_ID, "#", text)))


def _of(kinds: Mapping[str, tuple[str, ...]], kind: str) -> tuple[str, ...]:
    return tuple(fingerprint for fingerprint, those in kinds.items() if kind in those)


def _found(
    finding: Finding, before: LastRun, policy: Policy, now: datetime, excused: Mapping[str, int]
) -> tuple[Remembered, tuple[str, ...]]:
    """The record of a finding that is there now, and what kinds of change it is; `excused` is what is so today."""
    at = iso(now)
    seen = finding._replace(hosts=None)
    record = before.findings.get(finding.fingerprint)
    if record is None:
        still_excused = excused.get(finding.fingerprint, 0)
        kind = "newly_forbidden" if is_newly_forbidden(finding, before, policy, still_excused) else "new"
        opened = Remembered(seen, at, at, at, base_num=finding.num, forbidden=kind == "newly_forbidden")
        return with_servers(opened, finding.hosts)[0], (kind,)
    if record.status == "open":
        return _still_open(seen, record, at, finding.hosts)
    opened, kinds = _again(seen, record, now)
    return with_servers(opened, finding.hosts)[0], kinds


def _still_open(
    seen: Finding, record: Remembered, at: str, hosts: tuple[Host, ...] | None
) -> tuple[Remembered, tuple[str, ...]]:
    """A finding that stayed, and how it moved."""
    was = record.finding.severity
    moved = () if seen.severity == was else ("raised" if seen.severity > was else "lowered",)
    record, another = with_servers(record, hosts)
    more = has_grown(seen.num, _num_told(record))
    grown = ("grown",) if more or another else ()
    kept = record._replace(
        finding=seen,
        last_seen=at,
        base_num=seen.num if more else record.base_num,
        was_severity=int(was) if moved else record.was_severity,
        severity_at=at if moved else record.severity_at,
        told=_with_severities(record) if moved else record.told,
    )
    return kept, (*moved, *grown) or ("ongoing",)


def _again(seen: Finding, record: Remembered, now: datetime) -> tuple[Remembered, tuple[str, ...]]:
    """A finding that had ended: what had closed is open again, or new after so long; all else counts again."""
    at, closed = iso(now), record.because in ("", "closed")
    recent = now - parse_iso(record.resolved_at or record.last_seen) < REOPEN_WINDOW
    opened = record._replace(
        finding=seen,
        first_seen=record.first_seen if recent else at,
        last_seen=at,
        opened_at=at,
        status="open",
        episode=record.episode + 1,
        reopened=closed and recent,
        forbidden=not closed,
        base_num=seen.num,
        was_severity=None,
        severity_at=None,
        resolved_at=None,
        because="",
        ended_at=record.resolved_at,
        ended_because=record.because,
        servers=record.servers if recent else (),
        server_count=record.server_count if recent else 0,
    )
    return opened, ("newly_forbidden" if opened.forbidden else "reopened" if opened.reopened else "new",)


def _with_severities(record: Remembered) -> dict[str, Receipt]:
    """The receipts; one of an earlier version told the severity that was remembered."""
    was = int(record.finding.severity)
    return {sink: one._replace(severity=was) if one.severity is None else one for sink, one in record.told.items()}


def _closed(past: PastFinding, before: LastRun, now: datetime) -> Remembered:
    """The record of a finding that ends now; only what closes can flap, and what people decided ends that."""
    record = before.findings[past.finding.fingerprint]
    ended = record._replace(status="resolved", resolved_at=iso(now), because=past.because)
    if past.because == "closed":
        return closed_again(ended, now)
    return ended._replace(flapping_since=None) if past.because in _DECIDED else ended


def has_grown(num: int, told: int) -> bool:
    """Whether num is at least twice what was last told."""
    return num > told and num >= 2 * told


def _num_told(record: Remembered) -> int:
    told = [receipt.num for receipt in record.told.values() if receipt.episode == record.episode]
    return max(told, default=record.base_num)
