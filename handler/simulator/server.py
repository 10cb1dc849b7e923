"""The simulator on a loopback port, by werkzeug: `with SimulatorServer(Simulator(fleet)) as server: server.url`."""

from __future__ import annotations

import io
import socket
import threading
from contextlib import redirect_stderr
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import Headers
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wrappers import Request as WebRequest
from werkzeug.wrappers import Response as WebResponse

from handler.errors import UsageError
from handler.simulator import control
from handler.transport.request import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from typing_extensions import Self

    from handler.simulator.simulator import Simulator
    from handler.simulator.wire import Script

LOOPBACK = "127.0.0.1"


class QuietHandler(WSGIRequestHandler):
    """Logs nothing, and does not wait for ever for a client that says nothing."""

    timeout = 10

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - werkzeug's name
        """Nothing."""


class _JoiningServer(ThreadedWSGIServer):
    """Waits for its threads when it closes, so that none outlives it."""

    daemon_threads = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""


class LoopbackServer:
    """A WSGI application in a thread on 127.0.0.1; a context manager. Port 0 takes a free one."""

    def __init__(self, app: Callable[..., Any], port: int = 0) -> None:
        try:
            with redirect_stderr(io.StringIO()):  # werkzeug prints advice of its own
                self._server = _JoiningServer(LOOPBACK, port, app, QuietHandler)
        except SystemExit:  # werkzeug's way to say so
            raise UsageError(f"port {port} of {LOOPBACK} cannot be used", hint="Choose another --port.") from None
        self._thread = threading.Thread(target=lambda: self._server.serve_forever(poll_interval=0.02), daemon=True)
        self.stopping = threading.Event()

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return f"http://{LOOPBACK}:{self._server.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End every answer that is under way, and close."""
        self.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class SimulatorServer(LoopbackServer):
    """HSS, IAM and the control address (see `control`) of one simulator."""

    def __init__(self, simulator: Simulator, port: int = 0) -> None:
        self.simulator = simulator
        super().__init__(self._app, port)

    def _app(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = read_request(environ)
        if control.is_control(request):
            return to_wsgi(control.carry_out(self.simulator, request))(environ, start_response)
        reply = self.simulator.reply(request)
        if reply.script is None:
            return to_wsgi(reply.response)(environ, start_response)
        play(reply.script, environ["werkzeug.socket"], self.stopping)
        start_response("200 OK", [])  # goes nowhere: the connection is closed
        return []


def read_request(environ: dict[str, Any]) -> Request:
    """The request as our own noun, with the address as it came over the line."""
    web = WebRequest(environ)
    return Request(web.method, f"http://{web.host}{environ['REQUEST_URI']}", dict(web.headers.items()), web.get_data())


def to_wsgi(response: Response) -> WebResponse:
    """The answer as a WSGI application."""
    return WebResponse(response.body, response.status, Headers(list(response.headers.items())))


def play(script: Script, connection: socket.socket, stopping: threading.Event) -> None:
    """Send the script's bytes at its pace; end when it ends, when the client has gone, or when the server stops."""
    try:
        for pause, data in script:
            if stopping.wait(pause) if pause else stopping.is_set():
                break
            connection.sendall(data)
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
