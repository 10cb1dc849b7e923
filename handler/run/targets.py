"""One run over all its targets: prepare everything, then walk them within the time, each with its own verdict."""

from __future__ import annotations

import hashlib
import secrets
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from handler.clock import Deadline
from handler.errors import PolicyError, SettingsError, UnknownError
from handler.hss.emptiness import doubt_of_empty_list
from handler.hss.listing import take_snapshot
from handler.hss.plan import asks_of
from handler.models import CategorySnapshot, Problem, Target
from handler.run.check import Job, Parts, run, run_failure
from handler.run.wiring import client_of, gathered, outlet_of, places_of, policy_at, sinks_of, store_at, target_of
from handler.settings.run_settings import DEFAULT_BUDGET

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from handler.models import Finding, Report, Secret, Snapshot
    from handler.policy.rules import Policy
    from handler.run.check import Outlet
    from handler.run.context import Surroundings
    from handler.settings.run_settings import Place, Settings
    from handler.sinks.sink import Sink
    from handler.state.interface import Store

KEPT_FOR_TELLING = 10.0  # seconds at most; a tenth of the time is kept for telling and saving


class Choices(NamedTuple):
    """What a door asks for besides the settings; empty means that the settings decide."""

    policy: str = ""
    target: str = ""
    categories: tuple[str, ...] = ()
    state_url: Secret | None = None
    tell: bool = True  # read the sinks and tell them
    dry_run: bool = False  # send and save nothing
    hosts: bool = False  # look up the servers behind findings even if no sink wants them
    loaded: Policy | None = None  # a policy that the door has read itself
    snapshot: Snapshot | None = None  # offline: instead of the API
    seed: str = ""  # makes the run id derive from the inputs


class Round(NamedTuple):
    """One target, ready to be checked, or the reason why its policy cannot be had."""

    place: Place | None
    target: Target
    policy: Policy | UnknownError
    categories: tuple[str, ...]
    skipped: tuple[str, ...]
    store: Store | None


class Run(NamedTuple):
    """Everything of one run that is known before its first request."""

    run_id: str
    started_at: datetime
    rounds: tuple[Round, ...]
    sinks: tuple[Sink, ...]
    settings: Settings
    dry_run: bool
    hosts: bool
    snapshot: Snapshot | None


def prepare(settings: Settings, around: Surroundings, choices: Choices) -> Run:
    """Read sinks, targets, policies and stores. Raises UsageError and its children: known before the first request."""
    state_url = choices.state_url or settings.state_url
    problems: list[str] = []
    sinks: tuple[Sink, ...] = ()
    if choices.tell:
        sinks = gathered(problems, lambda: sinks_of(settings, around, with_state=state_url is not None)) or ()
    places: tuple[Place | None, ...] = (None,)
    if choices.snapshot is None:
        places = gathered(problems, lambda: places_of(settings, around, choices.target)) or ()
    if len(places) > 1 and state_url is not None and "{target}" not in state_url.reveal():
        problems.append("STATE_URL: must hold {target} where several targets are checked")
    if problems:
        raise SettingsError(problems)
    rounds = tuple(_round(place, settings, around, choices, state_url) for place in places)
    for each in rounds:
        if each.place is not None and choices.snapshot is None:
            client_of(each.place, settings, around)  # refuses missing credentials now
    return Run(
        run_id=_run_id(choices, rounds),
        started_at=around.clock.now(),
        rounds=rounds,
        sinks=sinks,
        settings=settings,
        dry_run=choices.dry_run,
        hosts=choices.hosts or any(sink.hosts for sink in sinks),
        snapshot=choices.snapshot,
    )


def check_all(prepared: Run, around: Surroundings, seconds: float) -> tuple[Report, ...]:
    """Check each target in its share of the time left; one that fails hides nobody else's verdict."""
    whole = Deadline.after(seconds, around.clock)
    return tuple(_reports(prepared, around, whole))


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


def _reports(prepared: Run, around: Surroundings, whole: Deadline) -> Iterator[Report]:
    for done, each in enumerate(prepared.rounds):
        share = Deadline.after(whole.left() / (len(prepared.rounds) - done), around.clock)
        kept = min(KEPT_FOR_TELLING, share.left() / 10)
        outlet = outlet_of(prepared.sinks, share, prepared.settings, around, dry_run=prepared.dry_run)
        if isinstance(each.policy, UnknownError):
            yield run_failure(prepared.run_id, prepared.started_at, each.target, each.policy, outlet, each.store)
            continue
        job = Job(
            run_id=prepared.run_id,
            started_at=prepared.started_at,
            policy=each.policy,
            target=each.target,
            categories=each.categories,
            skipped=each.skipped,
            run_interval=prepared.settings.run_interval,
        )
        yield run(job, _parts(each, prepared, around, share.earlier(kept), outlet))


def _parts(each: Round, prepared: Run, around: Surroundings, asking: Deadline, outlet: Outlet) -> Parts:
    """The edges of one target: the API, or a recorded snapshot in its place."""
    place, recorded = each.place, prepared.snapshot
    if place is None or recorded is not None:
        assert recorded is not None
        return Parts(lambda job: replay(recorded, job), outlet, around.clock, each.store)
    client = client_of(place, prepared.settings, around)
    on_progress = None if around.on_progress is None else partial(around.on_progress, place.name)

    def ask(job: Job) -> Snapshot:
        asks = asks_of(job.policy, job.categories)
        return take_snapshot(client, job.target, asks, around.clock, asking, on_progress=on_progress)

    def hosts(job: Job, findings: tuple[Finding, ...]) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
        from handler.hss.hosts import name_hosts  # noqa: PLC0415 - only where a sink wants them

        named = name_hosts(findings, job.target, client, asking)
        return named.findings, named.warnings

    return Parts(ask, outlet, around.clock, each.store, hosts if prepared.hosts else None)


def replay(recorded: Snapshot, job: Job) -> Snapshot:
    """What a recorded snapshot says of the categories that the policy speaks of; one that it lacks is not complete."""
    known = {category.category: category for category in recorded.categories}
    lacking = Problem("the snapshot has nothing of this category", hint="Record it with a policy that speaks of it.")
    categories = (known.get(name) or CategorySnapshot(name, problems=(lacking,)) for name in job.categories)
    return recorded._replace(categories=tuple(_doubted(category) for category in categories))


def _doubted(category: CategorySnapshot) -> CategorySnapshot:
    """A recorded listing that claims to be whole and empty is believed only where its counters confirm it."""
    doubt = None if category.rows or not category.complete else doubt_of_empty_list(category.statistics)
    if doubt is None:
        return category
    return category._replace(complete=False, problems=(*category.problems, doubt))


def _round(
    place: Place | None, settings: Settings, around: Surroundings, choices: Choices, state_url: Secret | None
) -> Round:
    policy = choices.loaded or _policy(place, settings, around, choices)
    spoken = () if isinstance(policy, UnknownError) else policy.categories
    wanted = choices.categories or (place.categories if place is not None else ()) or settings.categories or spoken
    target = Target() if choices.snapshot is None else choices.snapshot.target
    target = target if place is None else target_of(place)
    return Round(
        place=place,
        target=target,
        policy=policy,
        categories=tuple(category for category in spoken if category in wanted),
        skipped=tuple(category for category in spoken if category not in wanted),
        store=store_at(state_url, target.name, place, settings, around, read_only=choices.dry_run),
    )


def _policy(place: Place | None, settings: Settings, around: Surroundings, choices: Choices) -> Policy | UnknownError:
    """The policy of a place, or why the network does not give it. Raises PolicyError."""
    location = choices.policy or (place.policy if place is not None else "") or settings.policy_path
    try:
        return policy_at(location, place, settings, around)
    except UnknownError as error:
        return error
    except PolicyError as error:
        if place is None or not settings.targets_config:
            raise
        raise PolicyError([f"target {place.name}: {problem}" for problem in error.problems]) from None


def _run_id(choices: Choices, rounds: tuple[Round, ...]) -> str:
    """A random id, or with a seed one that the same inputs give again."""
    if not choices.seed:
        return secrets.token_hex(16)
    policies = "".join(each.policy.digest for each in rounds if not isinstance(each.policy, UnknownError))
    return hashlib.sha256(f"{choices.seed}|{policies}".encode()).hexdigest()[:32]
