"""What the transport uses of requests: a session that adds nothing of its own, and what fails on the way to a host.

Importing it costs what requests costs, 0.1 s, so `transport` imports it where a request is made.
"""

from __future__ import annotations

import logging
import os
import re
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit
from urllib.request import getproxies

import requests
from requests import exceptions as of_requests
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import check_header_validity, get_environ_proxies, select_proxy
from urllib3 import HTTPConnectionPool, Retry, Timeout
from urllib3 import exceptions as of_urllib3

from handler import __version__
from handler.transport.failures import Failure, chain_of, failure_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from urllib3 import BaseHTTPResponse

    from handler.transport.request import Request

MOST_HOSTS = 64  # whose connections are known by name
_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")  # in the order in which requests looks at them
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")  # which may be spelt in capitals, too
# what requests heeds of the environment for each request, besides a password file
_HEEDED = (*_BUNDLES, "REQUEST_METHOD", *_PROXIES, *map(str.upper, _PROXIES))
# a URL of which requests would send just these characters: host, and path with query
_PLAIN = re.compile(r"(https?://[a-z0-9.:-]+)(/[A-Za-z0-9/_-]*(?:\?[A-Za-z0-9=&._~-]*)?)")
_NO_RETRY = Retry(0, read=False)  # as requests has it
_REFUSED_TUNNEL = r"Tunnel connection failed: (\d{3})"


class Session(requests.Session):
    """A session of requests, and the connections to each host that no proxy stands before, by what leads there."""

    def __init__(self) -> None:
        super().__init__()
        self.headers["User-Agent"] = f"port-compliance/{__version__}"
        self.headers["Accept-Encoding"] = "gzip, deflate"
        self._always = cast("dict[str, str]", dict(self.headers))
        self._straight: dict[Hashable, HTTPConnectionPool | None] = {}

    def straight(self, origin: str) -> HTTPConnectionPool | None:
        """The connections to a host as requests makes them; None where the environment names a proxy for it."""
        said = _said()
        with suppress(KeyError):
            return self._straight[origin, said]
        if len(self._straight) >= MOST_HOSTS:
            self._straight.clear()
        found = self._straight[origin, said] = self._found(origin, *_way(origin, said))
        return found

    def sent(self, own: Mapping[str, str]) -> dict[str, str]:
        """The headers of a request: its own, and what each says beside them, as requests puts them together."""
        sent = {**self._always, **own}
        alike = len(frozenset(map(str.lower, sent))) < len(sent)  # the same name, spelt in another way
        return dict(CaseInsensitiveDict(sent)) if alike else sent

    def close(self) -> None:
        """Close the connections, those of a host too: nobody else holds them."""
        super().close()
        self._straight.clear()

    def _found(self, origin: str, proxies: Mapping[str, str], verify: str | bool) -> HTTPConnectionPool | None:
        if select_proxy(origin, dict(proxies)):
            return None
        prepared = requests.PreparedRequest()
        prepared.prepare_url(origin, None)
        adapter = self.get_adapter(origin)
        assert isinstance(adapter, HTTPAdapter)
        pool = adapter.get_connection_with_tls_context(prepared, verify)
        adapter.cert_verify(pool, prepared.url or "", verify, None)  # type: ignore[no-untyped-call]
        return cast("HTTPConnectionPool", pool)


def new_session() -> Session:
    """A session that keeps connections and nothing else, and no URL in any log.

    `exchange` asks it for connections only: what a session of requests does with cookies and a password file it skips.
    """
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # below, it logs whole URLs
    return Session()


def exchange(session: Session, request: Request, timeout: tuple[float, float]) -> BaseHTTPResponse:
    """The beginning of an answer, as `session.request` gives it, at a part of its cost.

    Nothing is looked up for redirects and cookies, which are not heeded; what the environment says of the way is looked
    up once for a host, as long as it says the same. A plain question to a host that no proxy stands before goes over
    that host's connections at once: there is nothing in it that requests would spell in another way.
    """
    sent = session.sent(request.headers)
    plain = _PLAIN.fullmatch(request.url) if request.method == "GET" and request.body is None else None
    pool = session.straight(plain[1]) if plain else None
    if plain is None or pool is None:
        return _by_requests(session, request, sent, timeout)
    for header in request.headers.items():
        check_header_validity(header)
    return pool.urlopen(
        request.method,
        plain[2],
        headers=sent,
        redirect=False,
        assert_same_host=False,
        preload_content=False,
        decode_content=False,
        retries=_NO_RETRY,
        timeout=Timeout(connect=timeout[0], read=timeout[1]),
    )


def _by_requests(
    session: Session, request: Request, headers: Mapping[str, str], timeout: tuple[float, float]
) -> BaseHTTPResponse:
    prepared = requests.PreparedRequest()
    prepared.prepare_method(request.method)
    prepared.prepare_url(request.url, None)
    prepared.prepare_headers(headers)
    prepared.prepare_body(request.body, None)
    proxies, verify = _way("/".join(request.url.split("/", 3)[:3]), _said())
    adapter = session.get_adapter(request.url)
    answer = adapter.send(prepared, stream=True, timeout=timeout, verify=verify, proxies=dict(proxies))
    raw: BaseHTTPResponse = answer.raw
    return raw


def _said() -> tuple[str | None, ...]:
    """What the environment says of the way, as far as requests heeds it."""
    return tuple(map(os.environ.get, _HEEDED))


@lru_cache(maxsize=64)
def _way(origin: str, said: tuple[str | None, ...]) -> tuple[Mapping[str, str], str | bool]:  # noqa: ARG001 - a key
    """The proxies to a host, and the CA bundle: what the environment names, which has `said` so much."""
    proxies = get_environ_proxies(origin) if getproxies() else {}  # without any, whom they are not for is no question
    return proxies, next(filter(None, map(os.environ.get, _BUNDLES)), True)


def local_failure(error: BaseException, url: str) -> Failure | None:
    """A failure of what this machine is told to use on the way, a proxy or a CA bundle; None where it is neither."""
    chain = tuple(chain_of(error))
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
    status = next((found[1] for one in chain if (found := re.search(_REFUSED_TUNNEL, str(one)))), "")
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
