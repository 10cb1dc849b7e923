"""One wiring: from a context and its settings to the real parts of a run, each built once.

Nothing here asks a network but for a policy that lies there; every problem is known before the first request.
"""

from __future__ import annotations

import hashlib
import math
from functools import partial
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, unquote, urlsplit

from handler.clock import Deadline, running
from handler.errors import SettingsError
from handler.run import lazy
from handler.run.credentials import Authorizers
from handler.run.policy_source import fetch_policy, https_get, read_local
from handler.run.redaction import Redactor
from handler.settings.places import region_of, service_endpoint
from handler.settings.reader import url_trouble
from handler.settings.run_settings import DEFAULT_BUDGET, settings_and_problems

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from handler.decide.diff import Compared
    from handler.hss.client import HssClient
    from handler.models import Report, Secret
    from handler.notify.dispatch import Dispatched
    from handler.notify.together import Together
    from handler.policy.rules import Policy
    from handler.run.context import Context
    from handler.run.job import Notifier
    from handler.settings.run_settings import Place
    from handler.sinks.sink import Sink
    from handler.state.index import Index
    from handler.state.interface import Decoded, Document, DocumentStore, ObjectStorage, Store
    from handler.state.obs_objects import ObsObjects

MAX_CONFIG_BYTES = 4 * 1024 * 1024  # 5,000 targets, each with everything that can be said of it
INDEX_NAME = "_index"  # what `{target}` is in a state URL to name the index
Built = TypeVar("Built")


class Wiring:
    """Builds the parts of one run. `problems` are those of its settings; one that has a problem counts as not set."""

    def __init__(self, context: Context, *, needs_place: bool = True) -> None:
        self.context = context
        self.settings, self.problems = settings_and_problems(
            context.lookup,
            in_function=context.in_function,
            own_project="" if context.function is None else context.function.project_id,
            needs_place=needs_place,
        )
        self.redactor = Redactor()
        self._run_seconds, self._end = DEFAULT_BUDGET, Deadline.after(math.inf, context.clock)
        self._authorizers = Authorizers(context, self.redactor)
        self._learn_settings()

    @classmethod
    def checked(cls, context: Context, *, needs_place: bool = True) -> Wiring:
        """A wiring whose settings have no problem. Raises SettingsError with all that there are."""
        wiring = cls(context, needs_place=needs_place)
        if wiring.problems:
            raise SettingsError(wiring.problems)
        return wiring

    def begin(self, run_seconds: float, seconds: float | None = None) -> None:
        """Tell what judges another run's lease how long runs may take, and what waits for a store how long this one."""
        self._run_seconds = run_seconds
        self._end = Deadline.after(run_seconds if seconds is None else seconds, self.context.clock)

    def places(self, name: str = "") -> tuple[Place, ...]:
        """The places to check, or the one that is named. Raises SettingsError."""
        places = self._every_place()
        chosen = tuple(place for place in places if name in ("", place.name))
        if not chosen:
            names = ", ".join(place.name for place in places) or "none"
            raise SettingsError(f"there is no target {name!r:.60}; there are: {names}")
        return chosen

    def with_project(self, place: Place) -> Place:
        """The place with its project, which may take a login. Raises UnknownError and its children."""
        return place._replace(project_id=self._authorizers.project_of(place))

    def client(self, place: Place) -> HssClient:
        """The API of a place. Raises SettingsError where there are no credentials."""
        settings, context = self.settings, self.context
        return lazy.HssClient(
            endpoint=place.endpoint,
            authorizer=self._authorizers.of(place),
            transport=context.warm.api,
            pacer=context.warm.pacer(settings.calls_per_minute, context.clock),
            clock=context.clock,
            random=context.warm.random,
            validation="strict" if settings.validation == "strict" else "warn",
        )

    def policy(self, location: str, place: Place | None) -> Policy:
        """The policy at a path, `obs://bucket/key` or https URL. Raises PolicyError, UnknownError or SettingsError."""
        warm = self.context.warm
        if location.startswith("obs://"):
            objects, key = self._bucket(location, place)
            return fetch_policy(location, lambda headers: objects.get(key, headers), warm.policies)
        if "://" in location:
            trouble = url_trouble(location, ("https",), query=True)
            if trouble is not None:
                raise SettingsError(f"POLICY_PATH: {trouble}; else it is a path or obs://bucket/key")
            return fetch_policy(location, https_get(location, warm.api), warm.policies)
        return read_local(location, self.context.root)

    def store(self, url: Secret | None, name: str, place: Place | None, *, read_only: bool = False) -> Store | None:
        """The store of the target of that name, which fills `{target}`; None without a URL. Raises SettingsError."""
        return None if url is None else self._store(url, name, place, lazy.decode, read_only=read_only)

    def index_store(self, url: Secret, place: Place | None, *, read_only: bool = False) -> DocumentStore[Index] | None:
        """The store of the index beside the states of a URL with `{target}`. Raises SettingsError.

        `place` is any of its targets: where OBS is found, and what opens it.
        """
        return self._store(url, INDEX_NAME, place, lazy.index_of, read_only=read_only)

    def _store(
        self, url: Secret, name: str, place: Place | None, read: Callable[[Document], Decoded], *, read_only: bool
    ) -> DocumentStore[Decoded] | None:
        return lazy.open_store(
            url.reveal().replace("{target}", quote(name, safe="")),
            running(self.context.clock),
            read,
            transport=self.context.warm.api,
            storage=self._object_storage(place),
            left=self._seconds_left,
            read_only=read_only,
        )

    def sinks(self, problems: list[str], *, with_state: bool) -> tuple[Sink, ...]:
        """The sinks of NOTIFY_CONFIG and the one of WEBHOOK_URL that can be built; what is wrong joins `problems`."""
        listed = self._listed_sinks(problems, with_state=with_state)
        listed = tuple(one for sink in listed if (one := attempt(partial(self._signed, sink), problems)) is not None)
        self.redactor.learn(*(secret for sink in listed for secret in lazy.secrets_of(sink)))
        single = attempt(self._webhook, problems)
        if single is None:
            return listed
        self.redactor.learn(*lazy.secrets_of(single))
        others = tuple(sink for sink in listed if sink.name != single.name)
        if len(others) < len(listed):
            problems.append("WEBHOOK_URL is the sink 'default', and NOTIFY_CONFIG has a sink of that name")
        return (*others, single)

    def notifier(
        self,
        sinks: tuple[Sink, ...],
        deadline: Deadline,
        *,
        dry_run: bool,
        at_least: float = 0.0,
        state_url: Secret | None = None,
        together: Callable[[], Together | None] | None = None,
    ) -> Notifier:
        """What tells these sinks within the time; `at_least` so many seconds, however late the gathering ended.

        `state_url` is one that a door has asked for. What `together` gives holds what is for several targets at once.
        What came of telling is given without our secrets.
        """
        context, run_interval = self.context, self.settings.run_interval
        sinks = tuple(sink for sink in sinks if not sink.kind.once_a_run)
        shard = _shard(state_url or self.settings.state_url)

        def notify(report: Report, compared: Compared | None, store: Store | None, version: str | None) -> Dispatched:
            time_left = deadline.no_sooner_than(at_least)
            told = lazy.dispatch(
                report,
                compared,
                sinks,
                lazy.DeliveryContext(
                    context.warm.web,
                    time_left,
                    context.warm.random,
                    self._run_seconds,
                    shard,
                    together() if together else None,
                ),
                store=store,
                version=version,
                run_interval=run_interval,
                dry_run=dry_run,
            )
            warned = told._replace(warnings=(*told.warnings, *lazy.unsigned(sinks))) if sinks else told
            return self.redactor.told(warned)

        return notify

    def _learn_settings(self) -> None:
        """What the settings hold of secrets, for whoever sends it and is told it back."""
        settings = self.settings
        for secret in (settings.webhook_secret, settings.apig_token):
            self.redactor.learn("" if secret is None else secret.reveal())
        own = () if settings.state_url is None else (settings.state_url,)
        for url in (*own, *settings.fleet_state_urls):
            self.redactor.learn(unquote(urlsplit(url.reveal()).password or ""))

    def _seconds_left(self) -> float:
        return self._end.left()

    def _every_place(self) -> tuple[Place, ...]:
        name = self.settings.targets_config
        if not name:
            return () if self.settings.place is None else (self.settings.place,)
        content = read_config("TARGETS_CONFIG", name, self.context.root)
        return lazy.read_targets(name, content, self.context.lookup, self.context.warm.targets)

    def _listed_sinks(self, problems: list[str], *, with_state: bool) -> tuple[Sink, ...]:
        """The sinks of NOTIFY_CONFIG that can be built: one that is broken silences no other."""
        name = self.settings.notify_config
        content = attempt(lambda: read_config("NOTIFY_CONFIG", name, self.context.root), problems) if name else None
        if content is None:
            return ()
        sinks, wrong = lazy.sinks_and_problems(name, content, self.context.lookup, with_state=with_state)
        problems += [problem for problem in wrong if problem not in problems]
        return sinks

    def _signed(self, sink: Sink) -> Sink:
        """The sink, with what signs its requests where it is a service of the cloud. Raises SettingsError."""
        if not sink.kind.signed:
            return sink
        project_id = sink.topic_urn.split(":")[3]
        return sink._replace(signer=self._authorizers.own(project_id, f"sink {sink.name}"))

    def _webhook(self) -> Sink | None:
        settings = self.settings
        if settings.webhook_url is None or any(problem.startswith("WEBHOOK_") for problem in self.problems):
            return None
        allow_http = settings.webhook_allow_http
        return lazy.webhook_sink(
            settings.webhook_url, settings.webhook_kind, settings.webhook_secret, allow_http=allow_http
        )

    def _bucket(self, location: str, place: Place | None) -> tuple[ObsObjects, str]:
        """The bucket of an `obs://` location, and the key."""
        bucket, _, key = location.removeprefix("obs://").partition("/")
        if not bucket or not key:
            raise SettingsError(f"POLICY_PATH: {location!r:.100} must be obs://bucket/key")
        endpoint, region, keys = self._object_storage(place)
        if not endpoint or not region:
            raise SettingsError("POLICY_PATH: obs:// needs OBS_ENDPOINT, or a region")
        clock = running(self.context.clock)
        return lazy.ObsObjects(bucket, endpoint, region, keys, self.context.warm.api, clock), key

    def _object_storage(self, place: Place | None) -> ObjectStorage:
        """OBS for a place: where the setting says, else in the target's region."""
        endpoint = self.settings.obs_endpoint
        region = place.region if place is not None and place.region else region_of(endpoint)
        if not endpoint and place is not None and region:
            endpoint = service_endpoint("obs", place.cloud, region)
        region = region or ("local" if endpoint else "")
        return lazy.ObjectStorage(endpoint, region, lambda: self._authorizers.object_keys(place))


def _shard(state_url: Secret | None) -> str:
    """A digest of where the state lies, without credentials: it says which state it is, and not where."""
    if state_url is None:
        return ""
    scheme, _, rest = state_url.reveal().partition("://")
    return hashlib.sha256(f"{scheme}://{rest.rpartition('@')[2]}".encode()).hexdigest()[:12]


def attempt(build: Callable[[], Built], problems: list[str]) -> Built | None:
    """What `build` gives; or None, and its problems join the others."""
    try:
        return build()
    except SettingsError as error:
        problems += [problem for problem in error.problems if problem not in problems]
        return None


def read_config(name: str, location: str, root: Path) -> bytes:
    """A file that a setting names, relative to the root. Raises SettingsError."""
    try:
        with (root / location).open("rb") as file:
            content = file.read(MAX_CONFIG_BYTES + 1)
    except (OSError, ValueError) as error:
        raise SettingsError(f"{name}: {location} cannot be read ({type(error).__name__})") from None
    if len(content) > MAX_CONFIG_BYTES:
        raise SettingsError(f"{name}: {location} is larger than {MAX_CONFIG_BYTES} bytes")
    return content
