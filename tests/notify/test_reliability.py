"""Nothing lost, nothing twice: seeded schedules of faults (the world is in tests/reliability/).

Run it with more schedules: `SCHEDULES=200 pytest tests/notify/test_reliability.py` (that many for each line; continuous
integration does so).
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from handler.state.document import decode
from tests.reliability import SCENARIOS, World, simulate
from tests.reliability.earlier import as_first_version

SCHEDULES = int(os.environ.get("SCHEDULES", "20"))
MOVING = min(50, SCHEDULES)
OF_SEVERAL = min(8, SCHEDULES)  # schedules with more than one target take several times as long
AGAIN = frozenset({"lost", "gateway", "crash"})  # what lets a message arrive twice
UNREMEMBERED = "saving fails now and then"  # twice in a row: what was told is in no memory
NEVER_TWICE = tuple(
    name for name, faults in SCENARIOS.items() if not AGAIN & set(faults) and not {"no_cas", "store_down"} & set(faults)
)
SAME_ID = tuple(name for name, faults in SCENARIOS.items() if "no_cas" not in faults and name != UNREMEMBERED)


def schedules(name):
    faults = {*SCENARIOS[name]}
    return OF_SEVERAL if faults & {"digest", "shared"} else MOVING if faults & {"severities"} else SCHEDULES


@pytest.fixture(scope="module", params=SCENARIOS)
def played(request):
    return request.param, simulate(range(schedules(request.param)), *SCENARIOS[request.param])


def test_no_change_is_lost_and_none_is_told_twice_without_cause(played):
    name, figures = played
    assert figures.schedules == schedules(name)
    assert figures.changes > figures.schedules
    if name != UNREMEMBERED:
        assert figures.lost == 0
    if name in NEVER_TWICE:
        assert (figures.repeated, figures.repeated_other_id) == (0, 0)
    if name in SAME_ID:
        assert figures.repeated_other_id == 0


def test_a_schedule_is_the_same_every_time():
    faults = frozenset(SCENARIOS["such a digest, and all of these"])
    assert World(7, faults).play() == World(7, faults).play()


def test_each_fault_really_happens():
    """A schedule in which nothing moves, crashes or comes later would prove nothing."""
    assert len(NEVER_TWICE) == 10
    worlds = [World(seed, frozenset(SCENARIOS["such a digest, and all of these"])) for seed in range(OF_SEVERAL)]
    for world in worlds:
        world.play()
    told = [
        part for world in worlds for one in world.receivers.values() for sent in one.messages for part in sent["parts"]
    ]
    assert {what for part in told for what in part if isinstance(part[what], list) and part[what]} >= {
        "new", "grown", "resolved", "reopened", "raised", "lowered", "not_seen", "seen_again", "notes",
    }  # fmt: skip
    messages = [sent for world in worlds for sent in world.receivers["a"].messages]
    assert {len(sent["parts"]) for sent in messages} == {1, 2, 3}
    shared = [sent for world in worlds for sent in world.receivers["b"].messages if len(sent["parts"]) > 1]
    assert shared
    assert not any(sent[what] for sent in shared for what in ("new", "grown", "resolved", "raised"))


def test_the_first_version_of_a_document_is_as_the_one_that_is_kept():
    world = World(3, frozenset({"severities", "blind"}))
    world.play()
    earlier = as_first_version(world.stores["t1"].document)
    kept = json.loads((Path(__file__).parents[1] / "states/0.1.0.json").read_text())
    assert {*earlier["last_run"]} == {*kept["last_run"]}
    assert {name: list(columns) for name, columns in earlier["last_run"]["columns"].items()} == kept["last_run"][
        "columns"
    ]
    assert {*next(iter(earlier["last_run"]["sinks"].values()))} == {*kept["last_run"]["sinks"]["soc"]}
    read = decode(earlier).findings
    assert read.keys() == decode(world.stores["t1"].document).findings.keys()
    assert all(receipt.severity is None for record in read.values() for receipt in record.told.values())
