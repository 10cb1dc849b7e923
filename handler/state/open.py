"""Opens the store that STATE_URL names, of states or of the index."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from handler.errors import MissingExtraError, SettingsError
from handler.state.file import FileStore
from handler.state.obs import ObsStore
from handler.state.obs_objects import ObsObjects

if TYPE_CHECKING:
    from collections.abc import Callable

    from handler.clock import Clock
    from handler.state.interface import Decoded, Document, DocumentStore, ObjectStorage
    from handler.transport.request import Transport

REQUEST_SECONDS: Final = 10.0  # for one request


def open_store(
    url: str,
    clock: Clock,
    read: Callable[[Document], Decoded],
    *,
    transport: Transport | None = None,
    storage: ObjectStorage | None = None,
    left: Callable[[], float] = lambda: math.inf,
    read_only: bool = False,
) -> DocumentStore[Decoded] | None:
    """The store of a URL; None for an empty one. Nothing is asked of it yet.

    `file:///path`, `obs://bucket/key` (needs `transport` and `storage`), `redis://`, `rediss://`.
    `read` says what a document means, and raises StoreDamagedError. `left` tells how many seconds the run has. With
    `read_only` a damaged document is not even set aside.
    Raises SettingsError, MissingExtraError.
    """
    if not url:
        return None
    scheme = url.partition(":")[0]
    if scheme == "file":
        return FileStore(_path(url), clock, read, left=left, read_only=read_only)
    if scheme in ("redis", "rediss"):
        return _redis(url, clock, read, read_only=read_only)
    if scheme != "obs":
        raise SettingsError("STATE_URL must start with file:///, obs://, redis:// or rediss://")
    if transport is None or storage is None or not storage.endpoint or not storage.region:
        raise SettingsError("STATE_URL obs:// needs OBS_ENDPOINT (or a region) and an access key")
    bucket, key = _bucket_and_key(url)
    objects = ObsObjects(bucket, *storage, transport, clock, REQUEST_SECONDS, left)
    return ObsStore(objects, key, read, read_only=read_only)


def _path(url: str) -> str:
    parts = urlsplit(url)
    if not url.startswith("file:///") or not parts.path.strip("/"):
        raise SettingsError("STATE_URL file: must be file:///absolute/path")
    return unquote(parts.path)


def _redis(url: str, clock: Clock, read: Callable[[Document], Decoded], *, read_only: bool) -> DocumentStore[Decoded]:
    try:
        from handler.state.redis import RedisStore  # noqa: PLC0415 - an extra, which may not be installed
    except ImportError as error:
        raise MissingExtraError("STATE_URL redis://", "redis") from error
    try:
        return RedisStore(url, clock, read, REQUEST_SECONDS, read_only=read_only)
    except ValueError:  # a port or an address that is none; its text may hold the password
        raise SettingsError("STATE_URL redis: must be redis://host:port/database/key") from None


def _bucket_and_key(url: str) -> tuple[str, str]:
    bucket, _, key = url.removeprefix("obs://").partition("/")
    if not bucket or not key or key.endswith("/"):
        raise SettingsError("STATE_URL obs: must be obs://bucket/key")
    return bucket, key
