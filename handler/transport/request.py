"""One request and its answer, whatever carries them, and how a URL may be named in an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Request(NamedTuple):
    """What is sent. `url` has its query already; neither it nor the headers nor the body show in `repr`."""

    method: str
    url: str
    headers: Mapping[str, str] = {}
    body: bytes | None = None

    def __repr__(self) -> str:
        return f"Request({self.method!r})"


class Response(NamedTuple):
    """What came back, whole. Header names are lower case."""

    status: int
    headers: Mapping[str, str] = {}
    body: bytes = b""

    def __repr__(self) -> str:
        return f"Response({self.status}, headers={self.headers!r})"


class Transport(Protocol):
    """Sends one request, once. Every status is an answer; only "no answer" raises TransportError."""

    def __call__(self, request: Request, timeout: float) -> Response:
        """The answer, if it comes whole within `timeout` seconds."""
        ...


def host_of(url: str) -> str:
    """Scheme, host and port: what may be said of a URL whose path is a secret (a webhook's)."""
    scheme, host, _ = _split(url)
    return f"{scheme}://{host}"


def endpoint_of(url: str) -> str:
    """Scheme, host, port and path, without user, query and fragment."""
    scheme, host, path = _split(url)
    return f"{scheme}://{host}{path}"


def _split(url: str) -> tuple[str, str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:  # an impossible IPv6 address; its text may hold anything
        return "invalid", "", ""
    return parts.scheme, parts.netloc.rpartition("@")[2], parts.path
