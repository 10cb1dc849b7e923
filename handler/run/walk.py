"""One run over all its targets: walk them within the time, each with its own verdict."""

from __future__ import annotations

import sys
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from handler.clock import Deadline
from handler.errors import PolicyError, UnknownError
from handler.logs import LOGGER
from handler.named_tuple import NamedTuple
from handler.run import lazy
from handler.run.check import check_target, load_state, told_report
from handler.run.job import RESERVED_FOR_CHECK_INS, Adapters, AtOnce, Job, kept_for_telling
from handler.settings.run_settings import has_index

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from handler.decide.diff import Compared
    from handler.decide.schedule import Deferred
    from handler.models import Finding, Report, Snapshot
    from handler.notify.dispatch import Dispatched
    from handler.run.job import Notifier
    from handler.run.left import Leaving
    from handler.run.shard import Shard
    from handler.run.targets import PreparedRun, PreparedTarget
    from handler.run.unasked import Unasked
    from handler.run.wiring import Wiring
    from handler.state.interface import Store


class Checked(NamedTuple):
    """The reports of the targets that were asked, in that order, and the others with what they stand for."""

    reports: tuple[Report, ...]
    deferred: tuple[Deferred, ...] = ()


def check_targets(run: PreparedRun, wiring: Wiring, seconds: float) -> Checked:
    """Check the targets within the time; one that fails hides nobody else's verdict.

    With an index the most overdue are asked first, each with all the time that is left (its calls' own limits end it),
    and what is not due or does not fit is deferred. Without one every target is asked, in its share of the time left.
    Who is told once a run is told last, but by a run that finds its shard taken and asks nothing.
    """
    wiring.begin(seconds)
    whole = Deadline.after(seconds, wiring.context.clock)
    checked_in = any(sink.kind.once_a_run for sink in run.sinks)
    asking = whole.earlier(min(RESERVED_FOR_CHECK_INS, seconds / 10)) if checked_in else whole
    end = lazy.EndOfRun(wiring) if _tells_several(run, wiring) else AtOnce()
    shard = _shard(run, wiring)
    checked = _of_all(run, wiring, asking, end) if shard is None else _of_shard(shard, run, wiring, asking, end)
    checked = checked._replace(reports=tuple(map(end.finished, checked.reports)))
    if not checked_in or (shard is not None and shard.is_taken and not checked.reports):
        return checked
    known, dry_run = (run.sinks, run.run_id, run.started_at), run.request.dry_run
    told = lazy.check_in(*known, checked.reports, wiring, whole, deferred=checked.deferred, dry_run=dry_run)
    return checked._replace(reports=told)


def _tells_several(run: PreparedRun, wiring: Wiring) -> bool:
    """Whether sinks may be told of several targets at once: then they hear of it when all were asked."""
    return bool(run.sinks and wiring.settings.targets_config and not run.request.target)


def _of_all(run: PreparedRun, wiring: Wiring, whole: Deadline, end: AtOnce) -> Checked:
    """Every target, in its share of the time left."""
    reports: list[Report] = []
    kept, asking = kept_for_telling(whole), end.until(whole)
    for each in run.targets:
        share = asking.share(len(run.targets) - len(reports))
        reports.append(_check(each, run, wiring, share, end))
    unasked = _tell_unasked(end, run, wiring, asking)
    end.tell(whole.no_sooner_than(kept))
    _forget_unasked(unasked, run, wiring)
    return Checked(tuple(reports))


def _shard(run: PreparedRun, wiring: Wiring) -> Shard | None:
    """The shard of a run; None where no state holds `{target}`."""
    url = run.request.state_url or wiring.settings.state_url
    return None if url is None or not has_index(url.reveal()) else lazy.open_shard(run, wiring, url)


def _of_shard(shard: Shard, run: PreparedRun, wiring: Wiring, whole: Deadline, end: AtOnce) -> Checked:
    kept, asking = kept_for_telling(whole), end.until(whole)
    always = run.request.always or bool(run.request.target) or not wiring.settings.targets_config
    reports: list[Report] = []
    for each in shard.open(timedelta(seconds=whole.left()), always=always):
        if shard.fits(each, asking.earlier(kept_for_telling(asking)).left()):
            shard.start(each)
            reports.append(_check(each, run, wiring, asking, end, seen_at=shard.seen_at(each)))
            shard.finish(each, reports[-1])
    left = {} if run.request.dry_run else shard.left(only_unasked=bool(run.request.target))
    leaving = lazy.tell_left(left, run, wiring, asking, end.together) if left else {}
    unasked = _tell_unasked(end, run, wiring, asking)
    end.tell(whole.no_sooner_than(kept))
    _let_go(leaving, shard, end)
    _forget_unasked(unasked, run, wiring)
    shard.close()
    return Checked(_warned(reports, shard, wiring), shard.deferred())


def _let_go(leaving: Mapping[str, Leaving], shard: Shard, end: AtOnce) -> None:
    """Forget the targets that left and of which everybody knows; note of which it is not known what was open."""
    for name, one in leaving.items():
        if one.is_over(end.deliveries(name, one.deliveries)):
            shard.forget([name])
        if one.trouble:
            shard.note([one.trouble])


def _tell_unasked(end: AtOnce, run: PreparedRun, wiring: Wiring, whole: Deadline) -> Sequence[Unasked]:
    """Tell of the places that nobody asks any more; in most runs there is none."""
    return lazy.tell_unasked(end.outdated, run, wiring, whole, end.together) if end.outdated else ()


def _forget_unasked(told: Sequence[Unasked], run: PreparedRun, wiring: Wiring) -> None:
    """Forget those of which everybody knows."""
    if told:
        lazy.forget_unasked(told, run, wiring)


def _noting_unasked(notifier: Notifier, run: PreparedRun, wiring: Wiring, end: AtOnce) -> Notifier:
    """The notifier; it notes a state with places that nobody asked for long, if this run asks HSS and tells people."""

    def notify(report: Report, compared: Compared | None, store: Store | None, version: str | None) -> Dispatched:
        told = notifier(report, compared, store, version)
        others, interval = told.last_run.others, wiring.settings.run_interval
        if store is not None and others and lazy.long_unasked(others, run.started_at, interval):
            end.outdated.append(store)
        return told

    request = run.request
    asks_and_tells = request.tell and not request.dry_run and request.snapshot is None
    return notify if asks_and_tells else notifier


def _warned(reports: Sequence[Report], shard: Shard, wiring: Wiring) -> tuple[Report, ...]:
    """The reports, the first of them with what is wrong with the index."""
    troubles = tuple(map(wiring.redactor.text, shard.troubles))
    for trouble in troubles:
        LOGGER.warning("%s", trouble)
    return (reports[0]._replace(warnings=(*reports[0].warnings, *troubles)), *reports[1:]) if reports else ()


def _check(
    each: PreparedTarget, run: PreparedRun, wiring: Wiring, share: Deadline, end: AtOnce, *, seen_at: str = ""
) -> Report:
    kept, request = kept_for_telling(share), run.request
    notifier = wiring.notifier(
        run.sinks,
        share,
        dry_run=request.dry_run,
        at_least=kept,
        state_url=request.state_url,
        together=end.together,
    )
    notifier = _noting_unasked(notifier, run, wiring, end)
    if isinstance(each.policy, (UnknownError, PolicyError)):
        state = load_state(each.store)
        report, compared = lazy.failed_run(run.run_id, run.started_at, each.target, each.policy, state)
        return told_report(report, compared, state, _adapters(each, run, wiring, share, notifier))
    job = Job(
        run_id=run.run_id,
        started_at=run.started_at,
        policy=each.policy,
        target=each.target,
        categories=each.categories,
        skipped=each.skipped,
        run_interval=wiring.settings.run_interval,
        seen_at=seen_at,
    )
    return check_target(job, _adapters(each, run, wiring, share.earlier(kept), notifier))


def _adapters(each: PreparedTarget, run: PreparedRun, wiring: Wiring, asking: Deadline, tells: Notifier) -> Adapters:
    """What a check of this target talks to: the API, or a recorded snapshot in its place."""
    context, client, recorded = wiring.context, each.client, run.request.snapshot
    notifier = tells if run.sinks or each.store is not None else None
    if client is None:
        assert recorded is not None
        return Adapters(partial(lazy.replay, recorded), notifier, context.clock, each.store, redactor=wiring.redactor)
    on_progress = None if context.on_progress is None else partial(context.on_progress, each.target.name)

    def ask(job: Job) -> Snapshot:
        asks = lazy.asks_of(job.policy, job.categories)
        taken = lazy.take_snapshot(client, job.target, asks, context.clock, asking, on_progress=on_progress)
        wanted = lazy.wanted_listeners(job.policy, taken, job.started_at.date())
        return lazy.with_listeners(taken, wanted, client, asking) if wanted else taken

    def hosts(job: Job, findings: tuple[Finding, ...]) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
        most = sys.maxsize if patient else lazy.MOST_CALLS
        named = lazy.name_hosts(findings, job.target, client, asking, max_calls=most, patient=patient)
        return named.findings, named.warnings

    patient = run.request.hosts and len(run.targets) == 1  # else it would take the time of the next one's verdict
    wanted = run.request.hosts or any(sink.hosts for sink in run.sinks)
    return Adapters(ask, notifier, context.clock, each.store, hosts if wanted else None, wiring.redactor)
