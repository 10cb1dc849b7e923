from __future__ import annotations

import contextlib
import gzip
import logging
import queue
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from werkzeug import Response as Answer

from handler import __version__
from handler.errors import TransportError
from handler.transport.http import HttpTransport, _Job
from handler.transport.request import Request, Response, endpoint_of, host_of

SECRET = "s3cret-token"
PATIENT = 60  # seconds: what comes at all comes within that, however busy the machine is


@pytest.fixture
def transport() -> Iterator[HttpTransport]:
    made = HttpTransport(connect_timeout=PATIENT, read_timeout=PATIENT, max_bytes=100_000)
    yield made
    made.close()


class RawServer:
    """Accepts connections and lets a function write to each; stops when told."""

    def __init__(self, script: Callable[[socket.socket, threading.Event], None]) -> None:
        self.script, self.stop = script, threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/v5/p?token={SECRET}"
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self) -> None:
        try:
            connection, _ = self.listener.accept()
        except OSError:
            return
        with connection:
            connection.settimeout(PATIENT)
            connection.recv(65536)
            with contextlib.suppress(OSError):  # the client hangs up, as it should
                self.script(connection, self.stop)

    def close(self) -> None:
        self.stop.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(2)


@pytest.fixture
def raw() -> Iterator[Callable[..., str]]:
    servers: list[RawServer] = []

    def start(script: Callable[[socket.socket, threading.Event], None]) -> str:
        servers.append(RawServer(script))
        return servers[-1].url

    yield start
    for server in servers:
        server.close()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def drip(connection: socket.socket, stop: threading.Event, start: bytes) -> None:
    connection.sendall(start)
    while not stop.wait(0.02):
        connection.sendall(b"x")


def failure(transport: HttpTransport, url: str, timeout: float = 0.2, **headers: str) -> TransportError:
    with pytest.raises(TransportError) as caught:
        transport(Request("GET", url, headers), timeout)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None
    return caught.value


def test_an_answer_comes_with_status_lower_case_headers_and_body(httpserver, transport):
    httpserver.expect_request("/a", query_string="b=1").respond_with_data(
        b"ok", status=418, headers={"X-Request-ID": "7"}
    )
    answer = transport(Request("GET", httpserver.url_for("/a?b=1")), PATIENT)
    assert (answer.status, answer.headers["x-request-id"], answer.body) == (418, "7", b"ok")


def test_the_program_and_its_version_are_named(httpserver, transport):
    httpserver.expect_request("/").respond_with_handler(lambda request: Answer(request.headers["User-Agent"]))
    assert transport(Request("GET", httpserver.url_for("/")), PATIENT).body.decode() == f"port-compliance/{__version__}"


def test_own_headers_and_body_are_sent(httpserver, transport):
    httpserver.expect_request("/", method="POST", data="{}", headers={"X-Auth-Token": "t"}).respond_with_data("got it")
    assert transport(Request("POST", httpserver.url_for("/"), {"X-Auth-Token": "t"}, b"{}"), PATIENT).body == b"got it"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(httpserver, transport, status):
    httpserver.expect_request("/").respond_with_data(status=status, headers={"Location": httpserver.url_for("/other")})
    assert transport(Request("POST", httpserver.url_for("/"), {}, b"x"), PATIENT).status == status
    assert [request.path for request, _ in httpserver.log] == ["/"]


@pytest.mark.parametrize("body", [None, b"x"])
def test_connections_are_kept_and_cookies_are_not(httpserver, transport, body):
    httpserver.expect_request("/").respond_with_handler(
        lambda request: Answer(request.headers.get("Cookie", "none"), headers={"Set-Cookie": "HWWAFSESID=1"})
    )
    bodies = [transport(Request("GET", httpserver.url_for("/"), body=body), PATIENT).body for _ in range(2)]
    assert bodies == [b"none", b"none"]


@pytest.mark.parametrize("body", [None, b"x"])
def test_a_netrc_file_is_not_read(httpserver, transport, tmp_path, surroundings, body):
    (tmp_path / "netrc").write_text(f"machine {httpserver.host} login me password {SECRET}\n")
    surroundings(NETRC=str(tmp_path / "netrc"))
    httpserver.expect_request("/").respond_with_handler(
        lambda request: Answer(request.headers.get("Authorization", "none"))
    )
    assert transport(Request("GET", httpserver.url_for("/"), body=body), PATIENT).body == b"none"


def test_the_environments_proxy_is_used(httpserver, transport, surroundings):
    surroundings(http_proxy=httpserver.url_for(""))
    httpserver.expect_request("/through").respond_with_data("proxied")
    assert transport(Request("GET", "http://hss.invalid/through"), PATIENT).body == b"proxied"


def test_what_the_environment_says_of_the_way_may_change_between_two_calls(httpserver, transport, surroundings):
    httpserver.expect_request("/a").respond_with_data("itself")
    assert transport(Request("GET", httpserver.url_for("/a")), PATIENT).body == b"itself"
    with socket.create_server(("127.0.0.1", 0)) as closed:
        surroundings(HTTP_PROXY=f"http://127.0.0.1:{closed.getsockname()[1]}")
    assert "the proxy http://127.0.0.1" in str(failure(transport, httpserver.url_for("/a"), PATIENT))
    surroundings(NO_PROXY="127.0.0.1,localhost")
    assert transport(Request("GET", httpserver.url_for("/a")), PATIENT).body == b"itself"


def test_a_redirect_keeps_its_body_and_its_place_is_not_looked_at(httpserver, transport):
    httpserver.expect_request("/").respond_with_data(b"moved", status=302, headers={"Location": "mailto:x@y"})
    assert transport(Request("GET", httpserver.url_for("/")), PATIENT).body == b"moved"


def test_a_compressed_answer_is_read(httpserver, transport):
    httpserver.expect_request("/").respond_with_data(gzip.compress(b"{}"), headers={"Content-Encoding": "gzip"})
    assert transport(Request("GET", httpserver.url_for("/")), PATIENT).body == b"{}"


def test_a_gzip_bomb_is_counted_after_decoding(httpserver, transport):
    bomb = gzip.compress(bytes(50_000_000))
    assert len(bomb) < 100_000
    httpserver.expect_request("/").respond_with_data(bomb, headers={"Content-Encoding": "gzip"})
    assert "larger than 100000 bytes" in str(failure(transport, httpserver.url_for("/"), PATIENT))


def test_an_answer_of_exactly_the_limit_passes_and_one_more_byte_does_not(httpserver, transport):
    httpserver.expect_request("/fits").respond_with_data(bytes(100_000))
    httpserver.expect_request("/over").respond_with_data(bytes(100_001))
    assert len(transport(Request("GET", httpserver.url_for("/fits")), PATIENT).body) == 100_000
    error = failure(transport, httpserver.url_for("/over"), PATIENT)
    assert (error.sent, error.final) == (True, True)


def test_a_broken_content_encoding_is_no_answer(httpserver, transport):
    httpserver.expect_request("/").respond_with_data(b"not gzip", headers={"Content-Encoding": "gzip"})
    assert "content encoding" in str(failure(transport, httpserver.url_for("/")))


def test_a_body_without_end_is_cut(raw, transport):
    def endless(connection, stop):
        connection.sendall(HEAD + b"\r\n")
        while not stop.is_set():
            connection.sendall(bytes(10_000))

    assert "larger than" in str(failure(transport, raw(endless), PATIENT))


@pytest.mark.parametrize("start", [HEAD + b"\r\n", HEAD + b"X-Slow: ", b""], ids=["body", "headers", "status line"])
def test_an_answer_that_drips_ends_at_the_total_limit(raw, transport, start):
    error = failure(transport, raw(lambda connection, stop: drip(connection, stop, start)))
    assert "no whole answer within 0.2 s" in str(error)
    assert error.sent


def test_silence_ends_at_the_read_limit(raw):
    with contextlib.closing(HttpTransport(read_timeout=0.2)) as transport:
        error = failure(transport, raw(lambda _connection, stop: stop.wait(PATIENT)), PATIENT)
    assert "no answer within the time limit" in str(error)
    assert error.sent


@pytest.mark.parametrize(
    "text",
    [
        b"",
        HEAD + b"Content-Length: 50\r\n\r\n{",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"not http at all\r\n\r\n",
    ],
)
def test_a_cut_or_garbled_answer_is_no_answer(raw, transport, text):
    error = failure(transport, raw(lambda connection, _stop: connection.sendall(text)), PATIENT)
    assert error.sent
    assert "127.0.0.1" in str(error)


def test_a_refused_connection_surely_never_arrived(transport):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    error = failure(transport, f"http://127.0.0.1:{port}/v5?token={SECRET}", PATIENT)
    assert not error.sent
    assert str(error) == f"http://127.0.0.1:{port}/v5: connection refused"


def test_a_name_that_does_not_resolve_surely_never_arrived(transport):
    error = failure(transport, f"http://no-such-host.invalid/{''}?t={SECRET}", PATIENT)
    assert not error.sent


def test_plain_http_where_tls_is_wanted_surely_never_arrived(raw, transport):
    url = raw(lambda connection, _stop: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    error = failure(transport, url.replace("http://", "https://"), PATIENT)
    assert (error.sent, error.final) == (False, True)
    assert "TLS failed" in str(error)


@pytest.mark.parametrize(
    "url", [f"file:///etc/passwd?{SECRET}", f"http://?{SECRET}", f"http://[::1?{SECRET}", f"gopher://h/{''}?{SECRET}"]
)
def test_an_address_that_is_not_http_is_refused(transport, url):
    assert not failure(transport, url, PATIENT).sent


@pytest.mark.parametrize("value", [f"{SECRET}\r\nX-Evil: 1", f"{SECRET}\u20ac"])
def test_a_header_that_cannot_be_sent_is_refused_without_its_text(httpserver, transport, value):
    error = failure(transport, httpserver.url_for("/"), PATIENT, X_Auth_Token=value)
    assert not error.sent
    assert not httpserver.log


def test_without_time_left_nothing_is_sent(httpserver, transport):
    error = failure(transport, httpserver.url_for("/"), 0)
    assert (error.message, error.sent) == (f"{httpserver.url_for('/')}: no time left", False)
    assert not httpserver.log


def test_one_thread_makes_one_call_after_another_and_ends_when_none_comes(httpserver, transport):
    httpserver.expect_request("/").respond_with_data("fine")
    before = set(threading.enumerate())
    for _ in range(3):
        assert transport(Request("GET", httpserver.url_for("/")), PATIENT).body == b"fine"
    (asks,) = set(threading.enumerate()) - before
    asks.join(PATIENT)
    assert not asks.is_alive()
    assert transport(Request("GET", httpserver.url_for("/")), PATIENT).body == b"fine"


class HandedOverLate:
    """The jobs of a thread whose wait ends in the moment in which somebody takes it for another job."""

    def __init__(self, job):
        self.comes = [queue.Empty(), job, queue.Empty()]

    def get(self, timeout):
        if isinstance(one := self.comes.pop(0), queue.Empty):
            raise one
        return one


def test_a_thread_that_is_taken_in_the_moment_in_which_it_would_end_makes_the_call(transport):
    job = _Job(Request("GET", "no address"), PATIENT, queue.SimpleQueue(), threading.Event())
    jobs = HandedOverLate(job)
    transport._work(jobs)
    assert (jobs.comes, "not a usable HTTP address" in str(job.box.get_nowait())) == ([], True)


def test_calls_at_the_same_time_do_not_wait_for_each_other(raw, transport):
    together = threading.Barrier(2)

    def answer(connection, _stop):
        together.wait(PATIENT)
        connection.sendall(HEAD + b"Content-Length: 2\r\n\r\n{}")

    bodies = []
    asking = [
        threading.Thread(target=lambda url: bodies.append(transport(Request("GET", url), PATIENT).body), args=(url,))
        for url in (raw(answer), raw(answer))
    ]
    for each in asking:
        each.start()
    for each in asking:
        each.join(PATIENT)
    assert bodies == [b"{}", b"{}"]


def test_a_proxy_that_asks_for_a_login_is_named_and_the_request_never_arrived(httpserver, transport, surroundings):
    surroundings(http_proxy=httpserver.url_for("").replace("//", f"//me:{SECRET}@"))
    httpserver.expect_request("/v5").respond_with_data(status=407)
    error = failure(transport, f"http://hss.invalid/v5?{SECRET}", PATIENT)
    proxy = httpserver.url_for("").rstrip("/")
    assert str(error).startswith(f"the proxy {proxy} asks for a login (407), so http://hss.invalid/v5 was not reached")
    assert (error.sent, error.final) == (False, True)
    assert "HTTPS_PROXY" in error.hint


class Unloadable:
    """Headers that need a library which is not installed; it stands for a package without `requests`."""

    def __init__(self, name):
        self.name = name

    def keys(self):
        raise ImportError("no", name=self.name)


@pytest.mark.parametrize(("name", "said"), [("urllib3", "urllib3"), (None, "a part of it")])
def test_a_library_that_cannot_be_loaded_is_named_and_is_not_tried_again(transport, name, said):
    with pytest.raises(TransportError) as caught:
        transport(Request("GET", f"http://127.0.0.1:1/?{SECRET}", Unloadable(name)), PATIENT)
    error = caught.value
    assert (error.message, error.sent, error.final) == (f"requests cannot be loaded: {said}", False, True)


def test_something_else_is_done_once_while_the_first_answer_is_awaited(httpserver):
    done = threading.Semaphore(0)
    httpserver.expect_request("/").respond_with_handler(
        lambda _: Answer("yes" if done.acquire(timeout=PATIENT) else "")
    )
    with contextlib.closing(HttpTransport(read_timeout=PATIENT, meanwhile=done.release)) as transport:
        assert transport(Request("GET", httpserver.url_for("/")), PATIENT).body == b"yes"
        done.release()
        assert transport(Request("GET", httpserver.url_for("/")), PATIENT).body == b"yes"
    assert not done.acquire(blocking=False)


def test_who_waits_does_it_so_that_no_thread_imports_while_the_interpreter_ends(httpserver):
    httpserver.expect_request("/").respond_with_data("yes")
    who: list[int] = []
    with contextlib.closing(HttpTransport(meanwhile=lambda: who.append(threading.get_ident()))) as transport:
        transport(Request("GET", httpserver.url_for("/")), PATIENT)
    assert who == [threading.get_ident()]


def test_a_library_that_is_missing_meanwhile_takes_no_answer_away(httpserver):
    def fail():
        raise ImportError("no", name="yaml")

    httpserver.expect_request("/").respond_with_data("yes")
    with contextlib.closing(HttpTransport(meanwhile=fail)) as transport:
        assert transport(Request("GET", httpserver.url_for("/")), PATIENT).body == b"yes"


class Answered(HttpTransport):
    """One whose answer is there at once."""

    def _hand_over(self, job):
        job.box.put(Response(200, {}, b"yes"))


def test_an_answer_that_is_there_counts_however_long_the_rest_took():
    assert Answered()(Request("GET", "https://hss.example/"), 1e-9).body == b"yes"


def test_after_a_time_limit_the_next_call_works(raw, httpserver, transport):
    failure(transport, raw(lambda connection, stop: drip(connection, stop, HEAD)))
    httpserver.expect_request("/").respond_with_data("fine")
    assert transport(Request("GET", httpserver.url_for("/")), PATIENT).body == b"fine"


def test_after_a_time_limit_the_connections_kept_for_later_are_closed(raw, transport):
    closed = threading.Event()

    def answer_and_wait(connection, _stop):
        connection.sendall(HEAD + b"Content-Length: 2\r\n\r\n{}")
        if connection.recv(1) == b"":
            closed.set()

    transport(Request("GET", raw(answer_and_wait)), PATIENT)
    failure(transport, raw(lambda connection, stop: drip(connection, stop, HEAD)))
    assert closed.wait(PATIENT)


def test_the_next_call_goes_over_the_same_connection(raw, transport):
    def answer_twice(connection, _stop):
        connection.sendall(HEAD + b"Content-Length: 2\r\n\r\n{}")
        if connection.recv(65536).startswith(b"GET "):
            connection.sendall(HEAD + b"Content-Length: 5\r\n\r\nagain")

    url = raw(answer_twice)  # which accepts one connection
    assert [transport(Request("GET", url), PATIENT).body for _ in range(2)] == [b"{}", b"again"]


def test_closing_closes_the_kept_connections_and_the_next_call_opens_new_ones(raw, httpserver, transport):
    closed = threading.Event()

    def answer_and_wait(connection, _stop):
        connection.sendall(HEAD + b"Content-Length: 2\r\n\r\n{}")
        if connection.recv(1) == b"":
            closed.set()

    transport(Request("GET", raw(answer_and_wait)), PATIENT)
    transport.close()
    assert closed.wait(PATIENT)
    httpserver.expect_request("/").respond_with_data("fine")
    assert transport(Request("GET", httpserver.url_for("/")), PATIENT).body == b"fine"


def test_an_answer_that_was_given_up_is_read_no_further(raw):
    hung_up = threading.Event()

    def flood(connection, stop):
        connection.sendall(HEAD + b"\r\n")
        try:
            while not stop.wait(0.02):
                connection.sendall(bytes(128 * 1024))
        except OSError:
            hung_up.set()

    with contextlib.closing(HttpTransport(read_timeout=PATIENT, max_bytes=10**9)) as transport:
        failure(transport, raw(flood))
        assert hung_up.wait(PATIENT)


def test_a_failure_of_an_unknown_kind_may_have_arrived_and_may_be_tried_again(httpserver, transport):
    with pytest.raises(TransportError, match="the request failed \\(AttributeError\\)") as caught:
        transport(Request(5, httpserver.url_for(f"/?{SECRET}")), PATIENT)
    assert (caught.value.sent, caught.value.final) == (True, False)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("start", [HEAD + b"\r\n{}", HEAD + b"broken header\r\n\r\n{}"])
def test_nothing_logs_the_query(raw, transport, caplog, start):
    caplog.set_level(logging.DEBUG)
    transport(Request("GET", raw(lambda connection, _stop: connection.sendall(start))), PATIENT)
    assert SECRET not in caplog.text


def test_where_the_path_is_a_secret_only_the_host_is_named():
    transport = HttpTransport(named=host_of)
    error = failure(transport, f"http://127.0.0.1:1/services/{SECRET}", PATIENT)
    assert str(error).startswith("http://127.0.0.1:1: ")


@pytest.mark.parametrize(
    ("url", "endpoint", "host"),
    [
        ("https://user:pw@hss.example:443/v5/p?q=1#f", "https://hss.example:443/v5/p", "https://hss.example:443"),
        ("https://hss.example", "https://hss.example", "https://hss.example"),
        ("http://[::1", "invalid://", "invalid://"),
    ],
)
def test_what_may_be_said_of_a_url(url, endpoint, host):
    assert (endpoint_of(url), host_of(url)) == (endpoint, host)


def test_a_request_shows_neither_its_query_nor_its_headers():
    assert SECRET not in repr(Request("GET", f"https://h/?{SECRET}", {"X-Auth-Token": SECRET}, SECRET.encode()))


def test_a_thread_that_asks_keeps_no_program_from_ending(httpserver):
    httpserver.expect_request("/").respond_with_data("fine")
    before = set(threading.enumerate())
    with contextlib.closing(HttpTransport(read_timeout=PATIENT)) as transport:
        transport(Request("GET", httpserver.url_for("/")), PATIENT)
        asking = [one for one in threading.enumerate() if one not in before and "_work" in one.name]
    assert [one.daemon for one in asking] == [True]


class Refusing:
    """The connections of a host that refuses each call; notes its limits."""

    def urlopen(self, *_, timeout, **__):
        self.limits = timeout.connect_timeout, timeout.read_timeout
        raise ConnectionRefusedError


@pytest.mark.parametrize(
    ("known", "limits"), [({}, (10, 30)), ({"connect_timeout": 90, "read_timeout": 90}, (PATIENT, PATIENT))]
)
def test_a_connection_may_take_ten_seconds_and_each_wait_for_an_answer_thirty_within_the_whole(known, limits):
    transport, host = HttpTransport(**known), Refusing()
    transport.open()
    transport._session.straight = lambda origin: host
    with pytest.raises(TransportError, match="connection refused"):
        transport(Request("GET", "http://hss.example/v5"), PATIENT)
    assert host.limits == limits
    transport.close()
