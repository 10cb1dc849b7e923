"""What this machine is told to use on its way out, a proxy or a file of certificates, is named where it fails."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager

import pytest

from handler.errors import TransportError
from handler.transport.http import HttpTransport
from handler.transport.request import Request
from tests.real_servers import free_port
from tests.world import CANARY

HSS = "https://hss.eu-de.otc.t-systems.com"
KNOWN = {"HSS_ENDPOINT": HSS, "HSS_PROJECT_ID": "abc", "HSS_AUTH_TOKEN": "t" * 40, "RUN_BUDGET_SECONDS": "60"}
NO_OTHERS = dict.fromkeys(
    ("HTTPS_PROXY", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"), ""
)


@contextmanager
def proxy(answer):
    """A proxy that gives every caller this answer; yields its address."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                caller, _ = listening.accept()
            except OSError:
                return
            with caller:
                caller.recv(65536)
                caller.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.close()


def problem(port_compliance, **environment):
    printed = port_compliance("check", "--format", "json", **(KNOWN | NO_OTHERS | environment))
    assert printed.code == 3
    assert CANARY not in printed.out + printed.err
    problems = json.loads(printed.out)["coverage"][0]["problems"]
    assert problems, printed
    return problems[0]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("407 Proxy Authentication Required", "refuses the connection (407): it asks for a login"),
        ("403 Forbidden", "refuses the connection (403)"),
        ("502 Bad Gateway", "refuses the connection (502)"),
    ],
)
def test_a_proxy_that_refuses_is_named_with_what_it_said(port_compliance, status, said):
    with proxy(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()) as address:
        told = problem(port_compliance, https_proxy=f"http://user:{CANARY}@{address}")
    assert told.startswith(f"the proxy http://{address} {said}, so {HSS}")


def test_a_proxy_that_is_down_is_named(port_compliance):
    port = free_port()
    told = problem(port_compliance, https_proxy=f"http://127.0.0.1:{port}")
    assert told.startswith(f"the proxy http://127.0.0.1:{port} connection refused, so {HSS}")


@pytest.mark.parametrize("scheme", ["socks5", "socks5h", "socks4", "SOCKS5"])
def test_a_socks_proxy_is_named_as_not_supported(port_compliance, scheme):
    told = problem(port_compliance, https_proxy=f"{scheme}://u:{CANARY}@127.0.0.1:1080")
    assert told.startswith(
        f"the proxy {scheme.lower()}://127.0.0.1:1080 SOCKS is not supported, name an HTTP proxy, so {HSS}"
    )


@pytest.mark.parametrize(
    "content", [None, b"", b"no certificate\n", b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"]
)
@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_ca_bundle_that_is_missing_or_none_is_named(port_compliance, tmp_path, content, variable):
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with proxy(b"") as address:  # somebody listens, so that the handshake begins
        told = problem(port_compliance, HSS_ENDPOINT=f"https://{address}", https_proxy="", **{variable: str(file)})
    assert told.startswith(f"the CA bundle that {variable} names cannot be read as certificates, so https://{address}")


def test_a_plain_request_through_a_proxy_that_wants_a_login_names_it(surroundings):
    with proxy(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n") as address:
        surroundings(http_proxy=f"http://{address}", no_proxy="")
        with pytest.raises(TransportError, match=f"^the proxy http://{address} asks for a login") as caught:
            HttpTransport()(Request("GET", "http://hss.example/v5"), 30)
    assert (caught.value.sent, caught.value.final) == (False, True)


def test_a_host_that_is_down_without_a_proxy_is_still_named_itself(port_compliance):
    port = free_port()
    told = problem(port_compliance, HSS_ENDPOINT=f"http://127.0.0.1:{port}", https_proxy="")
    assert told.startswith(f"http://127.0.0.1:{port}/v5/abc/")
