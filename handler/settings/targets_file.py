"""TARGETS_CONFIG: which projects, regions and enterprise projects one deployment watches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from handler.errors import SettingsError
from handler.models import CATEGORIES
from handler.settings.credentials import read_credentials
from handler.settings.places import EndpointKeys, ResolvedEndpoint, resolve_endpoint
from handler.settings.reader import Reader, url_trouble
from handler.settings.run_settings import Place
from handler.settings.yaml_file import StrictModel, read_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from handler.policy.yaml_positions import PositionedFile
    from handler.settings.credentials import Credentials

_KEYS = EndpointKeys("endpoint", "cloud: ")
Name = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,63}$")]


class TargetEntry(StrictModel):
    """One target of the file; each of its enterprise projects is asked for itself."""

    name: Name
    cloud: Literal["huaweicloud", "otc"] | None = None
    region: str = ""
    endpoint: str = ""
    project_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,256}$")]
    enterprise_projects: list[str] = Field(default=["all_granted_eps"], min_length=1)
    categories: list[Literal["host", "container"]] = Field(default=[])
    policy: str = ""
    credentials: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")] | Literal[""] = ""


class TargetsFile(StrictModel):
    """The whole file."""

    targets: Annotated[list[TargetEntry], Field(min_length=1)]


def read_targets(name: str, content: bytes, lookup: Callable[[str], str | None]) -> tuple[Place, ...]:
    """The places that the file lists, one per enterprise project. Raises SettingsError with all problems.

    Credentials come from `lookup`: `credentials: PROD` reads PROD_HUAWEICLOUD_SDK_AK and so on. A target with several
    enterprise projects becomes one place each, named `name` and then `name-2`, `name-3` ...
    """
    file, positions = read_model(name, content, TargetsFile, frozenset({"targets", *TargetEntry.model_fields}))
    problems = list(_repeated(file.targets, positions))
    places: list[Place] = []
    for index, entry in enumerate(file.targets):
        where = positions.where(("targets", index))
        reader = Reader(lookup, prefix=f"{entry.credentials}_" if entry.credentials else "")
        credentials = read_credentials(reader)
        if entry.credentials and credentials.kind == "agency":
            reader.problem("HUAWEICLOUD_SDK_AK", "is missing (or another credential of that prefix)")
        resolved = _endpoint(entry)
        problems += [f"{where}: {text}" for text in (*reader.problems, resolved.trouble) if text]
        places += _places(entry, resolved, credentials)
    if problems:
        raise SettingsError(problems)
    return tuple(places)


def _places(entry: TargetEntry, resolved: ResolvedEndpoint, credentials: Credentials) -> Iterator[Place]:
    """One place for each enterprise project of the entry."""
    for number, project in enumerate(entry.enterprise_projects, 1):
        yield Place(
            name=entry.name if number == 1 else f"{entry.name}-{number}",
            cloud=resolved.cloud,
            region=resolved.region,
            endpoint=resolved.endpoint,
            project_id=entry.project_id,
            enterprise_project_id=project,
            categories=tuple(category for category in CATEGORIES if category in entry.categories),
            credentials=credentials,
            policy=entry.policy,
        )


def _repeated(entries: Sequence[TargetEntry], positions: PositionedFile) -> Iterator[str]:
    first: dict[str, object] = {}
    for index, entry in enumerate(entries):
        where = positions.where(("targets", index, "name"))
        for number in range(len(entry.enterprise_projects)):
            name = entry.name if number == 0 else f"{entry.name}-{number + 1}"
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
