"""A company's shards on a simulated clock: the product's shard, schedule, index, pacer, fleet and digest; only the
check is made up.

Each shard has a timer that jitters and misses turns; runs are killed, are slow, or come two at once; checks fail; the
clocks of some shards jump, and some shards fall silent in one of the ways of docs/operations.md. What really happened
is noted beside it in true time, and every hour the fleet and its digest are held against that.

`python -m tests.run.shard_week` is a whole company's week.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from itertools import pairwise
from random import Random
from types import SimpleNamespace
from typing import NamedTuple

from handler.clock import Deadline, iso
from handler.decide.fleet import STANDINGS, fleet_of
from handler.decide.fleet_digest import digest_for
from handler.hss.pacing import Lane, Pacer
from handler.models import Problem
from handler.run.asked import Elsewhere
from handler.run.shard import Shard
from handler.state.index import Index
from handler.state.interface import DocumentStore
from handler.state.shared_index import SharedIndex
from tests.fakes import NOON, TARGET, FakeClock, report

BUDGET = 570.0  # seconds of a run; its timer fires every ten minutes
TIMER = 600.0
HOUR = timedelta(hours=1)
STALE = 7200.0  # seconds


@cache
def ended(verdict, failed):
    """The report of a check."""
    return report(verdict=verdict, problems=(Problem("HTTP 401"),) if failed else ())


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


class Silence(NamedTuple):
    """What befalls a shard, from one hour of its life to another: `off`, `denied`, or `slow`."""

    kind: str
    begins: float
    ends: float

    def now(self, seconds: float) -> bool:
        """Whether it lasts at that moment."""
        return self.begins <= seconds / 3600 < self.ends


@dataclass
class Truth:
    """What really happened to a target, in true seconds; `unwritten`: a run that was killed had no time to say so."""

    starts: list[float] = field(default_factory=list)
    complete: float | None = None
    verdict: str | None = None
    unwritten: bool = False

    def standing(self, now: float) -> str:
        """How the fleet must show it."""
        if self.verdict is None:
            return "never"
        return "stale" if self.complete is None or now - self.complete > STALE else self.verdict


@dataclass
class Company:
    """All shards, and what became of them."""

    shards: int
    size: int
    days: float
    seed: int = 1
    faults: bool = True
    jumps: Collection[int] = ()  # the shards whose clocks jump
    silences: Mapping[int, Silence] = field(default_factory=dict)
    store: Callable[[FakeClock, int], DocumentStore[Index]] | None = None  # a real one, instead of `Kept`
    truths: dict[str, Truth] = field(default_factory=dict)
    happened: Counter = field(default_factory=Counter)
    told: Counter = field(default_factory=Counter)  # lines of the fleet's digest by shard and standing
    calls: dict[int, list[float]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def run(self) -> Company:
        """Simulate."""
        for _ in self.lived():
            pass
        return self

    def lived(self) -> Iterator[int]:
        """Simulate; shards share nothing, so one goes after the other: gives each when its time is over."""
        for number in range(self.shards):
            OneShard(self, number, Random(self.seed * 1000 + number)).live()
            yield number

    def of(self, shard: int) -> list[Truth]:
        """The targets of a shard."""
        return [truth for name, truth in self.truths.items() if name.startswith(f"s{shard:02}-")]

    def gaps(self, shards: Collection[int] | None = None) -> list[float]:
        """Seconds between two starts of the same target, over all targets of these shards, or of all."""
        chosen = range(self.shards) if shards is None else shards
        return [b - a for shard in chosen for truth in self.of(shard) for a, b in pairwise(truth.starts)]

    def most_calls_in_a_minute(self, shards: Collection[int] | None = None) -> int:
        """The most calls of one API with one credential that started within any minute."""
        most = 0
        for starts in (self.calls[shard] for shard in (range(self.shards) if shards is None else shards)):
            most = max(
                most, *(sum(at - start < 60 for start in starts[max(0, n - 9) : n + 1]) for n, at in enumerate(starts))
            )
        return most


class OneShard:
    """One shard's life: its clock, its index, its timer."""

    def __init__(self, company: Company, number: int, random: Random) -> None:
        self.company, self.number, self.random = company, number, random
        self.clock = FakeClock(NOON, 0.0)
        self.store = Kept() if company.store is None else company.store(self.clock, number)
        self.shared = Direct if company.store is None else SharedIndex
        self.silence = company.silences.get(number, Silence("", 0, 0))
        self.truths = {f"s{number:02}-t{n:03}": Truth() for n in range(company.size)}
        company.truths |= self.truths
        self.calls = company.calls.setdefault(number, [])
        self.ahead = 0.0  # seconds that the clock is wrong by
        self.told: Mapping[str, str] = {}  # what the fleet's digest told of this shard
        self.stood: dict[str, str] = {}  # how each target stood an hour ago

    def live(self) -> None:
        timer, checked_hour = 0.0, 0
        while timer < self.company.days * 86_400:
            timer += TIMER
            at = timer + self.random.uniform(-30, 30)
            if self.clock.seconds > at + 60:
                continue
            self.clock.tick(max(0.0, at - self.clock.seconds))
            if self.number in self.company.jumps:
                self._jump()
            if not self._suffers("off") and not self._happens("missed timer", 0.03):
                self._run()
            if self.clock.seconds // 3600 > checked_hour and self.number not in self.company.jumps:
                checked_hour = int(self.clock.seconds // 3600)
                self._compare()

    def _happens(self, what: str, chance: float) -> bool:
        happens = self.company.faults and self.random.random() < chance
        self.company.happened[what] += happens
        return happens

    def _suffers(self, kind: str) -> bool:
        return self.silence.kind == kind and self.silence.now(self.clock.seconds)

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
        slow = 90.0 if self._suffers("slow") else 15.0 if self._happens("slow run", 0.03) else 0.0
        before = {name: truth.verdict for name, truth in self.truths.items()}
        queue, finished = shard.open(timedelta(seconds=BUDGET), always=False), []
        for count, each in enumerate(queue):
            if kill_at is not None and whole.left() < kill_at:
                self._lose(finished)
                return
            if count == 3 and self._happens("second run", 0.05):
                assert self._shard(client).open(timedelta(seconds=BUDGET), always=False) == ()
            if shard.fits(each, whole.earlier(10).left()):
                shard.start(each)
                shard.finish(each, self._check(each.name, pacer, whole, slow))
                finished.append(each.name)
        shard.close()
        self._judge(shard, before)

    def _lose(self, finished: list[str]) -> None:
        """The run died: what it had not written yet nobody knows."""
        known, _ = self.store.load()
        for name in finished:
            truth, entry = self.truths[name], known.targets[name] if known else None
            if entry is None or entry.verdict != truth.verdict or entry.last_complete_at < self._stamp(truth.complete):
                truth.unwritten = True
                self.company.happened["unwritten verdict"] += 1

    def _stamp(self, seconds: float | None) -> str:
        return "" if seconds is None else iso(NOON + timedelta(seconds=seconds + self.ahead))

    def _judge(self, shard: Shard, before: Mapping[str, str | None]) -> None:
        """A run says of a target that it did not ask what it was, and that it is not known once it is stale."""
        if self.number in self.company.jumps:
            return
        for one in shard.deferred():
            truth, now = self.truths[one.name], self.clock.seconds
            surely = truth.complete is not None and abs(now - truth.complete - STALE) > 2
            if truth.unwritten or before[one.name] is None or not surely:
                continue
            expected = "inconclusive" if truth.standing(now) == "stale" else before[one.name]
            if one.stands != expected:
                self.company.wrong.append(f"{iso(self.clock.now())} {one.name}: deferred as {one.stands}")

    def _shard(self, client) -> Shard:
        targets = [
            SimpleNamespace(name=name, target=TARGET, place=None, client=client, store=None) for name in self.truths
        ]
        index = self.shared(self.store, f"run-{self.random.random()}", self.clock)
        run = SimpleNamespace(targets=targets)
        return Shard(run, index, self.clock, HOUR, frozenset(), lambda *_: False, lambda: Elsewhere(frozenset()))

    def _check(self, name: str, pacer: Pacer, whole: Deadline, slow: float):
        """A check that asks each API once, and sometimes fails."""
        truth = self.truths[name]
        began = self.clock.seconds
        truth.starts.append(began)
        for api in ("port_statistics", "asset_statistics"):
            pacer.take(Lane(api, "me"), whole)
            if api == "port_statistics":
                self.calls.append(self.clock.seconds)
            self.clock.tick(0.5)
        self.clock.tick(slow)
        failed = self._suffers("denied") or self._happens("failed check", 0.02)
        truth.verdict = "inconclusive" if failed else self.random.choice(("compliant", "compliant", "violations"))
        if not failed:
            truth.complete, truth.unwritten = began, False  # until then the index may lack a complete run that was lost
        return ended(truth.verdict, failed)

    def _compare(self) -> None:
        """The fleet that the index shows is what really happened, and its digest tells what got worse since."""
        known, _ = self.store.load()
        assert known is not None
        now = self.clock.now()
        fleet = fleet_of([known], now)
        stood = {name: truth.standing(self.clock.seconds) for name, truth in self.truths.items()}
        for target in fleet.targets:
            truth = self.truths[target.name]
            self.company.happened["target and hour"] += 1
            if truth.unwritten or self._is_on_the_edge(truth):
                stood[target.name] = target.standing
            elif target.standing != stood[target.name]:
                self.company.wrong.append(f"{iso(now)} {target.name}: {target.standing}, not {stood[target.name]}")
        self._digest(digest_for(fleet, self.told, now, None), stood)

    def _is_on_the_edge(self, truth: Truth) -> bool:
        """The index keeps whole seconds."""
        return truth.complete is not None and abs(self.clock.seconds - truth.complete - STALE) <= 2

    def _digest(self, digest, stood: dict[str, str]) -> None:
        told = {target.name: target.standing for target in digest.targets}
        worse = {
            name: word
            for name, word in stood.items()
            if STANDINGS.index(word) < STANDINGS.index(self.stood.get(name, "compliant"))
        }
        waiting = {name for name, word in worse.items() if word == "never" and self.clock.seconds <= STALE}
        expected = {name: word for name, word in worse.items() if name not in waiting}
        if told != expected:
            self.company.wrong.append(f"{iso(self.clock.now())} shard {self.number}: told {told}, not {expected}")
        self.company.told.update((self.number, word) for word in told.values())
        self.told = digest.told
        self.stood = {**stood, **dict.fromkeys(waiting, "compliant")}
