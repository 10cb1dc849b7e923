"""Nothing lost, nothing twice: thousands of seeded schedules of faults (the world is in tests/reliability.py)."""

from __future__ import annotations

import pytest

from tests.reliability import SCENARIOS, World, simulate

SCHEDULES = 200
NEVER_TWICE = ("no fault", "webhook down or busy (refused, 503)", "two runs at once")
UNREMEMBERED = "saving fails now and then"  # twice in a row: what was told is in no memory
SAME_ID = tuple(name for name, faults in SCENARIOS.items() if "no_cas" not in faults and name != UNREMEMBERED)


@pytest.fixture(scope="module", params=SCENARIOS)
def played(request):
    return request.param, simulate(range(SCHEDULES), *SCENARIOS[request.param])


def test_no_change_is_lost_and_none_is_told_twice_without_cause(played):
    name, figures = played
    assert figures.schedules == SCHEDULES
    assert figures.changes > SCHEDULES
    if name != UNREMEMBERED:
        assert figures.lost == 0
    if name in NEVER_TWICE:
        assert (figures.repeated, figures.repeated_other_id) == (0, 0)
    if name in SAME_ID:
        assert figures.repeated_other_id == 0


def test_a_schedule_is_the_same_every_time():
    faults = frozenset(SCENARIOS["all of these"])
    assert World(7, faults).play() == World(7, faults).play()
