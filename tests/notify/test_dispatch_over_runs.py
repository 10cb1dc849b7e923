"""Telling: claim, send, mark; what one sink does is no other's business."""

from __future__ import annotations

import copy
import json
from datetime import timedelta

import pytest

from handler.clock import iso
from handler.errors import StoreConflictError, StoreError, TransportError
from handler.models import Secret
from handler.sinks.answers import DeliveryOutcome, SinkAnswer
from handler.sinks.kinds import SINK_KINDS
from handler.sinks.message import PLAIN, SinkMessage
from handler.state.document import decode, encode
from handler.transport.request import Response
from tests.desk import OPS, SOC, UP, Desk, down, lost
from tests.fakes import NOON, FakeClock, MemoryStore, finding
from tests.reliability import FakeKind


def test_a_change_is_told_once_and_remembered():
    desk = Desk()
    assert desk.run([UP], finding()) == ["delivered"]
    assert desk.run([], finding()) == ["quiet"]
    assert desk.memory().pending == ()
    assert [line.run_id for line in decode(desk.store.document).history] == ["run-1", "run-2"]


def test_what_is_told_is_recorded_before_it_is_sent():
    desk = Desk()
    claims = []

    def look(request):
        claims.append(desk.memory().pending)
        return UP

    desk.run(look, finding())
    assert (claims[0][0].claimed_by, claims[0][0].delivery_id) == ("run-1", desk.bodies()[0]["id"])


def test_a_run_with_nothing_to_tell_saves_once():
    desk = Desk()
    desk.run([])
    assert desk.store.count == 1


def test_a_dead_sink_stops_no_other_and_is_told_later():
    desk = Desk(SOC, OPS)
    assert desk.run(lambda one: down(one) if "soc" in one.url else UP, finding()) == ["owed", "delivered"]
    assert desk.run([UP], finding()) == ["delivered", "quiet"]
    assert desk.bodies()[0]["new"] == ["telnet-23-tcp-host"]


def test_a_sink_that_never_answers_leaves_time_for_the_others():
    desk = Desk(SOC, OPS)

    def answer(request):
        if "soc" not in request.url:
            return UP
        desk.clock.tick(desk.transport.timeouts[-1])
        raise TransportError("no answer in time", sent=True)

    assert desk.run(answer, finding(), seconds=8) == ["owed", "delivered"]


def test_three_tries_and_no_more():
    desk = Desk()
    assert desk.run(down, finding()) == ["owed"]
    assert len(desk.transport.requests) == 3
    assert len({body["id"] for body in desk.bodies()}) == 1
    assert desk.told.deliveries[0].reason == "https://soc.example: refused"


def test_the_target_says_how_long_to_wait():
    class Patient(FakeKind):
        """A kind that reads Retry-After."""

        def judge(self, status, headers, body):
            return (
                SinkAnswer(DeliveryOutcome.RETRY_NOW, "busy", 7.0)
                if status == 429
                else super().judge(status, headers, body)
            )

    desk = Desk(kind=Patient())
    assert desk.run([Response(429), UP], finding()) == ["delivered"]
    assert desk.clock.slept == [7.0]
    assert desk.run([Response(429)], seconds=6) == ["owed"]
    assert desk.clock.slept == [7.0]


def test_a_redirect_is_a_refusal_and_is_not_followed():
    desk = Desk(kind=FakeKind(lambda status: DeliveryOutcome.DELIVERED))
    moved = Response(307, {"location": "https://elsewhere.example/"})
    assert desk.run([moved, moved], finding()) == ["failed"]
    assert "redirect" in desk.told.deliveries[0].reason


def test_a_refused_message_is_sent_plain_once():
    desk = Desk()
    assert desk.run([Response(400), UP], finding()) == ["delivered"]
    assert [body["shrink"] for body in desk.bodies()] == [0, PLAIN]
    assert desk.run([Response(400)] * 2) == ["failed"]


def test_a_message_that_is_too_large_shrinks_until_it_passes():
    desk = Desk(kind=FakeKind(lambda status: DeliveryOutcome.TOO_LARGE if status == 413 else DeliveryOutcome.ACCEPTED))
    assert desk.run([Response(413), Response(413), UP], finding()) == ["accepted"]
    assert [body["shrink"] for body in desk.bodies()] == [0, 1, 3]


def test_a_message_that_never_fits_stays_owed():
    desk = Desk(kind=FakeKind(lambda status: DeliveryOutcome.TOO_LARGE))
    assert desk.run(lambda one: Response(413), finding()) == ["owed"]
    assert [body["shrink"] for body in desk.bodies()] == [0, 1, 3, 7, 9]


def test_without_an_answer_the_same_message_comes_first_the_next_time():
    desk = Desk()
    assert desk.run(lost, finding()) == ["owed"]
    first = desk.bodies()[0]["id"]
    assert desk.run([UP, UP], finding(), finding(port=80)) == ["delivered"]
    assert [(body["id"] == first, body["new"]) for body in desk.bodies()] == [
        (True, ["telnet-23-tcp-host"]),
        (False, ["telnet-80-tcp-host"]),
    ]


def test_a_message_that_certainly_did_not_arrive_is_made_anew():
    desk = Desk()
    desk.run(down, finding())
    assert desk.memory().pending == ()
    assert desk.run([UP], finding(), finding(port=80)) == ["delivered"]
    assert len(desk.bodies()[0]["new"]) == 2


def test_a_repeated_message_that_is_refused_for_good_does_not_block_the_sink():
    desk = Desk()
    desk.run(lost, finding())
    assert desk.run([Response(400)] * 2, finding()) == ["failed"]
    assert desk.run([UP], finding()) == ["delivered"]


def test_all_that_may_have_arrived_is_repeated_even_where_the_first_of_it_fails_again():
    desk = Desk()

    def die_at_the_end(request):
        if len(desk.transport.requests) == 2:
            raise KeyboardInterrupt
        return UP

    desk.run(lost, finding())
    with pytest.raises(KeyboardInterrupt):
        desk.run(die_at_the_end, finding(), finding(port=80))
    ids = [one.delivery_id for one in desk.memory().pending]
    desk.run(lost, finding(), finding(port=80))
    assert [one.delivery_id for one in desk.memory().pending] == ids
    assert desk.run([UP, UP], finding(), finding(port=80)) == ["delivered"]
    assert [body["id"] for body in desk.bodies()] == ids


def test_a_save_that_fails_is_tried_once_more():
    class Hiccup(MemoryStore):
        """A store whose first answer is an error."""

        fails = 1

        def save(self, document, version):
            self.fails -= 1
            if self.fails >= 0:
                raise StoreError("busy")
            return super().save(document, version)

    desk = Desk(store=Hiccup())
    assert desk.run([UP], finding()) == ["delivered"]
    assert desk.told.problems == ()


def test_a_sink_that_another_run_is_telling_is_left_alone_until_its_lease_ends():
    desk = Desk(clock=FakeClock())
    with pytest.raises(KeyboardInterrupt):
        desk.run(_killed, finding())
    lease = desk.memory().pending[0].lease_until
    assert lease == iso(desk.clock.now() + timedelta(seconds=90))
    desk.clock.tick(-3599)
    assert desk.run([], finding()) == ["quiet"]
    assert "another run" in desk.told.deliveries[0].reason
    assert desk.run([UP], finding()) == ["delivered"]


def _killed(request):
    raise KeyboardInterrupt


class Faster(MemoryStore):
    """A store that another run writes right before this run's save number `at`."""

    at = 1

    def save(self, document, version):
        self.at -= 1
        if self.at == 0:
            theirs = decode(document)
            sinks = {"other": theirs.sinks["soc"]._replace(pending=(), drift=("theirs",))}
            self.document, self.count = encode(theirs._replace(sinks={**theirs.sinks, **sinks})), self.count + 1
        return super().save(document, version)


def test_the_loser_of_the_claim_sends_nothing():
    desk = Desk(store=Faster())
    assert desk.run([], finding()) == ["quiet"]
    assert desk.transport.requests == []


def test_a_conflict_after_telling_keeps_the_marks_of_both():
    store = Faster()
    store.at = 2
    desk = Desk(store=store)
    assert desk.run([UP], finding()) == ["delivered"]
    assert desk.memory("other").drift == ("theirs",)
    assert desk.run([], finding()) == ["quiet"]


class Broken(MemoryStore):
    """A store that can be read and not written."""

    def save(self, document, version):
        raise StoreError("the disk is full")


def test_where_nothing_can_be_saved_people_are_told_and_so_is_the_report():
    desk = Desk(store=Broken())
    assert desk.run([UP], finding()) == ["delivered"]
    assert len(desk.told.problems) == 2
    assert "could not be remembered" in desk.told.problems[1].message


def test_a_store_that_others_write_all_the_time_is_given_up_loudly():
    class Restless(MemoryStore):
        """Another run wins every time after the claim."""

        def save(self, document, version):
            if self.count:
                raise StoreConflictError("another run")
            return super().save(document, version)

    desk = Desk(store=Restless())
    desk.run([UP], finding())
    assert "5 times" in desk.told.problems[0].message


def test_without_a_state_every_run_tells_all():
    desk = Desk()
    for _ in range(2):
        assert desk.run([UP], finding(), stateful=False) == ["delivered"]
        assert desk.bodies()[0]["new"] == ["telnet-23-tcp-host"]
    assert desk.run([], stateful=False) == ["quiet"]
    assert desk.store.document is None


def test_a_state_that_cannot_be_read_means_all_is_told_and_nothing_saved():
    desk = Desk()
    assert desk.run([UP], finding(), saves=False) == ["delivered"]
    assert desk.bodies()[0]["notes"] == ["no previous state: showing all 1"]
    assert desk.store.document is None


def test_a_dry_run_sends_and_saves_nothing():
    desk = Desk(SOC, OPS)
    assert desk.run([], finding(), dry_run=True) == ["dry_run", "dry_run"]
    assert (desk.transport.requests, desk.store.document) == ([], None)


def test_a_fault_in_one_kind_is_no_other_sinks_fault_and_shows_no_text():
    class Faulty(FakeKind):
        """A kind that trips over one sink."""

        def render(self, notice, sink, now, shrink):
            if sink.name == "soc":
                raise ValueError("sekret")
            return super().render(notice, sink, now, shrink)

    desk = Desk(SOC, OPS, kind=Faulty())
    assert desk.run([UP], finding()) == ["owed", "delivered"]
    assert desk.told.deliveries[0].reason == "internal error ValueError"


class OneByOne(FakeKind):
    """One event for each finding."""

    def render(self, notice, sink, now, shrink):
        return tuple(SinkMessage(one.fingerprint.encode(), findings=(one.fingerprint,)) for one in notice.new)


def test_events_are_marked_one_by_one():
    desk = Desk(SOC._replace(kind=SINK_KINDS["pagerduty"]), kind=OneByOne())
    assert desk.run([UP, *[Response(503)] * 3], finding(port=1), finding(port=2), finding(port=3)) == ["owed"]
    assert desk.run([UP, UP], finding(port=1), finding(port=2), finding(port=3)) == ["delivered"]
    assert [one.body for one in desk.transport.requests] == [b"telnet-2-tcp-host", b"telnet-3-tcp-host"]


def test_an_event_that_is_refused_does_not_stop_the_others():
    desk = Desk(SOC._replace(kind=SINK_KINDS["pagerduty"]), kind=OneByOne())
    answers = lambda one: Response(400) if b"-1-" in one.body else UP  # noqa: E731
    assert desk.run(answers, finding(port=1), finding(port=2)) == ["failed"]
    assert desk.run([UP], finding(port=1), finding(port=2)) == ["delivered"]


def test_a_sinks_headers_and_a_kinds_query_reach_the_request():
    class Signing(FakeKind):
        """A kind that signs its URL."""

        def render(self, notice, sink, now, shrink):
            return (SinkMessage(b"{}", {"Content-Type": "x"}, {"sign": "a+b"}),)

    desk = Desk(SOC._replace(headers={"X-Team": Secret("blue")}), kind=Signing())
    desk.run([UP], finding())
    request = desk.transport.requests[0]
    assert request.url == "https://soc.example/hook?key=sekret&sign=a%2Bb"
    assert request.headers == {"Content-Type": "x", "X-Team": "blue"}


def test_with_no_time_left_nothing_is_started_and_it_stays_owed():
    desk = Desk()
    assert desk.run([], finding(), seconds=0) == ["owed"]
    assert desk.transport.requests == []
    assert desk.run([UP], finding()) == ["delivered"]


def test_no_secret_is_in_what_comes_back():
    desk = Desk()
    desk.run(down, finding())
    assert "sekret" not in repr(desk.told) + json.dumps(desk.store.document)


def test_the_clock_of_the_fakes_is_where_it_was_left():
    assert Desk(clock=FakeClock()).clock.now() == NOON


def test_each_try_bears_its_own_time_and_the_same_id():
    class Dated(FakeKind):
        """A kind that signs the time."""

        def render(self, notice, sink, now, shrink):
            return (SinkMessage(json.dumps([notice.delivery_id, now.isoformat()]).encode()),)

    desk = Desk(kind=Dated())
    assert desk.run([Response(503), Response(503), UP], finding()) == ["delivered"]
    ids, times = zip(*desk.bodies(), strict=True)
    assert (len(set(ids)), len(set(times))) == (1, 3)


def test_the_end_of_what_a_sink_took_without_saying_so_is_told_however_long_the_run_took():
    desk = Desk()
    assert desk.run(lost, finding()) == ["owed"]
    assert desk.run([Response(404)] * 9) == ["failed"]
    assert desk.run([UP]) == ["delivered"]
    assert "telnet" in json.dumps([(body["notes"], body["resolved"]) for body in desk.bodies()])


def test_a_lease_that_outlasts_every_run_was_written_by_a_wrong_clock():
    desk = Desk()
    desk.run(lost, finding())
    for until, status in (("2036-01-01T00:00:00Z", "delivered"), (None, "quiet")):
        document = copy.deepcopy(desk.store.document)
        last_run = decode(document)
        (batch,) = last_run.sinks["soc"].pending
        ends = until or iso(desk.clock.moment + timedelta(seconds=3600 + 600))
        claimed = last_run.sinks["soc"]._replace(pending=(batch._replace(claimed_by="other", lease_until=ends),))
        kept = desk.store.document
        desk.store.document = encode(last_run._replace(sinks={"soc": claimed}))
        assert desk.run([UP, UP], finding()) == [status]
        desk.store.document = kept
