"""A targets file is read once per process: a function that stays warm finds its places again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.settings.credentials import read_credentials
from handler.settings.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from handler.settings.credentials import Credentials
    from handler.settings.run_settings import Place


class TargetsCache:
    """The places of the last targets file that was read, for the next run of the same process."""

    def __init__(self) -> None:
        self._content = b""
        self._credentials: tuple[tuple[str, Credentials], ...] = ()
        self._places: tuple[Place, ...] = ()

    def get(self, content: bytes, lookup: Callable[[str], str | None]) -> tuple[Place, ...] | None:
        """The places, if the file and every credential that it names are what they were."""
        if not self._places or content != self._content:
            return None
        now = tuple((prefix, read_credentials(Reader(lookup, prefix))) for prefix, _ in self._credentials)
        return self._places if now == self._credentials else None

    def put(self, content: bytes, credentials: Mapping[str, Credentials], places: tuple[Place, ...]) -> None:
        """Keep them."""
        self._content, self._credentials, self._places = content, tuple(credentials.items()), places
