"""A large object whose parts are made one at a time, as they are written or read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Parts:
    """The last value of a document: an object of which each part is made when it is asked for."""

    def __init__(self, made: Callable[[], Iterator[tuple[str, Any]]]) -> None:
        self._made = made

    def items(self) -> Iterator[tuple[str, Any]]:
        """Name and plain value of each part, as of a dictionary."""
        return self._made()
