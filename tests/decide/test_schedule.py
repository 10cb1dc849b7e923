"""Which targets of a shard are asked: unit tests, and a shard simulated for days."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.clock import iso
from handler.decide.schedule import NEVER, Deferred, long_unasked, said_of, since, stale, standing, turn
from handler.state.index import IndexEntry
from handler.state.memory import LastRun

NOW = datetime(2026, 11, 26, 8, 0, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)


def started(minutes_ago: float, **rest: object) -> IndexEntry:
    at = iso(NOW - timedelta(minutes=minutes_ago))
    return IndexEntry(**{"verdict": "compliant", "last_run_at": at, "last_complete_at": at, **rest})


def test_the_most_overdue_comes_first_and_never_asked_before_all() -> None:
    known = {"a": started(60), "b": started(180), "c": started(54), "d": started(53.9)}
    assert turn(["a", "b", "c", "d", "new"], known, NOW, HOUR) == (("new", "b", "a", "c"), ("d",))


def test_targets_of_equal_age_keep_the_order_of_the_file() -> None:
    assert turn(["z", "a", "m"], {}, NOW, HOUR).due == ("z", "a", "m")


def test_a_start_in_the_future_counts_as_never() -> None:
    assert turn(["a"], {"a": started(-1)}, NOW, HOUR).due == ("a",)
    assert since(iso(NOW), NOW) == timedelta(0)
    assert since("", NOW) == NEVER


@pytest.mark.parametrize(("minutes", "is_stale"), [(120, False), (121, True)])
def test_stale_is_older_than_twice_the_interval(minutes: float, is_stale: bool) -> None:
    assert stale(started(minutes), NOW, 2 * HOUR) is is_stale
    assert standing(started(minutes, verdict="violations"), NOW, HOUR) == ("inconclusive" if is_stale else "violations")


def test_a_target_that_was_started_but_never_completed_is_stale() -> None:
    assert standing(started(5, last_complete_at="", verdict="inconclusive"), NOW, HOUR) == "inconclusive"


@pytest.mark.parametrize(("minutes", "verdict"), [(0, None), (120, None), (121, "inconclusive")])
def test_a_target_never_checked_is_unknown_two_intervals_after_it_was_listed(minutes: int, verdict: str | None) -> None:
    listed = IndexEntry(first_seen=iso(NOW - timedelta(minutes=minutes)))
    assert standing(listed, NOW, HOUR) == verdict
    assert standing(None, NOW, HOUR) is None


@pytest.mark.parametrize(("minutes", "verdict"), [(120, None), (121, "inconclusive")])
def test_a_target_whose_first_run_never_ended_waits_as_long_as_one_never_started(minutes: int, verdict: str) -> None:
    listed = iso(NOW - timedelta(minutes=minutes))
    assert standing(started(5, verdict=None, first_seen=listed), NOW, HOUR) == verdict
    assert standing(IndexEntry(), NOW, HOUR) is None


@pytest.mark.parametrize(("interval", "days"), [(HOUR, 30 + 2 / 24), (timedelta(days=7), 44), (None, 32)])
def test_a_place_is_long_unasked_after_30_days_and_two_intervals(interval: timedelta | None, days: float) -> None:
    at, second = NOW - timedelta(days=days), timedelta(seconds=1)
    runs = {"late": iso(at - second), "just": iso(at), "ahead": iso(NOW + timedelta(days=99)), "never": ""}
    places = {name: LastRun(run_at) for name, run_at in runs.items()}
    assert long_unasked(places, NOW, interval) == ("late",)


@pytest.mark.parametrize(
    ("own", "days"),
    [(0, 44), (-1, 44), (10**9 + 1, 44), (3600, 30 + 2 / 24), (45 * 86400, 120), (10**9, 30 + 2 * 10**9 / 86400)],
)
def test_the_interval_of_a_place_is_its_own_where_it_is_known(own: int, days: float) -> None:
    at, second = NOW - timedelta(days=days), timedelta(seconds=1)
    places = {"late": LastRun(iso(at - second), interval_seconds=own), "just": LastRun(iso(at), interval_seconds=own)}
    assert long_unasked(places, NOW, timedelta(days=7)) == ("late",)


def test_what_was_never_started_is_not_stale() -> None:
    assert not stale(IndexEntry(first_seen=iso(NOW - 100 * HOUR)), NOW, HOUR)


@pytest.mark.parametrize("ahead", [0, 1])
def test_what_a_clock_of_the_future_wrote_is_older_than_all_else(ahead: int) -> None:
    assert since(iso(NOW + timedelta(seconds=ahead)), NOW) == (NEVER if ahead else timedelta(0))
    assert standing(started(-1), NOW, HOUR) == "inconclusive"


def test_a_target_that_was_not_asked_says_when_it_was_last() -> None:
    last = Deferred("a", "2026-11-26T07:00:00Z", "compliant", "compliant")
    assert said_of(last) == "last compliant at 2026-11-26T07:00:00Z"
    assert said_of(Deferred("a", "", None, "inconclusive")) == "it was never checked"


@given(st.dictionaries(st.sampled_from("abcdefgh"), st.floats(-300, 300)), st.integers(1, 200))
def test_every_target_is_due_or_resting_and_the_due_ones_are_older(ages: dict[str, float], minutes: int) -> None:
    known = {name: started(age) for name, age in ages.items()}
    due, resting = turn("abcdefgh", known, NOW, timedelta(minutes=minutes))
    assert sorted((*due, *resting)) == list("abcdefgh")
    assert all(
        name in known and timedelta(0) <= since(known[name].last_run_at, NOW) < 0.9 * timedelta(minutes=minutes)
        for name in resting
    )


@pytest.mark.parametrize("seed", range(4))
def test_a_shard_with_late_missed_and_killed_runs_forgets_nobody_and_asks_nobody_twice(seed: int) -> None:
    """300 targets, a timer every ten minutes that asks at most 60: two days of jitter, missed timers and killed runs."""
    random = Random(seed)
    names = [f"t{number}" for number in range(300)]
    known: dict[str, IndexEntry] = {}
    starts: dict[str, list[datetime]] = {name: [] for name in names}
    now = NOW
    for _ in range(6 * 24 * 2):
        now += timedelta(minutes=10, seconds=random.uniform(-30, 30))
        if random.random() < 0.05:
            continue  # the timer did not fire
        reach = random.randrange(60) if random.random() < 0.05 else 60  # killed on the way
        for number, name in enumerate(turn(names, known, now, HOUR).due[:reach]):
            at = now + timedelta(seconds=8 * number)
            starts[name].append(at)
            known[name] = IndexEntry(verdict="compliant", last_run_at=iso(at), last_complete_at=iso(at))
    for moments in starts.values():
        gaps = [later - earlier for earlier, later in pairwise(moments)]
        assert min(gaps) >= 0.9 * HOUR - timedelta(seconds=1)
        assert max(gaps) <= 2 * HOUR
        assert now - moments[-1] <= 2 * HOUR
