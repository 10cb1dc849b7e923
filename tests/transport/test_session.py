"""What a failed request means: in words without the URL, whether it may have arrived, and whether to try again."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import ssl
from http.client import BadStatusLine

import pytest
import requests
import urllib3
from urllib3.exceptions import ConnectTimeoutError, DecodeError, NameResolutionError, NewConnectionError, ProtocolError

from handler.transport.session import Failure, _way, exchange, failure_of, local_failure, new_session, proxy_wants_login

URL = "https://hss.example/v5?token=s3cret"
POOL = urllib3.HTTPSConnectionPool("hss.example")


def tls(reason):
    error = ssl.SSLError(1, f"[SSL: {reason}] {URL}")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("error", "reason", "sent", "final"),
    [
        (NameResolutionError("hss.example", POOL, OSError(URL)), "the host name cannot be resolved", False, False),
        (ConnectionRefusedError(111, URL), "connection refused", False, False),
        (NewConnectionError(POOL, URL), "no connection", False, False),
        (requests.ConnectTimeout(URL), "no connection within the time limit", False, False),
        (ConnectTimeoutError(URL), "no connection within the time limit", False, False),
        (requests.exceptions.InvalidURL(URL), "not a usable HTTP address", False, True),
        (requests.exceptions.InvalidSchema(URL), "not a usable HTTP address", False, True),
        (requests.exceptions.MissingSchema(URL), "not a usable HTTP address", False, True),
        (requests.exceptions.InvalidHeader(URL), "a header that cannot be sent", False, True),
        (UnicodeEncodeError("latin-1", URL, 0, 1, URL), "a header that cannot be sent", False, True),
        (
            requests.exceptions.ContentDecodingError(DecodeError(URL)),
            "the answer's content encoding is broken",
            True,
            False,
        ),
        (requests.ReadTimeout(URL), "no answer within the time limit", True, False),
        (TimeoutError(URL), "no answer within the time limit", True, False),
        (
            requests.ConnectionError(ProtocolError(URL, ConnectionResetError(104, URL))),
            "connection broken",
            True,
            False,
        ),
        (requests.exceptions.ChunkedEncodingError(URL), "connection broken", True, False),
        (BadStatusLine(URL), "connection broken", True, False),
        (OSError(URL), "connection broken", True, False),
        (tls("CERTIFICATE_VERIFY_FAILED"), "TLS failed (CERTIFICATE_VERIFY_FAILED)", False, True),
        (tls("BAD_RECORD_MAC"), "TLS failed (BAD_RECORD_MAC)", True, False),
        (tls(None), "TLS failed (unknown reason)", True, False),
        (ZeroDivisionError(URL), "the request failed (ZeroDivisionError)", True, False),
    ],
)
def test_each_kind_of_failure(error, reason, sent, final):
    assert failure_of(error) == Failure(reason, sent, final)


def test_what_a_failure_was_raised_from_counts_wherever_it_hides():
    refused = ConnectionRefusedError(111, "refused")
    caused, held, nested = (
        ValueError("a"),
        ValueError("b"),
        requests.ConnectionError(urllib3.exceptions.HTTPError(refused)),
    )
    caused.__cause__ = refused
    held.reason = refused
    for error in (caused, held, nested):
        assert failure_of(error) == Failure("connection refused", sent=False)


def test_a_chain_that_leads_back_to_itself_ends():
    error = ValueError("a")
    error.__cause__ = error.reason = error
    assert failure_of(error) == Failure("the request failed (ValueError)", sent=True)


def test_a_session_adds_no_credentials_and_keeps_no_cookies():
    session = new_session()
    prepared = session.prepare_request(requests.Request("GET", "http://127.0.0.1/"))
    assert set(prepared.headers) == {"User-Agent", "Accept-Encoding", "Accept", "Connection"}
    assert prepared.headers["Accept-Encoding"] == "gzip, deflate"
    assert not session.cookies
    session.close()


PROXY = "http://me:s3cret@proxy.example:3128"
NAMED = "the proxy http://proxy.example:3128"
ON_THE_WAY = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@contextlib.contextmanager
def environment(**names):
    """What this machine is told to use on its way out: these, and nothing else."""
    kept = dict(os.environ)
    for name in ON_THE_WAY:
        os.environ.pop(name, None)
        os.environ.pop(name.lower(), None)
    os.environ.update(names)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


def tunnel(status):
    said = OSError(f"Tunnel connection failed: {status} no")
    return requests.exceptions.ProxyError(urllib3.exceptions.ProxyError("Unable to connect to proxy", said))


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (tunnel(407), Failure("refuses the connection (407): it asks for a login", False, True, NAMED)),
        (tunnel(403), Failure("refuses the connection (403)", False, True, NAMED)),
        (tunnel(502), Failure("refuses the connection (502)", False, False, NAMED)),
        (requests.exceptions.InvalidProxyURL(URL), Failure("is no usable HTTP proxy", False, True, NAMED)),
        (urllib3.exceptions.ProxySchemeUnknown("ftp"), Failure("is no usable HTTP proxy", False, True, NAMED)),
        (requests.exceptions.ProxyError(), Failure("connection broken", False, False, NAMED)),
        (
            requests.exceptions.ProxyError(ConnectionRefusedError(111, URL)),
            Failure("connection refused", False, False, NAMED),
        ),
        (
            urllib3.exceptions.ProxyError("no", ConnectionResetError(104, URL)),
            Failure("connection broken", False, False, NAMED),
        ),
    ],
)
def test_what_fails_at_the_proxy_never_arrived_and_says_so(error, failure):
    with environment(https_proxy=PROXY):
        assert local_failure(error, URL) == failure


@pytest.mark.parametrize("error", [requests.ReadTimeout(URL), ConnectionResetError(104, URL), tls("BAD_RECORD_MAC")])
def test_behind_a_proxy_that_did_its_work_the_host_failed(error):
    with environment(https_proxy=PROXY):
        assert local_failure(error, URL) is None


@pytest.mark.parametrize("error", [tunnel(407), requests.exceptions.InvalidProxyURL(URL), OSError("no")])
def test_without_a_proxy_for_the_host_none_is_named(error):
    with environment():
        assert local_failure(error, URL) is None
    with environment(https_proxy=PROXY, no_proxy="hss.example"):
        assert local_failure(error, URL) is None


@pytest.mark.parametrize("scheme", ["socks5", "SOCKS5h", "socks4"])
def test_a_socks_proxy_is_not_supported(scheme):
    with environment(ALL_PROXY=f"{scheme}://me:s3cret@proxy.example:1080"):
        assert local_failure(requests.exceptions.InvalidSchema("Missing dependencies for SOCKS support."), URL) == (
            Failure(
                "SOCKS is not supported, name an HTTP proxy",
                False,
                True,
                f"the proxy {scheme.lower()}://proxy.example:1080",
            )
        )
        assert local_failure(ConnectionRefusedError(111, URL), URL) is None
    with environment(https_proxy=PROXY):  # the address of the host, not of the proxy
        assert local_failure(requests.exceptions.InvalidSchema(URL), URL) is None


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize(
    "error",
    [
        OSError("Could not find a suitable TLS CA certificate bundle, invalid path: /s3cret"),
        requests.ConnectionError(ssl.SSLError(1, "[X509] no certificate or crl found")),
    ],
)
def test_certificates_that_cannot_be_read_are_named_by_their_setting(name, error):
    with environment(**{name: "/s3cret"}):
        assert local_failure(error, URL) == (
            Failure("cannot be read as certificates", False, True, f"the CA bundle that {name} names")
        )
        assert local_failure(ConnectionRefusedError(111, URL), URL) is None
    with environment():
        assert local_failure(error, URL) is None


def test_of_two_settings_for_certificates_the_one_that_requests_takes_is_named():
    with environment(REQUESTS_CA_BUNDLE="/a", CURL_CA_BUNDLE="/b"):
        failure = local_failure(OSError("Could not find a suitable TLS CA certificate bundle"), URL)
    assert failure is not None
    assert failure.culprit == "the CA bundle that REQUESTS_CA_BUNDLE names"


@pytest.mark.parametrize(
    ("proxy", "culprit"),
    [
        (PROXY, NAMED),
        ("proxy.example:3128", NAMED),
        ("http://[::1", "the proxy of the environment"),
        ("", "a proxy"),
    ],
)
def test_only_a_proxy_asks_for_a_login_and_its_own_login_is_not_repeated(proxy, culprit):
    with environment(https_proxy=proxy):
        assert proxy_wants_login(URL) == Failure("asks for a login (407)", False, True, culprit)


def test_what_is_no_url_has_no_proxy():
    with environment(https_proxy=PROXY):
        assert local_failure(requests.exceptions.InvalidURL("https://[::1"), "https://[::1") is None
        assert proxy_wants_login("https://[::1").culprit == "a proxy"


def test_the_way_to_a_host_is_looked_up_once_whatever_is_asked_there(httpserver):
    httpserver.expect_request(re.compile("/.*")).respond_with_data("fine")
    _way.cache_clear()
    with new_session() as made:
        for path in ("/", "/a", "/a/b/c/d?token=s3cret", "/b//c"):
            exchange(made, "GET", httpserver.url_for(path), {}, None, (60, 60)).close()
    assert _way.cache_info().currsize == 1


def test_what_an_error_was_raised_from_is_found_beside_what_says_nothing():
    error = OSError("outer")
    error.__cause__ = ValueError("says nothing")
    error.reason = ConnectionRefusedError("inner")
    assert failure_of(error).reason == "connection refused"


def test_only_the_log_of_the_library_that_names_urls_is_quiet():
    log, before = logging.getLogger("urllib3"), logging.getLogger().level
    log.setLevel(logging.NOTSET)
    new_session().close()
    assert (log.level, logging.getLogger().level) == (logging.ERROR, before)
