"""State in a file: written beside, flushed, renamed; the copy before it is kept as `.prev`."""

from __future__ import annotations

import glob
import math
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Generic

from handler.errors import StoreConflictError, StoreDamagedError, StoreError
from handler.state.content import Digested, aside_name, from_lines, pieces, version_of
from handler.state.interface import Decoded
from handler.state.lock import locked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from handler.clock import Clock
    from handler.state.interface import Document

BLOCK = 1 << 16  # bytes read at once


class FileStore(Generic[Decoded]):
    """A document in a file, also on a mounted share. Its version is the digest of its bytes."""

    def __init__(
        self,
        path: str | Path,
        clock: Clock,
        read: Callable[[Document], Decoded],
        lock_limit: float = 15.0,
        *,
        read_only: bool = False,
        flush: Callable[[int], None] = os.fsync,
        left: Callable[[], float] = lambda: math.inf,
    ) -> None:
        self._path = Path(path)
        self._clock = clock
        self._read = read  # raises StoreDamagedError
        self._lock_limit = lock_limit
        self._read_only = read_only  # a damaged document is reported, not copied
        self._left = left  # seconds until the run ends; a lock is waited for a third of them, so that people are told
        self._flush = flush  # makes what is written to a descriptor last through a power cut
        self._damaged: str | None = None  # the version of what was copied aside and may be replaced

    def load(self) -> tuple[Decoded | None, str | None]:
        """What the document says, and its version; a damaged one is copied aside and StoreDamagedError raised.

        It stays until it is replaced, so that a crash before that does not hide that it was damaged.
        """
        try:
            try:
                file = self._path.open("rb")
            except FileNotFoundError:
                return None, None
            with file:
                return self._loaded(file)
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be read ({error.strerror})") from error

    def _loaded(self, file: BinaryIO) -> tuple[Decoded, str]:
        lines = Digested(file)
        try:
            return from_lines(lines, self._read), _to_the_end(lines)
        except StoreDamagedError as error:
            file.seek(0)
            if not self._read_only:
                self._set_aside(file.read())
            raise StoreDamagedError(f"{self._path}: {error.message}") from error

    def save(self, document: Document, version: str | None) -> str:
        """Write it, if the file still has that version. Raises StoreConflictError, StoreError."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with locked(self._path, self._clock, min(self._lock_limit, self._left() / 3)):
                old = self._version()
                if old not in ({version} if version else {None, self._damaged}):
                    raise StoreConflictError(f"{self._path}: another run wrote it")
                if old is not None:
                    self._replace(self._path.with_name(f"{self._path.name}.prev"), _blocks(self._path))
                return self._replace(self._path, pieces(document))
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be written ({error.strerror})") from error

    def _version(self) -> str | None:
        """The version of what is there; None where there is nothing."""
        try:
            return _to_the_end(Digested(_blocks(self._path)))
        except FileNotFoundError:
            return None

    def _set_aside(self, content: bytes) -> None:
        """Copy what is damaged beside it, once."""
        self._damaged = version_of(content)
        pattern = aside_name(glob.escape(self._path.name), None)
        if any(path.read_bytes() == content for path in self._path.parent.glob(pattern)):
            return
        name = aside_name(self._path.name, self._clock.now())
        if self._path.with_name(name).exists():
            name = f"{name}-{secrets.token_hex(3)}"
        self._replace(self._path.with_name(name), (content,))

    def _replace(self, path: Path, content: Iterable[bytes]) -> str:
        """Put the content there whole or not at all: a file beside it, flushed, renamed over it. Gives its version."""
        digested = Digested(content)
        beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
        try:
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.writelines(digested)
                file.flush()
                self._flush(file.fileno())
            beside.replace(path)
        except BaseException:
            with suppress(FileNotFoundError):
                beside.unlink()
            raise
        self._flush_folder(path.parent)
        return digested.version

    def _flush_folder(self, folder: Path) -> None:
        """Make the rename last through a power cut; a share that cannot flush a folder is taken as it is."""
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                self._flush(descriptor)
            finally:
                os.close(descriptor)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def _to_the_end(digested: Digested) -> str:
    """The version of all, also of what nobody has read."""
    for _ in digested:
        pass
    return digested.version
