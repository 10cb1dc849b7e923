"""A company's shards on a simulated clock: the product's shard, schedule, index and pacer; only the check is made up.

Each shard has a timer that jitters and misses turns; runs are killed, are slow, or come two at once; checks fail; a
clock jumps. What really happened is noted beside it in true time, to hold against what the index says.

    python -m tests.run.shard_simulation [shards] [targets a shard] [days] [seed]
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from random import Random
from types import SimpleNamespace

from handler.clock import Deadline, iso
from handler.decide.fleet import fleet_of
from handler.hss.pacing import Lane, Pacer
from handler.models import Problem
from handler.run.shard import Shard
from handler.state.index import Index
from handler.state.interface import DocumentStore
from handler.state.shared_index import SharedIndex
from tests.fakes import NOON, TARGET, FakeClock, report

BUDGET = 570.0  # seconds of a run; its timer fires every ten minutes
TIMER = 600.0
HOUR = timedelta(hours=1)


class Kept:
    """A store with compare-and-set that keeps the index itself, as quick as can be."""

    def __init__(self) -> None:
        self.index: Index | None = None
        self.count = 0

    def load(self):
        return self.index, str(self.count) if self.count else None

    def save(self, index, version):
        assert version == (str(self.count) if self.count else None), "no two runs write at once here"
        self.index, self.count = index, self.count + 1
        return str(self.count)


class Direct(SharedIndex):
    """The shared index over `Kept`: the same but for JSON, which would take most of the time."""

    def _document(self):
        return self.known


@dataclass
class Truth:
    """What really happened to a target, in true seconds."""

    starts: list[float] = field(default_factory=list)
    complete: float | None = None
    verdict: str | None = None


@dataclass
class Company:
    """All shards, and what became of them."""

    shards: int
    size: int
    days: float
    seed: int = 1
    faults: bool = True
    jumps: bool = False
    store: Callable[[FakeClock], DocumentStore[Index]] | None = None  # a real one, instead of `Kept`
    truths: dict[str, Truth] = field(default_factory=dict)
    happened: Counter = field(default_factory=Counter)
    calls: dict[str, list[float]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def run(self) -> Company:
        """Simulate; shards share nothing, so one goes after the other."""
        for number in range(self.shards):
            _OneShard(self, number, Random(self.seed * 1000 + number)).live()
        return self

    def gaps(self) -> list[float]:
        """Seconds between two starts of the same target, over all targets."""
        return [later - earlier for truth in self.truths.values() for earlier, later in pairwise(truth.starts)]

    def most_calls_in_a_minute(self) -> int:
        """The most calls of one API with one credential that started within any minute."""
        most = 0
        for starts in self.calls.values():
            most = max(
                most, *(sum(at - start < 60 for start in starts[max(0, n - 9) : n + 1]) for n, at in enumerate(starts))
            )
        return most


class _OneShard:
    """One shard's life: its clock, its index, its timer."""

    def __init__(self, company: Company, number: int, random: Random) -> None:
        self.company, self.number, self.random = company, number, random
        self.clock = FakeClock(NOON, 0.0)
        self.store = Kept() if company.store is None else company.store(self.clock)
        self.shared = Direct if company.store is None else SharedIndex
        self.names = [f"s{number:02}-t{n:03}" for n in range(company.size)]
        company.truths |= {name: Truth() for name in self.names}
        self.calls = company.calls.setdefault(f"shard {number}", [])
        self.ahead = 0.0  # seconds that the clock is wrong by

    def live(self) -> None:
        timer, checked_hour = 0.0, 0
        while timer < self.company.days * 86_400:
            timer += TIMER
            at = timer + self.random.uniform(-30, 30)
            if self.clock.seconds > at + 60 or self._happens("missed timer", 0.03):
                continue
            self.clock.tick(max(0.0, at - self.clock.seconds))
            if self.company.jumps:
                self._jump()
            self._run()
            if self.clock.seconds // 3600 > checked_hour and not self.ahead:
                checked_hour = int(self.clock.seconds // 3600)
                self._compare()

    def _happens(self, what: str, chance: float) -> bool:
        happens = self.company.faults and self.random.random() < chance
        self.company.happened[what] += happens
        return happens

    def _jump(self) -> None:
        """Now and then the clock is two hours or ten years ahead, for a while."""
        if self._happens("clock jump", 0.01):
            ahead = 0.0 if self.ahead else self.random.choice([-7200.0, 7200.0, 315_000_000.0])
            self.clock.moment += timedelta(seconds=ahead - self.ahead)
            self.ahead = ahead

    def _run(self) -> None:
        self.company.happened["run"] += 1
        pacer = Pacer(self.clock)  # each run is another instance
        client = SimpleNamespace(pacer=pacer, lane=lambda api: Lane(api, "me"))
        shard, whole = self._shard(client), Deadline.after(BUDGET, self.clock)
        kill_at = self.random.uniform(0, BUDGET) if self._happens("killed run", 0.03) else None
        slow = 15.0 if self._happens("slow run", 0.03) else 0.0
        queue = shard.open(timedelta(seconds=BUDGET), always=False)
        for count, each in enumerate(queue):
            if kill_at is not None and whole.left() < kill_at:
                return
            if count == 3 and self._happens("second run", 0.05):
                assert self._shard(client).open(timedelta(seconds=BUDGET), always=False) == ()
            if shard.fits(each, whole.earlier(10).left()):
                shard.start(each)
                shard.finish(each, self._check(each.name, pacer, whole, slow))
        shard.close()

    def _shard(self, client) -> Shard:
        targets = [
            SimpleNamespace(name=name, target=TARGET, place=None, client=client, store=None) for name in self.names
        ]
        index = self.shared(self.store, f"run-{self.random.random()}", self.clock)
        return Shard(SimpleNamespace(targets=targets), index, self.clock, HOUR)

    def _check(self, name: str, pacer: Pacer, whole: Deadline, slow: float):
        """A check that asks each API once, and sometimes fails."""
        truth = self.company.truths[name]
        truth.starts.append(self.clock.seconds)
        began = self.clock.seconds
        for api in ("port_statistics", "asset_statistics"):
            pacer.take(Lane(api, "me"), whole)
            if api == "port_statistics":
                self.calls.append(self.clock.seconds)
            self.clock.tick(0.5)
        self.clock.tick(slow)
        failed = self._happens("failed check", 0.02)
        truth.verdict = "inconclusive" if failed else self.random.choice(("compliant", "compliant", "violations"))
        if not failed:
            truth.complete = began
        return report(verdict=truth.verdict, problems=(Problem("HTTP 503"),) if failed else ())

    def _compare(self) -> None:
        """The fleet that the index shows is what really happened."""
        known, _ = self.store.load()
        assert known is not None
        fleet = fleet_of([known], self.clock.now())
        for target in fleet.targets:
            truth = self.company.truths[target.name]
            expected = truth.verdict or "never"
            if truth.verdict and (truth.complete is None or self.clock.seconds - truth.complete > 7201):
                expected = "stale"
            if target.standing != expected and not self.company.jumps:
                self.company.wrong.append(f"{iso(self.clock.now())} {target.name}: {target.standing}, not {expected}")


def main() -> None:
    """Simulate, and print what came of it."""
    shards, size, days, seed = (int(text) for text in [*sys.argv[1:], *["17", "295", "7", "1"][len(sys.argv) - 1 :]])
    began = time.process_time()
    company = Company(shards, size, days, seed).run()
    gaps = sorted(company.gaps())
    print(f"{shards * size} targets over {shards} shards, {days} days: {len(gaps) + len(company.truths)} checks")
    print(dict(company.happened))
    late = sum(gap > 7200 for gap in gaps)
    print(
        f"between two starts: at least {gaps[0]:.0f} s, median {gaps[len(gaps) // 2]:.0f} s, at most {gaps[-1]:.0f} s"
    )
    print(
        f"never checked: {sum(not truth.starts for truth in company.truths.values())}; later than twice the interval: {late}"
    )
    print(
        f"calls of one API in any minute: at most {company.most_calls_in_a_minute()}; wrong in the fleet: {len(company.wrong)}"
    )
    print(f"{time.process_time() - began:.0f} s of CPU")


if __name__ == "__main__":
    main()
