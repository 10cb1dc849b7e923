"""All settings of a run, from one lookup, with all problems at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from handler.errors import SettingsError
from handler.models import CATEGORIES, Secret, Target
from handler.named_tuple import NamedTuple
from handler.settings.credentials import Credentials, read_credentials
from handler.settings.places import CLOUDS, EndpointKeys, ResolvedEndpoint, resolve_endpoint, service_endpoint
from handler.settings.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

DEFAULT_BUDGET = 900.0  # seconds, where nothing limits a run
SCHEMES = ("file:///", "obs://", "redis://", "rediss://")
TEMPORARY = "file:///tmp/"
MAX_BUDGET = 259_200.0  # the longest that the platform runs a function
_PROJECT = re.compile(r"[A-Za-z0-9_-]{1,256}")
_KEYS = EndpointKeys("HSS_ENDPOINT", "HSS_CLOUD=")


class Place(NamedTuple):
    """Where one target is and what is asked of it. `policy` empty: the run's own; `project_id` empty: the token's.

    `link` is what a reader may open.
    """

    name: str
    cloud: str
    region: str
    endpoint: str
    project_id: str
    enterprise_project_id: str
    categories: tuple[str, ...]
    credentials: Credentials
    policy: str = ""
    title: str = ""  # how messages and reports call it, where that is not its name
    owner: str = ""
    link: str = ""

    @property
    def host(self) -> str:
        """The endpoint's host name, with its port where it has one."""
        return urlsplit(self.endpoint).netloc

    @property
    def target(self) -> Target:
        """The place as reports name it."""
        return Target(
            self.title or self.name, self.cloud, self.region, self.host, self.project_id, self.enterprise_project_id
        )


class Settings(NamedTuple):
    """What a run is told from outside."""

    place: Place | None  # None: TARGETS_CONFIG lists the places
    categories: tuple[str, ...]  # empty: those that the policy speaks of
    policy_path: str
    state_url: Secret | None
    obs_endpoint: str
    calls_per_minute: int
    webhook_url: Secret | None
    webhook_kind: str
    webhook_secret: Secret | None
    webhook_allow_http: bool
    notify_config: str
    targets_config: str
    budget_seconds: float | None
    run_interval: timedelta | None
    fleet_state_urls: tuple[Secret, ...]  # empty: the own state
    apig_token: Secret | None
    validation: str
    log_level: str
    log_format: str


def read_settings(
    lookup: Callable[[str], str | None], *, in_function: bool = False, own_project: str = "", needs_place: bool = True
) -> Settings:
    """As `settings_and_problems`; raises SettingsError with every problem of every setting."""
    settings, problems = settings_and_problems(
        lookup, in_function=in_function, own_project=own_project, needs_place=needs_place
    )
    if problems:
        raise SettingsError(problems)
    return settings


def settings_and_problems(
    lookup: Callable[[str], str | None], *, in_function: bool = False, own_project: str = "", needs_place: bool = True
) -> tuple[Settings, tuple[str, ...]]:
    """The settings that `lookup` gives by name, and every problem of every setting; one with a problem is not set.

    `own_project` is the function's own project id, the default of HSS_PROJECT_ID. Without `needs_place` (offline
    commands) a missing endpoint or project is no problem.
    """
    reader = Reader(lookup)
    several = reader.text("TARGETS_CONFIG")
    place = None
    if not several and (needs_place or reader.text("HSS_ENDPOINT") or reader.text("HSS_REGION")):
        place = _place(reader, own_project)
    settings = Settings(
        place=place,
        categories=place.categories if place is not None else _categories(reader),
        policy_path=reader.text("POLICY_PATH"),
        state_url=_state_url(reader, in_function=in_function, several=bool(several)),
        obs_endpoint=_obs_endpoint(reader, place),
        calls_per_minute=int(reader.number("HSS_CALLS_PER_MINUTE", 5, least=0, most=600)),
        webhook_url=reader.secret("WEBHOOK_URL"),
        webhook_kind=reader.text("WEBHOOK_KIND"),
        webhook_secret=reader.secret("WEBHOOK_SECRET"),
        webhook_allow_http=reader.flag("WEBHOOK_ALLOW_HTTP"),
        notify_config=reader.text("NOTIFY_CONFIG"),
        targets_config=several,
        budget_seconds=reader.number("RUN_BUDGET_SECONDS", 0, least=1, most=MAX_BUDGET) or None,
        run_interval=reader.duration("RUN_INTERVAL"),
        fleet_state_urls=_fleet_state_urls(reader),
        apig_token=reader.secret("APIG_TOKEN"),
        validation=reader.choice("VALIDATION", ("strict", "warn"), "warn"),
        log_level=reader.choice("LOG_LEVEL", ("debug", "info", "warning", "error"), "info"),
        log_format=reader.choice("LOG_FORMAT", ("json", "text"), "json" if in_function else "text"),
    )
    return settings, tuple(reader.problems)


def _place(reader: Reader, own_project: str) -> Place:
    """The one target of the plain settings, named `default`."""
    resolved = _endpoint(reader)
    credentials = read_credentials(reader)
    by_name = bool(credentials.project_name)  # then the token will tell its id
    project_id = reader.text("HSS_PROJECT_ID") or credentials.project_id or ("" if by_name else own_project)
    if not project_id and not by_name:
        reader.problem("HSS_PROJECT_ID", "is missing")
    elif project_id and not _PROJECT.fullmatch(project_id):
        reader.problem("HSS_PROJECT_ID", "must be 1 to 256 letters, digits, - or _")
    host = urlsplit(resolved.endpoint).netloc
    return Place(
        name="default",
        title=reader.text("TARGET_NAME") or f"{resolved.region or host} {project_id[:8]}".strip(),
        cloud=resolved.cloud,
        region=resolved.region,
        endpoint=resolved.endpoint,
        project_id=project_id,
        enterprise_project_id=reader.text("HSS_ENTERPRISE_PROJECT_ID", "all_granted_eps"),
        categories=_categories(reader),
        credentials=credentials,
    )


def _endpoint(reader: Reader) -> ResolvedEndpoint:
    """HSS_ENDPOINT as it is, else made of HSS_REGION and HSS_CLOUD."""
    endpoint, region = reader.url("HSS_ENDPOINT"), reader.text("HSS_REGION")
    resolved = resolve_endpoint(endpoint, reader.choice("HSS_CLOUD", CLOUDS, ""), region, _KEYS)
    if resolved.trouble and not reader.text("HSS_ENDPOINT"):
        if region:
            reader.problem("HSS_REGION", resolved.trouble)
        else:
            reader.problem("HSS_ENDPOINT", "is missing (or HSS_REGION with HSS_CLOUD)")
    return resolved


def _categories(reader: Reader) -> tuple[str, ...]:
    words = [word.strip().lower() for word in reader.text("HSS_CATEGORIES").split(",") if word.strip()]
    unknown = [word for word in words if word not in CATEGORIES]
    if unknown:
        reader.problem("HSS_CATEGORIES", f"must name {' and '.join(CATEGORIES)}, not {unknown[0]!r:.40}")
    return tuple(category for category in CATEGORIES if category in words)


def _state_url(reader: Reader, *, in_function: bool, several: bool) -> Secret | None:
    text = reader.text("STATE_URL")
    if not text:
        return None
    scheme, before = text.partition("://")[0], len(reader.problems)
    if scheme not in ("file", "obs", "redis", "rediss"):
        reader.problem("STATE_URL", "must start with file:///, obs://, redis:// or rediss://")
    if scheme == "file" and not text.startswith("file:///"):
        reader.problem("STATE_URL", "needs an absolute path after file://")
    if in_function and text.startswith(TEMPORARY):
        reader.problem(
            "STATE_URL", "a temporary folder vanishes with the instance; use a mounted share, obs:// or redis://"
        )
    if several and not has_index(text):
        reader.problem("STATE_URL", "must hold {target} where TARGETS_CONFIG lists several targets")
    return Secret(text) if len(reader.problems) == before else None


def has_index(url: str) -> bool:
    """Whether a URL of a state names one for each target, with an index beside them."""
    return "{target}" in url


def _fleet_state_urls(reader: Reader) -> tuple[Secret, ...]:
    urls = tuple(url.strip() for url in reader.text("FLEET_STATE_URLS").split(",") if url.strip())
    if any(not has_index(url) or not url.startswith(SCHEMES) for url in urls):
        reader.problem("FLEET_STATE_URLS", "must list states as STATE_URL is one, each with {target}")
        return ()
    return tuple(Secret(url) for url in urls)


def _obs_endpoint(reader: Reader, place: Place | None) -> str:
    endpoint = reader.url("OBS_ENDPOINT")
    if endpoint or place is None or not (place.region and place.endpoint):
        return endpoint
    return service_endpoint("obs", place.cloud, place.region)
