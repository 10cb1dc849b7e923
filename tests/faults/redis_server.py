"""A Redis server for one client at a time, small enough to break in every way: it speaks the protocol, not the product."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable

from typing_extensions import Self

OK = b"+OK\r\n"


class RedisServer:
    """GET, SET, WATCH, MULTI, EXEC on loopback. `broken(command, answer)` gives the bytes to send instead, or None to hang up."""

    def __init__(self, password: str) -> None:
        self.data: dict[bytes, bytes] = {}
        self.broken: Callable[[bytes, bytes], bytes | None] | None = None
        self.struck = 0
        self.pause = 0.0
        self._password = password.encode()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(0.05)
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._connections: list[socket.socket] = []

    @property
    def port(self) -> int:
        return int(self._listening.getsockname()[1])

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._threads[0].join()  # it accepts; after it there is no new connection
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._listening.close()

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(OSError):
                connection, _ = self._listening.accept()
                self._connections.append(connection)
                self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(None)  # a client that is kept waiting by a busy machine is not hung up on
        queued: list[list[bytes]] | None = None
        with connection, connection.makefile("rb") as lines, contextlib.suppress(OSError, ValueError):
            while not self._stopping.is_set():
                command = self._read(connection, lines)
                if command is None:
                    return
                name = command[0].upper()
                if name == b"MULTI":
                    queued, answer = [], OK
                elif name == b"EXEC":
                    answer = b"*%d\r\n" % len(queued or []) + b"".join(self._do(one) for one in queued or [])
                    queued = None
                elif queued is not None:
                    queued.append(command)
                    answer = b"+QUEUED\r\n"
                else:
                    answer = self._do(command)
                if not self._send(connection, name, answer):
                    return

    def _read(self, connection: socket.socket, lines: object) -> list[bytes] | None:
        del connection
        while not self._stopping.is_set():
            try:
                head = lines.readline()  # type: ignore[attr-defined]
            except TimeoutError:
                return None
            if not head:
                return None
            parts = []
            for _ in range(int(head[1:])):
                size = int(lines.readline()[1:])  # type: ignore[attr-defined]
                parts.append(lines.read(size + 2)[:-2])  # type: ignore[attr-defined]
            return parts
        return None

    def _do(self, command: list[bytes]) -> bytes:
        name = command[0].upper()
        if name == b"AUTH":
            return OK if command[-1] == self._password else b"-WRONGPASS invalid username-password pair\r\n"
        if name == b"GET":
            value = self.data.get(command[1])
            return b"$-1\r\n" if value is None else b"$%d\r\n%b\r\n" % (len(value), value)
        if name == b"SET":
            self.data[command[1]] = command[2]
            return OK
        if name == b"HELLO":
            return b"-ERR unknown command 'HELLO'\r\n"
        return OK

    def _send(self, connection: socket.socket, name: bytes, answer: bytes) -> bool:
        if self.broken is None or name in (b"CLIENT", b"SELECT", b"HELLO", b"AUTH", b"UNWATCH"):
            connection.sendall(answer)
            return True
        self.struck += 1
        said = self.broken(name, answer)
        if said is None:
            return False
        if self.pause:
            self._stopping.wait(self.pause)
        connection.sendall(said)
        return True
