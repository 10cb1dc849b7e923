"""Run one room's tests against many mutants, without collecting them each time: `python -m tools.mutants_runner JOB`.

mutmut starts pytest anew for every mutant, and most of its time goes into collecting tests. Here one pytest session
collects them; then every mutant gets a child of its own (a fork) that runs the tests which call the changed function
and stops at the first that fails. The tests that killed other mutants of that function come first, then fast ones.
Before the first mutant all tests run once without any: they must pass, and how long each takes sets its time limit.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import math
import os
import resource
import shutil
import signal
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

SURVIVED, KILLED, CRASHED = 86, 87, 88  # not 0: a mutant that ends the process has not passed
STATUSES = {SURVIVED: "survived", KILLED: "killed", -signal.SIGALRM: "timeout"}
DIED = ("killed", "timeout", "crashed")
SPARE, TIMES = 10, 10  # a test may take ten times as long as without a mutant, and ten seconds more
MOST_MEMORY = 4 << 30


class Job(NamedTuple):
    """What one run is asked for; `tests` are by mutant those that call its function."""

    arguments: list[str]
    tests: dict[str, list[str]]
    children: int
    verdicts: str


class Verdict(NamedTuple):
    """What became of a mutant, and the test that ended it."""

    mutant: str
    status: str
    test: str
    seconds: float


class Child(NamedTuple):
    """A running child: its mutant, and a folder for its temporary files that also holds the name of its test."""

    mutant: str
    folder: Path
    began: float

    def notes(self, name: str) -> str:
        """What the child wrote down under this name, or nothing."""
        path = self.folder / name
        return path.read_text(encoding="utf-8") if path.exists() else ""


def function_of(mutant: str) -> str:
    """The function that this is a mutant of."""
    return mutant.partition("__mutmut_")[0]


def forget() -> None:
    """Empty the caches of the code under test: what was computed while tests were collected was without a mutant."""
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] == "handler":
            for value in list(vars(module).values()):
                getattr(value, "cache_clear", int)()


def limit_child(folder: Path) -> None:
    """Give this process a group, a folder and a bound of memory of its own, and nobody to print to."""
    os.setsid()
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.environ.update(TMPDIR=str(folder), PYTEST_DEBUG_TEMPROOT=str(folder))
    tempfile.tempdir = None


class Mutants:
    """The pytest plugin that takes the place of the loop over the tests. `begin` switches a mutant on."""

    def __init__(self, job: Job, begin: Callable[[str], object]) -> None:
        self.job, self.begin = job, begin
        self.seconds: dict[str, float] = {}
        self.killers: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.running: dict[int, Child] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try every mutant of the job."""
        os.environ.pop("HYPOTHESIS_PROFILE", None)
        if session.testsfailed:
            raise pytest.UsageError("some tests cannot be collected")
        gc.freeze()
        self.run_unchanged(session)
        waiting = sorted(self.job.tests)
        while waiting or self.running:
            while waiting and len(self.running) < self.job.children:
                self.start(session, waiting.pop(0))
            if self.running:
                self.tell(self.ended()[0])
        return True

    def run_unchanged(self, session: pytest.Session) -> None:
        """All tests without a mutant, in a child too: how long each takes, and that none fails."""
        self.seconds = {item.nodeid: 600.0 for item in session.items}
        self.fork(session, "", session.items)
        verdict, seconds = self.ended()
        if verdict.status != "survived":
            raise pytest.UsageError(f"without a mutant: {verdict.status} at {verdict.test}")
        self.seconds = json.loads(seconds)

    def start(self, session: pytest.Session, mutant: str) -> None:
        """A child for this mutant; without a test nothing is to be run."""
        killers = self.killers[function_of(mutant)]
        calling = set(self.job.tests[mutant])
        items = [item for item in session.items if item.nodeid in calling]
        items.sort(key=lambda item: (-killers[item.nodeid], self.seconds[item.nodeid]))
        if items:
            self.fork(session, mutant, items)
        else:
            self.tell(Verdict(mutant, "no tests", "", 0))

    def fork(self, session: pytest.Session, mutant: str, items: list[pytest.Item]) -> None:
        """Start a child that runs these tests with this mutant."""
        folder = Path(tempfile.mkdtemp(prefix="mutant-"))
        pid = os.fork()
        if not pid:
            self.be_child(session, mutant, items, folder)
        self.running[pid] = Child(mutant, folder, monotonic())

    def be_child(self, session: pytest.Session, mutant: str, items: list[pytest.Item], folder: Path) -> NoReturn:
        """Run the tests up to the first that fails. Its exit code says how it went; an alarm ends a test that hangs."""
        code, took, parent = CRASHED, {}, os.getppid()
        try:
            limit_child(folder)
            forget()
            self.begin(mutant)
            for item, following in zip(items, [*items[1:], None], strict=True):
                (folder / "test").write_text(item.nodeid, encoding="utf-8")
                signal.alarm(math.ceil(SPARE + TIMES * self.seconds[item.nodeid]))
                began = monotonic()
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                took[item.nodeid] = monotonic() - began
                if session.testsfailed or os.getppid() != parent:  # or nobody waits for it any more
                    break
            (folder / "seconds").write_text(json.dumps(took), encoding="utf-8")
            code = KILLED if session.testsfailed else SURVIVED
        finally:
            os._exit(code)

    def ended(self) -> tuple[Verdict, str]:
        """Wait for a child: its verdict, and the seconds of its tests. What it started ends with it.

        Until the child is reaped its number, and so that of its group, can belong to nobody else.
        """
        told = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
        assert told
        with contextlib.suppress(ProcessLookupError):  # it ended before it had a group
            os.killpg(told.si_pid, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(told.si_pid, 0)[1])
        child = self.running.pop(told.si_pid)
        took = round(monotonic() - child.began, 2)
        ended = Verdict(child.mutant, STATUSES.get(code, "crashed"), child.notes("test"), took), child.notes("seconds")
        shutil.rmtree(child.folder, ignore_errors=True)
        return ended

    def tell(self, verdict: Verdict) -> None:
        """Add a line to the file of verdicts; a test that killed comes first for the next mutant of that function."""
        if verdict.status in DIED:
            self.killers[function_of(verdict.mutant)][verdict.test] += 1
        with Path(self.job.verdicts).open("a", encoding="utf-8") as file:
            file.write(json.dumps(verdict) + "\n")


def run(job: Job, begin: Callable[[str], object]) -> int:
    """The exit code of the pytest session; the verdicts are in the job's file."""
    os.environ.update(HYPOTHESIS_PROFILE="mutants", MUTANT_UNDER_TEST="")
    return int(pytest.main(["--capture=sys", "--tb=native", *job.arguments], plugins=[Mutants(job, begin)]))


def in_environment(mutant: str) -> None:
    """Switch on a mutant for this process and all that it starts."""
    os.environ["MUTANT_UNDER_TEST"] = mutant


def main() -> int:
    """Run the job that the file named first describes, with mutmut's mutants."""
    job = Job(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    # mutmut's own switch also holds where a test empties the environment
    return run(job, importlib.import_module("mutmut.mutation.trampoline").set_mutant_under_test)


if __name__ == "__main__":
    sys.exit(main())
