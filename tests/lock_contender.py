"""A process that wants the lock of a file: `python -m tests.lock_contender PATH TIMES FLOCK`.

It says `ready`, begins when it reads a line, and each time that it holds the lock adds one to the number in the file.
That nobody else holds it is seen by a file that must not be there. With FLOCK `hold` it takes the lock, says `held`
and keeps it until it is killed.
"""

from __future__ import annotations

import errno
import os
import sys
from fcntl import flock
from pathlib import Path

from handler.clock import SystemClock
from handler.state.lock import locked

PATIENT = 300.0  # seconds: longer than any honest wait


def knows_none(descriptor: int, operation: int) -> None:
    """What flock is on a share that has none."""
    raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))


def does_nothing(descriptor: int, operation: int) -> None:
    """What flock is on a share where each machine keeps its own."""


FLOCKS = {"kernel": flock, "hold": flock, "none": knows_none, "local": does_nothing}


def add_one(path: Path) -> None:
    """Add one to the number in the file, slowly and only if alone."""
    alone = path.with_name("alone")
    os.close(os.open(alone, os.O_CREAT | os.O_EXCL))
    number = int(path.read_text())
    with path.open("w") as file:
        file.write(str(number + 1))
        file.flush()
        os.fsync(file.fileno())
    alone.unlink()


def main(place: str, times: str, kind: str) -> None:
    """Contend for the lock."""
    path, clock, own = Path(place), SystemClock(), FLOCKS[kind]
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(int(times)):
        with locked(path, clock, PATIENT, own):
            if kind == "hold":
                print("held", flush=True)
                sys.stdin.read()
            add_one(path)


if __name__ == "__main__":
    main(*sys.argv[1:])
