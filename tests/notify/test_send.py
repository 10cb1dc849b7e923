"""One notification to one sink: what each answer says of whether the sink has it, and what is tried next."""

from __future__ import annotations

from random import Random

import pytest

from handler.clock import Deadline
from handler.errors import TransportError, UnknownError
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
    **dict.fromkeys((400, 401, 402, 501), DeliveryOutcome.PERMANENT),
}


class Letters:
    """A kind that sends these messages, each with the step of shrinking at its end."""

    def __init__(self, *messages: SinkMessage) -> None:
        self.messages = messages
        self.judged: list[tuple[int, object, bytes]] = []

    def render(self, notification, sink, now, shrink):
        return tuple(one._replace(body=b"%s %d" % (one.body, shrink)) for one in self.messages)

    def judge(self, status, headers, body):
        self.judged.append((status, headers, body))
        asked = headers.get("retry-after")
        wait = float(asked) if asked else None
        return SinkAnswer(MEANINGS.get(status, DeliveryOutcome.RETRY_NOW), f"HTTP {status}", wait)


def event(name: str) -> SinkMessage:
    return SinkMessage(name.encode(), findings=(name,))


class Post:
    """A sink of these messages, whose answers come in this order."""

    def __init__(
        self, answers, *messages: SinkMessage, seconds=30.0, clock=None, signer=None, further=False, may_split=False
    ) -> None:
        self.kind = Letters(*(messages or (SinkMessage(b"hello"),)))
        self.clock = clock or MovingClock()
        self.transport = FakeTransport(answers if callable(answers) else list(answers))
        sink = SOC._replace(kind=SOC.kind._replace(load=lambda _: self.kind), signer=signer)
        context = DeliveryContext(self.transport, Deadline.after(seconds, self.clock), Random(1))
        notification = Notification("id", report(), further=further)
        self.result = send(notification, sink, context, may_split=may_split)
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


def test_each_wait_is_twice_the_one_before_over_all_messages_of_one_notification():
    random = Random(1)
    assert Post([BUSY] * 3).clock.slept == [DEFAULT_RETRIES.wait(1, random), DEFAULT_RETRIES.wait(2, random)]


def test_a_wait_that_would_take_all_the_time_that_is_left_is_not_begun():
    post = Post([Response(503, {"retry-after": "7"})], seconds=7.0)
    assert (post.clock.slept, post.result.reason) == ([], "HTTP 503")


def test_with_just_enough_time_left_a_message_is_begun_and_another_form_too():
    post = Post([NO, UP], seconds=LEAST_TIME, clock=FakeClock(seconds=0.0))
    assert post.bodies == ["hello 0", f"hello {PLAIN}"]


@pytest.mark.parametrize("status", [300, 399])
def test_every_redirect_is_a_refusal_whatever_the_kind_would_make_of_it(status):
    post = Post([Response(status)] * 2)
    assert (post.result.status, post.result.reason) == ("failed", f"HTTP {status}: a redirect is a refusal")
    assert post.kind.judged == []


def test_a_kind_judges_by_status_headers_and_body():
    assert Post([Response(200, {"a": "b"}, b"no")]).kind.judged == [(200, {"a": "b"}, b"no")]


@pytest.mark.parametrize(
    ("answers", "further", "bodies"),
    [
        ([TOO_LARGE, TOO_LARGE], False, ["hello 0", "hello 1"]),  # without what is derived it is too large still
        ([TOO_LARGE], True, ["hello 0"]),  # nothing in it is derived
    ],
)
def test_what_may_be_shared_out_comes_back_as_too_large_once_only_what_is_due_is_in_it(answers, further, bodies):
    post = Post(answers, further=further, may_split=True)
    assert post.bodies == bodies
    assert (post.result.too_large, post.result.status, post.result.reason) == (True, "owed", "HTTP 413")


class Pass:
    """A signer with passes of its own: `renewals` of them may be had after a refusal."""

    def __init__(self, renewals: int = 0) -> None:
        self.renewals, self.number, self.asked = renewals, 1, 0

    def headers(self, request):
        return {"X-Pass": f"{self.number} for {request.method} {request.url}"}

    def refused(self):
        self.asked += 1
        self.number += 1
        return self.number <= self.renewals + 1


def passes(post: Post) -> list[str]:
    return [request.headers["X-Pass"].split(" ")[0] for request in post.transport.requests]


def test_what_a_signer_says_of_a_request_is_sent_beside_the_kinds_own_headers():
    post = Post([UP], SinkMessage(b"hello", {"Content-Type": "a/b"}), signer=Pass())
    assert [request.headers for request in post.transport.requests] == [
        {"Content-Type": "a/b", "X-Pass": "1 for POST https://soc.example/hook?key=sekret"}
    ]


def test_a_refused_pass_is_renewed_and_the_same_message_sent_at_once():
    post = Post([Response(401), UP], signer=Pass(renewals=1))
    assert (post.result.status, post.bodies, passes(post)) == ("delivered", ["hello 0"] * 2, ["1", "2"])
    assert post.clock.slept == [0.0]


def test_a_refused_pass_that_cannot_be_renewed_is_a_refusal():
    post = Post([Response(401)] * 2, signer=Pass())
    assert (post.result.status, post.result.reason, post.clock.slept) == ("failed", "HTTP 401", [])


@pytest.mark.parametrize("status", [400, 402, 503])
def test_an_answer_that_refuses_no_pass_renews_none(status):
    signer = Pass(renewals=9)
    Post([Response(status)] * 3, signer=signer)
    assert signer.asked == 0


def test_without_a_signer_a_401_is_what_the_kind_says_it_is():
    post = Post([Response(401)] * 2)
    assert (post.bodies, post.clock.slept) == (["hello 0", f"hello {PLAIN}"], [])


def test_a_request_that_cannot_be_signed_is_not_sent_and_stays_owed_with_the_reason():
    class Locked(Pass):
        """A signer that is refused itself."""

        def headers(self, request):
            raise UnknownError("the token was refused")

    post = Post([], signer=Locked())
    assert (post.bodies, post.clock.slept) == ([], [])
    assert (post.result.acceptance, post.result.status) == (Acceptance.REFUSED, "owed")
    assert post.result.reason == "the token was refused"
