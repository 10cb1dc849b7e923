"""One HTTP request: time limits, size limit, no redirects, and no secret in any error."""

from __future__ import annotations

import queue
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from handler.errors import TransportError
from handler.named_tuple import NamedTuple
from handler.transport.lean_requests import import_requests
from handler.transport.request import Request, Response, endpoint_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import ModuleType

    from urllib3 import BaseHTTPResponse

    from handler.transport.failures import Failure
    from handler.transport.session import Session

MIB = 1024 * 1024
CHUNK = 64 * 1024
IDLE = 1.0  # seconds for which a thread waits for another request: to start one costs as much as to parse a page
PROXY_LOGIN = 407  # only a proxy answers it
_WAY_HINT = "Check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE."


class _Job(NamedTuple):
    """One request for a thread that asks: where its outcome is put, and whether somebody still waits for it."""

    request: Request
    timeout: float
    box: queue.SimpleQueue[Response | TransportError]
    given_up: threading.Event


class HttpTransport:
    """HTTP over `requests`, with one session for all calls of a warm function.

    `named` makes of a URL what an error may say of it: `host_of` where the path is a secret.
    `max_bytes` limits an answer after its content encoding is undone. `meanwhile` is done once, by who waits for the
    first answer; a library that it lacks is missed by who uses it.
    """

    def __init__(
        self,
        *,
        connect_timeout: float = 10.0,
        read_timeout: float = 30.0,
        max_bytes: int = 16 * MIB,
        named: Callable[[str], str] = endpoint_of,
        meanwhile: Callable[[], None] | None = None,
    ) -> None:
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._max_bytes = max_bytes
        self._named = named
        self._meanwhile = meanwhile
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._waiting: list[queue.SimpleQueue[_Job]] = []  # of each thread that waits for a job

    def __call__(self, request: Request, timeout: float) -> Response:
        """The answer, if it comes whole within `timeout` seconds. Raises TransportError.

        Another thread asks, because no socket option limits a name lookup, or headers that come drop by drop.
        """
        if timeout <= 0:
            raise TransportError(f"{self._named(request.url)}: no time left", sent=False)
        job = _Job(request, timeout, queue.SimpleQueue(), threading.Event())
        by = time.monotonic() + timeout
        self._hand_over(job)
        self._do_meanwhile()
        try:
            outcome = job.box.get(timeout=max(0.0, by - time.monotonic()))
        except queue.Empty:
            job.given_up.set()
            self.close()  # the thread that was given up keeps the old session for itself
            raise TransportError(f"{self._named(request.url)}: no whole answer within {timeout:.3g} s") from None
        if isinstance(outcome, TransportError):
            raise outcome
        return outcome

    def open(self) -> None:
        """Import what the first request needs, and make the session, so that it can leave at once."""
        self._open_session()

    def close(self) -> None:
        """Close the connections that are kept for the next call."""
        with self._lock:
            session, self._session = self._session, None
        if session is not None:
            session.close()

    def _do_meanwhile(self) -> None:
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            with suppress(ImportError):
                meanwhile()

    def _hand_over(self, job: _Job) -> None:
        """Give the job to a thread that waits for one, or to a new one."""
        with self._lock:
            jobs = self._waiting.pop() if self._waiting else None
        if jobs is None:
            jobs = queue.SimpleQueue()
            threading.Thread(target=self._work, args=(jobs,), daemon=True).start()
        jobs.put(job)

    def _work(self, jobs: queue.SimpleQueue[_Job]) -> None:
        """What a thread does: one job after another, until none comes."""
        while True:
            try:
                job = jobs.get(timeout=IDLE)
            except queue.Empty:
                with self._lock:
                    if jobs not in self._waiting:
                        continue  # somebody has taken it just now
                    self._waiting.remove(jobs)
                return
            outcome = self._outcome(job)
            with self._lock:
                self._waiting.append(jobs)
            job.box.put(outcome)

    def _outcome(self, job: _Job) -> Response | TransportError:
        url = job.request.url
        try:
            return self._exchange(job.request, job.timeout, job.given_up)
        except TransportError as error:
            return error
        except ImportError as error:
            return TransportError(f"requests cannot be loaded: {error.name or 'a part of it'}", sent=False, final=True)
        except Exception as error:  # noqa: BLE001  # a thread's exception would be lost, and its text may hold the URL
            return _no_answer(self._named(url), url, error)

    def _exchange(self, request: Request, timeout: float, given_up: threading.Event) -> Response:
        limits = min(self._connect_timeout, timeout), min(self._read_timeout, timeout)
        answer = _http().exchange(self._open_session(), request, limits)
        try:
            if answer.status == PROXY_LOGIN:
                raise _wants_proxy_login(self._named(request.url), request.url)
            length = _length_of_one_chunk(answer)
            chunks = [answer.read(length, decode_content=True)] if length else answer.stream(CHUNK, decode_content=True)
            body = self._read(chunks, request.url, given_up)
            headers = {name.lower(): value for name, value in answer.headers.itermerged()}
            return Response(answer.status, headers, body)
        finally:
            answer.close()
            answer.release_conn()

    def _read(self, chunks: Iterable[bytes], url: str, given_up: threading.Event) -> bytes:
        body = bytearray()
        for chunk in chunks:
            body += chunk
            if len(body) > self._max_bytes:
                raise TransportError(
                    f"{self._named(url)}: the answer is larger than {self._max_bytes} bytes", final=True
                )
            if given_up.is_set():
                raise TransportError(f"{self._named(url)}: given up")
        return bytes(body)

    def _open_session(self) -> Session:
        with self._lock:
            if self._session is None:
                self._session = _new_session()
            return self._session


def _http() -> ModuleType:
    """What is made of `requests`; it takes 0.1 s to import, which an offline command does not pay."""
    import_requests()
    from handler.transport import session  # noqa: PLC0415 - for that reason

    return session


def _length_of_one_chunk(answer: BaseHTTPResponse) -> int:
    """The bytes of a body that may be read at once: of one known length, short, and sent as it is; else 0."""
    length = answer.length_remaining
    plain = "content-encoding" not in answer.headers and answer.headers.get("content-length", "").isdigit()
    return length if plain and length is not None and length <= CHUNK else 0


def _new_session() -> Session:
    session: Session = _http().new_session()
    return session


def _no_answer(named: str, url: str, error: Exception) -> TransportError:
    return _error_of(named, _http().local_failure(error, url) or _http().failure_of(error))


def _wants_proxy_login(named: str, url: str) -> TransportError:
    return _error_of(named, _http().proxy_wants_login(url))


def _error_of(named: str, failure: Failure) -> TransportError:
    """The error; what failed is named first, where it is not the host that was asked."""
    if not failure.culprit:
        return TransportError(f"{named}: {failure.reason}", sent=failure.sent, final=failure.final)
    message = f"{failure.culprit} {failure.reason}, so {named} was not reached"
    return TransportError(message, sent=failure.sent, final=failure.final, hint=_WAY_HINT)
