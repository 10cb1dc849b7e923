"""A small world with faults: ports open and close, runs crash and overlap, sinks go down, a state is lost.

What it shows: a sink that comes back knows every change, and hears a thing twice only where the store cannot
compare-and-set or was lost, or where a crash or a lost answer fell between sending and marking.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from threading import Condition, Thread

from handler.clock import Deadline, iso
from handler.decide.diff import compare
from handler.errors import StoreDamagedError, StoreError, TransportError
from handler.models import Evaluation, Finding, Secret
from handler.notify.dispatch import DeliveryContext, dispatch
from handler.notify.due import FINDING_ITEMS
from handler.policy.rules import Policy, Rule
from handler.ports import PortSet
from handler.sinks.answers import DeliveryOutcome, SinkAnswer
from handler.sinks.kinds import SinkKind
from handler.sinks.message import SinkMessage
from handler.sinks.sink import Notification, Sink
from handler.state.document import decode
from handler.state.memory import Item, LastRun
from handler.transport import Request, Response
from tests.fakes import FakeClock, MemoryStore, category, finding, report

PORTS = range(1, 6)
POLICY = Policy("p", "sha256:0", (Rule("telnet", "ports", ports=PortSet(((1, 9),))),))
SAID = ("new", "grown", "reopened", "reminded", "resolved")


class Crash(BaseException):
    """The process is gone; nothing may catch this."""


class FakeKind:
    """A kind that says in JSON what it was given."""

    def __init__(self, judge: Callable[[int], DeliveryOutcome] | None = None) -> None:
        self._judge = judge

    def render(self, notice: Notification, sink: Sink, now: object, shrink: int) -> tuple[SinkMessage, ...]:
        said = {what: [one.fingerprint for one in getattr(notice, what)] for what in SAID}
        said |= {"id": notice.delivery_id, "notes": list(notice.notes), "not_seen": list(notice.not_seen)}
        said |= {"seen_again": list(notice.seen_again), "shrink": shrink, "heartbeat": notice.heartbeat}
        said |= {"exemptions": [one.exemption_id for one in notice.exemptions]}
        said |= {"ongoing": [one.fingerprint for one in notice.ongoing]}
        return (SinkMessage(json.dumps(said).encode()),)

    def judge(self, status: int, headers: object, body: bytes) -> SinkAnswer:
        if self._judge is not None:
            return SinkAnswer(self._judge(status), f"HTTP {status}")
        outcome = (
            DeliveryOutcome.DELIVERED
            if status == 200
            else DeliveryOutcome.RETRY_NOW
            if status >= 429
            else DeliveryOutcome.PERMANENT
        )
        return SinkAnswer(outcome, f"HTTP {status}")


FAKE = SinkKind("fake", load=lambda _: FakeKind())
EACH_CHANGE = FAKE._replace(chat=False)  # people hear once of what flaps; here every change is counted


@dataclass
class Receiver:
    """A webhook: what it took, message by message."""

    tick: Callable[[], int] = lambda: 0
    mode: str = "up"  # down (no connection), error (503), lost (took it, no answer), gateway (502, not taken)
    messages: list[dict] = field(default_factory=list)

    def take(self, request: Request) -> Response:
        if self.mode == "down":
            raise TransportError("refused", sent=False)
        if self.mode in ("error", "gateway"):
            return Response(503 if self.mode == "error" else 502)
        self.messages.append(json.loads(request.body or b"") | {"at": self.tick()})
        if self.mode == "lost":
            raise TransportError("no answer in time", sent=True)
        return Response(200)


@dataclass
class Figures:
    """What a number of schedules came to."""

    schedules: int = 0
    runs: int = 0
    messages: int = 0
    changes: int = 0
    lost: int = 0
    repeated: int = 0
    repeated_other_id: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))


@dataclass
class BlindStore(MemoryStore):
    """A store without compare-and-set, like a bucket that ignores conditions: the last writer wins."""

    def save(self, document: dict, version: str | None) -> str:
        return super().save(document, str(self.count) if self.document is not None else None)


class Turns:
    """Runs in threads of which exactly one goes on at a time; the schedule says which, at every edge."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._turn = Condition()
        self._waiting: set[int] = set()
        self._running: int | None = None

    def go(self, jobs: list[Callable[[], None]]) -> None:
        self._waiting = set(range(len(jobs)))
        threads = [Thread(target=self._job, args=(number, job)) for number, job in enumerate(jobs)]
        self._running = self._random.choice(sorted(self._waiting))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def step(self, number: int) -> None:
        with self._turn:
            self._running = self._random.choice(sorted(self._waiting))
            self._turn.notify_all()
            self._turn.wait_for(lambda: self._running == number)

    def _job(self, number: int, job: Callable[[], None]) -> None:
        with self._turn:
            self._turn.wait_for(lambda: self._running == number)
        try:
            job()
        finally:
            with self._turn:
                self._waiting.discard(number)
                self._running = self._random.choice(sorted(self._waiting)) if self._waiting else None
                self._turn.notify_all()


class World:
    """One schedule."""

    def __init__(self, seed: int, faults: frozenset[str]) -> None:
        self.random = Random(seed)
        self.faults = faults
        self.clock = FakeClock()
        self.store: MemoryStore = BlindStore() if "no_cas" in faults else MemoryStore()
        self.moment = 0  # counts saves and messages, in their order
        self.receivers = {name: Receiver(self._tick) for name in ("a", "b")}
        self.sinks = tuple(Sink(name, EACH_CHANGE, Secret(f"https://{name}.example/")) for name in self.receivers)
        self.open: dict[int, int] = {}  # port: num
        self.due: dict[tuple[str, int, str], int] = {}  # what was remembered first when: fingerprint, episode, status
        self.changes = 0
        self.batches: dict[str, tuple[Item, ...]] = {}
        self.runs = 0

    def _tick(self) -> int:
        self.moment += 1
        return self.moment

    def play(self, length: int = 9) -> Figures:
        for _ in range(length):
            self._change()
            self._fault()
            if "overlap" in self.faults and self.random.random() < 0.4:
                self._overlapping()
            else:
                self._run(self._edge(crash="crash" in self.faults))
            self.clock.tick(3600)
        for receiver in self.receivers.values():
            receiver.mode = "up"
        for _ in range(2):
            self.clock.tick(7200)
            self._run(self._edge(crash=False))
        return self._figures()

    def _change(self) -> None:
        for port in PORTS:
            if self.random.random() < 0.12:
                if self.open.pop(port, None) is None:
                    self.open[port] = 3
            elif port in self.open and self.random.random() < 0.05:
                self.open[port] *= 2

    def _fault(self) -> None:
        modes = ["up"] * 3 + [mode for mode in ("down", "error", "lost", "gateway") if mode in self.faults]
        for receiver in self.receivers.values():
            if self.random.random() < 0.5:
                receiver.mode = self.random.choice(modes)
        if "state_lost" in self.faults and self.random.random() < 0.1 and self.store.document is not None:
            self.store.document["checksum"] = "damaged"
            self.due.clear()  # what nobody remembers, nobody can tell

    def _edge(self, *, crash: bool) -> Callable[[str], None]:
        """Called before and after every store and transport call; may end the process."""
        at = self.random.randrange(14) if crash and self.random.random() < 0.4 else -1
        steps = iter(range(10**6))

        def edge(_: str) -> None:
            if next(steps) == at:
                raise Crash

        return edge

    def _overlapping(self) -> None:
        turns = Turns(self.random)
        crash = "crash" in self.faults

        def job(number: int) -> Callable[[], None]:
            dies = self._edge(crash=crash)

            def edge(name: str) -> None:
                turns.step(number)
                dies(name)

            return lambda: self._run(edge)

        turns.go([job(number) for number in range(2)])

    def _run(self, edge: Callable[[str], None]) -> None:
        self.runs += 1
        with suppress(Crash):
            self._one_run(f"run-{self.runs}", edge)

    def _one_run(self, run_id: str, edge: Callable[[str], None]) -> None:
        store = EdgedStore(self, edge)
        unreadable = False
        try:
            last_run, version = store.load()
        except StoreDamagedError:
            last_run, unreadable = None, True  # it stays there until it is replaced
            version = str(self.store.count)
        now = self.clock.now()
        evaluation = Evaluation(findings=tuple(self._findings()), coverage=(category(),))
        compared = compare(evaluation, last_run, POLICY, now, unreadable=unreadable)
        result = report(*compared.findings)._replace(run_id=run_id, started_at=iso(now), changes=compared.changes)
        context = DeliveryContext(self._transport(edge), Deadline.after(30, self.clock), Random(1))
        dispatch(result, compared, self.sinks, context, store=store, version=version)

    def _findings(self) -> Iterator[Finding]:
        return (finding(port=port, num=num) for port, num in sorted(self.open.items()))

    def _transport(self, edge: Callable[[str], None]) -> Callable[[Request, float], Response]:
        def transport(request: Request, timeout: float) -> Response:
            edge("before sending")
            try:
                return self.receivers[request.url[8]].take(request)
            finally:
                edge("after sending")

        return transport

    def saved(self, last_run: LastRun) -> None:
        """What is once remembered must be told."""
        at = self._tick()
        for record in last_run.findings.values():
            change = (record.finding.fingerprint, record.episode, record.status)
            if change not in self.due:
                self.due[change] = at
                self.changes += 1

    def planned(self, last_run: LastRun) -> None:
        """What is being told under which id."""
        for memory in last_run.sinks.values():
            for batch in memory.pending:
                items = tuple(item for item in batch.items if item.what in FINDING_ITEMS)
                self.batches.setdefault(batch.delivery_id, items)

    def _figures(self) -> Figures:
        total = Figures(schedules=1, runs=self.runs, changes=self.changes * len(self.receivers))
        for receiver in self.receivers.values():
            total += self._heard(receiver)
        return total

    def _heard(self, receiver: Receiver) -> Figures:
        """Replay what the receiver took, each id once, and compare it with what was remembered and with the truth."""
        believes: set[str] = set()
        ids: set[str] = set()
        known: set[tuple[str, ...]] = set()  # changes: first seen, episode, fingerprint, open or resolved
        heard: dict[str, int] = {}  # when of a fingerprint last
        repeated = other = 0
        for message in receiver.messages:
            if message["id"] in ids:
                repeated += 1
                continue
            ids.add(message["id"])
            if any(note.startswith("no previous state") for note in message["notes"]):
                believes.clear()
            told = {key: what for what in ("new", "reopened", "missed", "resolved") for key in _told(message, what)}
            for key, what in told.items():
                heard[key] = message["at"]
                (believes.add if what in ("new", "reopened") else believes.discard)(key)
            changes = {
                (*item.mark.split(" ")[:2], item.key, _ends(item)) for item in self.batches.get(message["id"], ())
            }
            other += len(changes & known)
            known |= changes
        truth = {one.fingerprint for one in self._findings()}
        untold = {key for (key, _, _), at in self.due.items() if at > heard.get(key, 0)}
        return Figures(
            messages=len(receiver.messages),
            lost=len(truth ^ believes | (untold if "store_down" not in self.faults else set())),
            repeated=repeated,
            repeated_other_id=other,
        )


def _ends(item: Item) -> str:
    """Which change the item tells of: growth is told at each doubling, the rest once per episode."""
    if item.what == "grown":
        return item.mark
    return {"new": "open", "reopened": "open", "missed": "resolved"}.get(item.what, item.what)


def _told(message: dict, what: str) -> list[str]:
    """The fingerprints that a message tells of in that way; openings that were missed stand in its notes."""
    if what != "missed":
        return message[what]
    notes = (note for note in message["notes"] if note.startswith("opened and closed"))
    return [f"telnet-{note.split(': ')[1].split('/')[0]}-tcp-host" for note in notes]


class EdgedStore:
    """The world's store, with the world's faults around each call."""

    def __init__(self, world: World, edge: Callable[[str], None]) -> None:
        self._world, self._edge = world, edge

    def load(self) -> tuple[dict | None, str | None]:
        self._edge("before loading")
        loaded = self._world.store.load()
        self._edge("after loading")
        return loaded

    def save(self, document: dict, version: str | None) -> str:
        self._edge("before saving")
        last_run = decode(document)
        self._world.planned(last_run)
        if "store_down" in self._world.faults and self._world.random.random() < 0.1:
            raise StoreError("down")
        version = self._world.store.save(document, version)
        self._world.saved(last_run)
        self._edge("after saving")
        return version


SCENARIOS: dict[str, tuple[str, ...]] = {
    "no fault": (),
    "webhook down or busy (refused, 503)": ("down", "error"),
    "webhook unclear (taken without an answer, 502)": ("lost", "gateway"),
    "crash between any two steps": ("crash",),
    "two runs at once": ("overlap",),
    "all of these": ("down", "error", "lost", "gateway", "crash", "overlap"),
    "state lost, nothing else": ("state_lost",),
    "state lost, and all of these": ("state_lost", "down", "error", "lost", "gateway", "crash", "overlap"),
    "saving fails now and then": ("store_down",),
    "two runs at once, no compare-and-set": ("overlap", "no_cas"),
    "all of these, no compare-and-set": ("down", "error", "lost", "gateway", "crash", "overlap", "no_cas"),
}


def simulate(seeds: range, *faults: str) -> Figures:
    """The figures of as many schedules with these faults."""
    total = Figures()
    for seed in seeds:
        total += World(seed, frozenset(faults)).play()
    return total
