"""One HTTP request: time limits, size limit, no redirects, and no secret in any error."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent. `url` has its query already; neither it nor the headers nor the body show in `repr`."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    """What came back, whole. Header names are lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)


class Transport(Protocol):
    """Sends one request, once. Every status is an answer; only "no answer" raises TransportError."""

    def __call__(self, request: Request, timeout: float) -> Response:
        """The answer, if it comes whole within `timeout` seconds."""
        ...
