"""The function's zips, built once for all tests; a test that needs one skips where it cannot be built."""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from tools.package import NAME, ROOT, assemble
from tools.package_lock import Platform
from tools.package_wheels import ToolError, download_wheels, find_python

PYTHONS = ("3.10", "3.12")
OLD = 3 * 3600  # seconds: no run takes that long


def built_zip(version: str) -> Path:
    """The zip for that Python."""
    needed_python(version)
    return _built(version)


def wheels_for(version: str) -> list[Path]:
    """The wheels that go into it."""
    found = _wheels(version)
    if isinstance(found, str):
        pytest.skip(found)
    return found


def needed_python(version: str) -> str:
    """A Python of that version."""
    python = python_of(version)
    if python is None:
        pytest.skip(f"Python {version} is not installed")
    return python


python_of = cache(find_python)  # it asks every Python that there is for its version


@cache
def _folder() -> Path:
    """Where this run of pytest builds, all its workers in the same place; what earlier runs left there goes."""
    runs = ROOT / "build" / "zips"
    folder = runs / os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    folder.mkdir(parents=True, exist_ok=True)
    for other in runs.iterdir():
        if other.stat().st_mtime < time.time() - OLD:
            shutil.rmtree(other, ignore_errors=True)
    return folder


@contextmanager
def _alone(version: str) -> Iterator[None]:
    """One worker at a time: the first builds, the others find what it built."""
    with (_folder() / f"{version}.busy").open("w") as busy:
        fcntl.flock(busy, fcntl.LOCK_EX)
        yield


@cache
def _wheels(version: str) -> list[Path] | str:
    folder = _folder() / version
    with _alone(version):
        if folder.exists():
            return sorted(folder.glob("*.whl"))
        folder.mkdir()
        try:
            return download_wheels(ROOT / "requirements-zip.lock", Platform(version), folder)
        except ToolError as error:
            shutil.rmtree(folder)
            return f"no wheels: {error}"


@cache
def _built(version: str) -> Path:
    wheels, path = wheels_for(version), _folder() / f"{NAME}-{Platform(version).tag}.zip"
    with _alone(version):
        return path if path.with_suffix(".cdx.json").exists() else assemble(wheels, version, _folder())
