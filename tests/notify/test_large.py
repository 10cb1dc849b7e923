"""Machines get everything that they are owed: what is too large for a receiver is shared out, and nothing is shortened."""

from __future__ import annotations

import json
import random

import pytest

from handler.clock import Deadline
from handler.decide.diff import compare
from handler.models import Evaluation, ExemptedFinding, Problem, Secret
from handler.notify.dispatch import DeliveryContext, dispatch
from handler.policy.rules import Policy, Rule
from handler.ports import PortSet
from handler.sinks.kinds import SINK_KINDS
from handler.sinks.sink import Sink
from handler.state.memory import place_of
from handler.transport.request import Response
from tests.fakes import TARGET, FakeClock, OnceReadStore, category, finding, report

POLICY = Policy("p", "sha256:1", (Rule("a", "ports", ports=PortSet(((1, 65535),))),))
MACHINES = sorted(name for name, kind in SINK_KINDS.items() if kind.takes_all)
TAKES = {"splunk": b'{"text":"Success","code":0}'}
WHY = "Anybody may try it, and nobody would know. " * 6


class Receiver:
    """A machine that takes at most so many bytes; `run` is one run with these findings open."""

    def __init__(self, kind, limit, *, stateful=True, **keys):
        self.kind, self.limit = kind, limit
        secret = Secret("whsec_" + "QQ" * 20)
        headers = {"Authorization": Secret("Splunk 0123456789")}
        self.sink = Sink(
            "soc", SINK_KINDS[kind], Secret("https://soc.example/"), secret=secret, headers=headers, **keys
        )
        self.clock, self.stateful = FakeClock(), stateful
        self.store = OnceReadStore() if stateful else None
        self.taken, self.refused, self.down = [], 0, lambda: False

    def __call__(self, request, timeout):
        if self.down():
            return Response(503, {}, b"")
        if len(request.body) > self.limit:
            self.refused += 1
            return Response(413, {}, b"too large")
        self.taken.append(request)
        return Response(200, {}, TAKES.get(self.kind, b""))

    def run(self, *findings, seconds=1000, **other):
        self.clock.tick(3600)
        self.taken, self.refused = [], 0
        memory, version = self.store.load() if self.store else (None, None)
        at = self.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        compared = None
        if self.stateful:
            evaluation = Evaluation(findings, coverage=(category(),))
            compared = compare(evaluation, memory, POLICY, self.clock.now(), place=place_of(TARGET))
            other |= {"changes": compared.changes}
        whole = report(*findings, **other)._replace(started_at=at, target=TARGET, run_id=f"run-{at}")
        context = DeliveryContext(self, Deadline.after(seconds, self.clock), random.Random(1))
        (told,) = dispatch(whole, compared, (self.sink,), context, store=self.store, version=version).deliveries
        return told.status

    def findings(self):
        """Each finding that was taken, of all messages: (port, why)."""
        return [found for request in self.taken for found in _findings(self.kind, request.body)]

    def ids(self):
        return [next(iter(_ids(self.kind, request))) for request in self.taken]


def _findings(kind, body):
    if kind == "splunk":
        events = [json.loads(line)["event"] for line in body.split(b"\n")]
        return [(one["port"], one["rationale"]) for one in events if one["kind"] == "finding"]
    plain = json.loads(body)
    if kind == "ocsf":
        return [(one["finding_info"]["uid"], one["compliance"].get("desc", "")) for one in plain]
    report = plain["data"] if kind == "cloudevents" else plain
    return [
        (one["port"], one["rationale"])
        for one in (*report["findings"], *(report["changes"] or {"resolved": []})["resolved"])
    ]


def _ids(kind, request):
    if "webhook-id" in request.headers:
        return [request.headers["webhook-id"]]
    if kind == "cloudevents":
        return [json.loads(request.body)["id"]]
    return [request.body]


def ports(count, **other):
    return [finding("a", number, rationale=WHY, **other) for number in range(1, count + 1)]


@pytest.mark.parametrize("limit", [9_000, 40_000, 10**9])
@pytest.mark.parametrize("kind", MACHINES)
def test_three_hundred_arrive_whole_in_the_run_that_found_them_whatever_the_receiver_takes(kind, limit):
    machine, found = Receiver(kind, limit), ports(300)
    assert machine.run(*found) == "delivered"
    told = machine.findings()
    assert len(told) == len(set(told)) == 300, "each once"
    assert all(why.strip() == WHY.strip() for _, why in told), "with all its text"
    assert len(set(machine.ids())) == len(machine.taken)
    assert machine.run(*found) == "quiet"
    assert machine.run() == "delivered"
    assert len(machine.findings()) == 300, "their ends"


@pytest.mark.parametrize("kind", MACHINES)
def test_what_is_derived_goes_before_anything_is_shared_out(kind):
    machine, found = Receiver(kind, 60_000), ports(20)
    exempted = tuple(ExemptedFinding(one, "x", "r", "o@example.org", "2027-03-31", 129) for one in ports(900))
    machine.run(*found, exempted=exempted)
    assert len(machine.taken) == 1
    assert len(machine.findings()) == 20
    assert machine.refused <= 1


@pytest.mark.parametrize("kind", MACHINES)
def test_one_finding_that_alone_is_too_large_loses_its_texts_and_no_more(kind):
    machine = Receiver(kind, 6_000)
    machine.run(*ports(2), finding("a", 9, rationale="why " * 5000, references=("https://x.example/" + "y" * 4000,)))
    assert len(machine.findings()) == 3
    assert {str(one).count("9") > 0 for one, _ in machine.findings()} == {True, False}


@pytest.mark.parametrize("kind", MACHINES)
def test_a_receiver_that_dies_in_between_gets_the_rest_in_the_next_run_and_nothing_twice(kind):
    machine, found = Receiver(kind, 9_000), ports(60)
    machine.down = lambda: len(machine.taken) >= 2
    assert machine.run(*found) == "owed"
    first = machine.findings()
    machine.down = lambda: False
    assert machine.run(*found) == "delivered"
    second = machine.findings()
    assert len({*first, *second}) == len(first) + len(second) == 60


@pytest.mark.parametrize("kind", MACHINES)
def test_more_than_twenty_messages_are_told_over_runs_or_at_once_where_nothing_is_remembered(kind):
    found = [finding("a", number) for number in range(1, 1_201)]
    remembers, forgets = Receiver(kind, 10**9), Receiver(kind, 10**9, stateful=False)
    told = []
    for _ in range(3):
        remembers.run(*found)
        told.append(len({port for port, _ in remembers.findings()}))
    assert told == [1000, 200, 0]
    forgets.run(*found)
    assert len({port for port, _ in forgets.findings()}) == 1200


def test_no_list_of_what_is_due_is_cut_by_max_findings():
    machine = Receiver("splunk", 10**9, max_findings=1)
    problems = tuple(Problem(f"page {number} did not come") for number in range(9))
    blind = tuple(category(name=name, complete=False, problems=problems) for name in ("host", "container"))
    machine.run(verdict="inconclusive", coverage=blind, problems=problems)
    (request,) = machine.taken
    (event,) = [json.loads(line)["event"] for line in request.body.split(b"\n")]
    assert len(event["not_seen"]) == 2
