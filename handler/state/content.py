"""A document as bytes, its version, and whether it may be read.

It is one line of JSON; where its last value is `PartLines`, each part has a line of its own, so that a document of many
megabytes is written and read a part at a time and is never in memory whole.
"""

from __future__ import annotations

import hashlib
import io
import json
from functools import partial
from typing import TYPE_CHECKING, Any

from handler.errors import StoreDamagedError
from handler.state.parts import PartLines, Parts, compact

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from handler.state.interface import Decoded, Document

_OPENED = b'":{\n'  # how the first line ends where parts follow


def to_bytes(document: Document) -> bytes:
    """Compact JSON in ASCII."""
    return b"".join(pieces(document))


def pieces(document: Document) -> Iterator[bytes]:
    """The same a piece at a time; to be written one after the other."""
    name = next(reversed(document), "")
    lines = document.get(name)
    if not isinstance(lines, PartLines):
        yield compact(document).encode()
        return
    yield compact({**document, name: {}})[:-2].encode() + b"\n"
    separator = b""
    for line in lines:
        yield separator + line
        separator = b",\n"
    yield b"\n}}"


def from_bytes(content: bytes, read: Callable[[Document], Decoded]) -> Decoded:
    """What a document says. Raises StoreDamagedError where it is no JSON, and what `read` raises.

    All of that is judged here, because only what a store itself calls damaged is set aside and then replaced.
    """
    return from_lines(io.BytesIO(content) if b"\n" in content else iter((content,)), read)


def from_lines(lines: Iterator[bytes], read: Callable[[Document], Decoded]) -> Decoded:
    """The same of lines, each with its end, of which no more than one is held where parts have lines of their own."""
    first = next(lines, b"")
    try:
        if not first.endswith(_OPENED):
            return read(json.loads(first + b"".join(lines)))
        document: Document = json.loads(first + b"}}")
        document[next(reversed(document))] = Parts(partial(_read, lines))
        return read(document)
    except (ValueError, RecursionError) as error:
        raise StoreDamagedError("the state is not JSON") from error


def _read(lines: Iterable[bytes]) -> Iterator[tuple[str, Any]]:
    """Each part of the lines after the first. Raises ValueError where they are not such lines, or end too early."""
    for line in lines:
        if line == b"}}":
            return
        if line != b"\n":
            yield from json.loads(b"{%b}" % line.rstrip(b",\n")).items()
    raise ValueError("it ends before its end")


def version_of(content: bytes) -> str:
    """The version of a document in a store that has no versions of its own: the digest of its bytes."""
    return hashlib.sha256(content).hexdigest()


class Digested:
    """Bytes on their way, a piece at a time; `version` is that of all that went by."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces, self._digest = iter(pieces), hashlib.sha256()

    def __iter__(self) -> Digested:
        return self

    def __next__(self) -> bytes:
        piece = next(self._pieces)
        self._digest.update(piece)
        return piece

    @property
    def version(self) -> str:
        """The version; to be asked for at the end."""
        return self._digest.hexdigest()


def aside_name(name: str, now: datetime | None) -> str:
    """Under what name a damaged document is kept; without a time, the pattern of such names."""
    return f"{name}.damaged-*" if now is None else f"{name}.damaged-{now:%Y%m%dT%H%M%SZ}"
