"""A small world with faults: ports open and close, runs crash and overlap, sinks go down, a state is lost.

What it shows: a sink that comes back knows every change, and hears a thing twice only where the store cannot
compare-and-set or was lost, or where a crash or a lost answer fell between sending and marking.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random

from handler.clock import Deadline, iso
from handler.decide.diff import compare
from handler.errors import StoreDamagedError
from handler.models import Evaluation, Problem, Secret, Severity, Target
from handler.notify.dispatch import DeliveryContext, dispatch
from handler.notify.together import Together
from handler.sinks.sink import Sink
from handler.state.memory import Item, LastRun, place_of
from handler.transport.request import Request, Response
from tests.fakes import FakeClock, MovingClock, OnceReadStore, category, finding, report
from tests.reliability.earlier import as_first_version
from tests.reliability.heard import Figures, Heard
from tests.reliability.kind import EACH_CHANGE, POLICY, Receiver
from tests.reliability.stores import BlindStore, EdgedStore
from tests.reliability.turns import Turns

PORTS = range(1, 6)
SEVERITIES = (Severity.LOW, Severity.MEDIUM, Severity.HIGH)
LAYOUTS = {"digest": ("t1", "t2", "t3"), "shared": ("t1", "t2")}
BLIND = category(
    complete=False, every_row=False, plan="none", statistics=None, problems=(Problem("HSS refused: HTTP 403"),)
)


class Crash(BaseException):
    """The process is gone; nothing may catch this."""


class Estate:
    """One target: its open ports with their numbers, how severe each is, and whether it can be seen."""

    def __init__(self, name: str) -> None:
        self.target = Target(name=name, host="hss.example", project_id=name)
        self.open: dict[int, int] = {}
        self.severity = dict.fromkeys(PORTS, Severity.HIGH)
        self.blind = False

    def findings(self):
        for port, num in sorted(self.open.items()):
            yield finding(port=port, num=num, severity=self.severity[port], fingerprint=f"{self.target.name}-{port}")


@dataclass(frozen=True)
class Due:
    """A change that was remembered: when first (in saves and messages), and how severe the finding was."""

    at: int
    severity: int


@dataclass
class World:
    """One schedule. Faults are named in `scenarios`; `digest` and `shared` are how targets and states are laid out."""

    seed: int
    faults: frozenset[str]
    moment: int = 0  # counts saves and messages, in their order
    runs: int = 0
    changes: int = 0
    due: dict[tuple[str, int, str], Due] = field(default_factory=dict)  # fingerprint, episode, status
    items: dict[str, tuple[Item, ...]] = field(default_factory=dict)  # by the id of the event that tells them

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.layout = next((one for one in LAYOUTS if one in self.faults), "")
        self.estates = [Estate(name) for name in LAYOUTS.get(self.layout, ("t1",))]
        self.clock = MovingClock() if "moving_clock" in self.faults else FakeClock()
        kind = BlindStore if "no_cas" in self.faults else OnceReadStore
        first = kind()
        self.stores = {one.target.name: first if self.layout != "digest" else kind() for one in self.estates}
        self.receivers = {name: Receiver(self._tick) for name in ("a", "b")}
        self.upgrade_at = self.random.randrange(2, 7) if "upgrade" in self.faults else 0
        self.sinks = (
            Sink("a", EACH_CHANGE, Secret("https://a.example/"), digest=self.layout == "digest"),
            Sink(
                "b",
                EACH_CHANGE,
                Secret("https://b.example/"),
                min_severity=Severity.MEDIUM if "severities" in self.faults else Severity.INFO,
            ),
        )

    def _tick(self) -> int:
        self.moment += 1
        return self.moment

    def play(self, length: int = 9) -> Figures:
        for number in range(length):
            self._change(number)
            self._fault()
            self._round(crash="crash" in self.faults)
            if number < self.upgrade_at:
                self._as_earlier()
            self.clock.tick(3600)
        for receiver in self.receivers.values():
            receiver.mode = "up"
        for estate in self.estates:
            estate.blind = False
        for _ in range(2):
            self.clock.tick(7200)
            for estates in self._functions():
                self._run(estates, self._edge(crash=False))
        return self._figures()

    def _change(self, number: int) -> None:
        for estate in self.estates:
            for port in PORTS:
                if self.random.random() < 0.12:
                    if estate.open.pop(port, None) is None:
                        estate.open[port] = 3
                elif port in estate.open and self.random.random() < 0.05:
                    estate.open[port] *= 2
                if "severities" in self.faults and number >= self.upgrade_at and self.random.random() < 0.1:
                    estate.severity[port] = self.random.choice(SEVERITIES)
        if "blind" in self.faults:
            together, blind = self.random.random() < 0.7, self.random.random() < 0.3
            for estate in self.estates:
                estate.blind = blind if together else self.random.random() < 0.3

    def _fault(self) -> None:
        modes = ["up"] * 3 + [mode for mode in ("down", "error", "lost", "gateway") if mode in self.faults]
        for receiver in self.receivers.values():
            if self.random.random() < 0.5:
                receiver.mode = self.random.choice(modes)
        for name, store in self.stores.items():
            if "state_lost" in self.faults and self.random.random() < 0.1 and store.document is not None:
                store.document = {**store.document, "checksum": "damaged"}
                lost = [change for change in self.due if change[0].startswith(f"{name}-")]
                for change in lost:  # what nobody remembers, nobody can tell
                    del self.due[change]

    def _as_earlier(self) -> None:
        """Until the upgrade the state is as the first version wrote it."""
        for store in self.stores.values():
            if store.document is not None:
                store.document = as_first_version(store.document)

    def _functions(self) -> list[list[Estate]]:
        """Which targets each function checks: one over all of them, or one for each."""
        return [[one] for one in self.estates] if self.layout == "shared" else [self.estates]

    def _round(self, *, crash: bool) -> None:
        """Each function runs once; where runs overlap, all at once, and sometimes one of them twice."""
        functions = self._functions()
        if "overlap" not in self.faults or self.random.random() >= 0.4:
            for estates in functions:
                self._run(estates, self._edge(crash=crash))
            return
        again = [] if len(functions) > 1 and self.random.random() < 0.5 else [self.random.choice(functions)]
        turns = Turns(self.random)

        def job(number: int, estates: list[Estate]) -> Callable[[], None]:
            dies = self._edge(crash=crash)

            def edge(name: str) -> None:
                turns.step(number)
                dies(name)

            return lambda: self._run(estates, edge)

        turns.go([job(number, estates) for number, estates in enumerate([*functions, *again])])

    def _edge(self, *, crash: bool) -> Callable[[str], None]:
        """Called before and after every store and transport call; may end the process."""
        most = 14 * len(self.estates) if self.layout == "digest" else 14
        at = self.random.randrange(most) if crash and self.random.random() < 0.4 else -1
        steps = iter(range(10**6))

        def edge(_: str) -> None:
            if next(steps) == at:
                raise Crash

        return edge

    def _run(self, estates: list[Estate], edge: Callable[[str], None]) -> None:
        self.runs += 1
        run_id = f"run-{self.runs}"
        slow = "slow" in self.faults and self.runs <= 2 * len(self.estates)
        together = Together() if self.layout == "digest" else None
        with suppress(Crash):
            started = self.clock.now()
            context = DeliveryContext(
                self._transport(edge, slow=slow),
                Deadline.after(3000 if slow else 30 * len(estates), self.clock),
                Random(1),
                3000 if "slow" in self.faults else 900,
                together=together,
            )
            for estate in estates:
                self._one_target(run_id, started, estate, context, edge)
            if together is not None:
                together.tell(context.deadline)

    def _one_target(self, run_id, started, estate, context, edge) -> None:
        store = EdgedStore(self, self.stores[estate.target.name], edge)
        unreadable = False
        try:
            last_run, version = store.load()
        except StoreDamagedError:
            last_run, unreadable = None, True  # it stays there until it is replaced
            version = str(store.known.count)
        cover, findings = (BLIND, ()) if estate.blind else (category(), tuple(estate.findings()))
        evaluation = Evaluation(findings=findings, coverage=(cover,))
        place = place_of(estate.target)
        compared = compare(evaluation, last_run, POLICY, started, place=place, unreadable=unreadable)
        verdict = "inconclusive" if estate.blind else "violations" if findings else "compliant"
        result = report(*compared.findings, verdict=verdict, coverage=(cover,), target=estate.target)
        result = result._replace(run_id=run_id, started_at=iso(started), changes=compared.changes)
        dispatch(result, compared, self.sinks, context, store=store, version=version)

    def _transport(self, edge: Callable[[str], None], *, slow: bool) -> Callable[[Request, float], Response]:
        def transport(request: Request, timeout: float) -> Response:
            edge("before sending")
            try:
                if slow:
                    self.clock.tick(self.random.randrange(600))
                return self.receivers[request.url[8]].take(request)
            finally:
                edge("after sending")

        return transport

    def saved(self, last_run: LastRun) -> None:
        """What is once remembered must be told."""
        at = self._tick()
        for place in (last_run, *last_run.others.values()):
            for record in place.findings.values():
                change = (record.finding.fingerprint, record.episode, record.status)
                if change not in self.due:
                    self.due[change] = Due(at, int(record.finding.severity))
                    self.changes += 1

    def planned(self, last_run: LastRun) -> None:
        """What is being told under which id."""
        for place in (last_run, *last_run.others.values()):
            for memory in place.sinks.values():
                for batch in memory.pending:
                    self.items.setdefault(batch.delivery_id, batch.items)

    def _figures(self) -> Figures:
        total = Figures(schedules=1, runs=self.runs, changes=self.changes * len(self.receivers))
        for sink in self.sinks:
            total += self._compared(sink, self.receivers[sink.name])
        return total

    def _compared(self, sink: Sink, receiver: Receiver) -> Figures:
        """What a receiver believes in the end, against the truth and against everything that was remembered."""
        heard = Heard(self.items)
        for message in receiver.messages:
            heard.hear(message)
        found = [one for estate in self.estates for one in estate.findings()]
        truth = {one.fingerprint: int(one.severity) for one in found if one.severity >= sink.min_severity}
        lost = truth.keys() ^ heard.open
        lost |= {key for key in truth.keys() & heard.open if truth[key] != heard.severity[key]}
        if "store_down" not in self.faults and sink.min_severity == Severity.INFO:
            lost |= {key for (key, _, _), due in self.due.items() if due.at > heard.at.get(key, 0)}
        return Figures(
            messages=len(receiver.messages),
            lost=len(lost | heard.blind),
            repeated=heard.repeated,
            repeated_other_id=heard.repeated_other_id,
        )
