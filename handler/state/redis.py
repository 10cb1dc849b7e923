"""State in Redis (or DCS): one key, with a real compare-and-set by WATCH and MULTI. Needs the extra `redis`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Generic, cast
from urllib.parse import unquote, urlsplit, urlunsplit

import redis

from handler.errors import StoreConflictError, StoreDamagedError, StoreError
from handler.state.content import aside_name, from_bytes, to_bytes, version_of
from handler.state.interface import Decoded

if TYPE_CHECKING:
    from collections.abc import Callable

    from handler.clock import Clock
    from handler.state.interface import Document

DEFAULT_KEY: Final = "port-compliance:last-run"


def split_url(url: str) -> tuple[str, str]:
    """The URL of the server with its database, and the key: `redis://host:6379/0/KEY`; both parts may be missing."""
    parts = urlsplit(url)
    first, _, rest = parts.path.lstrip("/").partition("/")
    number, key = (first, rest) if first.isdigit() or not first else ("", f"{first}/{rest}".rstrip("/"))
    return urlunsplit((parts.scheme, parts.netloc, f"/{number or 0}", parts.query, "")), unquote(key) or DEFAULT_KEY


class RedisStore(Generic[Decoded]):
    """A document under one key of a Redis server. Its version is the digest of its bytes."""

    def __init__(
        self,
        url: str,
        clock: Clock,
        read: Callable[[Document], Decoded],
        timeout: float = 5.0,
        *,
        read_only: bool = False,
    ) -> None:
        server, self._key = split_url(url)
        self._clock = clock
        self._read = read  # raises StoreDamagedError
        self._read_only = read_only  # a damaged document is reported, not copied
        # version 2 of the protocol, because servers before Redis 6, which DCS still offers, refuse to speak 3
        self._redis = redis.Redis.from_url(server, socket_timeout=timeout, socket_connect_timeout=timeout, protocol=2)
        self._damaged: str | None = None  # the version of what was copied aside and may be replaced

    def load(self) -> tuple[Decoded | None, str | None]:
        """What the document says, and its version; a damaged one is copied aside and StoreDamagedError raised."""
        content = _asked("read", lambda: self._redis.get(self._key))
        if content is None:
            return None, None
        if not isinstance(content, bytes):
            raise StoreError(f"redis key {self._key}: the server answered with something that is no text")
        try:
            return from_bytes(content, self._read), version_of(content)
        except StoreDamagedError as error:
            if not self._read_only:
                self._set_aside(content)
            raise StoreDamagedError(f"redis key {self._key}: {error.message}") from error

    def save(self, document: Document, version: str | None) -> str:
        """Write it, if the key still has that version. Raises StoreConflictError, StoreError."""
        new = to_bytes(document)
        if not _asked("write", lambda: self._exchange(version, new)):
            raise StoreConflictError(f"redis key {self._key}: another run wrote it")
        return version_of(new)

    def _exchange(self, version: str | None, new: bytes) -> bool:
        """Set the key if it has that version; False where it does not."""
        with self._redis.pipeline() as pipe:
            pipe.watch(self._key)  # type: ignore[no-untyped-call]
            old = cast("bytes | None", pipe.get(self._key))
            if (None if old is None else version_of(old)) not in ({version} if version else {None, self._damaged}):
                return False
            pipe.multi()
            pipe.set(self._key, new)
            try:
                pipe.execute()
            except redis.WatchError:
                return False
        return True

    def _set_aside(self, content: bytes) -> None:
        """Copy what is damaged; it stays until it is replaced."""
        name = aside_name(self._key, self._clock.now())
        _asked("set aside", lambda: self._redis.set(name, content))
        self._damaged = version_of(content)


def _asked(what: str, question: Callable[[], Any]) -> Any:
    """The answer of the server. Raises StoreError, which names neither host nor password."""
    try:
        return question()
    except redis.RedisError as error:
        raise StoreError(f"redis: cannot {what} the state ({type(error).__name__})") from error
