"""The queries of both APIs, with every documented parameter, checked before a call is made.

Sources: ListPortStatistics (OTC; Huawei 2024-01-31, web 2025-12-26), ShowAssetStatistic (Huawei 2026-04-03, OTC).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote

from handler.errors import SettingsError
from handler.models import CATEGORIES
from handler.named_tuple import NamedTuple
from handler.schemas.apply import query_breaches

if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 200  # the most rows of a page
HIGHEST_OFFSET = 2_000_000
HIGHEST_TOKEN = 32_768
_PLAIN = frozenset(("category", "enterprise_project_id", "limit", "offset", "port", "sort_key", "sort_dir"))
_LONGEST_PROJECT = 128  # that every revision takes; some take 256


class Query:
    """What the named parameters of every API can do; None is not sent."""

    __slots__ = ()
    API: ClassVar[str]
    HUAWEI_ONLY: ClassVar[tuple[str, ...]] = ()

    def pairs(self) -> dict[str, str]:
        """What is sent, in the order of the fields."""
        return {name: str(value) for name, value in self._asdict().items() if value is not None}

    def encoded(self) -> str:
        """The query part of a URL, encoded as the signature wants it (space is %20)."""
        return "&".join([f"{name}={_quoted(value)}" for name, value in self.pairs().items()])

    def problems(self, cloud: str) -> tuple[str, ...]:
        """Everything that is out of its documented range, each named."""
        found = dict.fromkeys((*self._own_problems(), *self._unknown_to(cloud)))
        if not found and self._is_plain():
            return ()
        named = {problem.partition(":")[0] for problem in found}
        for breach in query_breaches(self.API, cloud, self.pairs()):
            name = breach.path.removeprefix("$.")
            if breach.fatal and name not in named:
                found[f"{name}: {breach.message}"] = None
        return tuple(f"query of {self.API}: {problem}" for problem in found)

    def _is_plain(self) -> bool:
        """Whether it says no more than our own calls, in a form that every document allows.

        Its schema, which takes as long as a page to be read, would find nothing then; a property test holds that.
        """
        said = self.pairs()
        project = said.get("enterprise_project_id", "0")
        return "category" in said and said.keys() <= _PLAIN and 1 <= len(project) <= _LONGEST_PROJECT

    def check(self, cloud: str) -> None:
        """Raises SettingsError with all problems."""
        problems = self.problems(cloud)
        if problems:
            raise SettingsError(problems)

    def _own_problems(self) -> Iterator[str]:
        """What is wrong by the newest revisions, whose schemas the repository may not hold."""
        yield from ()

    if TYPE_CHECKING:

        def _asdict(self) -> dict[str, Any]: ...

    def _unknown_to(self, cloud: str) -> Iterator[str]:
        for name in self.HUAWEI_ONLY if cloud == "otc" else ():
            if getattr(self, name) is not None:
                yield f"{name}: Open Telekom Cloud does not have this parameter"


class _PortStatistics(NamedTuple):
    category: str | None = None
    enterprise_project_id: str | None = None
    limit: int | None = LIMIT
    offset: int | None = 0
    port: int | None = None
    port_string: str | None = None
    type: str | None = None
    status: str | None = None
    sort_key: str | None = None
    sort_dir: str | None = None


class PortStatisticsQuery(_PortStatistics, Query):
    """`GET /v5/{project_id}/asset/port/statistics`."""

    __slots__ = ()
    API: ClassVar[str] = "port_statistics"
    HUAWEI_ONLY: ClassVar[tuple[str, ...]] = ("port_string", "status", "sort_key", "sort_dir")

    def _own_problems(self) -> Iterator[str]:
        yield from _integer("limit", self.limit, 10, LIMIT)
        yield from _integer("offset", self.offset, 0, HIGHEST_OFFSET)
        yield from _integer("port", self.port, 1, 65535)
        yield from _text("port_string", self.port_string, 1, 256)
        yield from _text("type", self.type, 1, 256)
        yield from _text("enterprise_project_id", self.enterprise_project_id, 0, 256)
        yield from _one_of("status", self.status, ("danger", "normal", "unknown"))
        yield from _one_of("sort_key", self.sort_key, ("port",))
        yield from _one_of("sort_dir", self.sort_dir, ("asc", "desc"))
        yield from _one_of("category", self.category, CATEGORIES)


class _AssetStatistics(NamedTuple):
    category: str | None = None
    enterprise_project_id: str | None = None
    host_id: str | None = None


class AssetStatisticsQuery(_AssetStatistics, Query):
    """`GET /v5/{project_id}/asset/statistics`.

    The schemas differ: `category` is mandatory on Huawei Cloud and defaults to host on OTC, where `host_id` has at most
    128 characters instead of 64. Our own calls send a category everywhere.
    """

    __slots__ = ()
    API: ClassVar[str] = "asset_statistics"

    def _own_problems(self) -> Iterator[str]:
        yield from _one_of("category", self.category, CATEGORIES)
        yield from _text("enterprise_project_id", self.enterprise_project_id, 0, 256)
        yield from _text("host_id", self.host_id, 1, 128)


def _quoted(value: str) -> str:
    """Letters and digits, which most values are, stay as they are."""
    return value if value.isalnum() and value.isascii() else quote(value, safe="~")


def check_project(project_id: str) -> tuple[str, ...]:
    """What is wrong with a project id: it is a part of the path, 1-256 characters."""
    return tuple(_text("project_id", project_id, 1, 256))


def check_token(token: str) -> tuple[str, ...]:
    """What is wrong with a token, as a header: 1-32,768 printable characters."""
    if not 1 <= len(token) <= HIGHEST_TOKEN:
        return (f"X-Auth-Token: has {len(token)} characters, not 1-{HIGHEST_TOKEN}",)
    return () if token.isascii() and token.isprintable() else ("X-Auth-Token: holds an unprintable character",)


def _integer(name: str, value: object, low: int, high: int) -> Iterator[str]:
    if value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool):
        yield f"{name}: must be an integer"
    elif not low <= value <= high:
        yield f"{name}: {value} is not in {low}-{high}"


def _text(name: str, value: str | None, shortest: int, longest: int) -> Iterator[str]:
    if value is None:
        return
    if not shortest <= len(value) <= longest:
        yield f"{name}: has {len(value)} characters, not {shortest}-{longest}"
    elif not value.isprintable():
        yield f"{name}: holds an unprintable character"


def _one_of(name: str, value: str | None, words: tuple[str, ...]) -> Iterator[str]:
    if value is not None and value not in words:
        yield f"{name}: must be one of {', '.join(words)}"
