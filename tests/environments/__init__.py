"""Environments beside the tests' own: packages that would slow down or get in the way of every other process.

Each is made by tools/setup.sh from the lock of its name in this folder, once, below build/environments.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.environments.pythons import quick_python

ROOT = Path(__file__).resolve().parent.parent.parent
THIS = f"{sys.version_info[0]}.{sys.version_info[1]}"


def python_of(name: str, python: str = sys.executable, version: str = THIS) -> Path:
    """The Python of that environment, made for that Python; skips the test, with pip's last line, where it cannot be made."""
    made = _made(name, python, version)
    if isinstance(made, str):
        pytest.skip(f"the environment {name} cannot be made: {made}")
    return made


@cache
def _made(name: str, python: str, version: str) -> Path | str:
    folder = ROOT / "build" / "environments" / f"{name}-{version}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    if _order(version) <= _order(THIS):  # a pip works in an older Python, but not in every newer one
        python = quick_python(python)
    with Path(f"{folder}.busy").open("w") as busy:
        fcntl.flock(busy, fcntl.LOCK_EX)  # pytest's workers want it at the same time
        done = subprocess.run(
            [ROOT / "tools/setup.sh", folder, f"tests/environments/{name}.lock"],
            env={**os.environ, "PYTHON": python, "SETUP_COMPILE": "--no-compile"}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
    return folder / "bin" / "python" if done.returncode == 0 else done.stderr.strip().rpartition("\n")[2]


def _order(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def invalid(kind: str | Path, documents: dict[str, object]) -> dict[str, str | None]:
    """What is wrong with each document: by `cyclonedx`, `kubernetes`, `gitlab`, or by the JSON Schema at that path."""
    command = [python_of("validator"), Path(__file__).with_name("validate.py"), str(kind)]
    asked = json.dumps(documents)
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
