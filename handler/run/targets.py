"""One run over all its targets: prepare everything, then walk them within the time, each with its own verdict."""

from __future__ import annotations

import hashlib
import os
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from handler.clock import Deadline
from handler.errors import PolicyError, SettingsError, UnknownError
from handler.hss.listing import check_queries, take_snapshot
from handler.hss.plan import asks_of
from handler.models import Target
from handler.run import lazy
from handler.run.check import check_target, load_state, told_report
from handler.run.job import Adapters, Job
from handler.run.wiring import attempt
from handler.settings.run_settings import DEFAULT_BUDGET

if TYPE_CHECKING:
    from datetime import datetime

    from handler.hss.client import HssClient
    from handler.models import Finding, Report, Secret, Snapshot
    from handler.policy.rules import Policy
    from handler.run.job import Notifier
    from handler.run.wiring import Wiring
    from handler.settings.run_settings import Place, Settings
    from handler.sinks.sink import Sink
    from handler.state.interface import Store

KEPT_FOR_TELLING = 10.0  # seconds at most; a tenth of the time is kept for telling and saving


class RunRequest(NamedTuple):
    """What a door asks for besides the settings; empty means that the settings decide."""

    policy_path: str = ""
    target: str = ""
    categories: tuple[str, ...] = ()
    state_url: Secret | None = None
    tell: bool = True  # read the sinks and tell them
    dry_run: bool = False  # send and save nothing
    hosts: bool = False  # look up the servers behind findings even if no sink wants them
    policy: Policy | None = None  # one that the door has read itself
    snapshot: Snapshot | None = None  # offline: instead of the API
    seed: str = ""  # makes the run id derive from the inputs


class PreparedTarget(NamedTuple):
    """One target, ready to be checked; no `client`: a recording. `policy` may be why it, or the project, is not had."""

    target: Target
    policy: Policy | UnknownError
    categories: tuple[str, ...]
    skipped: tuple[str, ...]
    store: Store | None
    client: HssClient | None


class PreparedRun(NamedTuple):
    """Everything of one run that is known before its first request."""

    run_id: str
    started_at: datetime
    targets: tuple[PreparedTarget, ...]
    sinks: tuple[Sink, ...]
    request: RunRequest


def prepare(wiring: Wiring, request: RunRequest) -> PreparedRun:
    """Read sinks, targets, policies and stores. Raises UsageError and its children: known before the first request."""
    state_url = request.state_url or wiring.settings.state_url
    problems = list(wiring.problems)
    places: tuple[Place | None, ...] = (None,)
    if request.snapshot is None:
        places = attempt(lambda: wiring.places(request.target), problems) or ()
    sinks: tuple[Sink, ...] = ()
    if request.tell:
        remembers = state_url is not None or bool(wiring.context.lookup("STATE_URL"))
        sinks = wiring.sinks(problems, with_state=remembers)
    if len(places) > 1 and state_url is not None and "{target}" not in state_url.reveal():
        problems.append("STATE_URL: must hold {target} where several targets are checked")
    if problems:
        raise SettingsError(problems)
    targets = tuple(_prepare_target(place, wiring, request, state_url) for place in places)
    started_at = wiring.context.clock.now()
    return PreparedRun(_run_id(request.seed, targets), started_at, targets, sinks, request)


def check_targets(run: PreparedRun, wiring: Wiring, seconds: float) -> tuple[Report, ...]:
    """Check each target in its share of the time left; one that fails hides nobody else's verdict."""
    wiring.begin(seconds)
    whole = Deadline.after(seconds, wiring.context.clock)
    reports: list[Report] = []
    for each in run.targets:
        share = whole.left() / (len(run.targets) - len(reports))
        reports.append(_check(each, run, wiring, Deadline.after(share, wiring.context.clock)))
    return tuple(reports)


def budget_seconds(settings: Settings, left: float | None = None, limit: float | None = None) -> float:
    """How long a run may take: the setting; else what the function has left, if it is a credible number of seconds.

    `limit` is the function's own timeout. Source: the runtimes' remaining time is a hint at best (facts of the
    platform's open engine), so anything below a second or above the timeout is not believed.
    """
    if settings.budget_seconds is not None:
        return settings.budget_seconds
    if left is not None and 1 <= left <= (limit or left):
        return left
    return min(DEFAULT_BUDGET, limit or DEFAULT_BUDGET)


def _check(each: PreparedTarget, run: PreparedRun, wiring: Wiring, share: Deadline) -> Report:
    kept = min(KEPT_FOR_TELLING, share.left() / 10)
    request = run.request
    notifier = wiring.notifier(run.sinks, share, dry_run=request.dry_run, at_least=kept, state_url=request.state_url)
    if isinstance(each.policy, UnknownError):
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
    )
    return check_target(job, _adapters(each, run, wiring, share.earlier(kept), notifier))


def _adapters(each: PreparedTarget, run: PreparedRun, wiring: Wiring, asking: Deadline, notifier: Notifier) -> Adapters:
    """What a check of this target talks to: the API, or a recorded snapshot in its place."""
    context, client, recorded = wiring.context, each.client, run.request.snapshot
    if client is None:
        assert recorded is not None
        return Adapters(partial(lazy.replay, recorded), notifier, context.clock, each.store, redactor=wiring.redactor)
    on_progress = None if context.on_progress is None else partial(context.on_progress, each.target.name)

    def ask(job: Job) -> Snapshot:
        asks = asks_of(job.policy, job.categories)
        return take_snapshot(client, job.target, asks, context.clock, asking, on_progress=on_progress)

    def hosts(job: Job, findings: tuple[Finding, ...]) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
        named = lazy.name_hosts(findings, job.target, client, asking)
        return named.findings, named.warnings

    wanted = run.request.hosts or any(sink.hosts for sink in run.sinks)
    return Adapters(ask, notifier, context.clock, each.store, hosts if wanted else None, wiring.redactor)


def _prepare_target(
    place: Place | None, wiring: Wiring, request: RunRequest, state_url: Secret | None
) -> PreparedTarget:
    policy = request.policy or _policy(place, wiring, request)
    place, unknown = _with_project(place, wiring)
    policy = unknown or policy  # told like a policy that cannot be had: nothing can be asked
    spoken = () if isinstance(policy, UnknownError) else policy.categories
    placed = () if place is None else place.categories
    wanted = request.categories or placed or wiring.settings.categories or spoken
    recorded = Target() if request.snapshot is None else request.snapshot.target
    target = recorded if place is None else place.target
    if place is not None and not isinstance(policy, UnknownError):
        check_queries(target, asks_of(policy, policy.categories))
    return PreparedTarget(
        target=target,
        policy=policy,
        categories=tuple(category for category in spoken if category in wanted),
        skipped=tuple(category for category in spoken if category not in wanted),
        store=wiring.store(state_url, target.name if place is None else place.name, place, read_only=request.dry_run),
        client=None if place is None else wiring.client(place),
    )


def _with_project(place: Place | None, wiring: Wiring) -> tuple[Place | None, UnknownError | None]:
    """The place with its project, or why the network does not tell it."""
    try:
        return (place if place is None else wiring.with_project(place)), None
    except UnknownError as error:
        return place, error


def _policy(place: Place | None, wiring: Wiring, request: RunRequest) -> Policy | UnknownError:
    """The policy of a place, or why the network does not give it. Raises PolicyError."""
    location = request.policy_path or (place.policy if place is not None else "") or wiring.settings.policy_path
    try:
        return wiring.policy(location, place)
    except UnknownError as error:
        return error
    except PolicyError as error:
        if place is None or not wiring.settings.targets_config:
            raise
        raise PolicyError([f"target {place.name}: {problem}" for problem in error.problems]) from None


def _run_id(seed: str, targets: tuple[PreparedTarget, ...]) -> str:
    """A random id, or with a seed one that the same inputs give again."""
    if not seed:
        return os.urandom(16).hex()
    policies = "".join(each.policy.digest for each in targets if not isinstance(each.policy, UnknownError))
    return hashlib.sha256(f"{seed}|{policies}".encode()).hexdigest()[:32]
