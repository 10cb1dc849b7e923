"""What the simulated servers and containers listen on: frozen data, and how one cloud sees it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from handler.models import CATEGORIES, COUNTERS
from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

ALL_PROJECTS = "all_granted_eps"
_POOL = 977  # made-up servers are numbered below this prime


@dataclass(frozen=True, slots=True)
class Process:
    """One process that listens, on one server or container."""

    host_id: str
    host_name: str = ""
    host_ip: str = ""
    laddr: str = "0.0.0.0"  # noqa: S104 - the API's word for every network card
    path: str = ""
    pid: int = 0
    container_id: str = ""
    container_name: str = ""
    agent_id: str = ""


class Line(NamedTuple):
    """One line of port statistics; `type` and `status` in the API's words. Without `listeners` they are made up.

    `updated` grows with each change of a line; what never changed has 0 or less.
    """

    port: int
    type: str
    num: int
    status: str = "unknown"
    listeners: tuple[Process, ...] = ()
    updated: int = 0


@dataclass(frozen=True, slots=True)
class Estate:
    """One enterprise project's assets of one category. `counters` overrides what follows from the lines.

    A counter of None is left out of the answer.
    """

    lines: tuple[Line, ...] = ()
    counters: Mapping[str, int | None] = field(default_factory=lambda: MappingProxyType({}))

    def counted(self) -> dict[str, int | None]:
        """All twelve counters."""
        return dict.fromkeys(COUNTERS, 0) | {"port_num": sum(line.num for line in self.lines)} | dict(self.counters)


@dataclass(frozen=True, slots=True)
class Fleet:
    """All estates, by (enterprise project id, category)."""

    estates: Mapping[tuple[str, str], Estate] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, *lines: Line, category: str = "host", enterprise_project: str = "0") -> Fleet:
        """A fleet of one estate."""
        return cls({(enterprise_project, category): Estate(tuple(lines))})

    def lines(self, enterprise_project: str, category: str) -> tuple[Line, ...]:
        """The lines of one enterprise project, or of all of them together, in a stable order."""
        chosen = self._chosen(enterprise_project, category)
        return chosen[0].lines if len(chosen) == 1 else summed(line for estate in chosen for line in estate.lines)

    def counters(self, enterprise_project: str, category: str) -> dict[str, int]:
        """The counters of one enterprise project, or their sums; one that any estate leaves out is left out."""
        every = [estate.counted() for estate in self._chosen(enterprise_project, category)] or [Estate().counted()]
        sums: dict[str, int] = {}
        for name in COUNTERS:
            values = [counted[name] for counted in every]
            if None not in values:
                sums[name] = sum(value for value in values if value is not None)
        return sums

    def without(self, port: int, category: str | None = None) -> Fleet:
        """The fleet after somebody closed that port, of every type."""
        return self._changed(lambda lines: tuple(line for line in lines if line.port != port), category)

    def with_line(self, line: Line, category: str = "host", enterprise_project: str = "0") -> Fleet:
        """The fleet after somebody opened a port; the line comes last."""
        key = (enterprise_project, category)
        estate = self.estates.get(key, Estate())
        return Fleet({**self.estates, key: replace(estate, lines=(*estate.lines, line))})

    def _chosen(self, enterprise_project: str, category: str) -> list[Estate]:
        return [
            estate
            for (project, kind), estate in self.estates.items()
            if kind == category and enterprise_project in (ALL_PROJECTS, project)
        ]

    def _changed(self, change: Callable[[tuple[Line, ...]], tuple[Line, ...]], category: str | None) -> Fleet:
        touched = CATEGORIES if category is None else (category,)
        return Fleet(
            {
                key: replace(estate, lines=change(estate.lines)) if key[1] in touched else estate
                for key, estate in self.estates.items()
            }
        )


def summed(lines: Iterable[Line]) -> tuple[Line, ...]:
    """Lines of the same port, type and status as one, their `num` added; in order of first sight."""
    sums: dict[tuple[int, str, str], Line] = {}
    for line in lines:
        key = (line.port, line.type, line.status)
        known = sums.get(key)
        sums[key] = (
            line
            if known is None
            else known._replace(num=known.num + line.num, listeners=known.listeners + line.listeners)
        )
    return tuple(sums.values())


def processes_of(line: Line, category: str) -> tuple[Process, ...]:
    """Who listens there: the line's own, or `num` made-up ones that are the same each time."""
    return line.listeners or tuple(_made_up(line, category, index) for index in range(line.num))


def _made_up(line: Line, category: str, index: int) -> Process:
    number = (line.port * 31 + index) % _POOL
    container = category == "container"
    return Process(
        host_id=f"{number:08x}-5c1e-4f0a-9d2b-{line.port:012x}",
        host_name=f"server-{number:03d}",
        host_ip=f"10.{number // 250}.{number % 250}.{index % 250 + 1}",
        laddr="127.0.0.1" if (line.port + index) % 5 == 0 else "0.0.0.0",  # noqa: S104 - the API's word
        path=f"/usr/sbin/service-{line.port}",
        pid=1000 + number,
        container_id=f"{number:064x}" if container else "",
        container_name=f"pod-{number:03d}" if container else "",
        agent_id=f"{number:064x}",
    )
