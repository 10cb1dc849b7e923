"""Paired measurements: every round runs each contestant once, in another order, and ratios are taken within a round.

On a machine that others use too, times drift; a ratio of two neighbours in one round drifts far less.
"""

from __future__ import annotations

import gc
import math
import random
import statistics
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Sample = dict[str, float]  # metric -> value


@dataclass(frozen=True)
class Figures:
    """The samples of each contestant, round by round."""

    rounds: Mapping[str, Sequence[Sample]]

    def median(self, who: str, metric: str) -> float:
        return statistics.median(sample[metric] for sample in self.rounds[who])

    def spread(self, who: str, metric: str) -> tuple[float, float]:
        return quartiles([sample[metric] for sample in self.rounds[who]])

    def ratio(self, who: str, other: str, metric: str, minus: str = "") -> tuple[float, float, float]:
        """Median and quartiles of who / other, each less `minus`, over the rounds."""
        ratios = []
        for index, sample in enumerate(self.rounds[who]):
            base = self.rounds[minus][index][metric] if minus else 0.0
            below = self.rounds[other][index][metric] - base
            if below > 0:
                ratios.append((sample[metric] - base) / below)
        return (statistics.median(ratios), *quartiles(ratios)) if ratios else (math.nan, math.nan, math.nan)

    def plain(self) -> dict[str, dict[str, list[float]]]:
        """Median, lower and upper quartile of everything, for JSON."""
        return {
            who: {metric: [self.median(who, metric), *self.spread(who, metric)] for metric in samples[0]}
            for who, samples in self.rounds.items()
        }


def paired(what: str, contestants: Mapping[str, Callable[[], Sample]], rounds: int) -> Figures:
    """Run every contestant once a round, in a random order; one round more, before, is not counted."""
    collected: dict[str, list[Sample]] = {name: [] for name in contestants}
    chance = random.Random(1)
    for number in range(-1, rounds):
        progress(f"{what}: round {number + 1} of {rounds}")
        order = list(contestants)
        chance.shuffle(order)
        for name in order:
            sample = contestants[name]()
            if number >= 0:
                collected[name].append(sample)
    return Figures(collected)


def timed(work: Callable[[], object]) -> Callable[[], Sample]:
    """A contestant that runs in this process; CPU seconds, collected garbage not counted against the next one."""

    def run() -> Sample:
        gc.collect()
        started, wall = time.process_time(), time.perf_counter()
        work()
        return {"cpu": time.process_time() - started, "wall": time.perf_counter() - wall}

    return run


def quartiles(values: Sequence[float]) -> tuple[float, float]:
    if len(values) < 2:
        return (values[0], values[0]) if values else (math.nan, math.nan)
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """The slope of log(value) over log(size): 1 is linear."""
    slope, _ = statistics.linear_regression([math.log(size) for size in sizes], [math.log(value) for value in values])
    return slope


def progress(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)
