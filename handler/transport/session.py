"""What the transport uses of requests: a session that adds nothing of its own, and what its failures mean.

Importing it costs what requests costs, 0.1 s, so `transport` imports it where a request is made.
"""

from __future__ import annotations

import logging
import os
import re
from functools import lru_cache
from http.client import HTTPException
from http.cookiejar import DefaultCookiePolicy
from ssl import SSLError
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests import exceptions as of_requests
from requests.utils import get_environ_proxies, select_proxy
from urllib3 import exceptions as of_urllib3

from handler import __version__
from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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


_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")  # in the order in which requests looks at them
# what requests heeds of the environment for each request, besides a password file
_HEEDED = (*_BUNDLES, "http_proxy", "https_proxy", "all_proxy", "no_proxy", "REQUEST_METHOD")
_HEEDED_ALIKE = tuple(dict.fromkeys(spelt for name in _HEEDED for spelt in (name, name.upper())))
_REFUSED_TUNNEL = re.compile(r"Tunnel connection failed: (\d{3})")


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


def new_session() -> requests.Session:
    """A session that keeps connections and nothing else: no cookies, no password file, no URL in any log."""
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # below, it logs whole URLs
    session = requests.Session()
    session.headers["User-Agent"] = f"port-compliance/{__version__}"
    session.headers["Accept-Encoding"] = "gzip, deflate"
    session.auth = _as_it_is  # without any auth, requests would look for one in ~/.netrc
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


def exchange(
    session: requests.Session,
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None,
    timeout: tuple[float, float],
) -> requests.Response:
    """The beginning of an answer, as `session.request` gives it, at two thirds of its cost.

    Nothing is looked up for redirects and cookies, which are not heeded; what the environment says of the way is looked
    up once for a host, as long as it says the same.
    """
    prepared = requests.PreparedRequest()
    prepared.prepare_method(method)
    prepared.prepare_url(url, None)
    prepared.prepare_headers({**session.headers, **headers})
    prepared.prepare_body(body, None)
    proxies, verify = _way("/".join(url.split("/", 3)[:3]), tuple(map(os.environ.get, _HEEDED_ALIKE)))
    adapter = session.get_adapter(url)
    return adapter.send(prepared, stream=True, timeout=timeout, verify=verify, proxies=dict(proxies))


@lru_cache(maxsize=64)
def _way(origin: str, said: tuple[str | None, ...]) -> tuple[Mapping[str, str], str | bool]:  # noqa: ARG001 - a key
    """The proxies to a host, and the CA bundle: what the environment names, which has `said` so much."""
    return get_environ_proxies(origin), next(filter(None, map(os.environ.get, _BUNDLES)), True)


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


def local_failure(error: BaseException, url: str) -> Failure | None:
    """A failure of what this machine is told to use on the way, a proxy or a CA bundle; None where it is neither."""
    chain = tuple(_chain(error))
    bundle = next((name for name in _BUNDLES if os.environ.get(name)), "")
    if bundle and any(map(_names_bundle, chain)):
        return Failure("cannot be read as certificates", False, True, f"the CA bundle that {bundle} names")
    proxy = _proxy_for(url)
    return _of_proxy(chain, proxy, f"the proxy {_scheme_and_host(proxy)}") if proxy else None


def proxy_wants_login(url: str) -> Failure:
    """The meaning of a 407, which only a proxy answers."""
    proxy = _proxy_for(url)
    return Failure(
        "asks for a login (407)", False, True, f"the proxy {_scheme_and_host(proxy)}" if proxy else "a proxy"
    )


def _proxy_for(url: str) -> str:
    """The proxy that the environment names for the URL; empty where there is none."""
    try:
        return select_proxy(url, get_environ_proxies(url)) or ""
    except ValueError:  # no URL at all
        return ""


def _of_proxy(chain: tuple[BaseException, ...], proxy: str, culprit: str) -> Failure | None:
    """What is wrong with the proxy; None where it did its work."""
    if proxy.lower().startswith("socks") and _any_of(chain, of_requests.InvalidSchema):
        return Failure("SOCKS is not supported, name an HTTP proxy", False, True, culprit)
    if _any_of(chain, of_requests.InvalidProxyURL, of_urllib3.ProxySchemeUnknown):
        return Failure("is no usable HTTP proxy", False, True, culprit)
    if not _any_of(chain, of_requests.ProxyError, of_urllib3.ProxyError):
        return None
    status = next((found[1] for one in chain if (found := _REFUSED_TUNNEL.search(str(one)))), "")
    if status:
        asks = ": it asks for a login" if status == "407" else ""
        return Failure(f"refuses the connection ({status}){asks}", False, status in ("403", "407"), culprit)
    return failure_of(chain[0])._replace(sent=False, culprit=culprit)


def _any_of(chain: tuple[BaseException, ...], *kinds: type[BaseException]) -> bool:
    return any(isinstance(one, kinds) for one in chain)


def _names_bundle(error: BaseException) -> bool:
    """Whether requests or OpenSSL could not load the file of certificates."""
    return isinstance(error, OSError) and any(sign in str(error) for sign in ("CA certificate bundle", "[X509"))


def _scheme_and_host(url: str) -> str:
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
    except ValueError:
        return "of the environment"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


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
