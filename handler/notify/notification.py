"""Builds the notification that a kind renders: a batch of items and the report, in full."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any, TypeVar

from handler.clock import parse_iso
from handler.decide.diff import no_run_for, shape
from handler.models import AnnouncedFinding, ExemptedFinding, ExemptionNotice, Severity, Target, worst_first
from handler.named_tuple import NamedTuple
from handler.notify.batches import ENDED_ITEMS, FINDING_ITEMS, severity_of
from handler.notify.incidents import incident_of, told_key
from handler.notify.routing import at_target, wants
from handler.notify.run_items import RUN, is_blind_elsewhere
from handler.report.verdict import counts_of
from handler.sinks.sink import Before, Notification
from handler.sinks.text.announced import announcement
from handler.sinks.text.lines import readable_time
from handler.state.memory import place_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date, datetime, timedelta

    from handler.models import Finding, Report
    from handler.sinks.sink import Sink
    from handler.state.memory import Batch, Item, LastRun, Remembered

_Derived = TypeVar("_Derived", ExemptedFinding, AnnouncedFinding)
MISSED_SHOWN = 10
SHOWING_ALL = "no previous state: showing all "  # how the note begins that ends with a number
_OPEN_ITEMS = tuple(what for what in FINDING_ITEMS if what not in (*ENDED_ITEMS, "flapping", "rekeyed"))


class Situation(NamedTuple):
    """What a notification says beside its items."""

    report: Report
    last_run: LastRun
    now: datetime
    run_interval: timedelta | None = None
    remembers: bool = True
    shard: str = ""
    further: bool = False  # another message of the same run went before


class _Shown(NamedTuple):
    """What all messages of a run show to one sink: what it may see of the report, and what is open, worst first."""

    report: Report
    found: dict[str, Finding]
    open_now: tuple[Finding, ...]


class RunNotifications:
    """Makes the notifications of one sink in one run; what they share is prepared with the first."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self._shown: _Shown | None = None

    def notification_of(self, batch: Batch, situation: Situation) -> Notification:
        """The notification of a batch; one that is repeated after a crash says the same things as then."""
        if self._shown is None:
            self._shown = _shown(self.sink, situation)
        return _notification_of(batch, self.sink, situation, self._shown)


def notification_of(batch: Batch, sink: Sink, situation: Situation) -> Notification:
    """The only notification of a sink in a run."""
    return RunNotifications(sink).notification_of(batch, situation)


def _shown(sink: Sink, situation: Situation) -> _Shown:
    report = _for_eyes(situation.report, sink)
    report = report._replace(counts=counts_of(report))
    found = {one.fingerprint: one for one in report.findings}
    open_now = _open_now(found, situation.last_run.findings.values(), at_target(sink, report.target))
    return _Shown(report, found, tuple(sorted(open_now, key=worst_first)))


def _notification_of(batch: Batch, sink: Sink, situation: Situation, shown: _Shown) -> Notification:
    report, found, open_now = shown
    remembered = situation.last_run.findings
    by_what = _by_what(batch)
    groups: dict[str, Any] = {what: _findings(by_what.get(what, ()), found, remembered) for what in FINDING_ITEMS}
    ongoing = _ongoing(batch, open_now)
    changed = [one for what in _OPEN_ITEMS for one in groups[what]]
    return Notification(
        delivery_id=batch.delivery_id,
        report=report,
        **groups,
        ongoing=ongoing,
        before=_before(batch, sink, remembered) | _held(ongoing, sink, report, remembered),
        not_seen=tuple(map(_not_seen, by_what.get("not_seen", ()))),
        seen_again=tuple(map(_seen_again, by_what.get("seen_again", ()))),
        blind_elsewhere=is_blind_elsewhere(sink, report),
        exemptions=tuple(_exemption(item, situation.now.date()) for item in by_what.get("exemption", ())),
        announcements=tuple(_announcement(item, situation) for item in by_what.get("announced", ())),
        notes=tuple(_notes(by_what, situation, len(changed) + len(ongoing))),
        heartbeat="heartbeat" in by_what,
        explain=_explain(report, changed or ongoing),
        run_interval=situation.run_interval,
        remembers=situation.remembers,
        shard=situation.shard,
        formerly=_formerly(sink, situation),
        further=situation.further and sink.kind.takes_all,
    )


def _formerly(sink: Sink, situation: Situation) -> Target | None:
    """The target as it was called when the sink was told last, if that was otherwise."""
    memory = situation.last_run.sinks.get(sink.name)
    before = Target(*memory.told_as) if memory is not None and memory.told_as else None
    return None if before == situation.report.target else before


def _ongoing(batch: Batch, open_now: Iterable[Finding]) -> tuple[Finding, ...]:
    """The open findings that the message is not about, in their order."""
    told = {item.key for item in batch.items if item.what in FINDING_ITEMS}
    return tuple([one for one in open_now if one.fingerprint not in told])


def _by_what(batch: Batch) -> dict[str, list[Item]]:
    groups: dict[str, list[Item]] = {}
    for item in batch.items:
        groups.setdefault(item.what, []).append(item)
    return groups


def _findings(
    items: Iterable[Item], found: Mapping[str, Finding], remembered: Mapping[str, Remembered]
) -> tuple[Finding, ...]:
    """The findings of these items as they are now, or as last seen, as severe as the items say; worst first."""
    known = ((found.get(item.key) or _as_remembered(remembered.get(item.key)), severity_of(item)) for item in items)
    made = (one if told in (None, one.severity) else one._replace(severity=told) for one, told in known if one)
    return tuple(sorted(made, key=worst_first))


def _before(batch: Batch, sink: Sink, remembered: Mapping[str, Remembered]) -> dict[str, Before]:
    """What the sink was last told of each finding, and why and when it ended."""
    known = ((item, remembered.get(item.key)) for item in batch.items if item.what in FINDING_ITEMS)
    return {item.key: _before_item(item, record, sink) for item, record in known if record is not None}


def _held(
    ongoing: Iterable[Finding], sink: Sink, report: Report, remembered: Mapping[str, Remembered]
) -> dict[str, Before]:
    """Of the findings that the message is not about, as what the sink holds them; where it holds anything."""
    if not sink.kind.holds_incidents:
        return {}
    known = ((one, remembered.get(one.fingerprint)) for one in ongoing)
    place = place_of(report.target)
    return {
        one.fingerprint: _told(record, sink)._replace(key=sink.incident_key(one, place))
        for one, record in known
        if record is not None
    }


def _told(record: Remembered, sink: Sink) -> Before:
    """What the sink was last told of a finding, and as what it holds it."""
    receipt = record.told.get(sink.name)
    if receipt is None:
        return Before(None if record.was_severity is None else Severity(record.was_severity))
    severity = None if receipt.severity is None else Severity(receipt.severity)
    return Before(severity, receipt.num, told_key=told_key(record, sink.name), also=tuple(map(Severity, receipt.also)))


def _before_item(item: Item, record: Remembered, sink: Sink) -> Before:
    before = _told(record, sink)._replace(key=incident_of(item))
    if item.what in ENDED_ITEMS:
        return _ended(before, item, record)
    if item.what == "steady":
        return before._replace(ended_at=record.opened_at)
    return before._replace(ended_at=record.ended_at or "", because=record.ended_because)


def _ended(before: Before, item: Item, record: Remembered) -> Before:
    """When and why it ended; what is open now had ended when the message was made, and is open again."""
    if record.status == "open":
        at, because = record.ended_at, record.ended_because
    else:
        at, because = record.resolved_at, record.because
    return before._replace(ended_at=at or "", because=item.text or because or "closed")


def _for_eyes(report: Report, sink: Sink) -> Report:
    """The report without hosts, unless the sink may have them."""
    if sink.hosts:
        return report
    return report._replace(
        findings=tuple(map(_unnamed, report.findings)),
        exempted=tuple(_of_unnamed(one) for one in report.exempted),
        announced=tuple(_of_unnamed(one) for one in report.announced),
    )


def _unnamed(finding: Finding) -> Finding:
    """The finding without the servers behind it; the same one where it names none."""
    return finding if finding.hosts is None else finding._replace(hosts=None)


def _of_unnamed(one: _Derived) -> _Derived:
    finding = _unnamed(one.finding)
    return one if finding is one.finding else one._replace(finding=finding)


def _open_now(found: dict[str, Finding], remembered: Iterable[Remembered], sink: Sink) -> list[Finding]:
    """The sink's open findings: those found now, and for what holds incidents those not seen this time too."""
    ongoing = list(found.values())
    if sink.kind.holds_incidents:
        stays = (one for one in remembered if one.status == "open" or one.flapping_since is not None)
        unseen = (one for one in stays if one.finding.fingerprint not in found)
        ongoing += [one.finding._replace(first_seen=one.first_seen) for one in unseen]
    return [one for one in ongoing if wants(sink, one)]


def _as_remembered(record: Remembered | None) -> Finding | None:
    return None if record is None else record.finding._replace(first_seen=record.first_seen)


def _place(category: str) -> str:
    return "the run" if category == RUN else category


def _seen_again(item: Item) -> str:
    return item.key or "the run, which could not begin"


def _not_seen(item: Item) -> str:
    return f"{_place(item.key)} could not be judged whole: {item.text}"


def _exemption(item: Item, today: date) -> ExemptionNotice:
    expires = item.mark.split(" ")[0]
    days_left = (parse_iso(expires).date() - today).days
    return ExemptionNotice(exemption_id=item.key, owner=item.text, expires=expires, days_left=days_left)


def _announcement(item: Item, situation: Situation) -> str:
    day, report = item.mark.split(" ")[0], situation.report
    there = (*(one.finding for one in report.announced), *report.findings)  # from its day on it is found
    found = [one for one in there if one.rule_id == item.key]
    return announcement(day, situation.now.date(), item.text, found, whole=report.verdict != "inconclusive")


def _notes(by_what: Mapping[str, list[Item]], situation: Situation, count: int) -> Iterable[str]:
    if "digest" in by_what:
        yield f"{SHOWING_ALL}{count}"
    gaps = {item.text for item in by_what.get("gap", ())}
    if situation.report.gap_hours is not None:
        gaps.add(str(situation.report.gap_hours))
    yield from map(no_run_for, sorted(gaps))
    for item in by_what.get("policy", ()):
        yield f"another policy rules since {readable_time(item.key)}: {item.mark[:19]}"
    yield from _missed_lines(by_what.get("missed", ()), situation.last_run.findings)
    yield from _drift_lines(by_what.get("drift", ()), situation.report)


def _drift_lines(items: Iterable[Item], report: Report) -> Iterable[str]:
    """How the answers are not as documented; an item bears that without its numbers."""
    form = {shape(text): text for one in report.coverage for text in one.warnings} if items else {}
    yield from (f"HSS answers in another form: {form.get(item.key, item.key)}" for item in items)


def _missed_lines(items: Iterable[Item], remembered: Mapping[str, Remembered]) -> Iterable[str]:
    """What opened and ended while the sink could not be told."""
    known = (remembered.get(item.key) for item in items)
    lines = [_missed(record) for record in known if record is not None]
    yield from lines[:MISSED_SHOWN]
    if len(lines) > MISSED_SHOWN:
        yield f"and {len(lines) - MISSED_SHOWN} more that opened and ended while nothing could be told here"


def _missed(record: Remembered) -> str:
    what = _port(record.finding) or record.finding.category
    ended = "closed" if record.because in ("", "closed") else f"ended ({record.because})"
    return (
        f"opened and {ended} while nothing could be told here: {what} ({record.finding.rule_id}, "
        f"{record.opened_at} to {record.resolved_at})"
    )


def _port(finding: Finding) -> str:
    return "" if finding.port is None else f"{finding.port}/{finding.protocol}"


def _explain(report: Report, findings: Iterable[Finding]) -> str:
    """The command that explains the worst line; a counter has no port to ask for."""
    worst = min(findings, key=worst_first, default=None)
    if worst is None or worst.port is None or not report.policy_files:
        return ""
    files = report.policy_files
    path = files[0] if len(files) == 1 else posixpath.commonpath([posixpath.dirname(file) for file in files])
    return f"port-compliance policy explain {path} --port {_port(worst)}" if path else ""
