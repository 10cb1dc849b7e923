"""A disk that fails: an audit hook refuses what touches one folder, the way the system would."""

from __future__ import annotations

import errno
import os
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
TOUCHING = ("open", "os.rename", "os.remove", "os.link", "os.mkdir", "fcntl.flock")


@dataclass
class Watch:
    """What is done to files whose path begins with `prefix`; `seen` is called before it is done."""

    prefix: str
    seen: Callable[[str, bool], None]  # event, whether it writes


_WATCHES: list[Watch] = []
_HOOKED: list[bool] = []


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if not _WATCHES or event not in TOUCHING:
        return
    path = arguments[0]
    if event == "fcntl.flock":
        _WATCHES[-1].seen(event, True)
        return
    name = os.fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else ""
    if name.startswith(_WATCHES[-1].prefix):
        flags = arguments[2] if event == "open" and isinstance(arguments[2], int) else WRITING
        _WATCHES[-1].seen(event, bool(flags & WRITING))


@contextmanager
def watching(prefix: Path | str, seen: Callable[[str, bool], None]) -> Iterator[None]:
    """While this lasts, `seen` hears of every touch, and may raise OSError or end the process."""
    if not _HOOKED:
        sys.addaudithook(_hook)  # hooks stay as long as the process; without a watch it does nothing
        _HOOKED.append(True)
    _WATCHES.append(Watch(str(prefix), seen))
    try:
        yield
    finally:
        _WATCHES.pop()


def failing(number: int, *, reads: bool, times: int | None) -> Callable[[str, bool], None]:
    """Refuse every touch (or the first `times`) with that errno; `reads`: those that only read, else those that write."""
    left = [times]

    def seen(_: str, writes: bool) -> None:
        if writes != reads and left[0] != 0:
            left[0] = None if left[0] is None else left[0] - 1
            raise OSError(number, os.strerror(number))

    return seen


@contextmanager
def full() -> Iterator[None]:
    """No file may grow beyond ten bytes: what a full disk is to one process, and it needs no disk for it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


ERRNOS = {
    "read-only disk": errno.EROFS,
    "disk full": errno.ENOSPC,
    "permission denied": errno.EACCES,
    "disk error": errno.EIO,
    "too many open files": errno.EMFILE,
    "stale file handle": errno.ESTALE,
}
