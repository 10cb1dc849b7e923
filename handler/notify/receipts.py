"""Receipts: what is remembered once a sink took something, while a batch is under way, and of two runs at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from handler.clock import iso
from handler.models import Target
from handler.notify.batches import ENDED_ITEMS, FINDING_ITEMS, severity_of
from handler.notify.due import is_kept
from handler.notify.incidents import incident_of
from handler.notify.routing import at_target
from handler.notify.run_items import exemption_key, reason_and_since
from handler.state.memory import HISTORY_LENGTH, SERVERS, Batch, LastRun, Receipt, SinkMemory, at_place

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from handler.sinks.sink import Sink
    from handler.state.memory import Item, Remembered, RunSummary


MOST_REASONS: Final = 100  # that are remembered of one category, so that texts that never repeat do not fill the state


def with_receipts(last_run: LastRun, sink: str, items: Iterable[Item], now: datetime) -> LastRun:
    """The memory once the sink was told these items."""
    findings = dict(last_run.findings)
    known = last_run.sinks.get(sink) or SinkMemory(since=iso(now))
    memory = known._replace(last_told=iso(now), told_as=last_run.target)
    for item in items:
        if item.what in FINDING_ITEMS:
            record = findings.get(item.key)
            if record is not None:
                told = {**record.told, sink: _receipt(item, record, sink, iso(now))}
                findings[item.key] = record._replace(told=told)
        else:
            memory = _beside(memory, item, iso(now))
    return last_run._replace(findings=findings, sinks={**last_run.sinks, sink: memory})


def with_presumed(last_run: LastRun, sink: str, items: Iterable[Item], now: datetime) -> LastRun:
    """The memory once a mirror may have taken these items without saying so.

    What is open in them counts as told: it is said again while it lasts, and its end is due in any case. The severity
    that was told before may still fire as well. What ends is still due.
    """
    known = last_run.sinks.get(sink) or SinkMemory(since=iso(now))
    begun = [item for item in items if item.what == "not_seen" or _is_open(item)]
    told = with_receipts(last_run, sink, begun, now)
    findings = dict(told.findings)
    for item in filter(_is_open, items):
        if item.key in findings:
            before = last_run.findings[item.key].told.get(sink)
            findings[item.key] = _perhaps(findings[item.key], sink, before)
    memory = told.sinks[sink]._replace(last_told=known.last_told, told_as=known.told_as)
    return told._replace(findings=findings, sinks={**told.sinks, sink: memory})


def _is_open(item: Item) -> bool:
    return item.what in FINDING_ITEMS and item.what not in ENDED_ITEMS


def _perhaps(record: Remembered, sink: str, before: Receipt | None) -> Remembered:
    """The record with what may still be open under a severity that was told before."""
    if before is None or before.transition != "open":
        return record
    receipt = record.told[sink]
    moves = dict.fromkeys((*before.also, before.severity))
    also = tuple(one for one in moves if one is not None and one != receipt.severity)
    return record._replace(told={**record.told, sink: receipt._replace(also=also)})


def mirrored(last_run: LastRun, sink: str) -> LastRun:
    """The memory once a mirror has taken all that is open: nothing fires under another severity any more."""
    changed = {
        fingerprint: record._replace(told={**record.told, sink: record.told[sink]._replace(also=())})
        for fingerprint, record in last_run.findings.items()
        if sink in record.told and record.told[sink].also
    }
    return last_run._replace(findings={**last_run.findings, **changed}) if changed else last_run


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
    told = severity_of(item)
    severity = record.finding.severity if told is None else told
    episode_told = min(int(episode), record.episode)
    return Receipt(_transition(item, record, sink), episode_told, int(num), at, int(severity), servers, own)


def _transition(item: Item, record: Remembered, sink: str) -> str:
    if item.what in ENDED_ITEMS:
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


def as_of_kind(last_run: LastRun, sink: Sink, now: datetime) -> LastRun:
    """The memory with the sink as of its kind; what holds incidents knows nothing of what another kind was told."""
    known = last_run.sinks.get(sink.name) or SinkMemory(since=iso(now))
    findings = last_run.findings
    if sink.kind.event_per_finding and known.kind not in ("", sink.kind.name):
        known = SinkMemory(since=iso(now))
        findings = {name: _untold(record, sink.name) for name, record in findings.items()}
    sinks = {**last_run.sinks, sink.name: known._replace(kind=sink.kind.name)}
    return last_run._replace(findings=findings, sinks=sinks)


def _untold(record: Remembered, sink: str) -> Remembered:
    return record._replace(told={name: receipt for name, receipt in record.told.items() if name != sink})


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
    here = tuple(at_target(sink, Target(*last_run.target)) for sink in sinks) if last_run.target else sinks
    findings = {
        fingerprint: record
        for fingerprint, record in last_run.findings.items()
        if fingerprint in needed or is_kept(record, here, last_run, now)
    }
    return last_run._replace(findings=findings, history=last_run.history[-HISTORY_LENGTH:])


def merged_memories(
    theirs: LastRun, ours: LastRun, settled: Mapping[str, set[str]], run_id: str, before: LastRun | None = None
) -> LastRun:
    """What two runs that wrote at once remember together: the later view, and the receipts of both.

    `settled` are the ids of the batches, by sink, that this run finished; `before` is what it knew when it began.
    """
    history = merged_history(theirs, ours)
    same, others = at_place(theirs, ours.place)  # of other places a run knows what was there when it began, no more
    if same is None:
        return ours._replace(others=others, history=history)
    theirs = same
    later, earlier = (theirs, ours) if theirs.run_at > ours.run_at else (ours, theirs)
    findings = dict(later.findings)
    known = {} if before is None else {name: record.told for name, record in before.findings.items()}
    for fingerprint, record in earlier.findings.items():
        other, were = findings.get(fingerprint), known.get(fingerprint, {})
        findings[fingerprint] = record if other is None else other._replace(told=_merged_receipts(record, other, were))
    sinks = {
        name: _merged_sink(theirs.sinks.get(name), ours.sinks.get(name), settled.get(name, set()), run_id)
        for name in {**theirs.sinks, **ours.sinks}
    }
    return later._replace(findings=findings, sinks=sinks, history=history, others=others)


def merged_history(theirs: LastRun, ours: LastRun) -> tuple[RunSummary, ...]:
    """The last runs of both, each once, in their order."""
    lines = {line.run_id: line for line in (*theirs.history, *ours.history)}
    return tuple(sorted(lines.values(), key=lambda line: (line.at, line.run_id))[-HISTORY_LENGTH:])


def _merged_receipts(one: Remembered, other: Remembered, before: Mapping[str, Receipt]) -> dict[str, Receipt]:
    """For each sink the receipt that came since, or the one that says most."""
    receipts = dict(one.told)
    for sink, theirs in other.told.items():
        receipts[sink] = _newer(theirs, receipts.get(sink, theirs), before.get(sink))
    return receipts


def _newer(one: Receipt, other: Receipt, before: Receipt | None) -> Receipt:
    """Of two receipts the one that changed; else the later episode, then resolved before open, then the later one."""
    if before in (one, other):
        return other if one == before else one
    return max(one, other, key=lambda receipt: (receipt.episode, receipt.transition, receipt.at, receipt.num))


def _merged_pending(
    theirs: tuple[Batch, ...], ours: tuple[Batch, ...], settled: set[str], run_id: str
) -> tuple[Batch, ...]:
    mine = tuple(batch for batch in ours if batch.claimed_by == run_id)
    not_theirs = settled | {batch.delivery_id for batch in mine}
    return (*mine, *(batch for batch in theirs if batch.delivery_id not in not_theirs))


def _last_told(memory: SinkMemory) -> str:
    return memory.last_told or ""


def _merged_sink(theirs: SinkMemory | None, ours: SinkMemory | None, settled: set[str], run_id: str) -> SinkMemory:
    if theirs is None or ours is None:
        known = theirs or ours
        assert known is not None  # its name is that of one of them
        return known
    later = max(ours, theirs, key=_last_told)
    return SinkMemory(
        since=min(theirs.since, ours.since),
        last_told=later.last_told,
        pending=_merged_pending(theirs.pending, ours.pending, settled, run_id),
        not_seen=later.not_seen,
        blind_since=later.blind_since,
        gap=max(theirs.gap, ours.gap),
        policy=max(theirs.policy, ours.policy),
        exemptions={**theirs.exemptions, **ours.exemptions},
        announced={**theirs.announced, **ours.announced, **later.announced},
        drift=tuple(dict.fromkeys((*theirs.drift, *ours.drift))),
        told_as=later.told_as,
        kind=ours.kind,
    )
