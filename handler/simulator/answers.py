"""What each API answers to a query: pure functions over a fleet.

Documented in ListPortStatistics, ShowAssetStatistic and ListPortHost. Where the service is known to differ from its
page, this does as the service: a port out of range finds nothing, an unknown parameter is ignored, `limit` is clamped.
"""

from __future__ import annotations

from operator import attrgetter
from random import Random
from typing import TYPE_CHECKING, Any

from handler.models import CATEGORIES, COUNTERS
from handler.named_tuple import NamedTuple
from handler.simulator.fleet import Fleet, Line, Process, processes_of, summed
from handler.simulator.moving import ordered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from handler.simulator.options import Options

SMALLEST, LARGEST = 10, 200  # limit
_TYPE, _PLACE = attrgetter("type"), attrgetter("port", "type")
_FILTERS = {"port", "type", "port_string", "status"}
APIS = {
    "asset/port/statistics": "port_statistics",
    "asset/statistics": "asset_statistics",
    "asset/ports/detail": "port_detail",
}

MANDATORY = {  # by cloud and API; OTC has no port_detail, and takes host for a category that is not sent
    ("huaweicloud", "asset_statistics"): ("category",),
    ("huaweicloud", "port_detail"): ("port", "category"),
}
LONGEST_HOST_ID = {"huaweicloud": 64, "otc": 128}


class BadParameterError(ValueError):
    """A parameter that the service refuses with HSS.0001."""


class Call(NamedTuple):
    """One question to HSS."""

    api: str
    project_id: str
    query: Mapping[str, str]

    @property
    def category(self) -> str:
        """The category asked for; host is the API's default."""
        return self.query.get("category") or "host"

    @property
    def enterprise_project(self) -> str:
        """The enterprise project asked for; 0 is the API's default."""
        return self.query.get("enterprise_project_id") or "0"


class Open(NamedTuple):
    """A line and one of its listeners: a row of ports/detail."""

    line: Line
    listener: Process


class AnswerPage(NamedTuple):
    """What is cut out of the matching rows, and the total that is claimed."""

    rows: Sequence[Line | Open]
    offset: int
    limit: int
    total: int


def counters(call: Call, fleet: Fleet, options: Options) -> dict[str, int]:
    """The body of asset/statistics; with `host_id` only that server's ports are known. Raises BadParameterError."""
    _checked(call, options)
    host = call.query.get("host_id")
    if not host:
        return fleet.counters(call.enterprise_project, call.category)
    lines = fleet.lines(call.enterprise_project, call.category)
    ports = sum(each.host_id == host for line in lines for each in processes_of(line, call.category))
    return dict.fromkeys(COUNTERS, 0) | {"port_num": ports}


def rows_of(call: Call, fleet: Fleet, options: Options, nth: int) -> Sequence[Line | Open]:
    """The rows that a query matches, in the service's order. Raises BadParameterError.

    What the order leaves to chance differs from one `nth` call to the next.
    """
    _checked(call, options)
    lines = fleet.lines(call.enterprise_project, call.category)
    kept = list(_spoken(lines, options))
    if not _FILTERS.isdisjoint(call.query):
        kept = [line for line in kept if _matches(line, call.query, options)]
    in_order = _ordered(kept, call.query, options, nth)
    return _opened(kept, call) if call.api == "port_detail" else in_order


def page_of(call: Call, rows: Sequence[Line | Open], options: Options) -> AnswerPage:
    """Where the page of a query begins in what it matches. Raises BadParameterError."""
    total = min(len(rows), options.cap)
    return AnswerPage(rows, max(0, _integer(call.query, "offset", 0)), _limit(call.query), total)


def left_to_chance(options: Options) -> bool:
    """Whether the rows stand in another order at each call."""
    return options.ties == "any" or options.order == "none"


def listing(page: AnswerPage, options: Options) -> dict[str, Any]:
    """The body of a listing: `total_num`, `data_list`."""
    cut = page.rows[page.offset : page.offset + page.limit]
    return {"total_num": page.total, "data_list": [_rendered(row, options) for row in cut]}


def _checked(call: Call, options: Options) -> None:
    if call.category not in CATEGORIES:
        raise BadParameterError("category")
    for name in MANDATORY.get((options.cloud, call.api), ()):
        if not call.query.get(name):
            raise BadParameterError(name)
    if call.api == "asset_statistics" and len(call.query.get("host_id", "")) > LONGEST_HOST_ID[options.cloud]:
        raise BadParameterError("host_id")


def _spoken(lines: tuple[Line, ...], options: Options) -> Sequence[Line]:
    """The lines in the cloud's own words: OTC knows neither TCP6 nor a status."""
    if options.cloud == "huaweicloud":
        if options.unknown_word == "unknown":
            return lines
        return [line._replace(status=line.status.replace("unknown", options.unknown_word)) for line in lines]
    types = {*map(_TYPE, lines)}
    if not any(each.endswith("6") for each in types) and len({*map(_PLACE, lines)}) == len(lines):
        return lines  # nothing is to be folded, and no status is shown
    return summed(line._replace(type=line.type.removesuffix("6"), status="") for line in lines)


def _matches(line: Line, query: Mapping[str, str], options: Options) -> bool:
    exact = _integer(query, "port", None)
    if exact is not None and line.port != exact:
        return False
    if query.get("type") and line.type != query["type"]:
        return False
    if options.cloud == "otc":
        return True
    return query.get("port_string", "") in str(line.port) and query.get("status") in (None, "", line.status)


def _ordered(lines: list[Line], query: Mapping[str, str], options: Options, nth: int) -> list[Line]:
    ties = Random(nth) if left_to_chance(options) else None  # noqa: S311 - not for secrets
    if options.cloud == "otc" or options.sort == "ignored" or query.get("sort_key") != "port":
        return ordered(lines, options.order, ties)
    listed = ordered(lines, "text" if options.sort == "text" else "port", ties)
    return listed[::-1] if query.get("sort_dir") == "desc" else listed


def _opened(lines: list[Line], call: Call) -> list[Line | Open]:
    wanted = {name: call.query[name] for name in ("host_name", "host_ip") if call.query.get(name)}
    return [
        Open(line, each)
        for line in lines
        for each in processes_of(line, call.category)
        if all(value in getattr(each, name) for name, value in wanted.items())
    ]


def _rendered(row: Line | Open, options: Options) -> dict[str, Any]:
    if isinstance(row, Line):
        plain = {"port": row.port, "type": row.type, "num": row.num}
        return plain if options.cloud == "otc" else {**plain, "status": row.status}
    who = row.listener
    return {
        "container_id": who.container_id,
        "container_name": who.container_name,
        "host_id": who.host_id,
        "host_ip": who.host_ip,
        "host_name": who.host_name,
        "laddr": who.laddr,
        "path": who.path,
        "pid": who.pid,
        "port": row.line.port,
        "status": row.line.status,
        "type": row.line.type,
        "agent_id": who.agent_id,
    }


def _limit(query: Mapping[str, str]) -> int:
    limit: int = _integer(query, "limit", SMALLEST)
    return min(max(limit, SMALLEST), LARGEST)


def _integer(query: Mapping[str, str], name: str, default: Any) -> Any:
    """The parameter as a whole number; `default` where it is not given. Raises BadParameterError."""
    text = query.get(name)
    if text is None or text == "":
        return default
    try:
        return int(text)
    except ValueError:
        raise BadParameterError(name) from None
