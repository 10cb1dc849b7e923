"""Contestants that run in a fresh process: the function from its zip, the bare floor, the vendor's SDK."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from handler.simulator.options import ACCESS_KEY, SECRET_KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.measure import Sample
    from bench.serving import Serving

CHILDREN = Path(__file__).parent / "children"
CGROUP = Path("/sys/fs/cgroup/cpu/port-compliance-bench")
DISALLOWED = [21, 23, 135, 137, 139, 445, 3389, 5900, 6379, 9200, 11211, 27017]
FOUR = "import requests, pydantic, jsonschema, yaml"


@dataclass(frozen=True)
class Place:
    """One Python with the unpacked zip for it, and with the vendor's SDK if that could be installed."""

    version: str
    python: str
    code: Path
    sdk_python: str | None
    prefix: tuple[str, ...] = ()  # e.g. taskset, to run on one core


def ours(place: Place, server: Serving, *, imports_ahead: bool = False) -> Callable[[], Sample]:
    """`imports_ahead`: what a cold start imports while it waits is imported before, so that work is work alone."""
    user_data = {
        "HSS_ENDPOINT": server.url,
        "HSS_CLOUD": server.options.cloud,
        "HSS_PROJECT_ID": server.options.project_id,
        "HSS_AUTH_TOKEN": server.options.tokens[0],
        "HSS_CALLS_PER_MINUTE": "0",
        "LOG_LEVEL": "error",
    }
    job = {"code": str(place.code), "user_data": user_data, "imports_ahead": imports_ahead}
    return _child(place, "ours.py", job, server, isolated=True)


def floor(place: Place, server: Serving) -> Callable[[], Sample]:
    url = f"{server.url}/v5/{server.options.project_id}/asset/port/statistics?category=host"
    job = {"code": str(place.code), "url": url, "token": server.options.tokens[0]}
    return _child(place, "floor.py", job, server, isolated=True)


def same_calls(place: Place, server: Serving) -> Callable[[], Sample]:
    """The floor that asks just what our run asks of this server, in that order; it runs once to tell."""
    ours(place, server)()
    job = {"code": str(place.code), "urls": [server.url + path for path in server.paths]}
    return _child(place, "floor.py", job | {"token": server.options.tokens[0]}, server, isolated=True)


def importing(place: Place, what: str) -> Callable[[], Sample]:
    return _child(place, "floor.py", {"code": str(place.code), "what": what}, None, isolated=True)


def sdk(place: Place, server: Serving, limit: int) -> Callable[[], Sample]:
    job = {
        "access_key": ACCESS_KEY,
        "secret_key": SECRET_KEY,
        "project_id": server.options.project_id,
        "endpoint": server.url,
        "limit": limit,
        "disallowed": DISALLOWED,
    }
    return _child(place, "sdk.py", job, server, isolated=False)


@contextmanager
def one_core(quota: float = 0.0) -> Iterator[tuple[str, ...]]:
    """The prefix that keeps a child on one core, with `quota` only for that part of its time; empty where it cannot.

    The quota is the kernel's (cgroup version 1, as root): what a function of 128 MB gets is about 0.3 core.
    """
    core = ("taskset", "-c", "0") if shutil.which("taskset") else ()
    if not quota or not core:
        yield core
        return
    try:
        CGROUP.mkdir()
        (CGROUP / "cpu.cfs_period_us").write_text("100000")
        (CGROUP / "cpu.cfs_quota_us").write_text(str(int(quota * 100_000)))
    except OSError:
        yield ()
        return
    try:
        yield (*core, "sh", "-c", f'echo $$ > {CGROUP}/cgroup.procs && exec "$@"', "sh")
    finally:
        CGROUP.rmdir()


def _child(
    place: Place, script: str, job: dict[str, object], server: Serving | None, *, isolated: bool
) -> Callable[[], Sample]:
    python = [place.python, "-S"] if isolated else [str(place.sdk_python)]
    command = [*place.prefix, *python, "-X", "utf8", str(CHILDREN / script), json.dumps(job)]

    def run() -> Sample:
        if server is not None:
            server.reset()
        started = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
        ended = time.monotonic()
        if done.returncode:
            raise RuntimeError(f"{script}: {done.stderr[-800:]}")
        told = json.loads(done.stdout.splitlines()[-1])
        sample = {key: float(value) for key, value in told.items() if isinstance(value, (int, float))}
        sample |= {"importable": told["importable"] - started, "done": told["done"] - started, "wall": ended - started}
        if server is not None:
            sample |= {"calls": float(server.calls), "first": server.first - started}
        return sample

    return run
