"""One state, some sinks and a clock, over which runs are told one after the other."""

from __future__ import annotations

import json
from random import Random

from handler.clock import Deadline, iso
from handler.decide.diff import compare
from handler.errors import TransportError
from handler.models import Evaluation, Secret
from handler.notify.dispatch import DeliveryContext, dispatch
from handler.sinks.sink import Sink
from handler.state.document import decode
from handler.transport.request import Response
from tests.fakes import FakeTransport, MemoryStore, MovingClock, category, report
from tests.reliability import FAKE, POLICY, FakeKind

SOC = Sink("soc", FAKE, Secret("https://soc.example/hook?key=sekret"))
OPS = Sink("ops", FAKE, Secret("https://ops.example/hook"))
UP = Response(200)


class Desk:
    """Each `run` is a run with these findings."""

    def __init__(self, *sinks: Sink, kind=None, store=None, clock=None) -> None:
        self.kind = kind or FakeKind()
        self.sinks = tuple(one._replace(kind=one.kind._replace(load=lambda _: self.kind)) for one in sinks or (SOC,))
        self.store = MemoryStore() if store is None else store
        self.clock = MovingClock() if clock is None else clock
        self.runs = 0

    def run(self, answers, *findings, seconds=30.0, stateful=True, saves=True, **other):
        self.runs += 1
        self.clock.tick(3600)
        last_run, version = self.store.load()
        started = self.clock.now()
        compared = compare(Evaluation(findings, coverage=(category(),)), last_run, POLICY, started)
        result = report(*compared.findings)._replace(run_id=f"run-{self.runs}", started_at=iso(started))
        self.transport = FakeTransport(answers if callable(answers) else list(answers))
        context = DeliveryContext(self.transport, Deadline.after(seconds, self.clock), Random(1))
        self.told = dispatch(
            result,
            compared if stateful else None,
            self.sinks,
            context,
            store=self.store if stateful and saves else None,
            version=version,
            **other,
        )
        return [one.status for one in self.told.deliveries]

    def bodies(self):
        return [json.loads(one.body) for one in self.transport.requests]

    def memory(self, sink="soc"):
        return decode(self.store.document).sinks[sink]


def down(request):
    raise TransportError("https://soc.example: refused", sent=False)


def lost(request):
    raise TransportError("https://soc.example: no answer in time", sent=True)
