"""A tiny webhook receiver on loopback: keeps what it is sent, answers what it was told to."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from handler.simulator.server import LoopbackServer, read_request, to_wsgi
from handler.transport.request import Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

OK = Response(200, MappingProxyType({"content-type": "text/plain"}), b"ok")


@dataclass(frozen=True, slots=True)
class Received:
    """One request that came in; `path` with its query, header names lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class Inbox(LoopbackServer):
    """`with Inbox([Response(503), OK]) as inbox`: the answers in order, the last one again and again; default OK."""

    def __init__(self, answers: Sequence[Response] = (), port: int = 0) -> None:
        self.messages: list[Received] = []
        self._answers = tuple(answers) or (OK,)
        self._lock = threading.Lock()
        super().__init__(self._app, port)

    def _app(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = read_request(environ)
        headers = {name.lower(): value for name, value in request.headers.items()}
        with self._lock:
            answer = self._answers[min(len(self.messages), len(self._answers) - 1)]
            body = request.body or b""
            self.messages.append(Received(request.method, environ["REQUEST_URI"], headers, body))
        return to_wsgi(answer)(environ, start_response)
