"""A made-up fleet from a seed: the same seed gives the same fleet, on every machine."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from handler.models import COUNTERS
from handler.simulator.fleet import Estate, Fleet, Line

if TYPE_CHECKING:
    from collections.abc import Iterator

DANGER = (
    21,
    23,
    69,
    135,
    137,
    139,
    445,
    512,
    513,
    514,
    1433,
    1521,
    2375,
    3306,
    3389,
    5432,
    5900,
    6379,
    9200,
    11211,
    27017,
)
COMMON = (22, 25, 53, 80, 110, 111, 123, 143, 161, 323, 443, 631, 993, 995, 2049, 8080, 8443, 9090, 9100, 10250)
PORTS = 65_000  # somewhat fewer than there are: without DANGER not all are used
TYPES = {"otc": ("TCP", "UDP"), "huaweicloud": ("TCP", "TCP6", "UDP", "UDP6")}
_UDP_PORTS = (53, 69, 111, 123, 137, 161, 323)


def generate(
    seed: int,
    rows: int,
    *,
    container_rows: int = 0,
    cloud: str = "huaweicloud",
    enterprise_projects: tuple[str, ...] = ("0",),
    banned: bool = True,
    closed: frozenset[int] = frozenset(),
) -> Fleet:
    """A fleet of `rows` distinct lines for hosts and `container_rows` for containers, in no order of port.

    Well-known ports come first, then registered and ephemeral ones, up to every port in every type of that cloud.
    Without `banned` none of DANGER is open; none of `closed` ever is. With several enterprise projects the lines are
    dealt out in turn.
    """
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    estates = {}
    for category, wanted in (("host", rows), ("container", container_rows)):
        lines = _lines(chance, wanted, TYPES[cloud], closed=closed if banned else closed | set(DANGER))
        for index, project in enumerate(enterprise_projects):
            dealt = tuple(lines[index :: len(enterprise_projects)])
            estates[project, category] = Estate(dealt, _counters(chance, dealt))
    return Fleet(estates)


def _lines(chance: random.Random, wanted: int, types: tuple[str, ...], *, closed: frozenset[int]) -> list[Line]:
    if wanted > len(types) * PORTS:
        raise ValueError(f"{wanted} rows are more than {len(types)} types have ports")
    keys: dict[tuple[int, str], None] = {}
    for port in _ports(chance, closed):
        if len(keys) >= wanted:
            break
        usual = "UDP" if port in _UDP_PORTS else "TCP"
        for name in (usual, *chance.sample(types, k=len(types)))[: chance.choice((1, 1, 1, 2, 3))]:
            keys[port, name] = None
    for port in _ports(chance, closed):  # every port in every type, if that many are asked for
        if len(keys) >= wanted:
            break
        keys.update(dict.fromkeys((port, name) for name in types))
    chosen = list(keys)[:wanted]
    chance.shuffle(chosen)
    return [Line(port, name, _num(chance, port), _status(port)) for port, name in chosen]


def _ports(chance: random.Random, closed: frozenset[int]) -> Iterator[int]:
    """Every port once that is not closed, likely ones first."""
    known = [port for port in (*COMMON, *DANGER) if port not in closed]
    never = {*COMMON, *DANGER, *closed}
    yield from chance.sample(known, k=len(known))
    for first, last in ((32768, 60999), (1024, 32767), (61000, 65535), (1, 1023)):
        span = [port for port in range(first, last + 1) if port not in never]
        yield from chance.sample(span, k=len(span))


def _num(chance: random.Random, port: int) -> int:
    """Well-known ports are open on many servers, an ephemeral one on few."""
    return chance.randint(1, 400) if port < 1024 else chance.randint(1, 3)


def _status(port: int) -> str:
    if port in DANGER:
        return "danger"
    return "normal" if port in COMMON else "unknown"


def _counters(chance: random.Random, lines: tuple[Line, ...]) -> dict[str, int | None]:
    counted: dict[str, int | None] = {name: chance.randint(1, 5000) if lines else 0 for name in COUNTERS}
    return counted | {"port_num": sum(line.num for line in lines)}
