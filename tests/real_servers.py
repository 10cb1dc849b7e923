"""Real server programs for tests marked `real`: started on loopback, stopped at the end, skipped with a reason."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import pytest


def program(variable: str, name: str, *, on_path: bool = True) -> str:
    """The program that the variable names, or PATH where any version will do; skips the test where there is none."""
    found = os.environ.get(variable) or (shutil.which(name) if on_path else None)
    if not found:
        pytest.skip(f"{name} is not installed; {variable} may name it")
    return found


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextmanager
def running(command: Sequence[str], port: int, environment: Mapping[str, str] | None = None) -> Iterator[None]:
    """The program while it listens on the port; skips the test where it does not start."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, env={**os.environ, **(environment or {})}, **quiet)
    try:
        if not _listens(port, process):
            pytest.skip(f"{command[0]} does not start")
        yield
    finally:
        process.terminate()
        process.wait(10)


def _listens(port: int, process: subprocess.Popen) -> bool:
    until = time.monotonic() + 40
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.1)
    return False
