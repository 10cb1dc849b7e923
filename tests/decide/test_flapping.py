"""When what opens and closes again and again begins to count as flapping, and when it is steady again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handler.clock import iso
from handler.decide.flapping import DAY, calmed, closed_again
from handler.state.memory import Remembered
from tests.fakes import NOON, finding

SECOND = timedelta(seconds=1)


def closed_at(*ages) -> Remembered:
    """A record that closed so long before noon, one time after the other."""
    record = Remembered(finding(), iso(NOON), iso(NOON), iso(NOON))
    for age in ages:
        record = closed_again(record, NOON - age)
    return record


@pytest.mark.parametrize(
    ("ages", "since"),
    [
        ((DAY - SECOND, 2 * SECOND, 0 * SECOND), iso(NOON)),
        ((DAY, 2 * SECOND, 0 * SECOND), None),
        ((2 * SECOND, 0 * SECOND), None),
        ((3 * DAY, DAY - SECOND, SECOND, 0 * SECOND), iso(NOON)),
        ((3 * SECOND, 2 * SECOND, SECOND, 0 * SECOND), iso(NOON - SECOND)),  # since it began, not since the last time
    ],
)
def test_what_closes_three_times_within_a_day_flaps_from_then_on(ages, since):
    assert closed_at(*ages).flapping_since == since


def test_only_the_last_three_closings_are_remembered():
    ages = (4 * DAY, 3 * DAY, 2 * DAY, DAY)
    assert closed_at(*ages).closings == tuple(iso(NOON - age) for age in ages[1:])


@pytest.mark.parametrize("moved", [{"opened_at": iso(NOON - DAY)}, {"resolved_at": iso(NOON - DAY)}])
def test_what_stayed_as_it_is_for_a_day_is_steady_and_begins_to_count_anew(moved):
    flaps = closed_at(3 * SECOND, 2 * SECOND, SECOND)._replace(**{"opened_at": iso(NOON - 3 * DAY)} | moved)
    assert calmed(flaps, NOON - SECOND) == flaps
    assert calmed(flaps, NOON) == flaps._replace(flapping_since=None, closings=())


def test_what_flapped_by_a_clock_that_was_ahead_is_steady_again():
    flaps = closed_at(3 * SECOND, 2 * SECOND, SECOND)
    assert calmed(flaps._replace(opened_at=iso(NOON + 365 * DAY)), NOON).flapping_since is None
    assert closed_at(-365 * DAY, 2 * SECOND, SECOND).flapping_since is None


def test_the_later_of_opening_and_closing_counts():
    flaps = closed_at(3 * SECOND, 2 * SECOND, SECOND)
    opened = flaps._replace(opened_at=iso(NOON), resolved_at=iso(NOON - 9 * DAY))
    ended = flaps._replace(opened_at=iso(NOON - 9 * DAY), resolved_at=iso(NOON))
    assert (calmed(opened, NOON), calmed(ended, NOON)) == (opened, ended)


def test_what_does_not_flap_keeps_its_closings():
    once = closed_at(2 * DAY)
    assert calmed(once, NOON) == once
