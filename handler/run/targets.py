"""Everything of one run that is known before its first request: its targets, their policies and stores, its sinks."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from handler.errors import PolicyError, SettingsError, UnknownError, of_target
from handler.named_tuple import NamedTuple
from handler.run import lazy
from handler.run.wiring import attempt
from handler.settings.run_settings import DEFAULT_BUDGET, has_index

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from handler.hss.client import HssClient
    from handler.models import Secret, Snapshot, Target
    from handler.policy.rules import Policy
    from handler.run.wiring import Wiring
    from handler.settings.run_settings import Place, Settings
    from handler.sinks.sink import Sink
    from handler.state.interface import Store


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
    always: bool = False  # ask every target, due or not, whoever else does; so does `target`


class PreparedTarget(NamedTuple):
    """One target, ready to be checked; no `client`: a recording. `policy` may be why it, or the project, is not had."""

    name: str  # what `{target}` stands for in a state URL
    target: Target
    policy: Policy | UnknownError | PolicyError
    categories: tuple[str, ...]
    skipped: tuple[str, ...]
    store: Store | None
    client: HssClient | None
    place: Place | None = None


class PreparedRun(NamedTuple):
    """Everything of one run that is known before its first request."""

    run_id: str
    started_at: datetime
    targets: tuple[PreparedTarget, ...]
    sinks: tuple[Sink, ...]
    request: RunRequest

    @property
    def all_broken(self) -> bool:
        """Whether no target has a policy that can be read."""
        return all(isinstance(each.policy, PolicyError) for each in self.targets)

    @property
    def error(self) -> PolicyError | None:
        """What is wrong with the policies of some targets, whose runs are inconclusive; the others are checked."""
        broken = [each.policy for each in self.targets if isinstance(each.policy, PolicyError)]
        return PolicyError(_once(problem for error in broken for problem in error.problems)) if broken else None


def prepare(wiring: Wiring, request: RunRequest) -> PreparedRun:
    """Read sinks, targets, policies and stores. Raises UsageError and its children: known before the first request.

    A policy that is broken stops the run only if every target has it.
    """
    state_url = request.state_url or wiring.settings.state_url
    problems = list(wiring.problems)
    places = _places(wiring, request, problems)
    sinks = _sinks(wiring, request, problems)
    if len(places) > 1 and state_url is not None and not has_index(state_url.reveal()):
        problems.append("STATE_URL: must hold {target} where several targets are checked")
    if problems:
        raise SettingsError(problems)
    policies = _Policies(wiring, request)
    targets = tuple(_prepare_target(place, wiring, request, policies) for place in places)
    run = PreparedRun(_run_id(request.seed, targets), wiring.context.clock.now(), targets, sinks, request)
    if run.error is not None and run.all_broken:
        raise run.error
    return run


def _sinks(wiring: Wiring, request: RunRequest, problems: list[str]) -> tuple[Sink, ...]:
    """The sinks, where they are to be told."""
    if not request.tell:
        return ()
    remembers = request.state_url or wiring.settings.state_url or wiring.context.lookup("STATE_URL")
    return wiring.sinks(problems, with_state=bool(remembers))


def _places(wiring: Wiring, request: RunRequest, problems: list[str]) -> tuple[Place | None, ...]:
    """Where the targets are; none for a recording."""
    if request.snapshot is not None:
        return (None,)
    return attempt(lambda: wiring.places(request.target), problems) or ()


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


def _prepare_target(place: Place | None, wiring: Wiring, request: RunRequest, policies: _Policies) -> PreparedTarget:
    policy = policies.of(place)
    place, unknown = _with_project(place, wiring)
    policy = unknown or policy  # told like a policy that cannot be had: nothing can be asked
    target = _target(place, request)
    spoken = _spoken(policy)
    wanted = _wanted(place, wiring, request, spoken)
    if place is not None:
        _check_queries(target, policy)
    name = target.name if place is None else place.name
    state_url = request.state_url or wiring.settings.state_url
    return PreparedTarget(
        name=name,
        target=target,
        policy=policy,
        categories=tuple(category for category in spoken if category in wanted),
        skipped=tuple(category for category in spoken if category not in wanted),
        store=wiring.store(state_url, name, place, read_only=request.dry_run),
        client=None if place is None else wiring.client(place),
        place=place,
    )


def _spoken(policy: Policy | UnknownError | PolicyError) -> tuple[str, ...]:
    """The categories that a policy speaks of; none where it cannot be had."""
    return () if isinstance(policy, (UnknownError, PolicyError)) else policy.categories


def _check_queries(target: Target, policy: Policy | UnknownError | PolicyError) -> None:
    """Raises SettingsError where a target's parameters cannot be asked with."""
    if not isinstance(policy, (UnknownError, PolicyError)):
        lazy.check_queries(target, policy.categories)


def _with_project(place: Place | None, wiring: Wiring) -> tuple[Place | None, UnknownError | None]:
    """The place with its project, or why the network does not tell it."""
    try:
        return (place if place is None else wiring.with_project(place)), None
    except UnknownError as error:
        return place, error


def _target(place: Place | None, request: RunRequest) -> Target:
    if place is not None:
        return place.target
    assert request.snapshot is not None  # only a recording has no place
    return request.snapshot.target


def _wanted(place: Place | None, wiring: Wiring, request: RunRequest, spoken: tuple[str, ...]) -> tuple[str, ...]:
    """The categories that are asked for: by the door, else by the target, else by the settings, else by the policy."""
    return request.categories or (() if place is None else place.categories) or wiring.settings.categories or spoken


class _Policies:
    """The policies of a run, each read once however many targets have it."""

    def __init__(self, wiring: Wiring, request: RunRequest) -> None:
        self._wiring, self._request = wiring, request
        self._known: dict[tuple[str, str], Policy | UnknownError | PolicyError] = {}

    def of(self, place: Place | None) -> Policy | UnknownError | PolicyError:
        """The policy of a place, or why the network does not give it, or what is wrong with it."""
        if self._request.policy is not None:
            return self._request.policy
        found = self._found(place)
        if isinstance(found, PolicyError) and place is not None and self._wiring.settings.targets_config:
            return PolicyError([of_target(place.name) + problem for problem in found.problems])
        return found

    def _found(self, place: Place | None) -> Policy | UnknownError | PolicyError:
        own = "" if place is None else place.policy
        location = self._request.policy_path or own or self._wiring.settings.policy_path
        bucket_at = place.endpoint if place is not None and location.startswith("obs://") else ""
        if (location, bucket_at) not in self._known:
            self._known[location, bucket_at] = self._read(location, place)
        return self._known[location, bucket_at]

    def _read(self, location: str, place: Place | None) -> Policy | UnknownError | PolicyError:
        try:
            return self._wiring.policy(location, place)
        except (UnknownError, PolicyError) as error:
            return error


def _once(problems: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(problems))


def _run_id(seed: str, targets: tuple[PreparedTarget, ...]) -> str:
    """A random id, or with a seed one that the same inputs give again."""
    if not seed:
        return os.urandom(16).hex()
    known = (each.policy for each in targets if not isinstance(each.policy, (UnknownError, PolicyError)))
    return hashlib.sha256(f"{seed}|{''.join(policy.digest for policy in known)}".encode()).hexdigest()[:32]
