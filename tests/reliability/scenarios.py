"""Which faults are played together, and how many schedules of them come to what."""

from __future__ import annotations

from tests.reliability.heard import Figures
from tests.reliability.world import World

EVERY_FAULT = ("down", "error", "lost", "gateway", "crash", "overlap")
WORLD_MOVES = ("moving_clock", "slow", "severities")
SCENARIOS: dict[str, tuple[str, ...]] = {
    "no fault": (),
    "webhook down or busy (refused, 503)": ("down", "error"),
    "webhook unclear (taken without an answer, 502)": ("lost", "gateway"),
    "crash between any two steps": ("crash",),
    "two runs at once": ("overlap",),
    "all of these": EVERY_FAULT,
    "severities move, a clock that moves at each look, slow first runs": WORLD_MOVES,
    "the same, and all of these": (*WORLD_MOVES, *EVERY_FAULT),
    "an upgrade of the state, severities move afterwards": ("upgrade", "severities"),
    "the same, with all faults": ("upgrade", *WORLD_MOVES, *EVERY_FAULT),
    "two functions share one state": ("shared", *WORLD_MOVES),
    "two functions share one state, and all of these": ("shared", *WORLD_MOVES, *EVERY_FAULT),
    "a digest over three states, which cannot be seen now and then": ("digest", "blind", *WORLD_MOVES),
    "such a digest, webhook down or busy": ("digest", "blind", "down", "error"),
    "such a digest, crash between any two steps": ("digest", "blind", "crash"),
    "such a digest, two runs at once": ("digest", "blind", "overlap"),
    "such a digest, and all of these": ("digest", "blind", *WORLD_MOVES, *EVERY_FAULT),
    "state lost, nothing else": ("state_lost",),
    "state lost, and all of these": ("state_lost", *EVERY_FAULT),
    "one of three states of a digest lost, and all of these": ("digest", "state_lost", *EVERY_FAULT),
    "saving fails now and then": ("store_down",),
    "two runs at once, no compare-and-set": ("overlap", "no_cas"),
    "all of these, no compare-and-set": (*EVERY_FAULT, "no_cas"),
}


def simulate(seeds: range, *faults: str) -> Figures:
    """The figures of as many schedules with these faults."""
    total = Figures()
    for seed in seeds:
        total += World(seed, frozenset(faults)).play()
    return total
