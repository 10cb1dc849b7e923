"""Bytes on a connection that misbehaves: scripts of (seconds to wait, bytes to send), then the connection is closed."""

from __future__ import annotations

from http import HTTPStatus
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from handler.transport.request import Response

    Script = Iterable[tuple[float, bytes]]

_CHUNK = 64 * 1024


def head(response: Response, length: int | None) -> bytes:
    """The status line and headers; without a length the body ends with the connection."""
    reason = HTTPStatus(response.status).phrase
    lines = [f"HTTP/1.1 {response.status} {reason}", *(f"{name}: {value}" for name, value in response.headers.items())]
    lines += ["connection: close", *([] if length is None else [f"content-length: {length}"])]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _slow_header(response: Response, value: Any) -> Script:
    """The head drips, one byte each `value` seconds (1)."""
    pause = float(value or 1)
    yield from ((pause, bytes([byte])) for byte in head(response, len(response.body)))
    yield 0.0, response.body


def _slow_body(response: Response, value: Any) -> Script:
    """The body drips, one byte each `value` seconds (1)."""
    pause = float(value or 1)
    yield 0.0, head(response, len(response.body))
    yield from ((pause, bytes([byte])) for byte in response.body)


def _silence(response: Response, value: Any) -> Script:
    """Nothing comes for `value` seconds (60), then the whole answer."""
    yield float(value or 60), head(response, len(response.body)) + response.body


def _cut_before(response: Response, value: Any) -> Script:  # noqa: ARG001 - one shape
    """The connection ends without a byte."""
    return ()


def _cut_head(response: Response, value: Any) -> Script:  # noqa: ARG001 - one shape
    """The connection ends within the headers."""
    yield 0.0, head(response, len(response.body))[:20]


def _cut_within(response: Response, value: Any) -> Script:
    """The connection ends after `value` bytes of the body (half of it)."""
    yield 0.0, head(response, len(response.body)) + response.body[: value or len(response.body) // 2]


def _endless(response: Response, value: Any) -> Script:
    """Spaces, without a length and without an end; `value` seconds (0) between two chunks."""
    return chain([(0.0, head(response, None))], repeat((float(value or 0), b" " * _CHUNK)))


WIRES: Mapping[str, Callable[[Response, Any], Script]] = {
    "slow_header": _slow_header,
    "slow_body": _slow_body,
    "silence": _silence,
    "cut_before": _cut_before,
    "cut_head": _cut_head,
    "cut_within": _cut_within,
    "endless": _endless,
}
