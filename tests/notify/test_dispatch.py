"""Telling every sink what it is due, over several runs: what is remembered of those that heard nothing, too."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from handler.clock import Deadline, iso, parse_iso
from handler.decide.announced import Announcement
from handler.decide.diff import compare
from handler.errors import StoreConflictError, StoreError, UsageError
from handler.models import Evaluation, Problem, Secret, Severity
from handler.notify.dispatch import ELSEWHERE, DeliveryContext, dispatch, is_busy
from handler.notify.notification import Situation
from handler.notify.outbox import Outbox
from handler.sinks import alertmanager
from handler.sinks.answers import DeliveryOutcome
from handler.sinks.kinds import SINK_KINDS
from handler.sinks.message import SinkMessage
from handler.sinks.sink import Match
from handler.state.document import decode, encode
from handler.state.memory import Batch, LastRun, SinkMemory
from handler.transport.request import Response
from tests.desk import OPS, SOC, UP, Desk, down, lost
from tests.fakes import NOON, FakeClock, FakeTransport, MemoryStore, category, finding, log_records, report
from tests.reliability import POLICY, FakeKind

WEEK = timedelta(days=7)


def test_a_sink_that_never_had_anything_to_hear_gets_its_heartbeat_when_it_is_due():
    desk = Desk(SOC._replace(heartbeat=WEEK))
    assert [desk.run([]) for _ in range(3)] == [["quiet"]] * 3
    desk.clock.tick(WEEK.total_seconds() - 4 * 3600)
    assert desk.run([]) == ["quiet"]
    assert desk.run([UP]) == ["delivered"]
    assert desk.bodies()[0]["heartbeat"] is True
    assert desk.run([]) == ["quiet"]


def test_a_heartbeat_that_got_lost_is_not_repeated_but_made_anew():
    desk = Desk(SOC._replace(heartbeat=WEEK))
    desk.run([])
    desk.clock.tick(WEEK.total_seconds())
    assert desk.run(lost) == ["owed"]
    assert desk.memory().pending == ()
    assert desk.run([UP]) == ["delivered"]


def test_a_mirror_of_the_state_is_never_repeated_for_the_next_run_says_everything_again():
    desk = Desk(SOC._replace(kind=SINK_KINDS["alertmanager"]))
    assert desk.run(lost, finding()) == ["owed"]
    assert desk.memory().pending == ()
    assert desk.run([UP], finding()) == ["delivered"]
    (body,) = desk.bodies()
    assert (body["new"], body["ongoing"]) == ([], [finding().fingerprint])


@pytest.mark.parametrize("unclear", [lost, [Response(502)] * 3])
def test_what_a_mirror_may_have_taken_without_saying_so_ends_there_once_it_is_over(unclear):
    desk = Desk(SOC._replace(kind=SINK_KINDS["alertmanager"]))
    assert desk.run(unclear, finding()) == ["owed"]
    assert desk.run(unclear) == ["owed"]
    assert desk.run([UP]) == ["delivered"]
    assert [body["resolved"] for body in desk.bodies()] == [[finding().fingerprint]]
    desk.run([UP])
    assert [body["resolved"] for body in desk.bodies()] == [[]]


LOW, MEDIUM, CRITICAL = (finding(severity=one) for one in (Severity.LOW, Severity.MEDIUM, Severity.CRITICAL))


@pytest.mark.parametrize(
    ("unclear", "last"),
    [([CRITICAL], []), ([CRITICAL], [LOW]), ([CRITICAL], [MEDIUM]), ([CRITICAL, MEDIUM], []), ([CRITICAL, LOW], [LOW])],
)
@pytest.mark.parametrize("arrives", [True, False])
def test_nothing_fires_on_with_a_severity_that_a_mirror_took_without_saying_so(unclear, last, arrives):
    """Before, such an alert fired for thirty days although the port had closed, or was less severe again."""
    desk = Desk(SOC._replace(kind=SINK_KINDS["alertmanager"]), kind=alertmanager)
    ends = {}
    for answers, found in (([UP], [LOW]), *((lost, [one]) for one in unclear), ([UP], last), ([UP], last)):
        desk.run(answers, *found)
        alerts = [one for body in desk.bodies() for one in body if "fingerprint" in one["labels"]]
        if answers is lost and not arrives:
            continue
        ends |= {one["labels"]["severity"]: one["endsAt"] for one in alerts}
    firing = [severity for severity, end in ends.items() if end > iso(desk.clock.now())]
    assert firing == [str(one.severity) for one in last]
    assert len(alerts) == len(last), "and its end is not said again"


def test_what_a_mirror_surely_did_not_take_never_ends_there():
    desk = Desk(SOC._replace(kind=SINK_KINDS["alertmanager"]))
    assert desk.run(down, finding()) == ["owed"]
    assert desk.run([UP]) == ["delivered"]
    assert [body["resolved"] for body in desk.bodies()] == [[]]


def test_what_was_never_sent_is_not_kept_as_if_it_had_been():
    desk = Desk()
    desk.run(lost, finding())
    first = [one.delivery_id for one in desk.memory().pending]
    assert desk.run(lost, finding(), finding(port=80)) == ["owed"]
    assert [one.delivery_id for one in desk.memory().pending] == first
    desk.run([UP, UP], finding(), finding(port=80), finding(port=81))
    assert [body["new"] for body in desk.bodies()] == [
        [finding().fingerprint],
        [finding(port=80).fingerprint, finding(port=81).fingerprint],
    ]


class OneByOne(FakeKind):
    """One event for each finding."""

    def render(self, notification, sink, now, shrink):
        return tuple(SinkMessage(one.fingerprint.encode(), findings=(one.fingerprint,)) for one in notification.new)


def test_events_that_were_taken_are_not_kept_among_those_that_may_have_been():
    desk = Desk(SOC._replace(kind=SINK_KINDS["pagerduty"]), kind=OneByOne())
    answers = lambda request: UP if b"-1-" in request.body else lost(request)  # noqa: E731
    assert desk.run(answers, finding(port=1), finding(port=2)) == ["owed"]
    (batch,) = desk.memory().pending
    assert {item.key for item in batch.items if item.what == "new"} == {finding(port=2).fingerprint}
    assert desk.run([UP], finding(port=1), finding(port=2)) == ["delivered"]
    assert [one.body for one in desk.transport.requests] == [finding(port=2).fingerprint.encode()]


def test_a_batch_that_is_kept_belongs_to_nobody_once_the_run_is_over():
    desk = Desk()
    desk.run(lost, finding())
    assert [(one.claimed_by, one.lease_until) for one in desk.memory().pending] == [("run-1", "")]


@pytest.mark.parametrize(("seconds", "left"), [(30.0, 27.0), (5.0, 4.0)])
def test_some_time_is_kept_for_the_last_save(seconds, left):
    desk = Desk()

    def slow(request):
        desk.clock.tick(desk.transport.timeouts[-1])
        return lost(request)

    before = desk.clock.seconds + 3600
    desk.run(slow, finding(), seconds=seconds)
    assert desk.clock.seconds - before <= left


def test_the_time_is_shared_among_those_that_are_still_to_be_told():
    desk = Desk(SOC, OPS, OPS._replace(name="third"))
    desk.run(lambda request: down(request) if "soc" in request.url else UP, finding(), seconds=10)
    assert desk.transport.timeouts[0] == pytest.approx(8 / 3)
    waited = sum(desk.clock.slept)
    assert desk.transport.timeouts[-2:] == pytest.approx([(8 - waited) / 2, 8 - waited])


def test_a_sink_that_another_run_is_telling_is_named_as_such_and_the_others_are_told():
    desk = Desk(SOC, OPS)

    def die(request):
        if "ops" in request.url:
            raise KeyboardInterrupt
        return UP

    with pytest.raises(KeyboardInterrupt):
        desk.run(die, finding())
    desk.clock.tick(-3600)
    desk.sinks = (*desk.sinks, desk.sinks[0]._replace(name="late", url=Secret("https://late.example/")))
    assert desk.run([UP], finding()) == ["quiet", "quiet", "delivered"]
    assert ["another run" in one.reason for one in desk.told.deliveries] == [True, True, False]


def test_warnings_of_the_store_reach_the_report():
    desk = Desk()
    desk.store.warnings = ["the bucket ignores conditions"]
    desk.run([])
    assert desk.told.warnings == ("the bucket ignores conditions",)


def test_a_delivery_names_the_sink_its_kind_and_why():
    desk = Desk()
    desk.run([Response(400)] * 2, finding())
    (delivery,) = desk.told.deliveries
    assert (delivery.sink, delivery.kind, delivery.status, delivery.reason) == ("soc", "fake", "failed", "HTTP 400")


def test_a_state_of_the_first_version_is_read_and_goes_on_under_the_same_ids():
    """The file was written by it, with what its next run sent: a lost batch first, then what is due (id, findings)."""
    first = json.loads((Path(__file__).parents[1] / "states" / "first_version.json").read_text(encoding="utf-8"))
    desk = Desk(
        SOC._replace(remind_after=timedelta(hours=3)), OPS, store=MemoryStore(first["document"], 4), clock=FakeClock()
    )
    desk.clock.moment = parse_iso(first["at"])
    desk.run(lambda request: UP, finding(), finding(port=80, num=4), finding(port=8080))
    sent = [[body[key] for key in ("id", "new", "grown", "reminded", "resolved")] for body in desk.bodies()]
    assert sent == first["messages"]


def test_a_delivery_that_was_not_taken_is_one_warning_line_with_sink_kind_and_reason():
    desk = Desk(SOC, OPS)
    with log_records("WARNING") as records:
        desk.run(lambda request: UP if "ops" in request.url else Response(404), finding())
    (line,) = records
    assert (line.levelname, line.sink, line.target) == ("WARNING", "soc", "prod")
    assert line.getMessage() == "soc (fake) did not take it: failed, HTTP 404"


def test_a_delivery_that_is_owed_is_a_warning_line_too_and_one_that_is_quiet_is_none():
    desk = Desk(SOC, OPS._replace(match=Match(targets=("other",))))
    with log_records("WARNING") as records:
        desk.run(lost, finding())
    assert [line.sink for line in records] == ["soc"]
    assert records[0].getMessage().startswith("soc (fake) did not take it: owed, ")


class Knowing(FakeKind):
    """A kind that says of the run what is no part of its findings."""

    def render(self, notification, sink, now, shrink):
        hours = notification.run_interval and notification.run_interval.total_seconds() / 3600
        return (SinkMessage(json.dumps([hours, notification.remembers]).encode()),)


@pytest.mark.parametrize(("saves", "remembers"), [(True, True), (False, False)])
@pytest.mark.parametrize(("interval", "hours"), [(timedelta(hours=2), 2), (None, None)])
def test_a_notification_knows_the_interval_and_whether_the_run_is_remembered(interval, hours, saves, remembers):
    desk = Desk(SOC, kind=Knowing())
    desk.run([UP], finding(), run_interval=interval, saves=saves)
    assert desk.bodies() == [[hours, remembers]]


class Growing(FakeKind):
    """A kind that says from which num each finding grew."""

    def render(self, notification, sink, now, shrink):
        grew = {one.fingerprint: notification.before[one.fingerprint].num for one in notification.grown}
        return (SinkMessage(json.dumps(grew).encode()),)


def test_what_grew_since_a_message_that_is_repeated_first_grew_from_what_that_says():
    desk = Desk(SOC, kind=Growing())
    desk.run(lost, finding(num=3))
    desk.run([UP, UP], finding(num=30))
    assert desk.bodies() == [{}, {finding().fingerprint: 3}]


def test_what_comes_back_as_remembered_is_what_was_saved():
    desk = Desk()
    for answers in ([UP], lost, []):
        desk.run(answers, finding(), *([finding(port=80)] if answers is lost else []))
        assert encode(desk.told.last_run) == desk.store.document


MACHINE = SOC._replace(kind=SOC.kind._replace(chat=False))


def test_machines_get_all_that_they_are_due_in_several_messages_each_once():
    desk = Desk(MACHINE)
    findings = [finding(port=port) for port in range(1, 301)]
    desk.run([UP] * 6, *findings)
    said = desk.bodies()
    assert [len(one["new"]) for one in said] == [50] * 6
    assert len({fingerprint for one in said for fingerprint in one["new"]}) == 300
    assert len({one["id"] for one in said}) == 6
    assert desk.run([], *findings) == ["quiet"]


def test_what_does_not_fit_into_the_messages_of_a_run_stays_owed_to_a_machine():
    desk = Desk(MACHINE._replace(max_findings=2))
    findings = [finding(port=port) for port in range(1, 52)]
    told = []
    for _ in range(3):
        desk.run([UP] * 20, *findings)
        told.append(sum(len(one["new"]) for one in desk.bodies()))
    assert told == [40, 11, 0]


def test_a_message_of_several_that_is_not_taken_leaves_the_rest_owed():
    desk = Desk(MACHINE)
    findings = [finding(port=port) for port in range(1, 121)]
    assert desk.run([UP, Response(404), Response(404)], *findings) == ["failed"]
    desk.run([UP] * 2, *findings)
    assert [len(one["new"]) for one in desk.bodies()] == [50, 20]


class Counting(MemoryStore):
    """A store that counts what was tried, and fails where it is told to."""

    def __init__(self, fails=lambda tried: None) -> None:
        super().__init__()
        self.tried, self.fails = 0, fails

    def save(self, document, version):
        self.tried += 1
        error = self.fails(self.tried)
        if error is not None:
            raise error
        return super().save(document, version)


def test_each_save_goes_over_the_version_before_it():
    desk = Desk(store=Counting())
    for port in (21, 22, 23):
        desk.run([UP] * 2, finding(port=port))
    assert desk.store.tried == desk.store.count == 6


def test_a_run_that_another_one_beat_tells_nothing_and_says_so():
    desk = Desk(SOC, OPS, store=Counting(lambda tried: StoreConflictError("faster")))
    assert desk.run([], finding()) == ["quiet", "quiet"]
    assert {one.reason for one in desk.told.deliveries} == {ELSEWHERE}
    assert (set(desk.told.last_run.sinks), desk.told.problems, desk.transport.requests) == ({"soc", "ops"}, (), [])


def test_what_cannot_be_recorded_before_is_told_all_the_same_and_is_a_problem():
    desk = Desk(store=Counting(lambda tried: StoreError("full", hint="Make room.") if tried <= 2 else None))
    assert desk.run([UP], finding()) == ["delivered"]
    (problem,) = desk.told.problems
    assert problem == Problem("what is being told could not be recorded first: full", hint="Make room.")


class Faulty(FakeKind):
    """A kind that raises this error when it renders."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def render(self, notification, sink, now, shrink):
        raise self.error


@pytest.mark.parametrize(
    ("error", "reason"),
    [(UsageError("no topic"), "no topic"), (ZeroDivisionError("sekret"), "internal error ZeroDivisionError")],
)
def test_a_fault_of_our_own_leaves_the_message_owed_and_kept_for_the_next_run(error, reason):
    desk = Desk(kind=Faulty(error))
    assert desk.run([], finding()) == ["owed"]
    assert desk.told.deliveries[0].reason == reason
    assert len(desk.memory().pending) == 1


def test_a_rehearsal_says_who_would_be_told_and_remembers_nothing():
    desk = Desk(SOC, OPS._replace(match=Match(targets=("other",))))
    assert desk.run([], finding(), dry_run=True) == ["dry_run", "quiet"]
    assert {one.reason for one in desk.told.deliveries} == {""}
    assert (set(desk.told.last_run.sinks), desk.store.document) == ({"soc", "ops"}, None)


def test_what_a_run_remembers_and_its_id_are_told():
    desk = Desk()
    with log_records("WARNING") as records:
        desk.run(lost, finding())
    assert [line.run_id for line in records] == ["run-1"]
    assert desk.told.last_run.sinks == decode(desk.store.document).sinks


def test_with_little_time_left_a_sink_gets_no_more_than_that():
    desk = Desk()
    desk.run([UP], finding(), seconds=0.5)
    assert desk.transport.timeouts == [pytest.approx(0.4)]


class Sharded(FakeKind):
    def render(self, notification, sink, now, shrink):
        return (SinkMessage(json.dumps([notification.shard]).encode()),)


SOON = Announcement("no-ftp", "2026-12-01", "14", 4, ("host",), (), "ftp")


def telling(sink=SOC, kind=None, stateful=True):
    """What is sent of a run that found nothing, in the shard `s`, while a rule begins soon."""
    clock, transport = FakeClock(), FakeTransport(lambda request: UP)
    compared = compare(Evaluation((), coverage=(category(),)), None, POLICY, clock.now())._replace(announced=(SOON,))
    sink = sink._replace(kind=sink.kind._replace(load=lambda _: kind or FakeKind()))
    context = DeliveryContext(transport, Deadline.after(30.0, clock), Random(1), shard="s")
    dispatch(report(), compared if stateful else None, (sink,), context, store=MemoryStore() if stateful else None)
    return [json.loads(one.body) for one in transport.requests]


def test_a_notification_knows_the_shard_of_its_run():
    assert telling(kind=Sharded()) == [["s"]]


def test_a_rule_that_begins_soon_is_told():
    assert len(telling()) == 1


def test_without_a_state_a_machine_hears_of_every_run():
    assert len(telling(MACHINE, stateful=False)) == 1


def claimed_by(run_id, seconds):
    return Batch("id", (), run_id, iso(NOON + timedelta(seconds=seconds)))


@pytest.mark.parametrize(
    ("batches", "is_it"),
    [
        ((), False),
        ((claimed_by("run-2", 10),), True),
        ((claimed_by("run-2", 0),), False),  # it has ended
        ((claimed_by("run-1", 10),), False),  # our own, of an earlier try
        ((claimed_by("run-2", 900 + 120),), True),
        ((claimed_by("run-2", 900 + 121),), False),  # no run lasts so long: its clock was wrong
        ((claimed_by("run-2", 10), claimed_by("run-1", 9999)), True),
    ],
)
def test_another_run_is_telling_a_sink_as_long_as_its_lease_and_no_run_leases_longer_than_it_can_last(batches, is_it):
    context = DeliveryContext(FakeTransport([]), Deadline.after(30.0, FakeClock()), Random(1))
    box = Outbox(Situation(report(), LastRun(iso(NOON)), NOON), (SOC,), context, stateful=True)
    assert is_busy(SinkMemory(iso(NOON), pending=batches), box) is is_it


class Derived(FakeKind):
    """A machine's kind that takes so many findings at once and says whether a message of the run went before."""

    def __init__(self, most: int) -> None:
        super().__init__(lambda status: DeliveryOutcome.TOO_LARGE if status == 413 else DeliveryOutcome.DELIVERED)
        self.most = most

    def render(self, notification, sink, now, shrink):
        return (SinkMessage(json.dumps([len(notification.new), notification.further]).encode()),)

    def answer(self, request):
        return UP if json.loads(request.body)[0] <= self.most else Response(413)


def test_what_is_derived_stands_in_the_first_message_of_a_run_that_was_not_too_large_and_in_no_other():
    desk = Desk(MACHINE, kind=Derived(50))
    desk.run(desk.kind.answer, *[finding(port=port) for port in range(1, 121)])
    assert desk.bodies() == [[50, False], [50, True], [20, True]]
    desk = Desk(MACHINE._replace(max_findings=2), kind=Derived(1))
    desk.run(desk.kind.answer, *[finding(port=port) for port in range(1, 5)])
    assert desk.bodies() == [[2, False], [2, False], [1, False], [1, True], [2, True], [1, True], [1, True]]


def test_a_message_that_was_shared_out_is_settled_with_its_parts_whatever_another_run_wrote_meanwhile():
    class Beside(MemoryStore):
        """A store in which another run writes of a sink of its own, right before the second save."""

        def save(self, document, version):
            if self.count == 1:
                theirs = decode(self.document)
                other = theirs.sinks["soc"]._replace(pending=())
                self.document = encode(theirs._replace(sinks={**theirs.sinks, "other": other}))
                self.count += 1
            return super().save(document, version)

    desk = Desk(MACHINE, kind=Derived(1), store=Beside())
    assert desk.run(desk.kind.answer, finding(port=1), finding(port=2)) == ["delivered"]
    assert set(decode(desk.store.document).sinks) == {"soc", "other"}
    assert desk.memory().pending == ()
