"""PagerDuty's incidents over runs: grouped, never doubled, never forgotten, whatever was told by an earlier version."""

from __future__ import annotations

import hashlib
import json
import random
from datetime import timedelta

import pytest

from handler.clock import Deadline
from handler.decide.diff import compare
from handler.models import Evaluation, Problem, Secret, Severity
from handler.notify.dispatch import DeliveryContext, dispatch
from handler.notify.incidents import told_key
from handler.policy.rules import Policy, Rule
from handler.ports import PortSet
from handler.sinks.kinds import SINK_KINDS
from handler.sinks.sink import Match, Sink
from handler.state.document import encode
from handler.state.memory import place_of
from handler.transport.request import Response
from tests.fakes import TARGET, FakeClock, OnceReadStore, category, finding, report

PLACES = ("host", "container")
RULES = tuple(Rule(name, "ports", ports=PortSet(((1, 999),)), categories=PLACES) for name in ("a", "b"))
POLICY = Policy("p", "sha256:1", RULES)
HOUR = timedelta(hours=1)


class Duty:
    """A PagerDuty that knows which incidents are open; `run` gives the events of one run as (action, key)."""

    def __init__(self, **keys):
        kind = SINK_KINDS["pagerduty"]
        self.sink = Sink("duty", kind, Secret("https://duty.example/"), routing_key=Secret("R" * 32), **keys)
        self.clock, self.store, self.version = FakeClock(), OnceReadStore(), None
        self.open, self.events, self.summaries = set(), [], {}
        self.refuses = lambda key: False

    def __call__(self, request, timeout):
        event = json.loads(request.body)
        key, action = event["dedup_key"], event["event_action"]
        if self.refuses(key):
            return Response(400, {}, b'{"status": "invalid event"}')
        self.events.append((action, key))
        self.summaries[key] = event.get("payload")
        (self.open.add if action == "trigger" else self.open.discard)(key)
        return Response(202, {}, b'{"status": "success"}')

    def run(self, *findings, cover=None, **keys):
        self.sink = self.sink._replace(**keys)
        self.clock.tick(3600)
        self.events = []
        memory, version = self.store.load()
        cover = cover or (category(),)
        evaluation = Evaluation(findings, coverage=cover)
        compared = compare(evaluation, memory, POLICY, self.clock.now(), place=place_of(TARGET))
        verdict = (
            "inconclusive" if not all(one.complete for one in cover) else "violations" if findings else "compliant"
        )
        whole = report(*compared.findings, verdict=verdict, coverage=cover, changes=compared.changes)
        at = self.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
        whole = whole._replace(started_at=at, finished_at=at, target=TARGET, run_id=f"run-{at}")
        context = DeliveryContext(self, Deadline.after(100, self.clock), random.Random(1))
        self.told = dispatch(whole, compared, (self.sink,), context, store=self.store, version=version)
        return self.events

    @property
    def records(self):
        return self.store.load()[0].findings.values()


def port(number, rule="a", severity=Severity.HIGH, **other):
    return finding(rule, number, severity=severity, **other)


def key(one, group="rule"):
    return Duty(group=group).sink.incident_key(one, place_of(TARGET))


A, B, C, D = port(1), port(2), port(3), port(4, "b")


def test_findings_of_a_rule_are_one_incident_that_changes_and_ends_with_the_last():
    duty = Duty()
    assert duty.run(A, B) == [("trigger", key(A))]
    assert duty.run(A, B) == []
    assert duty.run(A, B, C) == [("trigger", key(A))]
    assert duty.run(B, C) == [("trigger", key(A))], "it goes on, and says what ended"
    assert duty.summaries[key(A)]["custom_details"]["ended"] == ["1/tcp: high, 3 servers"]
    assert duty.run(C, D) == [("trigger", key(A)), ("trigger", key(D))]
    assert duty.run() == [("resolve", key(A)), ("resolve", key(D))]
    assert duty.run() == []
    assert duty.open == set()


def test_a_change_of_severity_is_told_under_the_same_key():
    duty = Duty()
    duty.run(A, B)
    assert duty.summaries[key(A)]["severity"] == "error"
    assert duty.run(A, B._replace(severity=Severity.CRITICAL)) == [("trigger", key(A))]
    assert duty.summaries[key(A)]["severity"] == "critical"
    assert duty.run(A) == [("trigger", key(A))]
    assert duty.summaries[key(A)]["severity"] == "error"


def test_incidents_of_a_target_that_is_no_longer_routed_end():
    """Before, they stayed open for ever: `match.targets` without the target silenced their end, too."""
    duty = Duty()
    duty.run(A, D, cover=(category(complete=False, problems=(Problem("x"),)),))
    assert len(duty.open) == 3, "that not all was seen is one"
    assert {action for action, _ in duty.run(A, D, match=Match(targets=("test",)))} == {"resolve"}
    assert duty.open == set()
    assert duty.run(A, D, port(5), match=Match(targets=("test",))) == []
    duty.run(A, D, match=Match())
    assert duty.open == {key(A), key(D)}


def test_what_another_kind_was_told_under_the_same_name_is_told_anew():
    """Before, a sink that became a PagerDuty never opened an incident for what the chat had heard of."""
    duty = Duty()
    pager = duty.sink.kind
    duty.run(A, kind=pager._replace(name="chat", chat=True, event_per_finding=False, load=lambda _: pager.module))
    told = {receipt.transition for record in duty.records for receipt in record.told.values()}
    duty.open.clear()
    assert (told, duty.run(A, kind=pager)) == ({"open"}, [("trigger", key(A))])
    assert duty.run(A) == []
    assert duty.run() == [("resolve", key(A))]


def test_a_memory_that_does_not_say_of_which_kind_a_sink_was_is_told_nothing_anew():
    """An earlier version wrote it."""
    duty = Duty()
    duty.run(A)
    memory, version = duty.store.load()
    nameless = {name: one._replace(kind="") for name, one in memory.sinks.items()}
    duty.store.save(encode(memory._replace(sinks=nameless)), version)
    assert duty.run(A) == []


def test_what_is_not_seen_keeps_its_incident_open():
    duty = Duty()
    duty.run(A, B)
    blind = category(complete=False, problems=(Problem("x"),))
    assert [action for action, _ in duty.run(cover=(blind,))] == ["trigger"], "that not all was seen"
    assert key(A) in duty.open


def unseen(name="host"):
    return category(name=name, complete=False, every_row=False, plan="none", problems=(Problem("HTTP 403"),))


HOSTS, CONTAINERS = Match(categories=("host",)), Match(categories=("container",))


@pytest.mark.parametrize(
    ("before", "after", "cover"),
    [
        (HOSTS, HOSTS, (category(), unseen("container"))),
        (HOSTS, HOSTS, (category(name="container"),)),  # no rule speaks of the other any more
        (Match(), CONTAINERS, (unseen(), category(name="container"))),
        (Match(), Match(targets=("test",)), (unseen(), unseen("container"))),
    ],
)
def test_that_something_was_not_seen_is_over_with_the_last_that_the_sink_hears_of(before, after, cover):
    """Before, its incident stayed open for ever where something else was not seen just then, or nobody asks any more."""
    duty = Duty(match=before)
    duty.run(cover=(unseen(), unseen("container")))
    assert len(duty.open) == 1
    assert [action for action, _ in duty.run(cover=cover, match=after)] == ["resolve"]
    assert duty.run(cover=cover) == []


def test_an_incident_of_a_target_goes_on_while_a_part_of_it_is_not_seen():
    duty = Duty(group="target")
    inside = port(9, category="container", fingerprint="inside")
    duty.run(A, inside, cover=(category(), category(name="container")))
    blind = category(name="container", complete=False, problems=(Problem("x"),))
    duty.run(cover=(category(), blind))
    assert key(A, "target") in duty.open
    assert duty.summaries[key(A, "target")]["custom_details"]["ended"] == ["1/tcp: high, 3 servers"]
    duty.run(cover=(category(), category(name="container")))
    assert duty.open == set()


def upgraded(*findings, **keys):
    """A PagerDuty to which the version before told these findings, each as an incident of its own."""
    duty = Duty(group="finding")
    duty.run(*findings)
    assert {one for _, one in duty.events} == {one.fingerprint for one in findings}
    assert all(receipt.key == "" for record in duty.records for receipt in record.told.values())
    duty.sink = duty.sink._replace(**{"group": "rule"} | keys)
    return duty


def test_receipts_of_the_version_before_are_read_as_of_incidents_of_their_own():
    duty = upgraded(A)
    plain = json.loads(json.dumps(duty.store.document["last_run"]))
    for row in plain["findings"]:
        row[3] = {sink: receipt[:6] for sink, receipt in row[3].items()}  # as it wrote them
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    checksum = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    duty.store.document = {**duty.store.document, "checksum": checksum, "last_run": plain}
    assert duty.run(A) == []
    assert duty.run(A, B) == [("trigger", key(A)), ("resolve", A.fingerprint)]


def test_an_upgrade_alone_tells_nothing():
    duty = upgraded(A, B, D)
    assert duty.run(A, B, D) == []
    assert duty.open == {A.fingerprint, B.fingerprint, D.fingerprint}


def test_a_change_after_the_upgrade_opens_the_group_and_ends_the_incidents_of_the_version_before():
    duty = upgraded(A, B, D)
    events = duty.run(A, B, C, D)
    assert events == [("trigger", key(A)), ("resolve", A.fingerprint), ("resolve", B.fingerprint)]
    assert duty.summaries[A.fingerprint]["custom_details"] == {"because": "regrouped"}
    assert duty.open == {key(A), D.fingerprint}
    assert duty.run(A, B, C, D) == []
    assert duty.run() == [("resolve", key(A)), ("resolve", D.fingerprint)]
    assert duty.open == set()


def test_what_ends_after_the_upgrade_ends_under_the_key_that_was_told():
    duty = upgraded(A, B)
    assert duty.run(B) == [("resolve", A.fingerprint)]
    assert duty.run() == [("resolve", B.fingerprint)]


def test_an_upgrade_of_many_stays_within_its_events_and_leaves_nothing():
    many = [port(number) for number in range(1, 31)]
    duty = upgraded(*many, max_findings=50)
    events = duty.run(*many, port(40), max_findings=10)
    assert events[0] == ("trigger", key(A))
    rounds = [events, *(duty.run(*many, port(40)) for _ in range(5))]
    assert all(len(one) <= 10 for one in rounds)
    assert [one for events in rounds for one in events if one[0] == "trigger"] == [("trigger", key(A))]
    assert duty.open == {key(A)}


@pytest.mark.parametrize("group", ["finding", "target"])
def test_another_grouping_moves_all_of_an_incident_at_once(group):
    duty = Duty()
    duty.run(A, B, D)
    duty.run(A, B, D, group=group)
    assert duty.open == {key(one, group) for one in (A, B, D)}
    assert duty.run(A, B, D) == []
    duty.run()
    assert duty.open == set()


def test_an_incident_of_several_ends_only_when_the_last_has_one_of_its_own():
    duty = Duty(max_findings=2)
    duty.run(A, B, C)
    duty.run(A, B, C, group="finding")
    opened = duty.open - {key(A)}
    assert opened
    assert len(opened) < 3
    assert key(A) in duty.open
    while duty.run(A, B, C):
        pass
    assert duty.open == {one.fingerprint for one in (A, B, C)}


def test_a_move_is_no_telling_of_numbers():
    duty = upgraded(A, B)
    duty.run(A, B._replace(num=5), C)
    (receipt,) = (one.told["duty"] for one in duty.records if one.finding.fingerprint == B.fingerprint)
    assert (receipt.key, receipt.num) == (key(B), B.num)
    assert duty.run(A, B._replace(num=6), C) == [("trigger", key(A))]


def test_an_end_that_is_refused_is_told_again_and_the_new_incident_only_repeats():
    duty = upgraded(A, B)
    duty.refuses = lambda one: one == A.fingerprint
    duty.run(A, B, C)
    assert duty.open == {key(A), A.fingerprint}
    duty.refuses = lambda one: False
    assert duty.run(A, B, C) == [("resolve", A.fingerprint)]
    assert duty.open == {key(A)}


def test_at_most_so_many_incidents_a_run_and_the_rest_stays_owed():
    ports = [port(number, rule=f"r{number}") for number in range(1, 8)]
    duty = Duty(max_findings=3)
    assert [len(duty.run(*ports)) for _ in range(4)] == [3, 3, 1, 0]
    assert [len(duty.run()) for _ in range(4)] == [3, 3, 1, 0]
    assert duty.open == set()


@pytest.mark.parametrize("seed", range(60))
def test_whatever_happens_each_open_finding_is_in_one_open_incident_and_nothing_else_is_open(seed):
    chance = random.Random(seed)
    every = [port(number, rule) for rule in "ab" for number in range(1, 6)]
    duty = Duty(group=chance.choice(["finding", "rule", "target"]), max_findings=chance.choice([1, 2, 5, 50]))
    for _ in range(12):
        now = [
            one._replace(severity=chance.choice([Severity.LOW, Severity.HIGH]))
            for one in every
            if chance.random() < 0.5
        ]
        if chance.random() < 0.2:
            duty.sink = duty.sink._replace(group=chance.choice(["finding", "rule", "target"]))
        unlucky = chance.random() * 0.6
        duty.refuses = lambda key, unlucky=unlucky: chance.random() < unlucky
        assert len(duty.run(*now)) <= max(2, duty.sink.max_findings)
    duty.refuses = lambda key: False
    for _ in range(60):
        if not duty.run(*now):
            break
    else:
        pytest.fail("it never comes to rest")
    told = {one.finding.fingerprint: told_key(one, "duty") for one in duty.records}
    shown = {one.fingerprint for one in now} | {r.finding.fingerprint for r in duty.records if r.flapping_since}
    assert {told[name] for name in shown if told[name]} == duty.open
    assert all(told[one.fingerprint] for one in now)
