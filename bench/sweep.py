"""Calls: what the plan makes beside the fewest that any plan can promise, the fewest in hindsight, and listing all."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING, Any

from bench.measure import progress
from handler.clock import Deadline
from handler.hss.auth import TokenAuth
from handler.hss.client import HssClient
from handler.hss.listing import take_snapshot
from handler.hss.overlap import OVERLAP, pages_of
from handler.hss.pacing import Pacer
from handler.hss.parameters import LIMIT
from handler.hss.plan import Ask, calls_from_start
from handler.models import Secret, Target
from handler.ports import PortSet
from handler.simulator.generate import generate
from handler.simulator.options import PROJECT, TOKEN, Options
from handler.simulator.simulator import Simulator
from tests.fakes import FakeClock

if TYPE_CHECKING:
    from handler.simulator.fleet import Fleet

ROWS = (0, 40, 200, 201, 1_000, 3_000, 9_000)
PORTS = (1, 3, 8, 20, 60, 400)


def calls() -> dict[str, object]:
    """Every estate with every policy on both clouds; port-statistics calls only, the counters are one more each."""
    rows: list[dict[str, Any]] = []
    for cloud, size, count in itertools.product(("otc", "huaweicloud"), ROWS, PORTS):
        fleet = generate(size + 1, size, cloud=cloud)
        spread = random.Random(count).sample(range(1, 65_536), count)
        rows.append(_one(cloud, fleet, size, "low", PortSet.of_ports(range(1, count + 1))))
        rows.append(_one(cloud, fleet, size, "spread", PortSet.of_ports(spread)))
    progress(f"calls: {len(rows)} estates and policies")
    sums = {
        "calls of the plan": "plan",
        "calls promised at best": "promised",
        "calls in hindsight": "hindsight",
        "calls of listing everything": "everything",
        "minutes of the plan": "minutes",
        "minutes of listing everything": "minutes of everything",
    }
    return {
        "cases": len(rows),
        "more than the fewest that can be promised": sum(row["plan"] > row["promised"] for row in rows),
        "more than the fewest in hindsight": sum(row["plan"] > row["hindsight"] for row in rows),
        **{name: sum(row[column] for row in rows) for name, column in sums.items()},
        "rows": rows,
    }


def _one(cloud: str, fleet: Fleet, size: int, kind: str, ports: PortSet) -> dict[str, Any]:
    asked, minutes = _listed(cloud, fleet, Ask("host", ports))
    everything, minutes_of_everything = _listed(cloud, fleet, Ask("host", every_row=True))
    return {
        "cloud": cloud,
        "rows": size,
        "ports": f"{len(ports)} {kind}",
        "plan": asked,
        "promised": calls_from_start(Ask("host", ports), size, "asked" if cloud == "huaweicloud" else "none")[1],
        "hindsight": _hindsight(cloud, fleet, size, ports),
        "everything": everything,
        "minutes": minutes,
        "minutes of everything": minutes_of_everything,
    }


def _listed(cloud: str, fleet: Fleet, ask: Ask) -> tuple[int, float]:
    """Calls of port statistics, and minutes until the verdict with pacing, on a simulated clock."""
    clock = FakeClock()
    simulator = Simulator(fleet, Options(cloud=cloud), clock=clock)  # type: ignore[arg-type]
    client = HssClient(
        "https://hss.example", TokenAuth(Secret(TOKEN)), simulator, Pacer(clock), clock, random.Random(1)
    )
    begun = clock.monotonic()
    snapshot = take_snapshot(client, Target(cloud=cloud, project_id=PROJECT), (ask,), clock, Deadline.after(1e6, clock))
    (category,) = snapshot.categories
    if not category.complete:
        raise RuntimeError(f"{cloud}, {len(category.rows)} rows: {category.problems}")
    return category.api_calls - 1, (clock.monotonic() - begun) / 60


def _hindsight(cloud: str, fleet: Fleet, size: int, ports: PortSet) -> int:
    """Brute force over every number of pages read first, with every row known in advance."""
    pages = pages_of(size)
    estate = next(iter(fleet.estates.values()))
    listed = sorted(line.port for line in estate.lines)
    best = pages if cloud == "huaweicloud" or pages == 1 else 2 * pages
    for read in range(1, pages):
        passed = listed[LIMIT + (read - 1) * (LIMIT - OVERLAP) - 1] if cloud == "huaweicloud" else 0
        left = len(ports & PortSet(((max(1, passed), 65_535),)))
        best = min(best, read + left)
    return best
