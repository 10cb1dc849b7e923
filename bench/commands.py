"""Commands of a terminal, each in a fresh process beside a bare Python of the same environment; bytecode is written."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.measure import paired

if TYPE_CHECKING:
    from collections.abc import Callable

    from bench.measure import Sample

ROOT = Path(__file__).parent.parent
BASELINE = "policies/baseline.yaml"
COMMANDS = {
    "--help": ("--help",),
    "policy validate": ("policy", "validate", BASELINE),
    "policy explain": ("policy", "explain", BASELINE, "--port", "23/tcp"),
    "check --snapshot": ("check", "--policy", BASELINE, "--snapshot", "docs/examples/snapshot.json"),
}


def commands(work: Path, rounds: int) -> dict[str, Any]:
    """What somebody waits for who calls a command, with the dependencies of the ordinary package and no more."""
    results: dict[str, Any] = {}
    for version in ("3.10", "3.12"):
        python = work / f"package-{version}" / "bin" / "python"
        if python.exists():
            contestants = {"bare Python": process(python, "-c", "pass")}
            contestants |= {name: process(python, "-m", "handler", *words) for name, words in COMMANDS.items()}
            figures = paired(f"commands, {version}", contestants, rounds)
            ratios = {f"{name} / bare Python": figures.ratio(name, "bare Python", "cpu") for name in COMMANDS}
            results[version] = {"figures": figures.plain(), **ratios}
    return results


def process(python: Path, *words: str) -> Callable[[], Sample]:
    """A contestant: user and system CPU of the process, and how long it took; the better of two runs of each."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def once() -> Sample:
        started = time.perf_counter()
        running = subprocess.Popen(
            [python, *words], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        _, status, used = os.wait4(running.pid, 0)
        running.returncode = os.waitstatus_to_exitcode(status)
        if running.returncode not in (0, 1):
            raise RuntimeError(f"{' '.join(words)} ended with {running.returncode}")
        return {"cpu": used.ru_utime + used.ru_stime, "wall": time.perf_counter() - started}

    def run() -> Sample:
        return min(once(), once(), key=lambda sample: sample["cpu"])

    return run
