"""The outside programs of the builder: pip for the wheels, strip, and the target's own Python for the bytecode."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tools.package_lock import entries_for

if TYPE_CHECKING:
    from tools.package_lock import Platform

CODE_ROOT = "/opt/function/code"  # where FunctionGraph unpacks the zip; what tracebacks will show
VERSION = "import sys; print('%d.%d' % sys.version_info[:2])"


class ToolError(Exception):
    """A program that is missing or that failed."""


def download_wheels(lock: Path, platform: Platform, folder: Path) -> list[Path]:
    """The wheels that the lock pins for the platform, each checked against its hash. Raises ToolError."""
    wanted = folder / "wanted.txt"
    wanted.write_text(entries_for(lock.read_text(encoding="utf-8"), platform), encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--require-hashes", "--only-binary=:all:", "--platform", "manylinux2014_x86_64"]
    command += ["--implementation", "cp", "--python-version", platform.version]
    _run([*command, "--dest", str(folder), "--requirement", str(wanted)], "pip could not download the wheels")
    return sorted(folder.glob("*.whl"))


@cache
def find_python(version: str) -> str | None:
    """A Python of that version: on PATH, or among pyenv's; None where there is none that runs. Each is asked once."""
    if version == f"{sys.version_info[0]}.{sys.version_info[1]}":
        return sys.executable
    pyenv = Path(os.environ.get("PYENV_ROOT", "~/.pyenv")).expanduser()
    named = shutil.which(f"python{version}")
    candidates = [named] if named and Path(named).parent != pyenv / "shims" else []  # a shim leads to one of the next
    candidates += [str(path / "bin" / "python") for path in sorted(pyenv.glob(f"versions/{version}.*"), reverse=True)]
    return next((candidate for candidate in candidates if _version_of(candidate) == version), None)


def compile_tree(folder: Path, version: str, *, keep_sources: bool) -> None:
    """Put the target's bytecode beside each source, or in its place. Raises ToolError where that Python is missing.

    Beside it as unchecked-hash, which is loaded without looking at the source's date: a zip does not keep that.
    Without `site`: what a virtual environment imports at its start shows in the bytes (which names marshal refers to).
    """
    python = find_python(version)
    if python is None:
        raise ToolError(f"bytecode for Python {version} needs that Python on PATH or in pyenv; or use --no-bytecode")
    command = [python, "-s", "-S", "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(folder), "-p", CODE_ROOT, *([] if keep_sources else ["-b"]), str(folder)]
    _run(command, "the sources could not be compiled", {"PYTHONHASHSEED": "0", "PATH": os.environ.get("PATH", "")})
    if not keep_sources:
        for source in folder.rglob("*.py"):
            source.unlink()


def strip_libraries(folder: Path) -> bool:
    """Take the symbols out of shared objects that the dynamic linker does not need; False where strip is missing."""
    strip = shutil.which("strip")
    if strip is None:
        return False
    libraries = sorted(str(path) for path in folder.rglob("*.so*"))
    if libraries:
        _run([strip, "--strip-unneeded", "--enable-deterministic-archives", *libraries], "strip failed")
    return True


def _version_of(python: str) -> str:
    try:
        asked = subprocess.run([python, "-c", VERSION], capture_output=True, text=True, timeout=30, check=False)
    except OSError:
        return ""
    return asked.stdout.strip()


def _run(command: list[str], failure: str, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if not line.startswith("WARNING")]
        raise ToolError(f"{failure}: " + " ".join(lines[-3:])[:600])
