"""The function's zips, built once for all tests; a test that needs one skips where it cannot be built."""

import fcntl
import hashlib
import os
import shutil
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

from tools.package import NAME, ROOT, assemble
from tools.package_lock import Platform
from tools.package_tree import function_tree
from tools.package_wheels import ToolError, download_wheels, find_python

PYTHONS = ("3.10", "3.12")
OLD = 3 * 3600  # seconds: no run takes that long
LOCK = ROOT / "requirements-zip.lock"


def built_zip(version: str) -> Path:
    """The zip for that Python."""
    needed_python(version)
    return _built(version)


def unpacked_zip(version: str, temporary: pytest.TempPathFactory) -> Path:
    """The code folder of the zip, read-only as on the platform: one for all tests of all workers, which only read it."""
    base = temporary.getbasetemp()
    return _unpacked(version, base.parent if "PYTEST_XDIST_WORKER" in os.environ else base)


def read_only(folder: Path) -> Path:
    """That folder, read-only as on the platform."""
    for path in sorted(folder.rglob("*"), reverse=True):
        path.chmod(0o555 if path.is_dir() else 0o444)
    folder.chmod(0o555)
    return folder


def wheels_for(version: str) -> list[Path]:
    """The wheels that go into it."""
    found = _wheels(version)
    if isinstance(found, str):
        pytest.skip(found)
    return found


def needed_python(version: str) -> str:
    """A Python of that version."""
    python = find_python(version)
    if python is None:
        pytest.skip(f"Python {version} is not installed")
    return python


@cache
def _folder(version: str) -> Path:
    """Where the zip of these sources is built, once; those of earlier sources go.

    That what lies there is what would be built now, byte by byte, is a test of its own (tests/tools/test_package_zip.py).
    """
    zips = ROOT / "build" / "zips"
    folder = zips / f"{_digest(version)}-{version}"
    folder.mkdir(parents=True, exist_ok=True)
    os.utime(folder)
    for other in zips.iterdir():
        if other.stat().st_mtime < time.time() - OLD:
            shutil.rmtree(other, ignore_errors=True)
    return folder


def _digest(version: str) -> str:
    """Of all that a zip is made of: our code, what pins the libraries, and what puts them together."""
    ours = function_tree(ROOT, version)
    makers = {path.name: path.read_bytes() for path in (LOCK, *(ROOT / "tools").glob("package*.py"))}
    told = hashlib.sha256()
    for name, content in sorted({**ours, **makers}.items()):
        told.update(f"{name}\0{len(content)}\0".encode() + content)
    return told.hexdigest()[:16]


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """One worker at a time: the first builds, the others find what it built."""
    with path.open("w") as busy:
        fcntl.flock(busy, fcntl.LOCK_EX)
        yield


@cache
def _wheels(version: str) -> list[Path] | str:
    """They are kept for later runs, beside the hash of the lock that pins each of them by its own."""
    folder = ROOT / "build" / "zip-wheels" / f"{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]}-{version}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _alone(Path(f"{folder}.busy")):
        if not folder.exists():
            half = Path(f"{folder}.half")
            shutil.rmtree(half, ignore_errors=True)
            half.mkdir()
            try:
                download_wheels(LOCK, Platform(version), half)
            except ToolError as error:
                return f"no wheels: {error}"
            half.rename(folder)
        return sorted(folder.glob("*.whl"))


@cache
def _built(version: str) -> Path:
    wheels, path = wheels_for(version), _folder(version) / f"{NAME}-{Platform(version).tag}.zip"
    with _alone(path.with_suffix(".busy")):
        return path if path.with_suffix(".cdx.json").exists() else assemble(wheels, version, path.parent)


@cache
def _unpacked(version: str, base: Path) -> Path:
    place = base / f"function-{version}"
    with _alone(base / f"function-{version}.busy"):
        if not place.exists():
            half = base / f"function-{version}.half"
            shutil.rmtree(half, ignore_errors=True)
            with zipfile.ZipFile(built_zip(version)) as archive:
                archive.extractall(half / "code")
            read_only(half / "code")
            half.rename(place)
    return place / "code"
