"""How long do 1, 100 and 5,000 targets take under the documented limits? A simulation, on a simulated clock.

    python -m bench.many_targets [--rows 200] [--timeout 900] [--targets 1 100 5000]

Limits: five calls a minute of one API per user and per source address (HSS API reference, "Constraints", 2024-03-27),
100 instances at once per account (FunctionGraph user manual, "Notes and Constraints", 2026-04). Each call waits its
turn at our own Pacer, once for its credential and once for its address. One instance checks one target.
"""

from __future__ import annotations

import argparse
import heapq
import sys
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cached_property
from itertools import count
from math import inf
from typing import TYPE_CHECKING

from handler.clock import Deadline
from handler.hss.overlap import pages_of
from handler.hss.pacing import WINDOW, Lane, Pacer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

INSTANCES = 100
CALLS_A_MINUTE = 5
SECONDS_A_CALL = 0.5
PAGE = 200
MEMORY = 0.25  # GB
START = datetime(2026, 1, 1, tzinfo=timezone.utc)


@dataclass
class SimulatedClock:
    """Time that is where the simulation puts it."""

    seconds: float = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass(frozen=True)
class Scenario:
    """`apart`: seconds between two timers of one credential, the credentials in turn; 0: all fire at once."""

    targets: int
    credentials: int
    addresses: int
    apart: float
    rows: int = PAGE
    timeout: float = 900.0

    @cached_property
    def calls(self) -> tuple[str, ...]:
        """The calls of one target: the count, then each page."""
        return ("asset/statistics", *["asset/port/statistics"] * pages_of(self.rows))

    def starts(self) -> Iterator[tuple[float, int]]:
        """When each target's timer fires."""
        for target in range(self.targets):
            yield target * self.apart / self.credentials, target


@dataclass
class Outcome:
    """What a scenario came to; seconds."""

    calls: int = 0
    checked: int = 0
    late: int = 0  # runs that their time limit ended: inconclusive
    ends: float = 0.0
    longest_run: float = 0.0
    busiest: int = 0  # instances at once
    instance_seconds: float = 0.0
    _running: int = field(default=0, repr=False)

    def begin(self) -> None:
        self._running += 1
        self.busiest = max(self.busiest, self._running)

    def end(self, now: float, began: float, *, complete: bool) -> None:
        self._running -= 1
        self.ends = max(self.ends, now)
        self.longest_run = max(self.longest_run, now - began)
        self.instance_seconds += now - began
        self.checked += complete
        self.late += not complete


def simulate(scenario: Scenario) -> Outcome:
    """Let every target have its run; an instance is free again when its run ended."""
    clock, outcome, order = SimulatedClock(), Outcome(), count()
    pacer = Pacer(clock, CALLS_A_MINUTE)
    waiting = sorted(scenario.starts(), reverse=True)  # timers that have no instance yet, the next one last
    events: list[tuple[float, int, int, float, int]] = []  # when, order, target, began, calls made
    while waiting or events:
        while waiting and len(events) < INSTANCES and (not events or waiting[-1][0] <= events[0][0]):
            fires, target = waiting.pop()
            begins = max(fires, clock.seconds)
            heapq.heappush(events, (begins, next(order), target, begins, 0))
            outcome.begin()
        clock.seconds, _, target, began, made = heapq.heappop(events)
        if made == len(scenario.calls):
            outcome.end(clock.seconds, began, complete=True)
            continue
        wait = _take(pacer, scenario, target, made)
        if clock.seconds + wait - began >= scenario.timeout:
            outcome.end(clock.seconds, began, complete=False)
            continue
        outcome.calls += not wait
        later = clock.seconds + (wait or SECONDS_A_CALL)
        heapq.heappush(events, (later, next(order), target, began, made + (not wait)))
    return outcome


def _take(pacer: Pacer, scenario: Scenario, target: int, made: int) -> float:
    """Take a turn for the credential and for the address; else the seconds until there may be one."""
    api, credential = scenario.calls[made], target % scenario.credentials
    lanes = (Lane(api, f"user {credential}"), Lane(api, f"address {credential % scenario.addresses}"))
    wait = max(pacer.forecast(lane, 1) for lane in lanes)
    if not wait:
        for lane in lanes:
            pacer.take(lane, Deadline(inf, pacer.clock), patient=False)
    return wait


def pace(rows: int) -> float:
    """Seconds between two targets of one credential at which nobody waits."""
    return WINDOW / CALLS_A_MINUTE * pages_of(rows)


def scenarios(sizes: Iterable[int], rows: int, timeout: float) -> Iterator[tuple[str, Scenario]]:
    """Each size with one credential and with one for every fifty targets, at once and staggered."""
    for size in sizes:
        many = max(1, size // 50)
        yield "one, all at once", Scenario(size, 1, 1, 0, rows, timeout)
        if size == 1:
            continue
        yield "one, staggered", Scenario(size, 1, 1, pace(rows), rows, timeout)
        yield f"{many}, one address, staggered", Scenario(size, many, 1, pace(rows) * many, rows, timeout)
        yield f"{many}, own addresses, all at once", Scenario(size, many, many, 0, rows, timeout)
        yield f"{many}, own addresses, staggered", Scenario(size, many, many, pace(rows), rows, timeout)


def table(sizes: Iterable[int], rows: int, timeout: float) -> Iterator[str]:
    """The lines of a Markdown table."""
    heads = ("targets", "credentials", "calls", "minutes to the last verdict", "longest run, s")
    yield "| " + " | ".join((*heads, "ended by the time limit", "instances at once", "GB-s a round")) + " |"
    yield "|---:|---|---:|---:|---:|---:|---:|---:|"
    for name, scenario in scenarios(sizes, rows, timeout):
        seen = simulate(scenario)
        cells = (f"{scenario.targets:,}", name, f"{seen.calls:,}", f"{seen.ends / 60:,.1f}", f"{seen.longest_run:,.0f}")
        rest = (f"{seen.late:,}", str(seen.busiest), f"{seen.instance_seconds * MEMORY:,.1f}")
        yield "| " + " | ".join((*cells, *rest)) + " |"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=PAGE, help="port lines of each target")
    parser.add_argument("--timeout", type=float, default=900, help="seconds that one run may take")
    parser.add_argument("--targets", type=int, nargs="+", default=[1, 100, 5000])
    args = parser.parse_args(arguments)
    for line in table(args.targets, args.rows, args.timeout):
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
