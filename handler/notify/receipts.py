"""Receipts: what is remembered once a sink took something, while a batch is under way, and of two runs at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from handler.clock import iso
from handler.models import Severity
from handler.notify.batches import FINDING_ITEMS
from handler.notify.due import is_kept
from handler.notify.incidents import incident_of
from handler.notify.run_items import exemption_key, reason_and_since
from handler.state.memory import HISTORY_LENGTH, SERVERS, Batch, LastRun, Receipt, SinkMemory, at_place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from handler.sinks.sink import Sink
    from handler.state.memory import Item, Remembered, RunSummary


_SEVERITY_WORDS: Final = frozenset(map(str, Severity))

MOST_REASONS: Final = 100  # that are remembered of one category, so that texts that never repeat do not fill the state


def with_receipts(last_run: LastRun, sink: str, items: Iterable[Item], now: datetime) -> LastRun:
    """The memory once the sink was told these items."""
    findings, at = dict(last_run.findings), iso(now)
    known = last_run.sinks.get(sink) or SinkMemory(since=at)
    memory = known._replace(last_told=at, told_as=last_run.target)
    for item in items:
        if item.what in FINDING_ITEMS:
            record = findings.get(item.key)
            if record is not None:
                told = {**record.told, sink: _receipt(item, record, sink, at)}
                findings[item.key] = record._replace(told=told)
        else:
            memory = _beside(memory, item, at)
    return last_run._replace(findings=findings, sinks={**last_run.sinks, sink: memory})


def with_presumed(last_run: LastRun, sink: str, items: Iterable[Item], now: datetime) -> LastRun:
    """The memory once a mirror may have taken these items without saying so.

    What begins in them counts as told: it is said again while it lasts, and its end is due in any case.
    What ends is still due, and so is a move, whose old labels end with it.
    """
    known = last_run.sinks.get(sink) or SinkMemory(since=iso(now))
    begun = [item for item in items if item.what == "not_seen" or _begins(item, last_run, sink)]
    told = with_receipts(last_run, sink, begun, now)
    memory = told.sinks[sink]._replace(last_told=known.last_told, told_as=known.told_as)
    return told._replace(sinks={**told.sinks, sink: memory})


def _begins(item: Item, last_run: LastRun, sink: str) -> bool:
    """Whether the item opens what the sink does not hold open."""
    record = last_run.findings.get(item.key)
    if item.what not in FINDING_ITEMS or item.what in ("resolved", "missed") or record is None:
        return False
    receipt = record.told.get(sink)
    return receipt is None or receipt.transition == "resolved"


def _was_flapping(record: Remembered, sink: str) -> bool:
    """Whether the sink was told that it flaps, and it still does."""
    receipt = record.told.get(sink)
    return record.flapping_since is not None and receipt is not None and receipt.transition == "flapping"


def _receipt(item: Item, record: Remembered, sink: str, at: str) -> Receipt:
    """The receipt of an item, as of when it was made: the finding may have moved on since."""
    own = "" if incident_of(item) == item.key else incident_of(item)
    before = record.told.get(sink)
    if item.what == "rekeyed" and before is not None:
        return before._replace(key=own)
    _, episode, num, *more = item.mark.split(" ")
    servers = next((int(part.removeprefix(SERVERS)) for part in more if part.startswith(SERVERS)), None)
    severity = Severity.of(item.text) if item.text in _SEVERITY_WORDS else record.finding.severity
    episode_told = min(int(episode), record.episode)
    return Receipt(_transition(item, record, sink), episode_told, int(num), at, int(severity), servers, own)


def _transition(item: Item, record: Remembered, sink: str) -> str:
    if item.what in ("resolved", "missed"):
        return "resolved"
    flaps = item.what == "flapping" or (item.what in ("raised", "grown") and _was_flapping(record, sink))
    return "flapping" if flaps else "open"


def _beside(memory: SinkMemory, item: Item, at: str) -> SinkMemory:
    """What is remembered of an item that is not about a finding."""
    if item.what == "not_seen":
        reason, since = reason_and_since(item)
        reasons = dict.fromkeys((*memory.not_seen.get(item.key, ()), reason))
        memory = memory._replace(not_seen={**memory.not_seen, item.key: tuple(reasons)[-MOST_REASONS:]})
        return memory._replace(blind_since={**memory.blind_since, item.key: since}) if since else memory
    if item.what == "seen_again":
        left, begun = dict(memory.not_seen), dict(memory.blind_since)
        left.pop(item.key, None)
        begun.pop(item.key, None)
        return memory._replace(not_seen=left, blind_since=begun)
    if item.what in ("gap", "policy"):
        return memory._replace(gap=item.key) if item.what == "gap" else memory._replace(policy=item.key)
    if item.what == "exemption":
        return memory._replace(exemptions={**memory.exemptions, exemption_key(item): at})
    if item.what == "announced":
        memory = memory._replace(announced={**memory.announced, item.key: item.mark})
    elif item.what == "drift":
        memory = memory._replace(drift=(*memory.drift, item.key)[-100:])
    return memory


def with_pending(last_run: LastRun, sink: str, pending: tuple[Batch, ...], now: datetime) -> LastRun:
    """The memory with these batches under way for the sink."""
    memory = last_run.sinks.get(sink) or SinkMemory(since=iso(now))
    return last_run._replace(sinks={**last_run.sinks, sink: memory._replace(pending=pending)})


def busy(memory: SinkMemory, run_id: str, now: datetime) -> bool:
    """Whether another run is telling the sink right now."""
    return any(batch.lease_until > iso(now) and batch.claimed_by != run_id for batch in memory.pending)


def pruned(last_run: LastRun, sinks: tuple[Sink, ...], now: datetime) -> LastRun:
    """The memory without findings that ended 30 days ago and are due to nobody, its history cut to the last runs."""
    needed = {item.key for memory in last_run.sinks.values() for batch in memory.pending for item in batch.items}
    findings = {
        fingerprint: record
        for fingerprint, record in last_run.findings.items()
        if fingerprint in needed or is_kept(record, sinks, last_run, now)
    }
    return last_run._replace(findings=findings, history=last_run.history[-HISTORY_LENGTH:])


def merged_memories(theirs: LastRun, ours: LastRun, settled: Mapping[str, set[str]], run_id: str) -> LastRun:
    """What two runs that wrote at once remember together: the later view, and the receipts of both.

    `settled` are the ids of the batches, by sink, that this run finished.
    """
    history = _merged_history(theirs, ours)
    same, others = at_place(theirs, ours.place)  # of other places a run knows what was there when it began, no more
    if same is None:
        return ours._replace(others=others, history=history)
    theirs = same
    later, earlier = (theirs, ours) if theirs.run_at > ours.run_at else (ours, theirs)
    findings = dict(later.findings)
    for fingerprint, record in earlier.findings.items():
        other = findings.get(fingerprint)
        findings[fingerprint] = record if other is None else other._replace(told=_merged_receipts(record, other))
    sinks = {
        name: _merged_sink(theirs.sinks.get(name), ours.sinks.get(name), settled.get(name, set()), run_id)
        for name in {**theirs.sinks, **ours.sinks}
    }
    return later._replace(findings=findings, sinks=sinks, history=history, others=others)


def _merged_history(theirs: LastRun, ours: LastRun) -> tuple[RunSummary, ...]:
    lines = {line.run_id: line for line in (*theirs.history, *ours.history)}
    return tuple(sorted(lines.values(), key=lambda line: (line.at, line.run_id))[-HISTORY_LENGTH:])


def _merged_receipts(one: Remembered, other: Remembered) -> dict[str, Receipt]:
    """For each sink the receipt that says most: the later episode, then resolved before open, then the later one."""
    receipts = dict(one.told)
    for sink, theirs in other.told.items():
        known = receipts.get(sink, theirs)
        receipts[sink] = max(theirs, known, key=lambda one: (one.episode, one.transition, one.at, one.num))
    return receipts


def _last_told(memory: SinkMemory) -> str:
    return memory.last_told or ""


def _merged_sink(theirs: SinkMemory | None, ours: SinkMemory | None, settled: set[str], run_id: str) -> SinkMemory:
    if theirs is None or ours is None:
        known = theirs or ours
        assert known is not None  # its name is that of one of them
        return known
    mine = tuple(batch for batch in ours.pending if batch.claimed_by == run_id)
    not_theirs = settled | {batch.delivery_id for batch in mine}
    later = max(ours, theirs, key=_last_told)
    return SinkMemory(
        since=min(theirs.since, ours.since),
        last_told=later.last_told,
        pending=(*mine, *(batch for batch in theirs.pending if batch.delivery_id not in not_theirs)),
        not_seen=later.not_seen,
        blind_since=later.blind_since,
        gap=max(theirs.gap, ours.gap),
        policy=max(theirs.policy, ours.policy),
        exemptions={**theirs.exemptions, **ours.exemptions},
        announced={**theirs.announced, **ours.announced, **later.announced},
        drift=tuple(dict.fromkeys((*theirs.drift, *ours.drift))),
        told_as=later.told_as,
    )
