"""One notification to one sink: what each answer says of whether the sink has it, and what is tried next."""

from __future__ import annotations

from random import Random

import pytest

from handler.clock import Deadline
from handler.errors import TransportError, UsageError
from handler.notify.send import LEAST_TIME, LONGEST_WAIT, Acceptance, DeliveryContext, http_request, send
from handler.retries import DEFAULT_RETRIES
from handler.sinks.answers import DeliveryOutcome, SinkAnswer
from handler.sinks.message import PLAIN, SinkMessage
from handler.sinks.sink import Notification
from handler.transport.request import Response
from tests.desk import SOC, UP, down, lost
from tests.fakes import FakeClock, FakeTransport, MovingClock, report

BUSY, NO, TOO_LARGE = Response(503), Response(400), Response(413)
MEANINGS = {
    200: DeliveryOutcome.DELIVERED,
    202: DeliveryOutcome.ACCEPTED,
    413: DeliveryOutcome.TOO_LARGE,
    425: DeliveryOutcome.RETRY_NEXT_RUN,
    **dict.fromkeys((400, 501), DeliveryOutcome.PERMANENT),
}


class Letters:
    """A kind that sends these messages, each with the step of shrinking at its end."""

    def __init__(self, *messages: SinkMessage) -> None:
        self.messages = messages
        self.asked: list[float | None] = []

    def render(self, notification, sink, now, shrink):
        return tuple(one._replace(body=b"%s %d" % (one.body, shrink)) for one in self.messages)

    def judge(self, status, headers, body):
        return SinkAnswer(MEANINGS.get(status, DeliveryOutcome.RETRY_NOW), f"HTTP {status}")


def event(name: str) -> SinkMessage:
    return SinkMessage(name.encode(), findings=(name,))


class Post:
    """A sink of these messages, whose answers come in this order."""

    def __init__(self, answers, *messages: SinkMessage, seconds: float = 30.0) -> None:
        kind = Letters(*(messages or (SinkMessage(b"hello"),)))
        self.clock = MovingClock()
        self.transport = FakeTransport(answers if callable(answers) else list(answers))
        sink = SOC._replace(kind=SOC.kind._replace(load=lambda _: kind))
        context = DeliveryContext(self.transport, Deadline.after(seconds, self.clock), Random(1))
        self.result = send(Notification("id", report()), sink, context)
        self.bodies = [request.body.decode() for request in self.transport.requests]


@pytest.mark.parametrize(("status", "word"), [(200, "delivered"), (202, "accepted")])
def test_what_the_target_took_is_taken(status, word):
    result = Post([Response(status)]).result
    assert (result.acceptance, result.status) == (Acceptance.TAKEN, word)


@pytest.mark.parametrize(
    ("answer", "acceptance"),
    [
        (down, Acceptance.REFUSED),  # nothing was sent
        (lost, Acceptance.UNKNOWN),  # sent, and no answer came
        *((Response(status), Acceptance.UNKNOWN) for status in (408, 500, 502, 504, 599)),
        *((Response(status), Acceptance.REFUSED) for status in (425, 429, 503, 505)),
    ],
)
def test_only_an_answer_that_does_not_tell_leaves_open_whether_the_sink_has_it(answer, acceptance):
    result = Post([answer] * 3).result
    assert (result.acceptance, result.status) == (acceptance, "owed")


@pytest.mark.parametrize("status", [400, 501])
def test_what_is_refused_for_good_has_failed_and_is_not_with_the_sink(status):
    result = Post([Response(status)] * 2).result
    assert (result.acceptance, result.status, result.reason) == (Acceptance.REFUSED, "failed", f"HTTP {status}")


def test_a_doubt_is_not_taken_back_by_a_later_answer_that_is_sure():
    assert Post([lost, BUSY, BUSY]).result.acceptance is Acceptance.UNKNOWN
    assert Post([lost, down, down]).result.acceptance is Acceptance.UNKNOWN
    assert Post([Response(500), NO, NO]).result.acceptance is Acceptance.UNKNOWN


def test_a_doubt_ends_when_the_sink_takes_it():
    assert Post([lost, UP]).result.acceptance is Acceptance.TAKEN


def test_the_first_try_and_two_more_over_all_messages_of_one_notification():
    post = Post([BUSY, UP, BUSY, BUSY], event("a"), event("b"))
    assert post.bodies == ["a 0", "a 0", "b 0", "b 0"]
    assert post.result.taken == {"a"}


def test_what_may_be_repeated_only_later_is_not_repeated_now():
    assert len(Post([Response(425)]).bodies) == 1


def test_forms_get_smaller_while_it_is_too_large_and_plain_when_refused():
    assert Post([TOO_LARGE, TOO_LARGE, NO, UP]).bodies == ["hello 0", "hello 1", "hello 3", f"hello {PLAIN}"]


def test_after_one_whole_message_was_taken_no_other_form_follows_and_it_may_be_with_the_sink():
    post = Post([UP, NO], SinkMessage(b"one"), SinkMessage(b"two"))
    assert post.bodies == ["one 0", "two 0"]
    assert (post.result.acceptance, post.result.status) == (Acceptance.UNKNOWN, "failed")


def test_events_that_were_taken_are_not_sent_again_in_a_smaller_form():
    post = Post([UP, TOO_LARGE, UP], event("a"), event("b"))
    assert post.bodies == ["a 0", "b 0", "b 1"]
    assert post.result.acceptance is Acceptance.TAKEN
    assert post.result.taken == {"a", "b"}


def test_a_refused_event_stops_no_other_but_a_busy_sink_does():
    assert Post([NO, UP, NO], event("a"), event("b")).result.taken == {"b"}
    busy = Post([BUSY, BUSY, BUSY], event("a"), event("b"))
    assert busy.bodies == ["a 0"] * 3
    assert busy.result.taken == frozenset()


def test_after_a_whole_message_that_was_refused_the_next_one_does_not_follow():
    assert Post([NO, NO], SinkMessage(b"one"), SinkMessage(b"two")).bodies == ["one 0", f"one {PLAIN}"]


def test_a_kind_that_has_nothing_to_say_counts_as_told_and_is_quiet():
    class Silent(Letters):
        """A kind whose notification holds nothing for it."""

        def render(self, notification, sink, now, shrink):
            return ()

    sink = SOC._replace(kind=SOC.kind._replace(load=lambda _: Silent()))
    context = DeliveryContext(FakeTransport([]), Deadline.after(30, MovingClock()), Random(1))
    result = send(Notification("id", report()), sink, context)
    assert (result.acceptance, result.status) == (Acceptance.TAKEN, "quiet")


def test_an_answer_is_awaited_for_a_quarter_of_a_minute_or_the_time_that_is_left():
    assert Post([UP], seconds=60).transport.timeouts == [LONGEST_WAIT]
    assert Post([UP], seconds=4).transport.timeouts == [4]


def test_with_no_time_left_nothing_is_sent_and_it_is_certain_that_the_sink_has_nothing():
    post = Post([], seconds=0.1)
    assert post.bodies == []
    assert (post.result.acceptance, post.result.status) == (Acceptance.REFUSED, "owed")
    assert post.result.reason == "no time left in this run"


def test_a_wait_that_does_not_fit_is_not_begun():
    post = Post([BUSY], seconds=0.3)
    assert (post.clock.slept, len(post.bodies)) == ([], 1)


def test_no_other_form_is_begun_when_the_time_is_over():
    def slow(request):
        post_clock.tick(10)
        return NO

    post_clock = MovingClock()
    kind = Letters(SinkMessage(b"hello"))
    transport = FakeTransport(slow)
    sink = SOC._replace(kind=SOC.kind._replace(load=lambda _: kind))
    result = send(
        Notification("id", report()), sink, DeliveryContext(transport, Deadline.after(10, post_clock), Random(1))
    )
    assert (len(transport.requests), result.status) == (1, "failed")


def test_an_error_of_the_network_is_the_reason_and_holds_no_secret():
    def broken(request):
        raise TransportError("https://soc.example: TLS failed", sent=False)

    assert Post(broken).result.reason == "https://soc.example: TLS failed"


def test_a_request_bears_the_sinks_query_and_the_kinds():
    request = http_request(SinkMessage(b"x", {"Content-Type": "a/b"}, {"sign": "a b&c"}), SOC)
    assert request.url == "https://soc.example/hook?key=sekret&sign=a+b%26c"
    assert (request.method, request.headers, request.body) == ("POST", {"Content-Type": "a/b"}, b"x")


class Ticket:
    """A signer: the headers for a request, or an error; `renews` says whether a refused ticket can be renewed."""

    def __init__(self, error=None, *, renews=True):
        self.error, self.renews, self.signed, self.refusals = error, renews, [], 0

    def headers(self, request):
        if self.error:
            raise self.error
        self.signed.append(request)
        return {"X-Ticket": str(len(self.signed))}

    def refused(self):
        self.refusals += 1
        return self.renews


def signed(answers, signer, kind=None, clock=None, seconds=30.0):
    """What came of sending one message with a signer, its requests and the waits."""
    clock, transport = clock or FakeClock(), FakeTransport(list(answers))
    kind = kind or Letters(SinkMessage(b"hello", {"A": "1"}))
    sink = SOC._replace(kind=SOC.kind._replace(load=lambda _: kind), signer=signer)
    context = DeliveryContext(transport, Deadline.after(seconds, clock), Random(1))
    return send(Notification("id", report()), sink, context), transport.requests, clock.slept


def test_a_signer_adds_its_headers_to_those_of_the_request_that_it_signs():
    signer = Ticket()
    result, (request,), _ = signed([UP], signer)
    assert (result.status, request.headers) == ("delivered", {"A": "1", "X-Ticket": "1"})
    assert signer.signed == [request._replace(headers={"A": "1"})]


def test_a_signer_that_cannot_sign_leaves_the_message_owed_and_says_why():
    result, requests, _ = signed([], Ticket(UsageError("no key")))
    assert (result.acceptance, result.status, result.reason, requests) == (Acceptance.REFUSED, "owed", "no key", [])


@pytest.mark.parametrize(
    ("answers", "renews", "status", "refusals"),
    [
        ([Response(401), UP], True, "delivered", 1),
        ([Response(401)] * 3, False, "owed", 3),  # nothing to renew: as the kind judges it
        ([Response(400)] * 2, True, "failed", 0),  # refused for another reason: once more, and plain
    ],
)
def test_a_ticket_that_is_refused_is_renewed_and_the_message_sent_again_at_once(answers, renews, status, refusals):
    signer = Ticket(renews=renews)
    result, requests, slept = signed(answers, signer)
    assert [one.headers["X-Ticket"] for one in requests] == [str(number + 1) for number in range(len(answers))]
    assert (result.status, signer.refusals) == (status, refusals)
    assert slept == [0.0] or not (renews and refusals)


@pytest.mark.parametrize(("status", "tried"), [(300, 2), (399, 2), (299, 3)])
def test_a_redirect_is_a_refusal(status, tried):
    result, requests, _ = signed([Response(status)] * 3, None)
    assert (len(requests), "a redirect is a refusal" in result.reason) == (tried, tried == 2)


def test_a_kind_judges_status_headers_and_body():
    class Judge(Letters):
        def judge(self, status, headers, body):
            return SinkAnswer(DeliveryOutcome.PERMANENT, f"{status} {headers['a']} {body.decode()}")

    assert signed([Response(200, {"a": "b"}, b"c")] * 2, None, Judge(SinkMessage(b"x")))[0].reason == "200 b c"


def test_waits_grow_from_try_to_try():
    chance = Random(1)
    assert signed([BUSY] * 3, None)[2] == [DEFAULT_RETRIES.wait(tried, chance) for tried in (1, 2)]


class Asking(Letters):
    """A target that asks for a wait of ten seconds."""

    def judge(self, status, headers, body):
        return SinkAnswer(DeliveryOutcome.RETRY_NOW, "later", retry_after=10.0)


@pytest.mark.parametrize(("seconds", "slept"), [(10.0, []), (10.1, [10.0])])
def test_a_wait_must_fit_into_the_time_left(seconds, slept):
    assert signed([BUSY] * 2, None, Asking(SinkMessage(b"x")), seconds=seconds)[2] == slept


@pytest.mark.parametrize(("seconds", "tried"), [(LEAST_TIME, 2), (LEAST_TIME - 0.01, 0)])
def test_with_less_than_a_moment_nothing_is_sent(seconds, tried):
    result, requests, _ = signed([NO] * 2, None, seconds=seconds)
    assert len(requests) == tried
    assert tried or (result.status, result.reason) == ("owed", "no time left in this run")
