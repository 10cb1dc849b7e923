"""What a failure of requests, and of what is below it, means: in words of our own, because theirs hold the URL."""

from __future__ import annotations

from http.client import HTTPException
from ssl import SSLError
from typing import TYPE_CHECKING, Any

from requests import exceptions as of_requests
from urllib3 import exceptions as of_urllib3

from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_LINKED = 20  # errors of one chain that are looked at
# what OpenSSL calls a failure that can only be one of the handshake
_HANDSHAKE = frozenset(
    {
        "CERTIFICATE_VERIFY_FAILED",
        "HTTP_REQUEST",
        "NO_PROTOCOLS_AVAILABLE",
        "SSLV3_ALERT_HANDSHAKE_FAILURE",
        "TLSV1_ALERT_PROTOCOL_VERSION",
        "UNSUPPORTED_PROTOCOL",
        "WRONG_VERSION_NUMBER",
    }
)


class Failure(NamedTuple):
    """Why no answer came, in words of our own, because the libraries' hold the URL.

    `sent`: the request may have arrived. `final`: another try can only end the same. `culprit` failed, where it is not
    the host that was asked: a proxy, a file of certificates.
    """

    reason: str
    sent: bool
    final: bool = False
    culprit: str = ""


_Kinds = type[BaseException] | tuple[type[BaseException], ...]
# the first row that any error of the chain is an instance of
_FAILURES: tuple[tuple[_Kinds, Failure], ...] = (
    (of_urllib3.NameResolutionError, Failure("the host name cannot be resolved", sent=False)),
    (ConnectionRefusedError, Failure("connection refused", sent=False)),
    (of_urllib3.NewConnectionError, Failure("no connection", sent=False)),
    (
        (of_requests.ConnectTimeout, of_urllib3.ConnectTimeoutError),
        Failure("no connection within the time limit", sent=False),
    ),
    (
        (
            of_requests.InvalidURL,
            of_requests.InvalidSchema,
            of_requests.MissingSchema,
            of_urllib3.LocationParseError,
        ),
        Failure("not a usable HTTP address", sent=False, final=True),
    ),
    (
        (of_requests.InvalidHeader, UnicodeEncodeError),
        Failure("a header that cannot be sent", sent=False, final=True),
    ),
    (of_urllib3.DecodeError, Failure("the answer's content encoding is broken", sent=True)),
    (
        (of_requests.ReadTimeout, of_urllib3.ReadTimeoutError, TimeoutError),
        Failure("no answer within the time limit", sent=True),
    ),
    (
        (
            of_requests.ConnectionError,
            of_requests.ChunkedEncodingError,
            of_urllib3.HTTPError,
            HTTPException,
            OSError,
        ),
        Failure("connection broken", sent=True),
    ),
)


def failure_of(error: BaseException) -> Failure:
    """What an exception of a request means. One of an unknown kind may have been raised after the request arrived."""
    chain = tuple(chain_of(error))
    for one in chain:
        if isinstance(one, SSLError) and not isinstance(one, TimeoutError):
            handshake = one.reason in _HANDSHAKE
            return Failure(f"TLS failed ({one.reason or 'unknown reason'})", sent=not handshake, final=handshake)
    for kinds, failure in _FAILURES:
        if any(isinstance(one, kinds) for one in chain):
            return failure
    return Failure(f"the request failed ({type(error).__name__})", sent=True)


def chain_of(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was raised from, also where that hides in its arguments, as urllib3 does."""
    waiting: list[Any] = [error]
    for _ in range(MOST_LINKED):
        if not waiting:
            return
        one = waiting.pop(0)
        yield one
        linked = (one.__cause__, one.__context__, getattr(one, "reason", None), *one.args)
        waiting += [other for other in linked if isinstance(other, BaseException)]
