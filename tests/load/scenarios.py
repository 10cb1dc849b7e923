"""Three loads: one very large run, a thousand warm ones in one process, fifty at once over one state."""

from __future__ import annotations

import gc
import os
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

from handler.clock import Deadline, SystemClock
from handler.models import Row, Secret, Snapshot
from handler.notify.dispatch import DeliveryContext, dispatch
from handler.policy.rules import Policy, Rule
from handler.ports import PortSet
from handler.run.check import check_target
from handler.run.job import Adapters, Job
from handler.sinks.kinds import SINK_KINDS
from handler.sinks.sink import Sink
from handler.state.document import decode
from handler.state.file import FileStore
from handler.transport.request import Request, Response
from tests.fakes import NOON, TARGET, FakeClock, category, snapshot
from tests.faults.scene import YES, scene

ROUTING = Secret("r" * 32)


def large(findings: int = 10_000) -> dict[str, float]:
    """As many rows, rules and findings, sixteen kinds of sinks, a state in a file; twice: all new, then nothing new."""
    rows = [Row(1 + number, "tcp", 1, "danger") for number in range(findings)]
    rules = tuple(
        Rule(f"r{port}", "ports", f"Port {port}", ports=PortSet(((port, port),))) for port in range(1, findings + 1)
    )
    policy = Policy("large", "sha256:0", rules)
    sinks = tuple(
        Sink(name, kind, Secret(f"https://{name}.example/"), chat_id="1", routing_key=ROUTING, max_findings=10_000)
        for name, kind in SINK_KINDS.items()
    )
    taken = {"messages": 0.0, "bytes": 0.0}

    def web(request: Request, timeout: float) -> Response:
        del timeout
        taken["messages"] += 1
        taken["bytes"] += len(request.body or b"")
        kind = request.url.split("/")[2].partition(".")[0]
        return YES.get(kind, Response(200, {}, b"ok"))

    clock = FakeClock()
    with tempfile.TemporaryDirectory() as folder:
        store = FileStore(Path(folder) / "state.json", clock, decode)
        figures: dict[str, float] = {}
        for name in ("first run", "second run"):
            began = time.perf_counter()
            adapters = Adapters(lambda _: _listing(rows), _notifier(sinks, web, clock), clock, store)
            report = check_target(Job(name, clock.now(), policy, TARGET, ("host",)), adapters)
            assert len(report.findings) == findings
            assert not report.problems, report.problems
            figures[f"{name}, seconds"] = time.perf_counter() - began
            clock.tick(3600)
        figures["state, MB"] = (Path(folder) / "state.json").stat().st_size / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return figures | {"messages": taken["messages"], "sent, MB": taken["bytes"] / 1e6, "peak memory, MiB": peak}


def _listing(rows: list[Row]) -> Snapshot:
    return snapshot(category(rows))


def _notifier(sinks: tuple[Sink, ...], web: object, clock: FakeClock) -> object:
    def notifier(report, compared, store, version):
        context = DeliveryContext(web, Deadline.after(900, clock), Random(1))
        return dispatch(report, compared, sinks, context, store=store, version=version)

    return notifier


def warm(times: int = 1000, settle: int = 100) -> dict[str, float]:
    """Invocations of one process, ports opening and closing; what grew after the first hundred."""
    with scene() as world:
        began = time.perf_counter()
        before = (0.0, 0)
        for number in range(times):
            if number % 10 == 0:
                world.change() if number == 0 else world.simulator.close_port(5432)
            world.run()
            world.outputs.clear()
            for receiver in world.receivers.values():
                receiver.taken.clear()
                receiver.ids.clear()
            world.simulator.calls.clear()
            if number == settle:
                before = _size()
        took, after = time.perf_counter() - began, _size()
    return {
        "invocations": times,
        "milliseconds each": took / times * 1000,
        "memory grown, MiB": after[0] - before[0],
        "file handles grown": after[1] - before[1],
    }


def _size() -> tuple[float, int]:
    """Resident MiB now and open file handles."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20, len(os.listdir("/proc/self/fd"))  # noqa: PTH208


CHILD = """
import sys
from handler.clock import SystemClock
from handler.state.document import decode
from handler.state.file import FileStore
from tests.load.scenarios import one_of_many
one_of_many(FileStore(sys.argv[1], SystemClock(), decode, lock_limit=120), sys.argv[2], sys.argv[3])
"""


def together(runs: int = 50) -> dict[str, float]:
    """So many processes check the same thing at once over one state; who tells what is appended to one file."""
    with tempfile.TemporaryDirectory() as folder:
        state, told = Path(folder) / "state.json", Path(folder) / "told"
        told.touch()
        began = time.perf_counter()
        command = [sys.executable, "-c", CHILD, str(state), str(told)]
        with ThreadPoolExecutor(runs) as pool:
            ended = list(
                pool.map(
                    lambda n: subprocess.run([*command, f"run-{n}"], check=False, capture_output=True), range(runs)
                )
            )
        took = time.perf_counter() - began
        messages = told.read_text().splitlines()
    failed = [one.stderr.decode()[-300:] for one in ended if one.returncode]
    assert not failed, failed[0]
    return {"processes": runs, "seconds": took, "messages told": len(messages), "failed": len(failed)}


def one_of_many(store: FileStore, told: str, run_id: str) -> None:
    """One of them: three findings, one sink."""
    clock = SystemClock()

    def web(request: Request, timeout: float) -> Response:
        del timeout
        with Path(told).open("ab") as file:
            file.write(request.headers["webhook-id"].encode() + b"\n")
        return Response(200)

    rules = (Rule("telnet", "ports", "Telnet", ports=PortSet(((23, 25),))),)
    rows = [Row(port, "tcp", 1, "danger") for port in (23, 24, 25)]
    sinks = (Sink("soc", SINK_KINDS["generic"], Secret("https://soc.example/")),)

    def notifier(report, compared, kept, version):
        context = DeliveryContext(web, Deadline.after(300, clock), Random(run_id))
        return dispatch(report, compared, sinks, context, store=kept, version=version)

    adapters = Adapters(lambda _: _listing(rows), notifier, clock, store)
    check_target(Job(run_id, NOON, Policy("p", "sha256:0", rules), TARGET, ("host",)), adapters)
