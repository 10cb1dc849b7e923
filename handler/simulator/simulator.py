"""The simulated service: keeps the fleet, the throttle, the tokens and the log; asks pure code for every answer."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from handler.clock import SystemClock
from handler.errors import TransportError
from handler.schemas.apply import query_breaches
from handler.simulator import access, answers, refusals
from handler.simulator.faults import Armed, Fault, on_document, on_page, on_response
from handler.simulator.kept_list import KeptList
from handler.simulator.options import Options
from handler.simulator.throttle import Lockout, Throttle
from handler.simulator.wire import WIRES
from handler.transport.request import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from handler.clock import Clock
    from handler.schemas.breach import Breach
    from handler.simulator.fleet import Fleet, Line
    from handler.simulator.wire import Script

_HSS = re.compile(r"/v5/(?P<project>[^/]+)/(?P<api>asset/.+)")
LOGIN = "tokens"  # the name of IAM's API in faults and in the log


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call that came in. `api` is empty for an unknown path."""

    api: str
    query: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    status: int = 0
    user: str = ""
    breaches: tuple[Breach, ...] = ()  # how the query breaks its document's schema


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer; with a script its bytes go out as the script says."""

    response: Response
    script: Script | None = None


class Simulator:
    """HSS and IAM of one project. Thread-safe; usable as a Transport in process, or behind `SimulatorServer`.

    `moving` gives the fleet before the second and each later HSS call, from the one before and the call's number.
    """

    def __init__(
        self,
        fleet: Fleet,
        options: Options | None = None,
        *,
        clock: Clock | None = None,
        faults: Iterable[Fault] = (),
        moving: Callable[[Fleet, int], Fleet] | None = None,
    ) -> None:
        self.options = options or Options()
        self.calls: list[CallRecord] = []
        self._fleet, self._clock = fleet, clock or SystemClock()
        self._armed = [Armed(fault) for fault in faults]
        self.moving, self._moves = moving, 0
        self._throttle, self._lockout = Throttle(self.options.throttle), Lockout()
        self._issued: dict[str, access.Issued] = {}
        self._count = 0
        self._lists = KeptList()
        self._lock = threading.RLock()

    @property
    def fleet(self) -> Fleet:
        """What is open now."""
        return self._fleet

    def close_port(self, port: int, category: str | None = None) -> None:
        """Somebody closes a port, in one category or in both."""
        with self._lock:
            self._fleet = self._fleet.without(port, category)

    def open_port(self, line: Line, category: str = "host", enterprise_project: str = "0") -> None:
        """Somebody opens a port."""
        with self._lock:
            self._fleet = self._fleet.with_line(line, category, enterprise_project)

    def add_fault(self, fault: Fault) -> None:
        """From now on; its calls are counted from here."""
        with self._lock:
            self._armed.append(Armed(fault))

    def clear_faults(self) -> None:
        """All goes well again."""
        with self._lock:
            self._armed.clear()

    def __call__(self, request: Request, timeout: float) -> Response:  # noqa: ARG002 - a Transport
        """Answer in process. A fault on the wire is "no answer" here; for the real thing use the server."""
        reply = self.reply(request)
        if reply.script is not None:
            raise TransportError("the simulated connection broke")
        return reply.response

    def reply(self, request: Request) -> Reply:
        """The answer to one request, faults included; the call is logged. Header names may have any case."""
        lowered = {name.lower(): value for name, value in request.headers.items()}
        with self._lock:
            self._count += 1
            return self._routed(Request(request.method, request.url, lowered, request.body), f"{self._count:032x}")

    def _routed(self, request: Request, request_id: str) -> Reply:
        path = urlsplit(request.url).path
        query = dict(reversed(parse_qsl(urlsplit(request.url).query, keep_blank_values=True)))  # the first one counts
        found = _HSS.fullmatch(path)
        api = answers.APIS.get(found["api"], "") if found is not None and request.method == "GET" else ""
        if found is not None and api and (api, self.options.cloud) != ("port_detail", "otc"):
            return self._hss(request, answers.Call(api, found["project"], query), request_id)
        if (request.method, path) == ("POST", "/v3/auth/tokens"):
            return self._login(request, query, request_id)
        refusal = refusals.gateway(self.options, refusals.NOT_PUBLISHED, request_id)
        return self._logged(CallRecord(api, query, refusal.status), Reply(refusal))

    def _hss(self, request: Request, call: answers.Call, request_id: str) -> Reply:
        self._move()
        visit = self._visit(request, call)
        refusal = visit.refusal
        extra: dict[str, str] = {}
        if refusal is None and not self._throttle.admit(call.api, visit.user, self._clock.monotonic()):
            number, status, message = refusals.THROTTLED
            refusal = (number, status, message.format(self.options.throttle))
            extra = {} if self.options.retry_after is None else {"retry-after": str(self.options.retry_after)}
        if refusal is not None:
            reply = Reply(refusals.gateway(self.options, refusal, request_id, extra))
        else:
            reply = self._with_faults(call, request_id)
        breaches = _breaches(call, self.options)
        return self._logged(CallRecord(call.api, call.query, reply.response.status, visit.user, breaches), reply)

    def _move(self) -> None:
        if self.moving is not None and self._moves:
            self._fleet = self.moving(self._fleet, self._moves)
        self._moves += 1

    def _visit(self, request: Request, call: answers.Call) -> access.Visit:
        visit = access.visit(request, call.project_id, self.options, self._issued, self._clock.now())
        if not visit.access_key:
            return visit
        at = self._clock.monotonic()
        if self._lockout.locked(visit.access_key, at):
            return access.Visit(visit.user, refusals.LOCKED_KEY, visit.access_key)
        if visit.refusal is None:
            self._lockout.passed(visit.access_key)
        else:
            self._lockout.failed(visit.access_key, at)
        return visit

    def _with_faults(self, call: answers.Call, request_id: str) -> Reply:
        striking = self._striking(call.api, call.category)
        status = next((fault for fault, _ in striking if fault.kind == "status"), None)
        if status is not None:
            return Reply(refusals.of_shape(self.options, status.value, request_id))
        return _broken(self._answered(call, request_id, striking), striking)

    def _answered(self, call: answers.Call, request_id: str, striking: list[tuple[Fault, int]]) -> Response:
        granted = self.options.granted
        if granted is not None and call.enterprise_project not in granted:
            return refusals.hss("HSS.0013", "No permission", request_id)
        try:
            if call.api == "asset_statistics":
                document: dict[str, Any] = dict(answers.counters(call, self._fleet, self.options))
            else:
                page = on_page(self._lists.matching(call, self._fleet, self.options, self._count), striking)
                document = answers.listing(page, self.options)
        except answers.BadParameterError as error:
            return refusals.hss("HSS.0001", f"Invalid parameter: {error}", request_id)
        return refusals.json_answer(200, on_document(document, striking), request_id)

    def _login(self, request: Request, query: Mapping[str, str], request_id: str) -> Reply:
        response, token, issued = access.log_in(request, self.options, self._clock.now(), request_id)
        if issued is not None:
            self._issued[token] = issued
        striking = self._striking(LOGIN, "")
        status = next((fault for fault, _ in striking if fault.kind == "status"), None)
        if status is not None:
            response = refusals.of_shape(self.options, {"shape": "iam", **status.value}, request_id)
        user = issued.user if issued is not None else ""
        return self._logged(CallRecord(LOGIN, query, response.status, user), _broken(response, striking))

    def _striking(self, api: str, category: str) -> list[tuple[Fault, int]]:
        return [(armed.fault, armed.seen) for armed in self._armed if armed.strikes(api, category)]

    def _logged(self, record: CallRecord, reply: Reply) -> Reply:
        self.calls.append(record)
        return reply


def _broken(response: Response, striking: list[tuple[Fault, int]]) -> Reply:
    response = on_response(response, striking)
    wire = next((fault for fault, _ in striking if fault.kind in WIRES), None)
    return Reply(response, None if wire is None else WIRES[wire.kind](response, wire.value))


def _breaches(call: answers.Call, options: Options) -> tuple[Breach, ...]:
    """How the query breaks its document; empty where no document of that cloud describes the API."""
    try:
        return query_breaches(call.api, options.cloud, call.query)
    except KeyError:
        return ()
