"""The end of a run over three targets: claims, messages and receipts where one of them breaks."""

from __future__ import annotations

import json
from random import Random

import pytest

from handler.clock import Deadline, iso
from handler.decide.diff import compare
from handler.errors import StoreError, TransportError
from handler.models import Evaluation, Problem, Secret, Target
from handler.notify.dispatch import DeliveryContext, dispatch
from handler.notify.together import Together
from handler.sinks.sink import Sink
from handler.state.document import decode
from handler.state.memory import place_of
from handler.transport.request import Response
from tests.fakes import FakeClock, FakeTransport, MemoryStore, category, finding, report
from tests.reliability import FAKE, POLICY

NAMES = ("t1", "t2", "t3")
SOC = Sink("soc", FAKE, Secret("https://soc.example/"), digest=True)
OPS = Sink("ops", FAKE, Secret("https://ops.example/"), digest=True)


class Breaking(MemoryStore):
    """A store whose saves break from one on."""

    def __init__(self, error, after):
        super().__init__()
        self.error, self.after = error, after

    def save(self, document, version):
        self.after -= 1
        if self.after < 0:
            raise self.error
        return super().save(document, version)


class Run:
    """Three targets with a port open each, told to these sinks in the end."""

    def __init__(self, answers, *sinks, stores=None, broken="", blind=""):
        self.clock, self.together = FakeClock(), Together()
        self.stores = {name: MemoryStore() for name in NAMES} | (stores or {})
        self.sinks, self.broken, self.blind = sinks or (SOC,), broken, blind
        self.go(answers)

    def go(self, answers, *more):
        self.transport = FakeTransport(answers if callable(answers) else list(answers))
        self.clock.tick(3600)
        self.together = Together()
        deadline = Deadline.after(60, self.clock)
        context = DeliveryContext(self.transport, deadline, Random(1), together=self.together)
        started = self.clock.now()
        for name in NAMES:
            target = Target(name=name, host="h", project_id=name)
            found = [finding(port=port, fingerprint=f"{name}-{port}") for port in (23, *more)]
            store = self.stores[name]
            last_run, version = store.load()
            place = place_of(target)
            seen = category(complete=False, problems=(Problem("timeout"),)) if name == self.blind else category()
            compared = compare(Evaluation(tuple(found), coverage=(seen,)), last_run, POLICY, started, place=place)
            made = report(*compared.findings, target=target, coverage=(seen,))
            made = made._replace(run_id=f"run-{self.clock.seconds}", started_at=iso(started))
            if name == self.broken:
                made = made._replace(exempted=(None,))  # no such thing: whoever reads it breaks
            dispatch(made, compared, self.sinks, context, store=store, version=version)
        self.told = {target.name: told for target, told in self.together.tell(deadline).items()}

    def statuses(self, sink="soc"):
        return [one.status for name in NAMES for one in self.told[name].deliveries if one.sink == sink]

    def memory(self, name, sink="soc"):
        return decode(self.stores[name].document).sinks[sink]

    def receipts(self, sink="soc"):
        return [sink in decode(self.stores[name].document).findings[f"{name}-23"].told for name in NAMES]


def test_what_a_sink_was_told_when_a_target_was_asked_is_not_taken_for_another_runs_at_the_end():
    plain = Sink("plain", FAKE, Secret("https://plain.example/"))
    run = Run(lambda request: OK, SOC, plain, blind="t3")  # what t3 did not see waits: others may share the cause
    assert run.statuses("plain") == ["delivered"] * 3
    assert run.receipts("plain") == [True] * 3


def down(request):
    raise TransportError("refused", sent=False)


def lost(request):
    raise TransportError("no answer in time", sent=True)


OK = Response(200)


def test_claimed_in_each_state_sent_once_and_receipted_in_each():
    seen = []

    def answer(request):
        seen.extend(decode(run_stores[name].document).sinks["soc"].pending[0] for name in NAMES)
        return OK

    run_stores = {name: MemoryStore() for name in NAMES}
    run = Run(answer, stores=run_stores)
    assert len(run.transport.requests) == 1
    assert [batch.claimed_by.startswith("run-") for batch in seen] == [True] * 3
    assert len({batch.delivery_id for batch in seen}) == 3
    assert (run.statuses(), run.receipts()) == (["delivered"] * 3, [True] * 3)
    assert all(run.memory(name).pending == () for name in NAMES)


def test_each_save_goes_over_the_version_that_the_one_before_left():
    class Noting(MemoryStore):
        """A store that notes over which version it is asked to save."""

        def save(self, document, version):
            asked.append(version)
            return super().save(document, version)

    asked = []
    Run([OK], stores={"t2": Noting()})
    assert asked == [None, "1", "2"]


@pytest.mark.parametrize("error", [StoreError("full"), RuntimeError("password=abc")])
@pytest.mark.parametrize("after", [0, 1, 2])
def test_one_state_that_breaks_at_any_save_costs_the_others_nothing(error, after):
    if after == 0 and isinstance(error, RuntimeError):
        return  # a fault before anything waits is the fault of that target's own run
    run = Run([OK] * 9, stores={"t2": Breaking(error, after)})
    assert len(run.transport.requests) == 1
    assert run.statuses() == ["delivered"] * 3
    assert [bool(run.told[name].problems) for name in NAMES] == [False, True, False]
    assert "abc" not in str(run.told["t2"].problems)
    assert all(run.memory(name).pending == () for name in ("t1", "t3"))


def test_what_was_certainly_not_taken_is_in_the_next_digest_with_what_is_new():
    run = Run(down)
    assert (run.statuses(), run.receipts()) == (["owed"] * 3, [False] * 3)
    run.go([OK] * 9, 25)
    (request,) = run.transport.requests
    assert b"t1-25" in request.body
    assert b"t3-23" in request.body


def test_what_may_have_arrived_is_told_again_alone_before_anything_new():
    run = Run(lost)
    ids = [run.memory(name).pending[0].delivery_id for name in NAMES]
    run.go([OK] * 9, 25)
    bodies = [json.loads(request.body) for request in run.transport.requests]
    assert [body["id"] for body in bodies[:3]] == ids
    assert [body["new"] for body in bodies] == [["t1-23"], ["t2-23"], ["t3-23"], ["t1-25", "t2-25", "t3-25"]]


def test_after_a_message_that_was_not_taken_the_rest_of_that_sink_waits_and_another_sink_is_told():
    run = Run(lost, SOC, OPS)
    run.go(lambda request: Response(503) if "soc" in request.url else OK, 25)
    assert run.statuses("ops") == ["delivered"] * 3
    assert run.statuses() == ["owed"] * 3
    assert [len(run.memory(name).pending) for name in NAMES] == [1, 1, 1]
    assert run.receipts("ops") == [True] * 3


def test_one_refused_for_good_stops_its_target_only():
    run = Run(lost)
    run.go(lambda request: Response(400) if b"t1-23" in request.body else OK, 25)
    assert run.statuses() == ["failed", "delivered", "delivered"]
    assert [len(run.memory(name).pending) for name in NAMES] == [0, 0, 0]


def test_a_fault_of_our_own_in_one_targets_part_is_told_by_its_type_and_the_others_go_out():
    run = Run([OK] * 9, broken="t2")
    assert run.statuses() == ["delivered", "owed", "delivered"]
    assert [one.reason for one in run.told["t2"].deliveries] == ["internal error AttributeError"]
    assert len(run.memory("t2").pending) == 1


def test_a_fault_of_the_kind_leaves_everything_owed():
    faulty = SOC._replace(kind=SOC.kind._replace(load=lambda _: None))
    run = Run([OK] * 9, faulty, OPS)
    assert (run.statuses(), run.statuses("ops")) == (["owed"] * 3, ["delivered"] * 3)
