from __future__ import annotations

from datetime import datetime, timezone
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.clock import Deadline
from handler.errors import TimeLimitError, TransportError
from handler.retries import Retries, in_minutes, retry_after, with_retries
from handler.transport.request import Response
from tests.fakes import NOON, MovingClock

BROKEN = TransportError("https://hss.example/v5: connection broken")


def attempt(outcomes, wanted, *, left=1000.0, **other):
    """The result, the tries made and the waits, of a call with these outcomes in turn."""
    clock, queue = MovingClock(), list(outcomes)

    def call() -> Response:
        outcome = queue.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return Response(outcome)

    def run():
        return with_retries(call, wanted, deadline=Deadline.after(left, clock), random=Random(1), **other)

    return run, queue, clock


def on_5xx(outcome) -> float | None:
    return 0.0 if isinstance(outcome, TransportError) or outcome.status >= 500 else None


def test_an_answer_that_is_kept_is_asked_once():
    run, queue, clock = attempt([200, 200], on_5xx)
    assert run().status == 200
    assert (len(queue), clock.slept) == (1, [])


def test_broken_connections_and_failures_are_tried_again_with_growing_jittered_waits():
    run, _, clock = attempt([BROKEN, 503, 200], on_5xx)
    assert run().status == 200
    assert 0.5 <= clock.slept[0] <= 1.0 <= clock.slept[1] <= 2.0


def test_after_the_last_try_the_answer_is_what_it_is():
    run, queue, _ = attempt([503, 503, 503, 200], on_5xx)
    assert run().status == 503
    assert queue == [200]


def test_after_the_last_try_the_broken_connection_is_raised():
    with pytest.raises(TransportError, match="connection broken"):
        attempt([BROKEN] * 3, on_5xx)[0]()


def test_what_the_caller_asks_to_wait_is_waited_and_told():
    told: list[float] = []
    run, _, clock = attempt([429, 200], lambda outcome: 60.0 if outcome.status == 429 else None, on_wait=told.append)
    assert run().status == 200
    assert clock.slept == told == [60.0]


@pytest.mark.parametrize(("left", "waits"), [(60.0, False), (60.5, True)])
def test_a_wait_that_does_not_fit_is_not_begun_and_names_the_minutes(left, waits):
    run, _, clock = attempt([429, 200], lambda outcome: 60.0 if outcome.status == 429 else None, left=left)
    if waits:
        assert run().status == 200
        return
    with pytest.raises(TimeLimitError, match="HTTP 429; another try needs 1 minute, 60 s are left"):
        run()
    assert clock.slept == []


def test_a_broken_connection_whose_next_try_does_not_fit_says_both():
    run, queue, clock = attempt([BROKEN, 200], on_5xx, left=0.2)
    with pytest.raises(TimeLimitError, match=r"connection broken; another try needs 1 minute, 0 s are left"):
        run()
    assert (queue, clock.slept) == ([200], [])


def test_other_errors_are_never_tried_again():
    run, queue, _ = attempt([TimeLimitError("no"), 200], on_5xx)
    with pytest.raises(TimeLimitError):
        run()
    assert queue == [200]


LATER, EARLIER = "Sun, 22 Nov 2026 12:01:30 GMT", "Sun, 22 Nov 2026 11:00:00 GMT"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("0", 0.0),
        (" 17 ", 17.0),
        ("1.5", 1.5),
        ("120", 120.0),
        ("-5", 0.0),
        ("9" * 400, 366 * 86_400.0),
        (LATER, 90.0),
        (EARLIER, 0.0),
        ("Sunday, 22-Nov-26 12:01:30 GMT", 90.0),
        ("Sun, 22 Nov 2026 13:01:30 +0100", 90.0),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("1e3", None),
        ("1_000", None),
        ("1.", None),
        ("1,5", None),
        ("١٢", None),
        ("Sun, 99 Nov 2026 99:00:00 GMT", None),
    ],
)
def test_retry_after_is_a_number_of_seconds_or_a_date(said, seconds):
    assert retry_after({"retry-after": said}, NOON) == seconds
    assert retry_after({"Retry-After": said}, NOON) == seconds


def test_without_the_header_nothing_is_asked():
    assert retry_after({}, NOON) is None


@pytest.mark.parametrize(
    ("date", "now", "seconds"),
    [
        ("Sun, 22 Nov 2026 12:01:00 GMT", None, 30.0),
        ("Sun, 22 Nov 2026 12:01:00 GMT", datetime(2036, 1, 1, tzinfo=timezone.utc), 30.0),
        ("Sun, 22 Nov 2026 12:02:00 GMT", NOON, 0.0),
        ("", None, None),
        ("noon", None, None),
        ("noon", NOON, 90.0),
    ],
)
def test_a_date_is_measured_against_the_answers_own_clock_where_it_has_one(date, now, seconds):
    assert retry_after({"retry-after": LATER, "Date": date}, now) == seconds


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_retry_after_can_do_harm(text, date):
    for now in (datetime(2026, 1, 1, tzinfo=timezone.utc), None):
        seconds = retry_after({"retry-after": text, "date": date}, now)
        assert seconds is None or seconds >= 0


@given(st.integers(1, 500), st.integers(0, 2**32))
def test_a_wait_is_never_longer_than_the_longest(tried, seed):
    assert 0 < Retries().wait(tried, Random(seed)) <= 30.0


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "1 minute"), (60, "1 minute"), (61, "2 minutes"), (610, "11 minutes")]
)
def test_minutes_are_rounded_up(seconds, words):
    assert in_minutes(seconds) == words
