"""Faults of bytes on a real connection: the real transport, short limits, a server on loopback that misbehaves."""

from __future__ import annotations

import gzip
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import chain, repeat
from urllib.parse import urlsplit

from typing_extensions import Self

from handler.transport.http import HttpTransport
from handler.transport.request import Request, Response, endpoint_of, host_of
from tests.faults import invariants
from tests.faults.api_edges import LOGIN, NAMES, _asks
from tests.faults.cells import LASTS, Cell
from tests.faults.scene import Scene, scene

LIMIT = 0.25  # seconds that one exchange may take here
MIB = 1024 * 1024
LARGE = ("huge body", "gzip bomb")
MOST_GROWTH = 64 * MIB  # of the process, over one cell
Script = Callable[[bytes], Iterator[tuple[float, bytes]]]  # the honest answer -> seconds to wait, bytes to send


def _head(body: bytes, length: int | None, more: str = "") -> bytes:
    size = "" if length is None else f"content-length: {length}\r\n"
    del body
    return f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{size}{more}connection: close\r\n\r\n".encode()


def _bomb(_: bytes) -> Iterator[tuple[float, bytes]]:
    packed = gzip.compress(b" " * MIB, mtime=0) * 200
    return iter([(0.0, _head(b"", len(packed), "content-encoding: gzip\r\n") + packed)])


SCRIPTS: dict[str, Script] = {
    "connection reset": lambda _: iter(()),
    "cut within the headers": lambda body: iter([(0.0, _head(body, len(body))[:30])]),
    "cut within the body": lambda body: iter([(0.0, _head(body, len(body)) + body[: len(body) // 2])]),
    "slow header": lambda body: ((0.05, bytes([one])) for one in _head(body, len(body))),
    "slow body": lambda body: chain([(0.0, _head(body, len(body)))], ((0.05, bytes([one])) for one in body)),
    "silence": lambda body: iter([(3.0, _head(body, len(body)) + body)]),
    "never-ending body": lambda body: chain([(0.0, _head(body, None))], repeat((0.0, b" " * 65536))),
    "never-ending header": lambda _: chain(
        [(0.0, b"HTTP/1.1 200 OK\r\n")], repeat((0.0, b"x: " + b"y" * 1000 + b"\r\n"))
    ),
    "huge body": lambda body: iter(
        [(0.0, _head(body, 64 * MIB + len(body))), *repeat((0.0, b" " * MIB), 64), (0.0, body)]
    ),
    "gzip bomb": _bomb,
    "gzip that is none": lambda body: iter([(0.0, _head(body, len(body), "content-encoding: gzip\r\n") + body)]),
    "chunks that are none": lambda body: iter(
        [(0.0, _head(body, None, "transfer-encoding: chunked\r\n") + b"zz\r\n" + body)]
    ),
    "length too long": lambda body: iter([(0.0, _head(body, len(body) + 10) + body)]),
    "not HTTP": lambda _: iter([(0.0, b"SSH-2.0-OpenSSH_9.2\r\n")]),
    "two answers in one": lambda body: iter([(0.0, (_head(body, 2) + b"{}") * 2)]),
}


class WireServer:
    """Plays one script on every connection."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(0.05)
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._accept)]
        self.script: Callable[[], Iterator[tuple[float, bytes]]] = lambda: iter(())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}/"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        self._listening.close()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            with suppress(OSError):
                connection, _ = self._listening.accept()
                connection.settimeout(1)
                thread = threading.Thread(target=self._play, args=(connection,))
                self._threads.append(thread)
                thread.start()

    def _play(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.recv(65536)
            for pause, data in self.script():
                if self._stopping.wait(pause) if pause else self._stopping.is_set():
                    return
                connection.sendall(data)


def cells() -> Iterator[Cell]:
    wheres: dict[str, Callable[[Request], bool]] = {
        "IAM": _asks("auth/tokens"),
        "asset/statistics": _asks("asset/statistics"),
        **{
            f"port/statistics, {place} page": _asks("port/statistics", offset=offset) for offset, place in NAMES.items()
        },
        "sink": lambda request: "soc.sink" in request.url,
        "OBS": lambda request: "state.obs" in request.url and request.method == "GET",
    }
    for name, where in wheres.items():
        for fault in (*SCRIPTS, "refused", "DNS failure", "TLS failure"):
            for lasts in LASTS:
                yield Cell(f"on the wire: {name}", fault, lasts, partial(_play, name, where, fault, lasts))


def _play(name: str, where: Callable[[Request], bool], fault: str, lasts: str) -> list[str]:
    with WireServer() as server, scene(keys=name == "OBS") as world:
        if name == "IAM":
            world.settings |= {key: value for key, value in LOGIN.items() if value}
            del world.settings["HSS_AUTH_TOKEN"]
            world.cold = True
        if name == "OBS":
            from tests.faults.store_edges import Bucket

            bucket = Bucket(conditions=True)
            world.store, world.state_bytes = bucket, lambda: bucket.objects.get("/a/last.json", b"")
            world.settings["STATE_URL"] = "obs://state/a/last.json"
        return invariants.once_each(_story(world, _Wire(server, where, fault), lasts))


def fault_of_a_sink(where: Callable[[Request], bool]) -> bool:
    return where(Request("POST", "https://soc.sink.example/"))


class _Wire:
    """The transport that takes the struck requests to the misbehaving server, with the run's own limits made short."""

    def __init__(self, server: WireServer, where: Callable[[Request], bool], fault: str) -> None:
        self.server, self.where, self.fault = server, where, fault
        named = host_of if fault_of_a_sink(where) else endpoint_of
        self.http = HttpTransport(connect_timeout=LIMIT, read_timeout=LIMIT, max_bytes=MIB, named=named)
        self.left: int | None = 0
        self.struck = 0
        self.slowest = 0.0
        self.largest = 0

    def strikes(self, request: Request) -> bool:
        return self.left != 0 and self.where(request)

    def exchange(self, request: Request, timeout: float, honest: Callable[[Request], Response]) -> Response:
        self.struck += 1
        self.left = None if self.left is None else self.left - 1
        began = time.monotonic()
        limit = 10 * LIMIT if self.fault in LARGE else LIMIT  # time enough for all of it, so that its size must stop it
        try:
            answer = self.http(self._elsewhere(request, honest), min(timeout, limit))
        finally:
            self.slowest = max(self.slowest, time.monotonic() - began)
        self.largest = max(self.largest, len(answer.body))
        return answer

    def _elsewhere(self, request: Request, honest: Callable[[Request], Response]) -> Request:
        rest = urlsplit(request.url)
        path = f"{rest.path[1:]}?{rest.query}"
        base = {"refused": "http://127.0.0.1:9/", "DNS failure": "http://no-such-name.invalid/"}.get(self.fault)
        if self.fault == "TLS failure":
            base = self.server.url.replace("http", "https")
        if self.fault in SCRIPTS:
            body = honest(request).body if self.fault != "connection reset" else b""
            self.server.script = partial(SCRIPTS[self.fault], body)
        return Request(request.method, (base or self.server.url) + path, request.headers, request.body)


def _story(world: Scene, wire: _Wire, lasts: str) -> Iterator[str]:
    inner = world._through

    def through(request: Request, timeout: float, far: Callable[[Request], Response]) -> Response:
        if wire.strikes(request):
            return wire.exchange(request, timeout, far)
        return inner(request, timeout, far)

    world._through = through  # type: ignore[method-assign]
    world.run()
    world.change()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wire.left = 1 if lasts == "once" else None
    for _ in range(LASTS[lasts]):
        yield from invariants.of_run(world.run())
        yield from invariants.of_marks(world)
    wire.left = 0
    if not wire.struck:
        yield "the fault never struck: the cell shows nothing"
    if wire.largest > MIB:
        yield f"an answer of {wire.largest // MIB} MiB was taken whole"
    if wire.slowest > 10 * LIMIT + 2:
        yield f"an exchange took {wire.slowest:.1f} s"
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    if grown > MOST_GROWTH:
        yield f"the process grew by {grown // MIB} MiB"
    for _ in range(3):
        world.clock.tick(7200)
        yield from invariants.of_run(world.run())
    yield from invariants.of_telling(world, repeats=True)
    yield from world.leaks()
