from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.clock import Deadline
from handler.errors import TimeLimitError
from handler.hss.pacing import Lane, Pacer
from tests.fakes import FakeClock

PORTS, STATISTICS = Lane("port_statistics", "me"), Lane("asset_statistics", "me")


def far(clock: FakeClock) -> Deadline:
    return Deadline.after(1e9, clock)


def test_five_calls_start_at_once_and_the_sixth_61_seconds_after_the_first():
    clock, starts = FakeClock(), []
    pacer = Pacer(clock)
    for _ in range(6):
        pacer.take(PORTS, far(clock))
        starts.append(clock.monotonic() - 1000)
        clock.tick(1)
    assert starts == pytest.approx([0, 1, 2, 3, 4, 61])


@given(st.lists(st.floats(0, 40), max_size=40), st.integers(1, 6))
def test_never_more_calls_in_any_window(gaps, calls):
    clock = FakeClock()
    pacer, starts = Pacer(clock, calls), []
    for gap in gaps:
        clock.tick(gap)
        pacer.take(PORTS, far(clock))
        starts.append(clock.monotonic())
    assert all(later - first >= 61 - 1e-5 for first, later in zip(starts, starts[calls:], strict=False))


def test_each_api_and_each_identity_has_its_own_window():
    clock = FakeClock()
    pacer = Pacer(clock, calls=1)
    for lane in (PORTS, STATISTICS, Lane("port_statistics", "you")):
        pacer.take(lane, far(clock))
    assert clock.slept == []


def test_zero_calls_mean_no_pacing():
    clock = FakeClock()
    pacer = Pacer(clock, calls=0)
    for _ in range(100):
        pacer.take(PORTS, far(clock))
    assert clock.slept == []
    assert pacer.forecast(PORTS, 100) == 0


@pytest.mark.parametrize(("left", "patient"), [(61.0, True), (1000.0, False)])
def test_a_wait_that_does_not_fit_or_is_not_wanted_takes_no_turn(left, patient):
    clock = FakeClock()
    pacer = Pacer(clock, calls=1)
    pacer.take(PORTS, far(clock))
    with pytest.raises(TimeLimitError, match="port_statistics: the next call may start in 2 minutes"):
        pacer.take(PORTS, Deadline.after(left, clock), patient=patient)
    assert clock.slept == []
    assert pacer.forecast(PORTS, 1) == pytest.approx(61)


def test_a_wait_is_told_before_it_begins():
    clock, told = FakeClock(), []
    pacer = Pacer(clock, calls=1)
    for _ in range(2):
        pacer.take(PORTS, far(clock), on_wait=told.append)
    assert told == pytest.approx([61])


@given(st.integers(0, 12), st.integers(1, 30), st.floats(0, 100), st.integers(1, 6))
def test_a_forecast_is_what_then_happens(before, calls, pause, rate):
    clock = FakeClock()
    pacer = Pacer(clock, rate)
    for _ in range(before):
        pacer.take(PORTS, far(clock))
    clock.tick(pause)
    told, start = pacer.forecast(PORTS, calls), clock.monotonic()
    for _ in range(calls):
        pacer.take(PORTS, far(clock))
    assert told == pytest.approx(clock.monotonic() - start, abs=1e-4)


def test_threads_share_a_window():
    clock = FakeClock()
    pacer, starts, lock = Pacer(clock), [], threading.Lock()

    def work() -> None:
        for _ in range(5):
            pacer.take(PORTS, far(clock))
            with lock:
                starts.append(clock.monotonic())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(starts) == 20
    assert pacer.forecast(PORTS, 1) > 0


def test_a_turn_that_is_given_back_costs_nothing():
    clock = FakeClock()
    pacer = Pacer(clock, calls=2)
    for _ in range(20):
        pacer.give_back(PORTS, pacer.take(PORTS, far(clock)))
        clock.tick(1)
    assert clock.slept == []
    kept = [pacer.take(PORTS, far(clock)) for _ in range(2)]
    pacer.give_back(PORTS, kept[0] - 1000)  # no turn of ours
    assert pacer.forecast(PORTS, 1) == pytest.approx(61)
    pacer.give_back(PORTS, kept[1])
    assert pacer.forecast(PORTS, 1) == 0


def test_without_pacing_there_is_nothing_to_give_back():
    clock = FakeClock()
    pacer = Pacer(clock, calls=0)
    pacer.give_back(PORTS, pacer.take(PORTS, far(clock)))
    assert pacer.forecast(PORTS, 1) == 0


@pytest.mark.parametrize("calls", [0, 5])
def test_a_turn_that_is_given_back_is_neither_counted_nor_known_to_other_processes(calls):
    clock = FakeClock()
    pacer = Pacer(clock, calls)
    pacer.take(PORTS, far(clock))
    clock.tick(1)
    pacer.give_back(PORTS, pacer.take(PORTS, far(clock)))
    pacer.give_back(STATISTICS, clock.monotonic())  # never taken
    assert (pacer.turns(PORTS), pacer.turns(STATISTICS)) == (1, 0)
    assert len(pacer.started(PORTS)) == min(1, calls)


def test_calls_of_other_processes_count_and_ones_of_our_own_not_twice():
    clock = FakeClock()
    pacer = Pacer(clock)
    for _ in range(2):
        pacer.take(PORTS, far(clock))
        clock.tick(1)
    today = clock.now().timestamp()
    pacer.recall(PORTS, (*pacer.started(PORTS), today - 30, today - 20, today - 10))
    assert pacer.forecast(PORTS, 1) == pytest.approx(31)
    assert pacer.turns(PORTS) == 2
    pacer.recall(PORTS, pacer.started(PORTS))
    assert len(pacer.started(PORTS)) == 5
    assert pacer.forecast(STATISTICS, 5) == 0


@pytest.mark.parametrize(("ahead", "wait"), [(10, 61), (61, 61), (62, 0), (3e8, 0)])
def test_starts_that_lie_ahead_are_of_another_clock(ahead, wait):
    clock = FakeClock()
    pacer = Pacer(clock)
    pacer.recall(PORTS, [clock.now().timestamp() + ahead] * 5)
    assert pacer.forecast(PORTS, 1) == pytest.approx(wait)


def test_without_a_pace_calls_are_counted_and_nobody_waits():
    pacer = Pacer(FakeClock(), 0)
    pacer.recall(PORTS, [1.0])
    for _ in range(7):
        pacer.take(PORTS, far(FakeClock()))
    assert (pacer.turns(PORTS), pacer.forecast(PORTS, 9)) == (7, 0)
