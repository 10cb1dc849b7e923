"""Builds the real parts of a run from the settings; every problem is known before the first request.

Parts that not every run has, or that only tell, are imported where they are built: a cold start asks HSS first.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from handler.authorizers import authorizer_of, object_keys
from handler.clock import running
from handler.errors import SettingsError
from handler.hss.client import HssClient
from handler.models import Target
from handler.policy_source import fetch_policy, https_get, read_local
from handler.settings.places import region_of, service_endpoint

if TYPE_CHECKING:
    from pathlib import Path

    from handler.check import Outlet
    from handler.clock import Deadline
    from handler.diff import Compared
    from handler.models import Report, Secret
    from handler.notify.sink import Sink
    from handler.notify.tell import Told
    from handler.policy.rules import Policy
    from handler.settings.run_settings import Place, Settings
    from handler.store.interface import Store
    from handler.store.obs_objects import ObsObjects
    from handler.surroundings import Surroundings

MAX_CONFIG_BYTES = 1024 * 1024


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
    """The sinks of NOTIFY_CONFIG and the one of WEBHOOK_URL. Raises SettingsError."""
    sinks: tuple[Sink, ...] = ()
    if settings.notify_config:
        from handler.notify.sinks_file import read_sinks  # noqa: PLC0415 - pydantic, only where it is used

        content = read_config("NOTIFY_CONFIG", settings.notify_config, around.root)
        sinks = read_sinks(settings.notify_config, content, around.lookup, with_state=with_state)
    if settings.webhook_url is not None:
        from handler.notify.webhook import webhook_sink  # noqa: PLC0415

        single = webhook_sink(
            settings.webhook_url,
            settings.webhook_kind,
            settings.webhook_secret,
            allow_http=settings.webhook_allow_http,
        )
        if any(sink.name == single.name for sink in sinks):
            raise SettingsError("WEBHOOK_URL is the sink 'default', and NOTIFY_CONFIG has a sink of that name")
        sinks = (*sinks, single)
    return sinks


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
    if location.startswith("https://"):
        shown = location.partition("?")[0]
        return fetch_policy(shown, https_get(location, around.warm.api), around.warm.policies)
    return read_local(location, around.root)


def _objects(location: str, place: Place | None, settings: Settings, around: Surroundings) -> tuple[ObsObjects, str]:
    """The bucket of an `obs://` location, and the key."""
    bucket, _, key = location.removeprefix("obs://").partition("/")
    if not bucket or not key:
        raise SettingsError(f"POLICY_PATH: {location!r:.100} must be obs://bucket/key")
    endpoint, region = _obs_place(place, settings)
    if not endpoint or not region:
        raise SettingsError("POLICY_PATH: obs:// needs OBS_ENDPOINT, or a region")
    from handler.store.obs_objects import ObsObjects  # noqa: PLC0415

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
    url: Secret | None, target: str, place: Place | None, settings: Settings, around: Surroundings
) -> Store | None:
    """The store of one target, `{target}` filled in; None where no state is configured."""
    if url is None:
        return None
    from handler.store.open import open_store  # noqa: PLC0415

    endpoint, region = _obs_place(place, settings)
    return open_store(
        url.reveal().replace("{target}", quote(target, safe="")),
        running(around.clock),
        transport=around.warm.api,
        obs_endpoint=endpoint,
        region=region,
        keys=lambda: object_keys(place, around),
    )


def outlet_of(
    sinks: tuple[Sink, ...], deadline: Deadline, settings: Settings, around: Surroundings, *, dry_run: bool
) -> Outlet:
    """What tells these sinks within the time."""

    def outlet(report: Report, compared: Compared | None, store: Store | None, version: str | None) -> Told:
        from handler.notify.kinds import kind_module  # noqa: PLC0415
        from handler.notify.tell import Edges, tell  # noqa: PLC0415
        from handler.notify.webhook import unsigned  # noqa: PLC0415

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
        return replace(told, warnings=(*told.warnings, *unsigned(sinks)))

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
        validation="warn" if settings.validation == "warn" else "strict",
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
