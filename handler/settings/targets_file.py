"""TARGETS_CONFIG: which projects, regions and enterprise projects one deployment watches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, ValidationError

from handler.errors import SettingsError
from handler.models import CATEGORIES
from handler.settings.credentials import read_credentials
from handler.settings.places import Cloud, EndpointKeys, ResolvedEndpoint, resolve_endpoint
from handler.settings.plain_targets import plain_entries
from handler.settings.reader import Reader, url_trouble
from handler.settings.run_settings import Place
from handler.settings.yaml_file import StrictModel, read_entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from handler.policy.yaml_positions import PositionedFile
    from handler.settings.credentials import Credentials
    from handler.settings.targets_cache import TargetsCache

_KEYS = EndpointKeys("endpoint", "cloud: ")
Name = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,63}$")]


class TargetEntry(StrictModel):
    """One target of the file; each of its enterprise projects is asked for itself."""

    name: Name
    cloud: Cloud | None = None
    region: str = ""
    endpoint: str = ""
    project_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,256}$")]
    enterprise_projects: list[str] = Field(default_factory=lambda: ["all_granted_eps"], min_length=1)
    categories: list[Literal["host", "container"]] = Field(default_factory=list)
    policy: str = ""
    credentials: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")] | Literal[""] = ""
    link: Annotated[str, Field(pattern=r"^(https?://[!-~]+)?$", max_length=500)] = ""
    owner: Annotated[str, Field(max_length=200)] = ""


class TargetsFile(StrictModel):
    """The whole file."""

    targets: Annotated[list[TargetEntry], Field(min_length=1)]


def read_targets(
    name: str, content: bytes, lookup: Callable[[str], str | None], cache: TargetsCache | None = None
) -> tuple[Place, ...]:
    """The places that the file lists, one per enterprise project. Raises SettingsError with all problems.

    Credentials come from `lookup`: `credentials: PROD` reads PROD_HUAWEICLOUD_SDK_AK and so on. A target with several
    enterprise projects becomes one place each, named `name-id`.
    """
    known = None if cache is None else cache.get(content, lookup)
    if known is not None:
        return known
    found = _plainly(content, lookup) or _with_positions(name, content, lookup)
    places = tuple(found.places)
    if cache is not None:
        cache.put(content, found.credentials, places)
    return places


def _plainly(content: bytes, lookup: Callable[[str], str | None]) -> _Places | None:
    """The short way; None where it finds anything to say, which is then said with its line."""
    entries = plain_entries(content)
    if not entries:
        return None
    try:
        file = TargetsFile.model_validate({"targets": entries})
    except ValidationError:
        return None
    found = _Places(lookup)
    for entry in file.targets:
        if any(found.add(entry)):
            return None
    names = {place.name for place in found.places}
    return found if len(names) == len(found.places) else None


def _with_positions(name: str, content: bytes, lookup: Callable[[str], str | None]) -> _Places:
    keys = frozenset({"targets", *TargetEntry.model_fields})
    entries, positions, unreadable = read_entries(name, content, TargetsFile, "targets", TargetEntry, keys)
    problems = [*unreadable, *_repeated(entries, positions)]
    found = _Places(lookup)
    for index, entry in entries.items():
        where = positions.where(("targets", index))
        problems += [f"{where}: {text}" for text in found.add(entry)]
    if problems:
        raise SettingsError(problems)
    return found


class _Places:
    """The places of a file, in its order; what many entries share is looked up once."""

    def __init__(self, lookup: Callable[[str], str | None]) -> None:
        self._lookup = lookup
        self._troubles: dict[str, list[str]] = {}
        self._endpoints: dict[tuple[str, str | None, str], ResolvedEndpoint] = {}
        self.credentials: dict[str, Credentials] = {}  # by prefix
        self.places: list[Place] = []

    def add(self, entry: TargetEntry) -> list[str]:
        """Add an entry's places; gives what is wrong with it."""
        where = (entry.endpoint, entry.cloud, entry.region)
        if where not in self._endpoints:
            self._endpoints[where] = _endpoint(entry)
        resolved = self._endpoints[where]
        prefix = f"{entry.credentials}_" if entry.credentials else ""
        if prefix not in self.credentials:
            self._read(prefix)
        credentials = self.credentials[prefix]
        self.places += [_place(entry, resolved, credentials, project) for project in entry.enterprise_projects]
        return [*self._troubles[prefix], *([resolved.trouble] if resolved.trouble else [])]

    def _read(self, prefix: str) -> None:
        reader = Reader(self._lookup, prefix)
        self.credentials[prefix] = read_credentials(reader)
        if prefix and self.credentials[prefix].kind == "agency":
            reader.problem("HUAWEICLOUD_SDK_AK", "is missing (or another credential of that prefix)")
        self._troubles[prefix] = reader.problems


def _place(entry: TargetEntry, resolved: ResolvedEndpoint, credentials: Credentials, project: str) -> Place:
    return Place(
        name=target_name(entry, project),
        cloud=resolved.cloud,
        region=resolved.region,
        endpoint=resolved.endpoint,
        project_id=entry.project_id,
        enterprise_project_id=project,
        categories=tuple(category for category in CATEGORIES if category in entry.categories),
        credentials=credentials,
        policy=entry.policy,
        owner=entry.owner,
        link=entry.link,
    )


def target_name(entry: TargetEntry, project: str) -> str:
    """The target's name: the entry's own, with the enterprise project's id behind it where there are several."""
    return entry.name if len(entry.enterprise_projects) == 1 else f"{entry.name}-{project}"


def _repeated(entries: Mapping[int, TargetEntry], positions: PositionedFile) -> Iterator[str]:
    first: dict[str, object] = {}
    for index, entry in entries.items():
        where = positions.where(("targets", index, "name"))
        for project in entry.enterprise_projects:
            name = target_name(entry, project)
            if name in first:
                yield f"{where}: the name {name!r} is used twice, first at {first[name]}"
            first.setdefault(name, where)


def _endpoint(entry: TargetEntry) -> ResolvedEndpoint:
    """Where the target is, with what is wrong with it as the file would say it."""
    endpoint, cloud = entry.endpoint.rstrip("/"), entry.cloud or ""
    trouble = url_trouble(endpoint, ("https", "http")) if endpoint else None
    resolved = resolve_endpoint("" if trouble else endpoint, cloud, entry.region, _KEYS)
    if trouble:
        return resolved._replace(trouble=f"endpoint: {trouble}")
    if not endpoint and not entry.region:
        return resolved._replace(trouble="region is missing (or endpoint)")
    return resolved._replace(trouble=resolved.trouble and f"region {resolved.trouble}")
