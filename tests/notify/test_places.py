"""One state document, several places: none loses or repeats what the other does, and every event has its own id."""

from __future__ import annotations

import json
from random import Random

import pytest

from handler.clock import Deadline, iso
from handler.decide.diff import compare
from handler.models import Evaluation, ExemptionNotice, Problem
from handler.notify.dispatch import DeliveryContext, dispatch
from handler.state.document import decode, encode
from handler.state.memory import place_of
from handler.transport.request import Response
from tests.desk import SOC
from tests.fakes import TARGET, FakeClock, FakeTransport, MemoryStore, category, finding, report
from tests.reliability import FAKE, POLICY, FakeKind

HERE, THERE = TARGET, TARGET._replace(name="test", project_id="f" * 32)
SINK = SOC._replace(kind=FAKE._replace(load=lambda _: FakeKind()))


class Shared:
    """Runs of several targets over one store; `before_sending` is done between loading and claiming, what is done
    `while_sending` between claiming and remembering."""

    def __init__(self):
        self.store, self.clock, self.runs = MemoryStore(), FakeClock(), 0

    def run(self, target, *ports, cover=None, before_sending=lambda: None, while_sending=lambda: None, **other):
        self.runs += 1
        self.clock.tick(3600)
        last_run, version = self.store.load()
        findings = tuple(finding(port=port, fingerprint=f"{target.name}-{port}") for port in ports)
        evaluation = Evaluation(findings, coverage=(cover or category(),))
        compared = compare(evaluation, last_run, POLICY, self.clock.now(), place=place_of(target))
        verdict = "inconclusive" if cover is not None else "violations" if ports else "compliant"
        result = report(*compared.findings, target=target, verdict=verdict, coverage=evaluation.coverage, **other)
        result = result._replace(run_id=f"run-{self.runs}", started_at=iso(self.clock.now()))
        before_sending()

        def answer(_):
            while_sending()
            return Response(200)

        web = FakeTransport(answer)
        context = DeliveryContext(web, Deadline.after(30, self.clock), Random(1))
        self.told = dispatch(result, compared, (SINK,), context, store=self.store, version=version)
        return [json.loads(request.body) for request in web.requests]


def blind(why="refused"):
    return category(complete=False, problems=(Problem(why),))


def test_two_places_over_one_state_neither_lose_nor_repeat():
    shared = Shared()
    assert [one["new"] for one in shared.run(HERE, 23)] == [["prod-23"]]
    assert [one["new"] for one in shared.run(THERE, 23)] == [["test-23"]]
    assert shared.run(HERE, 23) == shared.run(THERE, 23) == []
    assert [one["resolved"] for one in shared.run(HERE)] == [["prod-23"]]
    assert shared.run(THERE, 23) == []
    assert [one["resolved"] for one in shared.run(THERE)] == [["test-23"]]


def test_a_run_of_another_place_that_wrote_meanwhile_silences_nobody():
    shared = Shared()
    shared.run(HERE, 23)
    (told,) = shared.run(THERE, 80, before_sending=lambda: shared.run(HERE, 23, 25))
    assert told["new"] == ["test-80"]
    assert shared.run(HERE, 23, 25) == shared.run(THERE, 80) == []
    assert [one["resolved"] for one in shared.run(HERE, 23)] == [["prod-25"]]


def test_what_was_told_last_stays_so_though_a_run_of_another_place_wrote_meanwhile():
    """Before, what was told as flapping, or as raised after its end here, was told once more by the next run."""
    shared = Shared()
    for ports in ((23,), ()) * 2:
        shared.run(HERE, *ports)
    shared.run(HERE, 23)
    (told,) = shared.run(HERE, while_sending=lambda: shared.run(THERE, 80))
    assert (list(told["severities"]), told["resolved"]) == (["prod-23"], []), "that it flaps"
    assert shared.run(HERE) == []


def test_a_run_of_the_same_place_that_wrote_meanwhile_tells_it_alone():
    shared = Shared()
    shared.run(HERE, 23)
    assert shared.run(HERE, 23, 25, before_sending=lambda: shared.run(HERE, 23, 25)) == []
    assert shared.told.deliveries[0].status == "quiet"


@pytest.mark.parametrize("ports", [(23,), (23, 25)])  # nothing is due, and something is
def test_a_place_that_another_run_forgot_meanwhile_does_not_come_back(ports):
    shared = Shared()
    shared.run(THERE, 80)
    shared.run(HERE, 23)

    def forget():
        known, version = shared.store.load()
        shared.store.save(encode(known._replace(others={})), version)

    shared.run(HERE, *ports, before_sending=forget)
    known = decode(shared.store.document)
    assert (known.place, known.others, len(known.findings)) == (place_of(HERE), {}, len(ports))


def test_the_history_of_all_places_stays_in_the_document():
    shared = Shared()
    for target in (HERE, THERE, HERE):
        shared.run(target, 23)
    assert [line.run_id for line in decode(shared.store.document).history] == ["run-1", "run-2", "run-3"]


@pytest.mark.parametrize("when", ["before_sending", "while_sending"])
def test_no_line_of_the_history_is_lost_where_a_run_of_another_place_wrote_meanwhile(when):
    shared = Shared()
    shared.run(HERE, 23)
    shared.run(THERE, 80, **{when: lambda: shared.run(HERE, 23, 25)})
    assert [line.run_id for line in decode(shared.store.document).history] == ["run-1", "run-2", "run-3"]


def test_every_outage_and_every_recovery_has_its_own_id():
    shared = Shared()
    ids = []
    for _ in range(3):
        ids += [one["id"] for one in shared.run(HERE, cover=blind())]
        ids += [one["id"] for one in shared.run(HERE)]
    assert len(ids) == len(set(ids)) == 6


@pytest.mark.parametrize(
    "what", [{"cover": blind()}, {"exemption_notices": (ExemptionNotice("x", "o", "2026-12-01", 9),)}]
)
def test_what_has_no_finding_has_an_id_of_its_own_place(what):
    shared = Shared()
    shared.run(HERE)
    shared.run(THERE)
    (one,), (other,) = shared.run(HERE, **what), shared.run(THERE, **what)
    assert one["id"] != other["id"]


def test_an_outage_that_is_repeated_after_a_lost_answer_keeps_its_id():
    shared = Shared()
    lost = [Response(502)] * 3
    shared.run(HERE)
    shared.clock.tick(3600)
    last_run, version = shared.store.load()
    evaluation = Evaluation((), coverage=(blind(),))
    now = shared.clock.now()
    compared = compare(evaluation, last_run, POLICY, now, place=place_of(HERE))
    result = report(verdict="inconclusive", coverage=evaluation.coverage, run_id="run-x", started_at=iso(now))
    web = FakeTransport(lost)
    context = DeliveryContext(web, Deadline.after(30, shared.clock), Random(1))
    dispatch(result, compared, (SINK,), context, store=shared.store, version=version)
    (again,) = shared.run(HERE, cover=blind())
    assert {json.loads(request.body)["id"] for request in web.requests} == {again["id"]}
