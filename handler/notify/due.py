"""What each sink is due: derived from its receipts on every run, never stored."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from handler.clock import iso, parse_iso
from handler.decide.diff import has_grown, shape
from handler.models import Problem, worst_first
from handler.state.memory import Batch, Item, LastRun, SinkMemory, place_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from handler.models import Finding, Report
    from handler.sinks.sink import Sink
    from handler.state.memory import Receipt, Remembered

# items whose key is a fingerprint
BEGINNINGS: Final = ("new", "newly_forbidden", "reopened")
FINDING_ITEMS: Final = (*BEGINNINGS, "grown", "raised", "lowered", "reminded", "resolved", "missed")
_SINCE: Final = "\n@"  # parts a reason from the time; a shape never holds it
RUN: Final = ""  # the "category" of what concerns the run as a whole
_KEPT_AFTER_END: Final = timedelta(days=30)


def due_batch(sink: Sink, report: Report, last_run: LastRun, now: datetime, *, stateful: bool = True) -> Batch | None:
    """What the sink is to be told now, or None. `stateful`: what is told is remembered."""
    if sink.match.targets and report.target.name not in sink.match.targets:
        return None
    memory = last_run.sinks.get(sink.name) or SinkMemory(since=iso(now))
    items = [
        *_finding_items(sink, last_run, memory, now, blind=report.verdict == "inconclusive"),
        *_run_items(sink, report, last_run, memory),
    ]
    if _is_first(memory, last_run) and (items or last_run.lost):
        items.append(Item("digest", last_run.began_at))
    if not _told_anyway(sink, report, stateful=stateful) and not (stateful and items):
        if not stateful or not _heartbeat_due(sink, memory, report, now):
            return None
        items.append(Item("heartbeat", memory.last_told or memory.since))
    items += [Item("drift", text) for text in last_run.drift if text not in memory.drift]
    if not any(lasting(item) for item in items):
        items.append(Item("run", report.run_id))
    return Batch(delivery_id(sink.name, items, place_of(report.target)), tuple(items))


def lasting(item: Item) -> bool:
    """Whether the item must reach the sink some day; the others are worth nothing after their run."""
    return item.what not in ("run", "heartbeat", "drift")


def delivery_id(sink_name: str, items: list[Item], place: str = "") -> str:
    """An id made of the sink and of what it is told, so that it is the same after a crash, and no other event's.

    Fingerprints hold the place; where there is none, it has to be said.
    """
    parts = sorted([item.what, item.key, item.mark] for item in items)
    if place and not any(item.what in FINDING_ITEMS for item in items):
        parts.append(["place", place, ""])
    return hashlib.sha256(json.dumps([sink_name, parts]).encode()).hexdigest()[:32]


def wants(sink: Sink, finding: Finding) -> bool:
    """Whether the finding is routed to the sink."""
    match = sink.match
    return (
        finding.severity >= sink.min_severity
        and (not match.categories or finding.category in match.categories)
        and (not match.tags or not set(match.tags).isdisjoint(finding.tags))
    )


def is_kept(record: Remembered, sinks: tuple[Sink, ...], memory: LastRun, now: datetime) -> bool:
    """Whether a record must stay: open, resolved lately, or its end is still due to somebody."""
    if record.status == "open" or now - parse_iso(record.resolved_at or record.last_seen) < _KEPT_AFTER_END:
        return True
    known = ((sink, memory.sinks.get(sink.name)) for sink in sinks)
    return any(told is not None and _resolved(sink, record, told) for sink, told in known)


def reason_and_since(item: Item) -> tuple[str, str]:
    """The reason for which something was not seen, in its shape, and since when; empty where it was not kept yet."""
    reason, mark, since = item.mark.rpartition(_SINCE)
    return (reason, since) if mark else (item.mark, "")


def exemption_key(item: Item) -> str:
    """Under what name it is remembered that an exemption's stage was told."""
    return f"{item.key} {item.mark}"


def _is_first(memory: SinkMemory, last_run: LastRun) -> bool:
    """Whether the sink was never told anything by a memory that has just begun."""
    return memory.last_told is None and memory.since <= last_run.began_at


def _told_anyway(sink: Sink, report: Report, *, stateful: bool) -> bool:
    """Whether the sink gets a message of this run whatever changed."""
    if sink.kind.mirrors or sink.send == "always":
        return True
    if stateful or sink.send == "changes":
        return False
    return not sink.kind.chat or report.verdict != "compliant"


def _heartbeat_due(sink: Sink, memory: SinkMemory, report: Report, now: datetime) -> bool:
    if sink.heartbeat is None or report.verdict == "inconclusive":
        return False
    return now - parse_iso(memory.last_told or memory.since) >= sink.heartbeat


def _finding_items(sink: Sink, last_run: LastRun, memory: SinkMemory, now: datetime, *, blind: bool) -> list[Item]:
    """What is due of findings, worst first; of a kind with an event per finding no more than fit into one run."""
    items = []
    for record in sorted(last_run.findings.values(), key=lambda one: worst_first(one.finding)):
        what = _open(sink, record, now) if record.status == "open" else _resolved(sink, record, memory)
        if what and not (what == "reminded" and blind):  # nobody knows whether it is still open
            text = _because(record) if what in ("resolved", "missed") else str(record.finding.severity)
            items.append(Item(what, record.finding.fingerprint, _mark(what, sink, record), text))
    return items[: sink.max_findings] if sink.kind.event_per_finding else items


def _open(sink: Sink, record: Remembered, now: datetime) -> str | None:
    """What the sink is due of an open finding."""
    receipt = record.told.get(sink.name)
    if not wants(sink, record.finding):
        return "resolved" if _ends_here(sink, record, receipt) else None
    if receipt is None or receipt.episode < record.episode:
        return _beginning(sink, record, receipt)
    if receipt.transition == "resolved":  # it had ended for this sink alone
        return "raised"
    remind = sink.remind_after is not None and now - parse_iso(receipt.at) >= sink.remind_after
    return _move(record.finding, receipt) or ("reminded" if remind else None)


def _beginning(sink: Sink, record: Remembered, receipt: Receipt | None) -> str:
    """How a finding begins for a sink that was not told of it in this episode."""
    if record.was_severity is not None and record.was_severity < sink.min_severity:
        return "raised"  # it was there before, and did not concern the sink
    if record.forbidden:
        return "newly_forbidden"
    return "reopened" if receipt is not None and record.reopened else "new"


def _move(finding: Finding, receipt: Receipt) -> str | None:
    """How an open finding moved since the sink was told; what moved twice is told by what is worse."""
    told = finding.severity if receipt.severity is None else receipt.severity
    if finding.severity > told:
        return "raised"
    if has_grown(finding.num, receipt.num):
        return "grown"
    return "lowered" if finding.severity < told else None


def _ends_here(sink: Sink, record: Remembered, receipt: Receipt | None) -> bool:
    """Whether an open finding that is not routed to the sink ends for it: it was told, and is less severe now.

    What holds incidents is also rid of those that a changed routing leaves behind.
    """
    if receipt is None or receipt.transition != "open" or not sink.send_resolved:
        return False
    lowered = receipt.severity is not None and record.finding.severity < receipt.severity
    below = record.finding.severity < sink.min_severity
    return (lowered and below) or sink.kind.mirrors or sink.kind.event_per_finding


def _because(record: Remembered) -> str:
    """Why what is told as resolved ended; what is still open ended for this sink alone."""
    return "lowered" if record.status == "open" else record.because


def _resolved(sink: Sink, record: Remembered, memory: SinkMemory) -> str | None:
    """What the sink is due of a resolved finding: nothing, if it never heard of it and had no chance to."""
    if not sink.send_resolved:
        return None
    receipt = record.told.get(sink.name)
    if receipt is not None and receipt.transition == "open":
        return "resolved"  # also where the last opening was never told: the sink still believes in an earlier one
    untold = receipt is None or receipt.episode < record.episode
    away = untold and record.opened_at >= memory.since and wants(sink, record.finding)
    return "missed" if away and not (sink.kind.mirrors or sink.kind.event_per_finding) else None


def _mark(what: str, sink: Sink, record: Remembered) -> str:
    """What tells this item apart from an earlier one of the same finding: its beginning, episode and num."""
    receipt = record.told.get(sink.name)
    parts = [record.first_seen, str(record.episode), str(record.finding.num)]
    if what in ("raised", "lowered") or (what == "resolved" and record.status == "open"):
        parts += [str(record.finding.severity), record.severity_at or ""]
    if what == "reminded" and receipt is not None:
        parts.append(receipt.at)
    return " ".join(parts)


def _run_items(sink: Sink, report: Report, last_run: LastRun, memory: SinkMemory) -> Iterator[Item]:
    """What is due beside findings: what could not be seen, what is seen again, exemptions near their end."""
    blind = blind_problems(report)
    for category, problems in blind.items():
        reason = _reason(problems)
        told = memory.not_seen.get(category, ())
        if _routed(sink, category) and shape(reason) not in told:
            since = last_run.blind_since.get(category, report.started_at)
            yield Item("not_seen", category, f"{shape(reason)}{_SINCE}{since}", f"{reason} {_advice(problems)}".strip())
    whole = {one.category for one in report.coverage if one.complete}
    for category in memory.not_seen:
        if category not in blind and (category in whole or (category == RUN and report.verdict != "inconclusive")):
            yield Item("seen_again", category, _again_mark(memory, category))
    yield from _gap_items(last_run, memory)
    for ending in report.exemption_notices:
        stage = "ended" if ending.days_left < 0 else "ending"
        item = Item("exemption", ending.exemption_id, f"{ending.expires} {stage}", ending.owner)
        if exemption_key(item) not in memory.exemptions:
            yield item


def _gap_items(last_run: LastRun, memory: SinkMemory) -> Iterator[Item]:
    """The last time without runs, if the sink was there and was not told; whether anything changed or not."""
    if last_run.gap:
        began, ended, hours = last_run.gap
        if memory.since < ended and memory.gap != began:
            yield Item("gap", began, ended, hours)


def _again_mark(memory: SinkMemory, category: str) -> str:
    """What tells this end of not seeing apart: the reasons that were told, and when it had begun."""
    since = memory.blind_since.get(category, "")
    reasons = "; ".join(memory.not_seen[category])
    return f"{reasons}{_SINCE}{since}" if since else reasons


def _routed(sink: Sink, category: str) -> bool:
    return category == RUN or not sink.match.categories or category in sink.match.categories


def blind_problems(report: Report) -> dict[str, tuple[Problem, ...]]:
    """Each category that was asked and not seen whole, with why; `RUN` where the run as a whole failed."""
    blind = {
        one.category: one.problems or (Problem("not complete"),)
        for one in report.coverage
        if not one.complete and one.plan != "skipped"
    }
    if report.verdict == "inconclusive" and not blind:
        blind[RUN] = report.problems or (Problem("not known why"),)
    return blind


def _reason(problems: Iterable[Problem]) -> str:
    return "; ".join(str(problem) for problem in problems)


def _advice(problems: Iterable[Problem]) -> str:
    """What to do about them, each hint once."""
    return " ".join(dict.fromkeys(problem.hint for problem in problems if problem.hint))
