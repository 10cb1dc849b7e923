"""The control address, for a simulator in another process: what its methods do, by HTTP on loopback.

GET    /_simulator/calls    the log of calls
POST   /_simulator/faults   a list of faults, added to those there
DELETE /_simulator/faults   all goes well again
POST   /_simulator/close    {"port": 23, "category": "host"}; without a category, both
POST   /_simulator/open     {"port": 23, "type": "TCP", "num": 3, "status": "danger", "category": "host"}
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from handler.simulator.faults import read_faults
from handler.simulator.fleet import Line
from handler.transport.request import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from handler.simulator.simulator import Simulator

_ROOT = "/_simulator/"


def is_control(request: Request) -> bool:
    """Whether the request is for the control address."""
    return urlsplit(request.url).path.startswith(_ROOT)


def carry_out(simulator: Simulator, request: Request) -> Response:
    """Do it; 200 with a JSON object, 400 with `error`, or 404."""
    action = _ACTIONS.get((request.method, urlsplit(request.url).path.removeprefix(_ROOT)))
    if action is None:
        return _json(404, {"error": "no such action"})
    try:
        return _json(200, action(simulator, json.loads(request.body or b"{}")))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return _json(400, {"error": f"{type(error).__name__}: {error}"})


def _calls(simulator: Simulator, _: Any) -> Mapping[str, Any]:
    calls = [
        {"api": call.api, "query": dict(call.query), "status": call.status, "breaches": list(map(str, call.breaches))}
        for call in simulator.calls
    ]
    return {"calls": calls}


def _add_faults(simulator: Simulator, documents: Any) -> Mapping[str, Any]:
    faults = read_faults(documents)
    for fault in faults:
        simulator.add_fault(fault)
    return {"added": len(faults)}


def _clear_faults(simulator: Simulator, _: Any) -> Mapping[str, Any]:
    simulator.clear_faults()
    return {"faults": 0}


def _close(simulator: Simulator, document: Any) -> Mapping[str, Any]:
    simulator.close_port(int(document["port"]), document.get("category"))
    return {"closed": document["port"]}


def _open(simulator: Simulator, document: Any) -> Mapping[str, Any]:
    line = Line(
        int(document["port"]), str(document["type"]), int(document["num"]), str(document.get("status", "unknown"))
    )
    simulator.open_port(line, str(document.get("category", "host")), str(document.get("enterprise_project_id", "0")))
    return {"opened": line.port}


def _json(status: int, document: Mapping[str, Any]) -> Response:
    return Response(status, {"content-type": "application/json"}, json.dumps(document).encode())


_ACTIONS: Mapping[tuple[str, str], Callable[[Simulator, Any], Mapping[str, Any]]] = {
    ("GET", "calls"): _calls,
    ("POST", "faults"): _add_faults,
    ("DELETE", "faults"): _clear_faults,
    ("POST", "close"): _close,
    ("POST", "open"): _open,
}
