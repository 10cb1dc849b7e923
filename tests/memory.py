"""What a process of a test holds at most; without pytest, which would count too."""

from __future__ import annotations

import resource
from pathlib import Path


def peak_mib() -> int:
    """The most that this process held. `ru_maxrss` would count what its parent held when it started it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return next(int(line.split()[1]) // 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM"))
