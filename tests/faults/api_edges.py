"""The edges of asking: IAM, each HSS API at its first, middle and last page, and the gateway's door."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

from handler.errors import UnknownError
from handler.transport.request import Request
from tests.faults import invariants
from tests.faults.answers import Fault, faults_of
from tests.faults.cells import LASTS, Cell
from tests.faults.scene import BY_SERVER, EXACT, SECRETS, Scene, Striking, scene

CALL = {"httpMethod": "GET", "headers": {"authorization": f"Bearer {SECRETS['apig']}"}, "path": "/", "body": ""}


@dataclass(frozen=True)
class Edge:
    """Where the fault strikes, in what world; `counts`: whether the verdict depends on it."""

    name: str
    where: Callable[[Request], bool]
    faults: tuple[Fault, ...]
    cloud: str = "otc"
    settings: dict[str, Any] = field(default_factory=dict)
    policy: str = ""
    cold: bool = False
    truth: frozenset[int] = invariants.TRUTH
    counts: bool = True


def _asks(api: str, **wanted: str) -> Callable[[Request], bool]:
    def where(request: Request) -> bool:
        parts = urlsplit(request.url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return parts.path.endswith(api) and all(query.get(name, "0") == value for name, value in wanted.items())

    return where


LOGIN = {
    "HSS_AUTH_TOKEN": None,
    "OS_AUTH_URL": "https://iam.eu-de.otc.t-systems.com/v3",
    "OS_USERNAME": "reader",
    "OS_PASSWORD": SECRETS["password"],
    "OS_USER_DOMAIN_NAME": "OTC00000000001000000000",
    "OS_PROJECT_ID": "0123456789abcdef0123456789abcdef",
}
# the honest answer to an exact query of a port that nobody has open: no caller can tell it from a lie
TRUE_OF_A_CLOSED_PORT = ("total_num 0, no rows",)
NAMES = {"0": "first", "196": "middle", "392": "last"}


def edges() -> Iterator[Edge]:
    api, listing = faults_of("api"), faults_of("list")
    yield Edge("IAM login", _asks("auth/tokens"), api, settings=LOGIN, cold=True)
    yield Edge("HSS asset/statistics", _asks("asset/statistics"), api)
    for offset, place in NAMES.items():
        yield Edge(
            f"HSS asset/port/statistics, {place} page", _asks("port/statistics", offset=offset, port="0"), listing
        )
    for offset, place in NAMES.items():
        where = _asks("port/statistics", offset=offset, port="0")
        yield Edge(f"the same on Huawei Cloud, {place} page", where, listing, cloud="huaweicloud")
    exact = _asks("port/statistics", port="5900")
    lies = tuple(fault for fault in listing if fault.name not in TRUE_OF_A_CLOSED_PORT)
    yield Edge("HSS asset/port/statistics, exact query", exact, lies, policy=EXACT, truth=frozenset({5900}))
    where = _asks("ports/detail")
    yield Edge("HSS asset/ports/detail, its only page", where, listing, cloud="huaweicloud", counts=False)
    decides = "HSS asset/ports/detail, on which the verdict depends"
    yield Edge(decides, _asks("ports/detail", port="23"), listing, cloud="huaweicloud", policy=BY_SERVER)


def cells() -> Iterator[Cell]:
    for edge in edges():
        for fault in edge.faults:
            for lasts in LASTS:
                yield Cell(edge.name, fault.name, lasts, partial(_play, edge, fault, lasts))
    yield from _doors()


def _play(edge: Edge, fault: Fault, lasts: str) -> list[str]:
    with scene(cloud=edge.cloud, **({"policy": edge.policy} if edge.policy else {})) as world:
        return invariants.once_each(_story(world, edge, fault, lasts))


def _story(world: Scene, edge: Edge, fault: Fault, lasts: str) -> Iterator[str]:
    """Told once; then the world changes and the fault begins; then it ends, and everything is known."""
    world.settings = {k: v for k, v in (world.settings | edge.settings).items() if v is not None}
    world.cold = edge.cold
    world.run()
    world.change()
    world.striking = Striking(fault, edge.where, 1 if lasts == "once" else None)
    for _ in range(LASTS[lasts]):
        ran = world.run()
        yield from invariants.of_run(ran, edge.truth)
        yield from invariants.of_marks(world)
        if fault.readable and (ran.report or {}).get("verdict") != "violations":
            yield "a field that no rule reads changed the verdict"
        if not edge.counts and ran.report and ran.report["verdict"] == "inconclusive" and not fault.taken:
            yield "servers that cannot be named made the verdict inconclusive"
    if not world.striking.struck:
        yield "the fault never struck: the cell shows nothing"
    world.striking = None
    world.clock.moment = max(world.clock.moment, world.clock.moment)
    for _ in range(2):
        last = world.run()
        yield from invariants.of_run(last, edge.truth)
    yield from _recovered(world, last.report, edge)
    yield from world.leaks()


def _recovered(world: Scene, report: dict | None, edge: Edge) -> Iterator[str]:
    if report is None or report["verdict"] != "violations":
        yield "not conclusive after recovery"
    if edge.policy == EXACT:
        return
    yield from invariants.of_telling(world)


def _doors() -> Iterator[Cell]:
    """The same faults where nobody can be told, and where a gateway asked."""
    first = _asks("port/statistics", offset="0")
    for fault in faults_of("list"):
        yield Cell("function without a sink", fault.name, "for ever", partial(_nobody, first, fault))
        yield Cell("call by the gateway", fault.name, "for ever", partial(_call, first, fault))


def _nobody(where: Callable[[Request], bool], fault: Fault) -> list[str]:
    with scene() as world:
        del world.settings["NOTIFY_CONFIG"], world.settings["STATE_URL"]
        world.change()
        world.striking = Striking(fault, where)
        ran = world.run()
        broken = [*invariants.of_run(ran), *world.leaks()]
        if ran.raised is not None and not isinstance(ran.raised, UnknownError):
            broken.append(f"raised {type(ran.raised).__name__}")
        return broken


def _call(where: Callable[[Request], bool], fault: Fault) -> list[str]:
    with scene() as world:
        world.change()
        world.striking = Striking(fault, where)
        ran = world.run(CALL)
        answer = ran.report or {}
        verdict = json.loads(answer["body"])["verdict"]
        wanted = {"violations": 207, "inconclusive": 503}.get(verdict)
        broken = [] if answer["statusCode"] == wanted else [f"{verdict} was answered with {answer['statusCode']}"]
        ran.report = json.loads(answer["body"])
        return [*broken, *invariants.of_run(ran), *world.leaks()]
