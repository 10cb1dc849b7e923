"""What the transport uses of requests: a session that adds nothing of its own, and what its failures mean.

Importing it costs what requests costs, 0.1 s, so `transport` imports it where a request is made.
"""

from __future__ import annotations

import logging
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from ssl import SSLError
from typing import TYPE_CHECKING, Any, NamedTuple

import requests
from requests import exceptions as of_requests
from urllib3 import exceptions as of_urllib3

from handler import __version__

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

    `sent`: the request may have arrived. `final`: another try can only end the same.
    """

    reason: str
    sent: bool
    final: bool = False


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


def new_session() -> requests.Session:
    """A session that keeps connections and nothing else: no cookies, no password file, no URL in any log."""
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # below, it logs whole URLs
    session = requests.Session()
    session.headers["User-Agent"] = f"port-compliance/{__version__}"
    session.headers["Accept-Encoding"] = "gzip, deflate"
    session.auth = _as_it_is  # without any auth, requests would look for one in ~/.netrc
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


def failure_of(error: BaseException) -> Failure:
    """What an exception of a request means. One of an unknown kind may have been raised after the request arrived."""
    chain = tuple(_chain(error))
    for one in chain:
        if isinstance(one, SSLError) and not isinstance(one, TimeoutError):
            handshake = one.reason in _HANDSHAKE
            return Failure(f"TLS failed ({one.reason or 'unknown reason'})", sent=not handshake, final=handshake)
    for kinds, failure in _FAILURES:
        if any(isinstance(one, kinds) for one in chain):
            return failure
    return Failure(f"the request failed ({type(error).__name__})", sent=True)


def _as_it_is(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
    return prepared


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it was raised from, also where that hides in its arguments, as urllib3 does."""
    waiting: list[Any] = [error]
    for _ in range(MOST_LINKED):
        if not waiting:
            return
        one = waiting.pop(0)
        yield one
        linked = (one.__cause__, one.__context__, getattr(one, "reason", None), *one.args)
        waiting += [other for other in linked if isinstance(other, BaseException)]
