from __future__ import annotations

from datetime import datetime, timezone
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.clock import Deadline
from handler.errors import TimeLimitError, TransportError
from handler.retries import Retries, in_minutes, retry_after, with_retries
from handler.transport import Response
from tests.fakes import NOON, FakeClock

BROKEN = TransportError("https://hss.example/v5: connection broken")


def attempt(outcomes, wanted, *, left=1000.0, **other):
    """The result, the tries made and the waits, of a call with these outcomes in turn."""
    clock, queue = FakeClock(), list(outcomes)

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


def test_other_errors_are_never_tried_again():
    run, queue, _ = attempt([TimeLimitError("no"), 200], on_5xx)
    with pytest.raises(TimeLimitError):
        run()
    assert queue == [200]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": " 17 "}, 17.0),
        ({"retry-after": "Sun, 22 Nov 2026 12:01:30 GMT"}, 90.0),
        ({"retry-after": "Sun, 22 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after": "Sun, 22 Nov 2020 12:01:30 GMT", "date": "Sun, 22 Nov 2020 12:01:00 GMT"}, 30.0),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "1.5"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "١٢"}, None),
        ({"retry-after": "Sun, 99 Nov 2026 99:00:00 GMT"}, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(headers, seconds):
    assert retry_after(headers, NOON) == seconds


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_retry_after_can_do_harm(text, date):
    seconds = retry_after({"retry-after": text, "date": date}, datetime(2026, 1, 1, tzinfo=timezone.utc))
    assert seconds is None or seconds >= 0


@given(st.integers(1, 500), st.integers(0, 2**32))
def test_a_wait_is_never_longer_than_the_longest(tried, seed):
    assert 0 < Retries().wait(tried, Random(seed)) <= 30.0


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "1 minute"), (60, "1 minute"), (61, "2 minutes"), (610, "11 minutes")]
)
def test_minutes_are_rounded_up(seconds, words):
    assert in_minutes(seconds) == words
