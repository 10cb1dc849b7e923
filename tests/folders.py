"""Runs write their states again and again, each time down to the disk: here to a folder in memory, where there is one."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None


@pytest.fixture
def tmp_path():
    with tempfile.TemporaryDirectory(prefix="port-compliance-run-", dir=MEMORY) as folder:
        yield Path(folder)
