"""The fleet: how each target stands, and in which order."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from handler.clock import iso
from handler.decide.fleet import fleet_of
from handler.state.index import Day, Index, IndexEntry

NOW = datetime(2026, 11, 26, 8, 0, tzinfo=timezone.utc)


def entry(minutes_ago: float = 5, verdict: str | None = "compliant", **more) -> IndexEntry:
    at = iso(NOW - timedelta(minutes=minutes_ago))
    known = {"last_run_at": at, "last_complete_at": at, "interval_seconds": 3600}
    return IndexEntry(verdict, **(known | more))


def test_the_worst_comes_first_over_all_indexes():
    one = Index({"fine": entry(), "bad": entry(verdict="violations", counts={"high": 1})})
    other = Index(
        {
            "old": entry(121),
            "worse": entry(verdict="violations", counts={"critical": 1}),
            "blind": entry(verdict="inconclusive"),
            "new": IndexEntry(first_seen=iso(NOW)),
        }
    )
    fleet = fleet_of([one, other], NOW)
    assert [(one.name, one.standing) for one in fleet.targets] == [
        ("new", "never"), ("old", "stale"), ("blind", "inconclusive"), ("worse", "violations"), ("bad", "violations"),
        ("fine", "compliant"),
    ]  # fmt: skip
    assert fleet.counts == {
        "targets": 6, "compliant": 1, "violations": 2, "inconclusive": 1, "stale": 1, "never": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ({"a": entry()}, 0),
        ({"a": entry(), "b": entry(verdict="violations")}, 1),
        ({"a": entry(121), "b": entry(verdict="violations")}, 3),
        ({"a": entry(verdict="inconclusive")}, 3),
        ({"a": IndexEntry()}, 3),
        ({}, 3),
    ],
)
def test_exit_code(entries, code):
    assert fleet_of([Index(entries)], NOW).exit_code == code


def test_an_index_that_cannot_be_read_is_inconclusive_whatever_the_others_say():
    fleet = fleet_of([Index({"a": entry(verdict="violations")})], NOW, unread=["state 2: gone"])
    assert (fleet.verdict, fleet.exit_code) == ("inconclusive", 3)


@pytest.mark.parametrize(
    ("minutes", "interval", "after", "stale"),
    [
        (120, 3600, None, False), (121, 3600, None, True), (121, 7200, None, False), (2880, 0, None, False),
        (2881, 0, None, True), (31, 3600, timedelta(minutes=30), True), (500, 3600, timedelta(days=1), False),
        (-5, 3600, None, True),
    ],
)  # fmt: skip
def test_stale_is_older_than_twice_the_interval_or_as_said(minutes, interval, after, stale):
    (target,) = fleet_of([Index({"a": entry(minutes, interval_seconds=interval)})], NOW, after).targets
    assert target.stale is stale


def test_a_run_that_began_and_never_ended_keeps_its_age():
    (target,) = fleet_of([Index({"a": entry(300, last_run_at=iso(NOW))})], NOW).targets
    assert (target.standing, target.age) == ("stale", timedelta(minutes=300))
    (never,) = fleet_of([Index({"a": entry(verdict="inconclusive", last_complete_at="")})], NOW).targets
    assert (never.standing, never.age) == ("stale", None)


def test_the_changes_of_seven_days_are_added_up():
    days = tuple(Day(f"2026-11-{day}", "compliant", 1, 2) for day in range(15, 27))
    (target,) = fleet_of([Index({"a": entry(days=days)})], NOW).targets
    assert (target.new, target.resolved) == (7, 14)
