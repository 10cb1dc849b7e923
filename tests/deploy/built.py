"""The function's zips, built once for all tests; a test that needs one skips where it cannot be built."""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

import pytest

from tools.package import ROOT, assemble
from tools.package_lock import Platform
from tools.package_wheels import ToolError, download_wheels, find_python

PYTHONS = ("3.10", "3.12")


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
    python = find_python(version)
    if python is None:
        pytest.skip(f"Python {version} is not installed")
    return python


@cache
def _folder() -> Path:
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def _wheels(version: str) -> list[Path] | str:
    folder = _folder() / version
    folder.mkdir()
    try:
        return download_wheels(ROOT / "requirements-zip.lock", Platform(version), folder)
    except ToolError as error:
        return f"no wheels: {error}"


@cache
def _built(version: str) -> Path:
    return assemble(wheels_for(version), version, _folder())
