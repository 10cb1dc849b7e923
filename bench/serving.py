"""The simulator's answers over HTTP/1.1 with kept connections, each answer made once, with a latency if wanted."""

from __future__ import annotations

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from typing_extensions import Self

from handler.simulator.generate import generate
from handler.simulator.options import Options
from handler.simulator.simulator import Simulator
from handler.transport.request import Request, Response

if TYPE_CHECKING:
    from handler.simulator.moving import ListOrder

OPTIONS = {"throttle": 0, "any_key": True}


class Serving:
    """A context manager; `url`, the calls so far and when the first one arrived (monotonic seconds of the machine)."""

    def __init__(self, rows: int, *, cloud: str = "otc", latency: float = 0.0, order: ListOrder = "insertion") -> None:
        self.options = Options(cloud=cloud, order=order, **OPTIONS)
        self.simulator = Simulator(generate(1, rows, cloud=cloud), self.options)
        self.latency, self.calls, self.first = latency, 0, 0.0
        self.paths: list[str] = []  # what was asked since the last reset
        self._answers: dict[str, Response] = {}
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # headers and body in one segment

            def do_GET(self) -> None:
                response = outer.answer(self.path, dict(self.headers.items()))
                self.send_response(response.status)
                for name, value in response.headers.items():
                    if name.lower() != "content-length":
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(response.body)))
                self.end_headers()
                self.wfile.write(response.body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def answer(self, path: str, headers: dict[str, str]) -> Response:
        arrived = time.monotonic()
        with self._lock:
            self.first = self.first or arrived
            self.calls += 1
            self.paths.append(path)
            known = self._answers.get(path)
            if known is None:
                known = self.simulator(Request("GET", self.url + path, headers), 30.0)
                if known.status == 200:
                    self._answers[path] = known
        time.sleep(max(0.0, arrived + self.latency - time.monotonic()))
        return known

    def reset(self) -> None:
        self.calls, self.first, self.paths = 0, 0.0, []

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
