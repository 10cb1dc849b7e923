"""What each sink is due: derived from its receipts on every run, never stored."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from handler.clock import is_far, iso, parse_iso
from handler.decide.diff import has_grown
from handler.decide.flapping import DAY
from handler.decide.known_servers import new_since
from handler.models import worst_first
from handler.notify.batches import ENDED_ITEMS, FINDING_ITEMS, batch_of
from handler.notify.incidents import by_incident
from handler.notify.routing import at_target, has_target, wants
from handler.notify.run_items import run_items
from handler.state.memory import SERVERS, Batch, Item, LastRun, SinkMemory, place_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from handler.decide.announced import Announcement
    from handler.models import Report
    from handler.sinks.sink import Sink
    from handler.state.memory import Receipt, Remembered

MOST_MESSAGES: Final = 20  # of one sink in one run
_LAST_WORDS: Final = ("resolved", "seen_again")
_FURTHER: Final = {True: MOST_MESSAGES - 1, False: None}  # by whether what is told is remembered
_KEPT_AFTER_END: Final = timedelta(days=30)


def due_batches(
    sink: Sink, report: Report, last_run: LastRun, now: datetime, *, stateful: bool, announced: tuple[Announcement, ...]
) -> tuple[Batch, ...]:
    """What the sink is to be told now, in one message; machines get all that they are due, in several where need be.

    Each has at most `max_findings`. Where it is remembered, the rest of more than `MOST_MESSAGES` stays due.
    """
    whole = due_batch(sink, report, last_run, now, stateful=stateful, announced=announced)
    if whole is None or not sink.kind.takes_all:
        return () if whole is None else (whole,)
    findings = [item for item in whole.items if item.what in FINDING_ITEMS]
    most = sink.max_findings
    if len(findings) <= most:
        return (whole,)
    beside = [item for item in whole.items if item.what not in FINDING_ITEMS]
    first = batch_of(sink, report, [*findings[:most], *beside])
    starts = range(most, len(findings), most)[: _FURTHER[stateful]]
    return (first, *(batch_of(sink, report, findings[start : start + most]) for start in starts))


def due_batch(
    sink: Sink,
    report: Report,
    last_run: LastRun,
    now: datetime,
    *,
    stateful: bool = True,
    announced: tuple[Announcement, ...] = (),
) -> Batch | None:
    """All that the sink is to be told now, or None. `stateful`: what is told is remembered."""
    memory = last_run.sinks.get(sink.name) or SinkMemory(since=iso(now))
    items = _owed(sink, report, last_run, memory, now, announced)
    if not (stateful and items) and not _told_anyway(sink, report, stateful=stateful):
        items = _heartbeat(sink, memory, report, now) if stateful else []
        if not items:
            return None
    return batch_of(sink, report, [*items, *_drift(last_run, memory)])


def _heartbeat(sink: Sink, memory: SinkMemory, report: Report, now: datetime) -> list[Item]:
    """That all is well, where nothing else was said for as long as the sink asks."""
    if sink.heartbeat is None or report.verdict == "inconclusive" or not has_target(sink, report.target):
        return []
    since = memory.last_told or memory.since
    return [Item("heartbeat", since)] if is_far(since, now, sink.heartbeat) else []


def _drift(last_run: LastRun, memory: SinkMemory) -> list[Item]:
    """Another form of an answer rides along, and is no reason to write."""
    return [Item("drift", text) for text in last_run.drift if text not in memory.drift]


def _owed(
    sink: Sink,
    report: Report,
    last_run: LastRun,
    memory: SinkMemory,
    now: datetime,
    announced: tuple[Announcement, ...],
) -> list[Item]:
    """What is owed, whatever becomes of the run; a memory that has just begun says so.

    Of a target that is no longer routed it is the end of what was told, and no more.
    """
    blind = report.verdict == "inconclusive"
    here = at_target(sink, report.target)
    due = _finding_items(here, last_run, memory, now, blind=blind)
    if sink.kind.event_per_finding:
        stays = partial(_stays_open, here)
        due = by_incident(due, last_run.findings.values(), stays, here, place_of(report.target))
    items = [*due, *run_items(here, report, last_run, memory, announced)]
    if not has_target(sink, report.target):
        return [item for item in items if item.what in _LAST_WORDS]
    return [*items, Item("digest", last_run.began_at)] if _is_first(memory, last_run, due) else items


def is_kept(record: Remembered, sinks: tuple[Sink, ...], memory: LastRun, now: datetime) -> bool:
    """Whether a record must stay: open, resolved lately, or its end is still due to somebody."""
    if record.status == "open" or now - parse_iso(record.resolved_at or record.last_seen) < _KEPT_AFTER_END:
        return True
    known = ((sink, memory.sinks.get(sink.name)) for sink in sinks)
    return any(told is not None and _resolved(sink, record, told) for sink, told in known)


def _is_first(memory: SinkMemory, last_run: LastRun, due: Iterable[Item]) -> bool:
    """Whether the sink was never told anything, and is due what was open when the memory began, or one before was lost.

    What opened since then is new, and the memory knows it.
    """
    if memory.last_told is not None or memory.since > last_run.began_at:
        return False
    known = (last_run.findings.get(item.key) for item in due)
    return last_run.lost or any(one is not None and one.first_seen <= last_run.began_at for one in known)


def _told_anyway(sink: Sink, report: Report, *, stateful: bool) -> bool:
    """Whether the sink gets a message of this run whatever changed."""
    if not has_target(sink, report.target):
        return False
    if sink.kind.mirrors or sink.send == "always":
        return True
    if stateful or sink.send == "changes":
        return False
    return not sink.kind.chat or report.verdict != "compliant"


def _finding_items(sink: Sink, last_run: LastRun, memory: SinkMemory, now: datetime, *, blind: bool) -> list[Item]:
    """What is due of findings, worst first."""
    items = []
    due = [(what, one) for one in last_run.findings.values() if (what := _what(sink, one, memory, now))]
    for what, record in sorted(due, key=lambda one: worst_first(one[1].finding)):
        if not (what == "reminded" and blind):  # nobody knows whether it is still open
            text = _because(record) if what in ENDED_ITEMS else str(record.finding.severity)
            items.append(Item(what, record.finding.fingerprint, _mark(what, sink, record), text))
    return items


def _stays_open(sink: Sink, record: Remembered) -> bool:
    """Whether a sink that holds incidents keeps one open for the finding."""
    return (record.status == "open" or record.flapping_since is not None) and wants(sink, record.finding)


def _what(sink: Sink, record: Remembered, memory: SinkMemory, now: datetime) -> str | None:
    """What the sink is due of a finding; of one that flaps people hear once a day, machines each change."""
    is_open = record.status == "open"
    if record.flapping_since is not None and not sink.kind.takes_all:
        if sink.kind.chat:
            return _flapping(sink, record, now)
        return _open(sink, record, now) if is_open else None  # what holds incidents keeps it open meanwhile
    if is_open and record.flapping_since is None and _was_told_flapping(sink, record) and wants(sink, record.finding):
        return "steady"
    return _open(sink, record, now) if is_open else _resolved(sink, record, memory)


def _was_told_flapping(sink: Sink, record: Remembered) -> bool:
    receipt = record.told.get(sink.name)
    return receipt is not None and receipt.transition == "flapping"


def _flapping(sink: Sink, record: Remembered, now: datetime) -> str | None:
    """That it flaps, at once and then once a day; what got worse meanwhile is told at once."""
    receipt = record.told.get(sink.name)
    if not wants(sink, record.finding):
        return "resolved" if record.status == "open" and _ends_here(sink, record, receipt) else None
    if receipt is None or receipt.transition != "flapping" or is_far(receipt.at, now, DAY):
        return "flapping"
    worse = _move(sink, record, receipt) if record.status == "open" else None
    return worse if worse in ("raised", "grown") else None


def _open(sink: Sink, record: Remembered, now: datetime) -> str | None:
    """What the sink is due of an open finding."""
    receipt = record.told.get(sink.name)
    if not wants(sink, record.finding):
        return "resolved" if _ends_here(sink, record, receipt) else None
    if receipt is None or receipt.episode < record.episode:
        return _beginning(sink, record, receipt)
    if receipt.transition == "resolved":  # it had ended for this sink alone
        return "raised"
    remind = sink.remind_after is not None and is_far(receipt.at, now, sink.remind_after)
    return _move(sink, record, receipt) or ("reminded" if remind else None)


def _beginning(sink: Sink, record: Remembered, receipt: Receipt | None) -> str:
    """How a finding begins for a sink that was not told of it in this episode."""
    if record.was_severity is not None and record.was_severity < sink.min_severity:
        return "raised"  # it was there before, and did not concern the sink
    if record.forbidden:
        return "newly_forbidden"
    return "reopened" if receipt is not None and record.reopened else "new"


def _move(sink: Sink, record: Remembered, receipt: Receipt) -> str | None:
    """How an open finding moved since the sink was told; what moved twice is told by what is worse."""
    finding = record.finding
    told = finding.severity if receipt.severity is None else receipt.severity
    if finding.severity > told:
        return "raised"
    if has_grown(finding.num, receipt.num) or (sink.new_servers == "tell" and new_since(record, receipt)):
        return "grown"
    return "lowered" if finding.severity < told else None


def _ends_here(sink: Sink, record: Remembered, receipt: Receipt | None) -> bool:
    """Whether an open finding that is not routed to the sink ends for it: it was told, and is less severe now.

    What holds incidents is also rid of those that a changed routing leaves behind.
    """
    if receipt is None or receipt.transition == "resolved" or not sink.send_resolved:
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
    if receipt is not None and receipt.transition in ("open", "flapping"):
        return "resolved"  # also where the last opening was never told: the sink still believes in an earlier one
    untold = receipt is None or receipt.episode < record.episode
    away = untold and record.opened_at >= memory.since and wants(sink, record.finding)
    return "missed" if away and not (sink.kind.mirrors or sink.kind.event_per_finding) else None


def _mark(what: str, sink: Sink, record: Remembered) -> str:
    """What tells this item apart from an earlier one of the same finding: its beginning, episode and num."""
    receipt = record.told.get(sink.name)
    parts = [record.first_seen, str(record.episode), str(record.finding.num)]
    if what == "flapping":
        parts += [record.flapping_since or "", "" if receipt is None else receipt.at]
    if what in ("raised", "lowered") or (what == "resolved" and record.status == "open"):
        parts += [str(record.finding.severity), record.severity_at or ""]
    if what == "reminded" and receipt is not None:
        parts.append(receipt.at)
    return " ".join((*parts, *_server_mark(record)))


def _server_mark(record: Remembered) -> tuple[str, ...]:
    return (f"{SERVERS}{record.server_count}",) if record.server_count else ()
