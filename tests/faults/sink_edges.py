"""The edges of telling: each kind of sink that is told of findings, alone, so that nobody else's success hides its failure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from handler.errors import DeliveryError
from handler.sinks.kinds import SINK_KINDS
from tests.faults import invariants
from tests.faults.answers import Fault, faults_of
from tests.faults.cells import LASTS, Cell
from tests.faults.scene import CLOSED, EVERY_RUN, ONE_PAGE, OPEN, OPENED, Ran, Receiver, Scene, Striking, scene

# these targets answer any 2xx when they took a message, so a stranger's 2xx cannot be told from theirs (docs/sinks.md)
ANY_2XX = ("generic", "teams", "webex", "alertmanager", "cloudevents", "ocsf")
A_STRANGERS_2XX = ("HTML 200", "empty 200", "JSON bomb 200", "huge number 200")


def cells() -> Iterator[Cell]:
    for kind in (name for name, row in SINK_KINDS.items() if not row.once_a_run):
        for fault in faults_of("sink"):
            for lasts in LASTS:
                if kind in ANY_2XX and fault.name in A_STRANGERS_2XX:
                    continue
                yield Cell(f"sink {kind}", fault.name, lasts, partial(_play, kind, fault, lasts))


def _play(kind: str, fault: Fault, lasts: str) -> list[str]:
    with scene(kinds={"soc": kind}, rows=ONE_PAGE) as world:
        return invariants.once_each(_story(world, fault, lasts))


def _story(world: Scene, fault: Fault, lasts: str) -> Iterator[str]:
    soc = world.receivers["soc"]
    healthy = world.run()
    yield from _told_in_full(healthy, soc)
    fingerprints = {one["port"]: one["fingerprint"] for one in (healthy.report or {"findings": []})["findings"]}
    world.change()
    known = len(soc.taken)
    world.striking = Striking(fault, lambda request: "soc.sink" in request.url, 1 if lasts == "once" else None)
    for _ in range(LASTS[lasts]):
        before = len(soc.taken)
        ran = world.run()
        yield from invariants.of_run(ran)
        yield from invariants.of_marks(world)
        yield from _honest(ran, fault, taken=len(soc.taken) > before)
    if not world.striking.struck:
        yield "the fault never struck: the cell shows nothing"
    world.striking = None
    for _ in range(2):
        world.clock.tick(7200)  # past every lease
        yield from invariants.of_run(world.run())
    quiet = len(soc.taken)
    yield from invariants.of_run(world.run())
    if soc.kind not in EVERY_RUN and len(soc.taken) != quiet:
        yield "something was told again long after recovery"
    yield from _heard(_Heard(soc, known, fingerprints), fault)
    yield from world.leaks()


def _told_in_full(ran: Ran, soc: Receiver) -> Iterator[str]:
    if ran.raised is not None or not soc.taken:
        yield "the healthy run told nothing"


def _honest(ran: Ran, fault: Fault, *, taken: bool) -> Iterator[str]:
    """What the run says of the delivery is what happened to it."""
    if ran.raised is not None:
        if not isinstance(ran.raised, DeliveryError):
            yield f"raised {type(ran.raised).__name__} instead of DeliveryError"
        if taken and not fault.taken:
            yield "DeliveryError, although the sink took a message"
        return
    assert ran.report is not None
    (delivery,) = ran.report["deliveries"]
    if delivery["status"] in invariants.ACCEPTED and not taken:
        yield f"reported as {delivery['status']}, but the sink took nothing"
    if len(delivery["reason"]) > 400 or not delivery["reason"].isprintable():
        yield "a reason that is too long or not printable"


@dataclass(frozen=True)
class _Heard:
    """What a sink took since the fault began."""

    soc: Receiver
    known: int
    fingerprints: dict[int, str]

    def times(self, port: int) -> int:
        """In how many messages; those of `generic` that came again under their own id count once."""
        taken, ids = self.soc.taken[self.known :], self.soc.ids[self.known :]
        distinct = list(dict(zip(ids, taken, strict=True)).values()) if self.soc.kind == "generic" else taken
        words = [rf"\b{port}\b".encode()]
        if self.soc.kind == "pagerduty" and port in self.fingerprints:  # a resolve event names nothing else
            words = [self.fingerprints[port].encode()]
        return sum(any(re.search(word, body) for word in words) for body in distinct)


def _heard(heard: _Heard, fault: Fault) -> Iterator[str]:
    """Since the fault began: what opened was told, what closed was told, and once unless an answer was lost."""
    kind = heard.soc.kind
    for port in (OPENED, CLOSED):
        times = heard.times(port)
        if times == 0 and not (port == CLOSED and kind in EVERY_RUN):
            yield f"lost: the sink never heard of {port}"
        if times > 1 and not fault.taken and kind not in EVERY_RUN:
            yield f"the sink heard {times} times of {port}"
    if kind == "pagerduty":
        yield from (f"{port} was told again" for port in OPEN if heard.times(port) and not fault.taken)
