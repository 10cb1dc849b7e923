"""A session that adds nothing of its own, and what fails on the way to a host."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import pathlib
import re
import socket
import ssl
import threading

import pytest
import requests
import urllib3

from handler.transport.failures import Failure, failure_of
from handler.transport.request import Request
from handler.transport.session import MOST_HOSTS, _way, exchange, local_failure, new_session, proxy_wants_login

URL = "https://hss.example/v5?token=s3cret"


def tls(reason):
    error = ssl.SSLError(1, f"[SSL: {reason}] {URL}")
    error.reason = reason
    return error


def test_a_session_adds_no_credentials_and_keeps_no_cookies():
    session = new_session()
    prepared = session.prepare_request(requests.Request("GET", "http://127.0.0.1/"))
    assert set(prepared.headers) == {"User-Agent", "Accept-Encoding", "Accept", "Connection"}
    assert prepared.headers["Accept-Encoding"] == "gzip, deflate"
    assert not session.cookies
    session.close()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Twice: a\r\nX-Twice: b\r\n\r\n{}"


@contextlib.contextmanager
def host(most=2):
    """A host that answers so many connections; gives its URL, and what was asked on each, as it came."""
    came: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve():
            for _ in range(most):
                connection, _ = listener.accept()
                with connection:
                    came.append(connection.recv(65536).decode())
                    connection.sendall(HEAD)

        serving = threading.Thread(target=serve)
        serving.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", came
        serving.join()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v5/p/asset/port/statistics?category=host&limit=200&offset=196&sort_dir=asc", None),
        ("GET", "/v5/a/../b/./c?x=1", None),
        ("GET", "/v5/%7eme%2f?x=%41 \u00e9", None),
        ("GET", "//other.example/?a", None),
        ("GET", "/#fragment", None),
        ("GET", "", None),
        ("POST", "/v5?x=1", b"{}"),
        ("DELETE", "/v5?x=1", None),
    ],
)
@pytest.mark.parametrize("headers", [{}, {"X-Auth-Token": "t", "accept": "application/json"}])
def test_what_is_sent_is_what_requests_would_send(method, path, body, headers):
    with contextlib.closing(new_session()) as session, host() as (url, came):
        answer = exchange(session, Request(method, url + path, headers, body), (60, 60))
        assert (answer.status, answer.headers["x-twice"], answer.read()) == (200, "a, b", b"{}")
        session.close()
        session.request(method, url + path, headers=headers, data=body, timeout=60, allow_redirects=False)
    ours, theirs = (text.partition("\r\n\r\n")[0].split("\r\n") for text in came)
    assert (ours[0], sorted(ours)) == (theirs[0], sorted(theirs))


def test_two_headers_that_differ_in_case_only_are_one():
    with contextlib.closing(new_session()) as session, host(1) as (url, came):
        exchange(session, Request("GET", f"{url}/v5", {"user-agent": "other"}), (60, 60)).close()
    assert [line for line in came[0].split("\r\n") if line.lower().startswith("user-agent")] == ["user-agent: other"]


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


@pytest.mark.parametrize("body", [None, b"x"])
def test_the_way_to_a_host_is_looked_up_once_whatever_is_asked_there(httpserver, body):
    httpserver.expect_request(re.compile("/.*")).respond_with_data("fine")
    _way.cache_clear()
    with new_session() as made:
        for path in ("/", "/a", "/a/b/c/d?token=s3cret", "/b//c"):
            exchange(made, Request("GET", httpserver.url_for(path), body=body), (60, 60)).close()
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


class Recording(requests.adapters.BaseAdapter):
    """An adapter that sends nothing and keeps what it was asked to send, and how."""

    def __init__(self):
        self.sent = []

    def send(self, request, **how):
        self.sent.append((request.method, request.url, request.body, how))
        answer = requests.Response()
        answer.raw = urllib3.HTTPResponse(io.BytesIO(b"yes"), preload_content=False)
        return answer

    def close(self):
        """Nothing is open."""


@pytest.mark.parametrize("bundle", ["", "/own/ca.pem"])
@pytest.mark.parametrize(
    ("method", "url", "body"),
    [("POST", "https://hooks.example/a/b?c=d", b"x"), ("GET", "https://hooks.example/%7Ea", None)],
)
def test_what_is_no_plain_question_keeps_to_the_limits_the_proxy_and_the_bundle(bundle, method, url, body):
    adapter = Recording()
    with environment(https_proxy=PROXY, **({"REQUESTS_CA_BUNDLE": bundle} if bundle else {})), new_session() as session:
        session.mount("https://", adapter)
        assert exchange(session, Request(method, url, {"A": "b"}, body), (1.0, 2.0)).read() == b"yes"
    ((sent, _, said, how),) = adapter.sent
    assert (sent, said, how["stream"], how["timeout"]) == (method, body, True, (1.0, 2.0))
    assert (how["verify"], how["proxies"]["https"]) == (bundle or True, PROXY)


def test_a_plain_question_goes_over_the_connections_of_its_host():
    adapter = Recording()
    with environment(), new_session() as session:
        straight = []
        session.mount("https://", adapter)
        session.straight = straight.append
        for host, method, body in [("a", "GET", None), ("b", "POST", None), ("c", "GET", b"x"), ("d", "POST", b"x")]:
            exchange(session, Request(method, f"https://{host}.example/v5?limit=200", body=body), (1.0, 2.0))
    assert straight == ["https://a.example"]


class Connections:
    """The connections of a host that send nothing and keep what they were asked, and how."""

    def urlopen(self, method, url, **how):
        self.asked = method, url, how
        return "the answer"


def test_a_header_of_a_request_comes_in_place_of_ours_however_it_is_spelt():
    with new_session() as session:
        assert session.sent({"accept": "text/plain", "X-Auth-Token": "t"}) == {
            "User-Agent": session.headers["User-Agent"],
            "Accept-Encoding": "gzip, deflate",
            "accept": "text/plain",
            "Connection": "keep-alive",
            "X-Auth-Token": "t",
        }


def test_a_plain_question_is_sent_as_it_is_once_with_its_limits_and_its_answer_is_left_as_it_comes():
    connections = Connections()
    with new_session() as session:
        session.straight = lambda origin: connections
        asked = Request("GET", "https://hss.example:8443/v5/p?limit=200", {"X-Auth-Token": "t"})
        assert exchange(session, asked, (1.0, 2.0)) == "the answer"
        headers = {**session.headers, "X-Auth-Token": "t"}
    method, url, how = connections.asked
    assert (method, url, how.pop("headers")) == ("GET", "/v5/p?limit=200", headers)
    timeout, retries = how.pop("timeout"), how.pop("retries")
    assert (timeout.connect_timeout, timeout.read_timeout, retries.total, retries.read) == (1.0, 2.0, 0, False)
    left_alone = ("redirect", "assert_same_host", "preload_content", "decode_content")
    assert how == dict.fromkeys(left_alone, False)


@pytest.mark.parametrize("name", ["", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_the_connections_to_a_host_believe_the_certificates_that_the_environment_names(tmp_path, name):
    own = tmp_path / "own.pem"
    own.write_text("")
    with environment(**({name: str(own)} if name else {})), new_session() as session:
        pool = session.straight("https://hss.example:8443")
    assert (pool.scheme, pool.host, pool.port, pool.cert_reqs) == ("https", "hss.example", 8443, "CERT_REQUIRED")
    assert pool.ca_certs == (str(own) if name else requests.certs.where())
    assert (pool.cert_file, pool.key_file) == (None, None)


def test_connections_that_were_made_with_other_certificates_are_not_used_again(tmp_path):
    bundles = [str(tmp_path / name) for name in ("a.pem", "b.pem")]
    pools = []
    with new_session() as session:
        for bundle in bundles:
            pathlib.Path(bundle).write_text("")
            with environment(REQUESTS_CA_BUNDLE=bundle):
                pools.append(session.straight("https://hss.example"))
    assert [pool.ca_certs for pool in pools] == bundles


def test_there_are_no_connections_straight_to_a_host_before_which_a_proxy_stands():
    with environment(https_proxy=PROXY, no_proxy="near.example"), new_session() as session:
        assert session.straight("https://hss.example") is None
        assert session.straight("https://near.example") is not None
        assert session.straight("http://hss.example") is not None


def test_the_connections_of_so_many_hosts_are_known_until_the_session_is_closed():
    with environment(), new_session() as session:
        first = session.straight("https://0.example")
        for number in range(1, MOST_HOSTS):
            session.straight(f"https://{number}.example")
        assert session.straight("https://0.example") is first
        last = session.straight(f"https://{MOST_HOSTS}.example")
        assert session.straight("https://0.example") is not first
        assert session.straight(f"https://{MOST_HOSTS}.example") is last
        session.close()
        assert session.straight(f"https://{MOST_HOSTS}.example") is not last
