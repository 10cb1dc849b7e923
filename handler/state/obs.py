"""State in an OBS bucket. Conditional writes are probed, never assumed: OBS does not document them on PUT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Generic

from handler.errors import StoreConflictError, StoreDamagedError, StoreError, TransportError
from handler.state.content import aside_name, from_bytes, to_bytes, version_of
from handler.state.interface import Decoded

if TYPE_CHECKING:
    from collections.abc import Callable

    from handler.state.interface import Document
    from handler.state.obs_objects import ObsObjects
    from handler.transport.request import Response

NO_CONDITIONS: Final = (
    "the bucket ignores conditional writes: two runs at once may tell the same thing twice; "
    "set the function's maximum instances to 1"
)
_LOST: Final = (412, 409)  # the condition does not hold; another conditional write is under way


class ObsStore(Generic[Decoded]):
    """A document in an object; its version is the object's ETag. `warnings` says what the bucket cannot do."""

    def __init__(
        self, objects: ObsObjects, key: str, read: Callable[[Document], Decoded], *, read_only: bool = False
    ) -> None:
        self._objects = objects
        self._key = key
        self._read = read  # raises StoreDamagedError
        self._read_only = read_only  # a damaged object is reported, not copied
        self._conditional: bool | None = None  # not probed yet
        self._damaged: str | None = None  # the ETag of what was copied aside and may be replaced
        self.warnings: tuple[str, ...] = ()

    def load(self) -> tuple[Decoded | None, str | None]:
        """What the document says, and its version; a damaged one is copied aside and StoreDamagedError raised."""
        response = self._current()
        if response is None:
            return None, None
        try:
            return from_bytes(response.body, self._read), _etag(response)
        except StoreDamagedError as error:
            if not self._read_only:
                self._copy_aside(response)
            raise StoreDamagedError(f"obs://{self._objects.bucket}/{self._key}: {error.message}") from error

    def save(self, document: Document, version: str | None) -> str:
        """Write it, if the object still has that version. Raises StoreConflictError, StoreError."""
        expected = version or self._damaged
        body = to_bytes(document)
        if self._can_set_conditions():
            headers = {"If-Match": f'"{expected}"'} if expected else {"If-None-Match": "*"}
        else:
            headers = {}
            self._check_unchanged(expected)
        written = self._write(body, headers)
        self._damaged = None
        return written

    def _write(self, body: bytes, headers: dict[str, str]) -> str:
        """PUT; where no answer tells, look whether it arrived (OBS's advice after 500, 503 and time limits)."""
        try:
            response = self._objects.put(self._key, body, headers)
            if response.status in _LOST:
                raise StoreConflictError(f"obs://{self._objects.bucket}/{self._key}: another run wrote it")
            if response.status == 200 and _etag(response):
                return _etag(response)
            reason = f"HTTP {response.status}"
            unclear = response.status == 200 or response.status >= 500
        except TransportError as error:
            reason, unclear = error.message, error.sent
        current = self._current() if unclear else None
        if current is not None and version_of(current.body) == version_of(body):
            return _etag(current)
        raise StoreError(f"obs://{self._objects.bucket}/{self._key} cannot be written: {reason}")

    def _current(self) -> Response | None:
        """The object; None where there is none. Raises StoreError."""
        try:
            response = self._objects.get(self._key)
        except TransportError as error:
            raise StoreError(f"obs://{self._objects.bucket}/{self._key} cannot be read: {error.message}") from error
        if response.status == 404 and b"NoSuchBucket" not in response.body:
            return None
        if response.status != 200:
            raise StoreError(
                f"obs://{self._objects.bucket}/{self._key} cannot be read: HTTP {response.status}",
                hint="Check that the credentials may read and write that object, and OBS_ENDPOINT.",
            )
        return response

    def _check_unchanged(self, expected: str | None) -> None:
        """The next best to a condition: read again right before writing."""
        current = self._current()
        if (None if current is None else _etag(current)) != expected:
            raise StoreConflictError(f"obs://{self._objects.bucket}/{self._key}: another run wrote it")

    def _can_set_conditions(self) -> bool:
        """Ask once per store: a second creation and a write over a wrong version must both be refused."""
        if self._conditional is None:
            self._conditional = self._probe({"If-None-Match": "*"}, tries=2) and self._probe({"If-Match": '"0"'}, 1)
            if not self._conditional:
                self.warnings = (NO_CONDITIONS,)
        return self._conditional

    def _probe(self, headers: dict[str, str], tries: int) -> bool:
        """Whether one of the writes with these conditions is refused as it must be."""
        try:
            return any(self._objects.put(f"{self._key}.probe", b"{}", headers).status == 412 for _ in range(tries))
        except TransportError as error:
            raise StoreError(
                f"obs://{self._objects.bucket}/{self._key}.probe cannot be written: {error.message}"
            ) from error

    def _copy_aside(self, response: Response) -> None:
        """Copy what is damaged; only then may it be replaced, and only as it is now."""
        name = aside_name(self._key, self._objects.clock.now())
        try:
            copied = self._objects.put(name, response.body)
        except TransportError as error:
            raise StoreError(f"obs://{self._objects.bucket}/{name} cannot be written: {error.message}") from error
        if copied.status != 200:
            raise StoreError(f"obs://{self._objects.bucket}/{name} cannot be written: HTTP {copied.status}")
        self._damaged = _etag(response)


def _etag(response: Response) -> str:
    """The ETag without its quotes; a server that sends none gets the digest of the body."""
    return response.headers.get("etag", "").strip().strip('"') or (version_of(response.body) if response.body else "")
