"""State in a file: written beside, flushed, renamed; the copy before it is kept as `.prev`."""

from __future__ import annotations

import glob
import math
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Generic

from handler.errors import StoreConflictError, StoreDamagedError, StoreError
from handler.state.content import aside_name, from_bytes, to_bytes, version_of
from handler.state.interface import Decoded
from handler.state.lock import locked

if TYPE_CHECKING:
    from collections.abc import Callable

    from handler.clock import Clock
    from handler.state.interface import Document


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
            content = self._content()
            if content is None:
                return None, None
            try:
                return from_bytes(content, self._read), version_of(content)
            except StoreDamagedError as error:
                if not self._read_only:
                    self._set_aside(content)
                raise StoreDamagedError(f"{self._path}: {error.message}") from error
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be read ({error.strerror})") from error

    def save(self, document: Document, version: str | None) -> str:
        """Write it, if the file still has that version. Raises StoreConflictError, StoreError."""
        new = to_bytes(document)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with locked(self._path, self._clock, min(self._lock_limit, self._left() / 3)):
                old = self._content()
                if (None if old is None else version_of(old)) not in ({version} if version else {None, self._damaged}):
                    raise StoreConflictError(f"{self._path}: another run wrote it")
                if old is not None:
                    self._replace(self._path.with_name(f"{self._path.name}.prev"), old)
                self._replace(self._path, new)
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be written ({error.strerror})") from error
        return version_of(new)

    def _content(self) -> bytes | None:
        try:
            return self._path.read_bytes()
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
        self._replace(self._path.with_name(name), content)

    def _replace(self, path: Path, content: bytes) -> None:
        """Put the content there whole or not at all: a file beside it, flushed, renamed over it."""
        beside = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
        try:
            descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                self._flush(file.fileno())
            beside.replace(path)
        except BaseException:
            with suppress(FileNotFoundError):
                beside.unlink()
            raise
        self._flush_folder(path.parent)

    def _flush_folder(self, folder: Path) -> None:
        """Make the rename last through a power cut; a share that cannot flush a folder is taken as it is."""
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            try:
                self._flush(descriptor)
            finally:
                os.close(descriptor)
