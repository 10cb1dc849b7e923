"""Tests write many small files, and runs their states again and again, each time down to the disk: here into memory, where
there is room for them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

ROOM = 2 << 30  # bytes; a run of all tests has a tenth of it
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None


@pytest.fixture
def tmp_path():
    with tempfile.TemporaryDirectory(prefix="port-compliance-run-", dir=MEMORY) as folder:
        yield Path(folder)


def write_into_memory() -> None:
    """Make a folder in memory that of all temporary files; not where somebody chose one, or where no program may run."""
    if MEMORY is None or "TMPDIR" in os.environ:
        return
    about = os.statvfs(MEMORY)
    if about.f_bavail * about.f_frsize >= ROOM and not about.f_flag & os.ST_NOEXEC:
        os.environ["TMPDIR"] = tempfile.tempdir = MEMORY
