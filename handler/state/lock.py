"""A lock beside a file that holds on one machine and on a mounted share."""

from __future__ import annotations

import fcntl
import os
import secrets
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from handler.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from handler.clock import Clock

    Flock = Callable[[int, int], None]

POLL: Final = 0.05  # seconds
DEAD: Final = 120.0  # seconds after which it is removed at once: no run waits for its own
STALE: Final = 10.0  # seconds that one holder may keep it; a write takes milliseconds


@contextmanager
def locked(path: Path, clock: Clock, limit: float, flock: Flock = fcntl.flock) -> Iterator[None]:
    """Hold the lock of `path`. Raises StoreError if another keeps it for `limit` seconds.

    flock keeps out others on this machine and ends with the process; on many shares it does nothing, so a file made
    with O_EXCL, which NFS (3 and later) and SMB make atomically, keeps out other machines. One that a crash left
    behind is removed at once if it is two minutes old, else after ten seconds in which nobody replaced it. `flock` is
    the share's own.
    """
    until = clock.monotonic() + limit
    with _flocked(path.with_name(f"{path.name}.lock"), clock, until, flock):
        held = path.with_name(f"{path.name}.busy")
        owner = secrets.token_bytes(16)
        _remove_dead(held)
        _take(held, owner, clock, until)
        try:
            yield
        finally:
            if _owner(held) == owner:
                held.unlink(missing_ok=True)


@contextmanager
def _flocked(path: Path, clock: Clock, until: float, flock: Flock) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while not _gets(descriptor, flock):
            _wait(path, clock, until)
        yield
    finally:
        os.close(descriptor)


def _gets(descriptor: int, flock: Flock) -> bool:
    """Whether this process has the lock now, or has to do without this half of it."""
    try:
        flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # this share knows no flock; the other half of the lock has to do
    return True


def _take(path: Path, owner: bytes, clock: Clock, until: float) -> None:
    """Make the lock file; one whose content stays the same for `STALE` seconds has no owner any more."""
    seen, since = None, clock.monotonic()
    while not _made(path, owner):
        there = _owner(path)
        if there != seen:
            seen, since = there, clock.monotonic()
        elif clock.monotonic() - since >= STALE:
            _break(path, there)
            continue
        _wait(path, clock, until)


def _remove_dead(path: Path) -> None:
    """Remove a lock file that was made long before this moment, both by the clock of the disk that it lies on."""
    now = path.with_name(f"{path.name.removesuffix('.busy')}.lock")
    with suppress(OSError):
        there = _owner(path)
        os.utime(now)
        if now.stat().st_mtime - path.stat().st_mtime >= DEAD:
            _break(path, there)


def _made(path: Path, owner: bytes) -> bool:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return False
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(owner)
    except BaseException:  # a full disk: a lock of our own must not keep us out
        with suppress(OSError):
            path.unlink()
        raise
    return True


def _break(path: Path, stale: bytes | None) -> None:
    """Remove a lock file that a crash left; if another machine was faster and this is its own by now, put it back."""
    aside = path.with_name(f"{path.name}.{secrets.token_hex(6)}")
    with suppress(FileNotFoundError):
        path.rename(aside)
        if _owner(aside) != stale:
            with suppress(OSError):
                os.link(aside, path)
        aside.unlink()


def _owner(path: Path) -> bytes | None:
    """What its holder wrote; None where nobody holds it."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _wait(path: Path, clock: Clock, until: float) -> None:
    if clock.monotonic() >= until:
        raise StoreError(f"{path}: another run keeps it", hint="If no other run is active, remove that file.")
    clock.sleep(POLL)
