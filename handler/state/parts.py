"""A large object whose parts are made one at a time, as they are written or read: the last value of a document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class PartLines:
    """Such an object on its way to a store: a line for each part, its name and its JSON, without an end."""

    def __init__(self, made: Callable[[], Iterator[bytes]]) -> None:
        self._made = made

    def __iter__(self) -> Iterator[bytes]:
        return self._made()


class Parts:
    """Such an object on its way back; read once, as the items of a dictionary."""

    def __init__(self, read: Callable[[], Iterator[tuple[str, Any]]]) -> None:
        self._read = read

    def items(self) -> Iterator[tuple[str, Any]]:
        """Name and plain value of each part."""
        return self._read()


def compact(value: Any) -> str:
    """JSON in ASCII without a space."""
    return json.dumps(value, separators=(",", ":"))
