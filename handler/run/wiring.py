"""Builds the real parts of a run from the settings; every problem is known before the first request.

Parts that not every run has, or that only tell, are imported where they are built: a cold start asks HSS first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from handler.clock import running
from handler.errors import SettingsError
from handler.hss.client import HssClient
from handler.models import Target
from handler.run.credentials import authorizer_of, object_keys
from handler.run.policy_source import fetch_policy, https_get, read_local
from handler.settings.places import region_of, service_endpoint
from handler.settings.reader import url_trouble
from handler.settings.run_settings import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from handler.clock import Deadline
    from handler.decide.diff import Compared
    from handler.models import Report, Secret
    from handler.notify.dispatch import Told
    from handler.policy.rules import Policy
    from handler.run.check import Outlet
    from handler.run.context import Surroundings
    from handler.settings.run_settings import Place, Settings
    from handler.sinks.sink import Sink
    from handler.state.interface import Store
    from handler.state.obs_objects import ObsObjects

MAX_CONFIG_BYTES = 1024 * 1024
SINKS_HINT = "See docs/sinks.md for each kind and its keys."
Built = TypeVar("Built")


def settings_of(around: Surroundings, *, needs_place: bool = True, tell: bool = True) -> Settings:
    """The settings of a run. Raises SettingsError, which names what is wrong with targets and sinks as well."""
    try:
        return read_settings(
            around.lookup, in_function=around.in_function, own_project=around.own_project, needs_place=needs_place
        )
    except SettingsError as error:
        problems = list(error.problems)
        gathered(problems, lambda: _targets_alone(around))
        if tell:
            gathered(problems, lambda: _sinks_alone(around))
        raise SettingsError(problems, hint=error.hint) from None


def settings_only(around: Surroundings, names: tuple[str, ...]) -> Settings:
    """The settings as they would be if only those that begin so were there. Raises SettingsError."""
    return read_settings(lambda name: around.lookup(name) if name.startswith(names) else None, needs_place=False)


def _targets_alone(around: Surroundings) -> tuple[Place, ...]:
    settings = settings_only(around, ("TARGETS_CONFIG",))
    return places_of(settings, around) if settings.targets_config else ()


def _sinks_alone(around: Surroundings) -> tuple[Sink, ...]:
    settings = settings_only(around, ("WEBHOOK_", "NOTIFY_CONFIG"))
    return sinks_of(settings, around, with_state=bool(around.lookup("STATE_URL")))


def places_of(settings: Settings, around: Surroundings, target: str = "") -> tuple[Place, ...]:
    """The places to check, or the one that is named. Raises SettingsError."""
    if settings.targets_config:
        from handler.settings.targets_file import read_targets  # noqa: PLC0415 - pydantic, only where it is used

        content = read_config("TARGETS_CONFIG", settings.targets_config, around.root)
        places = read_targets(settings.targets_config, content, around.lookup)
    else:
        places = () if settings.place is None else (settings.place,)
    chosen = tuple(place for place in places if target in ("", place.name))
    if not chosen:
        names = ", ".join(place.name for place in places) or "none"
        raise SettingsError(f"there is no target {target!r:.60}; there are: {names}")
    return chosen


def sinks_of(settings: Settings, around: Surroundings, *, with_state: bool) -> tuple[Sink, ...]:
    """The sinks of NOTIFY_CONFIG and the one of WEBHOOK_URL. Raises SettingsError with the problems of both."""
    problems: list[str] = []
    sinks = gathered(problems, lambda: _listed_sinks(settings, around, with_state=with_state)) or ()
    single = gathered(problems, lambda: _webhook(settings))
    if single is not None and any(sink.name == single.name for sink in sinks):
        problems.append("WEBHOOK_URL is the sink 'default', and NOTIFY_CONFIG has a sink of that name")
    if problems:
        raise SettingsError(problems, hint=SINKS_HINT)
    return sinks if single is None else (*sinks, single)


def _listed_sinks(settings: Settings, around: Surroundings, *, with_state: bool) -> tuple[Sink, ...]:
    if not settings.notify_config:
        return ()
    from handler.settings.sinks_file import read_sinks  # noqa: PLC0415 - pydantic, only where it is used

    content = read_config("NOTIFY_CONFIG", settings.notify_config, around.root)
    return read_sinks(settings.notify_config, content, around.lookup, with_state=with_state)


def _webhook(settings: Settings) -> Sink | None:
    if settings.webhook_url is None:
        return None
    from handler.settings.webhook import webhook_sink  # noqa: PLC0415

    return webhook_sink(
        settings.webhook_url,
        settings.webhook_kind,
        settings.webhook_secret,
        allow_http=settings.webhook_allow_http,
    )


def gathered(problems: list[str], build: Callable[[], Built]) -> Built | None:
    """What `build` gives; or None, and its problems among the others."""
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


def policy_at(location: str, place: Place | None, settings: Settings, around: Surroundings) -> Policy:
    """The policy at a path, `obs://bucket/key` or https URL. Raises PolicyError, UnknownError or SettingsError."""
    if location.startswith("obs://"):
        objects, key = _objects(location, place, settings, around)
        return fetch_policy(location, lambda headers: objects.get(key, headers), around.warm.policies)
    if "://" in location:
        trouble = url_trouble(location, ("https",), query=True)
        if trouble is not None:
            raise SettingsError(f"POLICY_PATH: {trouble}; else it is a path or obs://bucket/key")
        return fetch_policy(location, https_get(location, around.warm.api), around.warm.policies)
    return read_local(location, around.root)


def _objects(location: str, place: Place | None, settings: Settings, around: Surroundings) -> tuple[ObsObjects, str]:
    """The bucket of an `obs://` location, and the key."""
    bucket, _, key = location.removeprefix("obs://").partition("/")
    if not bucket or not key:
        raise SettingsError(f"POLICY_PATH: {location!r:.100} must be obs://bucket/key")
    endpoint, region = _obs_place(place, settings)
    if not endpoint or not region:
        raise SettingsError("POLICY_PATH: obs:// needs OBS_ENDPOINT, or a region")
    from handler.state.obs_objects import ObsObjects  # noqa: PLC0415

    keys, clock = lambda: object_keys(place, around), running(around.clock)
    return ObsObjects(bucket, endpoint, region, keys, around.warm.api, clock), key


def _obs_place(place: Place | None, settings: Settings) -> tuple[str, str]:
    """OBS's endpoint and region: the setting's, else that of the target's region."""
    region = place.region if place is not None and place.region else region_of(settings.obs_endpoint)
    endpoint = settings.obs_endpoint
    if not endpoint and place is not None and region:
        endpoint = service_endpoint("obs", place.cloud, region)
    return endpoint, region or ("local" if endpoint else "")


def store_at(
    url: Secret | None,
    target: str,
    place: Place | None,
    settings: Settings,
    around: Surroundings,
    *,
    read_only: bool = False,
) -> Store | None:
    """The store of one target, `{target}` filled in; None where no state is configured."""
    if url is None:
        return None
    from handler.state.open import open_store  # noqa: PLC0415

    endpoint, region = _obs_place(place, settings)
    return open_store(
        url.reveal().replace("{target}", quote(target, safe="")),
        running(around.clock),
        transport=around.warm.api,
        obs_endpoint=endpoint,
        region=region,
        keys=lambda: object_keys(place, around),
        read_only=read_only,
    )


def outlet_of(
    sinks: tuple[Sink, ...], deadline: Deadline, settings: Settings, around: Surroundings, *, dry_run: bool
) -> Outlet:
    """What tells these sinks within the time."""

    def outlet(report: Report, compared: Compared | None, store: Store | None, version: str | None) -> Told:
        from handler.notify.dispatch import Edges, tell  # noqa: PLC0415
        from handler.settings.webhook import unsigned  # noqa: PLC0415
        from handler.sinks.kinds import kind_module  # noqa: PLC0415

        told = tell(
            report,
            compared,
            sinks,
            Edges(around.warm.web, kind_module, around.clock, deadline, around.random),
            store=store,
            version=version,
            run_interval=settings.run_interval,
            dry_run=dry_run,
        )
        return told._replace(warnings=(*told.warnings, *unsigned(sinks)))

    return outlet


def client_of(place: Place, settings: Settings, around: Surroundings) -> HssClient:
    """The API of a place. Raises SettingsError where there are no credentials."""
    return HssClient(
        endpoint=place.endpoint,
        authorizer=authorizer_of(place, around),
        transport=around.warm.api,
        pacer=around.warm.pacer(settings.calls_per_minute, around.clock),
        clock=around.clock,
        random=around.random,
        validation="strict" if settings.validation == "strict" else "warn",
    )


def target_of(place: Place) -> Target:
    """The place as it is named in reports."""
    return Target(
        name=place.name,
        cloud=place.cloud,
        region=place.region,
        host=place.host,
        project_id=place.project_id,
        enterprise_project_id=place.enterprise_project_id,
    )
