"""A client on the simulator, in process, for tests of whole listings."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from urllib.parse import parse_qs, urlsplit

from handler.clock import Deadline
from handler.hss.auth import TokenAuth
from handler.hss.client import HssClient
from handler.hss.listing import take_snapshot
from handler.hss.pacing import Pacer
from handler.hss.plan import Ask
from handler.hss.walk import Progress
from handler.models import CategorySnapshot, Secret, Snapshot, Target
from handler.ports import PortSet
from handler.simulator.faults import Fault
from handler.simulator.fleet import Fleet, Line
from handler.simulator.options import PROJECT, TOKEN, Options
from handler.simulator.simulator import Simulator
from handler.transport.request import Request, Response
from tests.fakes import FakeTransport, MovingClock

PORTS, STATISTICS = "port_statistics", "asset_statistics"
EVERY = Ask("host", every_row=True)
REFUSED = {"status": 403, "code": "APIG.0302", "message": "no"}


def lines(count: int, start: int = 1000) -> tuple[Line, ...]:
    """So many lines, in no order."""
    ports = list(range(start, start + count))
    Random(3).shuffle(ports)
    return tuple(Line(port, "TCP", 2) for port in ports)


def varied(count: int, start: int = 1000) -> tuple[Line, ...]:
    """The same with numbers that differ, as an order of port needs them to show on Open Telekom Cloud."""
    return tuple(line._replace(num=1 + line.port % 3) for line in lines(count, start))


class Bench:
    """A client on the simulator, in process, on a clock that never waits."""

    def __init__(self, fleet: Fleet, *faults: Fault, left: float = 10_000.0, token: str = TOKEN, **options) -> None:
        self.clock = MovingClock()
        options = {"cloud": "otc"} | options
        self.simulator = Simulator(fleet, Options(**options), clock=self.clock, faults=faults)
        self.target = Target(cloud=options["cloud"], project_id=PROJECT)
        self.transport = FakeTransport(self.send)
        self.before: Callable[[Request, int], None] = lambda _request, _number: None
        self.progress: list[Progress] = []
        self.client = HssClient(
            "https://hss.example", TokenAuth(Secret(token)), self.transport, Pacer(self.clock), self.clock, Random(1)
        )
        self.deadline = Deadline.after(left, self.clock)

    def send(self, request: Request) -> Response:
        self.before(request, len(self.transport.requests))
        return self.simulator(request, 1.0)

    def snapshot(self, *asks: Ask, **other) -> Snapshot:
        return take_snapshot(
            self.client, self.target, asks, self.clock, self.deadline, on_progress=self.progress.append, **other
        )

    def category(self, ask: Ask, **other) -> CategorySnapshot:
        return self.snapshot(ask, **other).categories[0]

    @property
    def queries(self) -> list[dict[str, str]]:
        urls = [urlsplit(request.url) for request in self.transport.requests]
        return [{key: values[0] for key, values in parse_qs(url.query).items()} for url in urls if "port" in url.path]


def ask(*ports: int) -> Ask:
    return Ask("host", PortSet.of_ports(ports))


def told(category: CategorySnapshot) -> str:
    return " | ".join(str(problem) for problem in category.problems)
