"""How one HTTP exchange goes wrong: each fault is a function of what is asked and of the honest answer."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import quote

from handler.errors import TransportError
from handler.notify.send import LONGEST_WAIT
from handler.transport.request import Request, Response
from tests.fakes import FakeClock

JSON = {"content-type": "application/json"}
DEEP = b"[" * 100_000 + b"]" * 100_000


@dataclass(frozen=True)
class Exchange:
    """One request that the fault strikes. `honest` hands it on to the far end."""

    request: Request
    timeout: float
    clock: FakeClock
    honest: Callable[[], Response]


@dataclass(frozen=True)
class Fault:
    """`taken`: whether the far end acts on the request although we do not hear of it.

    `readable`: all that a rule needs is in the answer, so that the verdict must be as if nothing were odd.
    """

    name: str
    strike: Callable[[Exchange], Response]
    taken: bool = False
    edges: str = "api sink store"
    readable: bool = False


def _no_answer(*, sent: bool, final: bool = False, taken: bool = False, slow: bool = False):
    def strike(exchange: Exchange) -> Response:
        if taken:
            exchange.honest()
        if slow:
            exchange.clock.tick(exchange.timeout)
        raise TransportError("the simulated exchange failed", sent=sent, final=final)

    return strike


def _says(status: int, body: bytes = b"", **headers: str):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: Response(status, {**JSON, **named}, body)


def _status(status: int) -> bytes:
    return json.dumps({"error_code": f"X.{status}", "error_msg": "the simulated service refuses"}).encode()


def _mangled(change: Callable[[bytes], bytes]):
    def strike(exchange: Exchange) -> Response:
        honest = exchange.honest()
        return honest._replace(body=change(honest.body))

    return strike


def _document(change: Callable[[dict], object]):
    """The honest JSON body, changed; `change` gets a copy of its own."""
    return _mangled(lambda body: json.dumps(change(json.loads(body))).encode())


def _moment(days: float):
    def strike(exchange: Exchange) -> Response:
        exchange.clock.moment += timedelta(days=days)
        return exchange.honest()

    return strike


def _late(exchange: Exchange) -> Response:
    """The answer comes, but with it the time for asking is over (290 of 300 s); a sink's comes when it is given up."""
    honest = exchange.honest()
    exchange.clock.tick(292 if exchange.timeout > LONGEST_WAIT else exchange.timeout)
    return honest


def _echo(exchange: Exchange) -> Response:
    """The refusal repeats everything that was sent, secrets included."""
    said = " ".join([*reversed(exchange.request.headers.values()), exchange.request.url])
    sent = (exchange.request.body or b"").decode(errors="replace")
    body = {"error_code": "APIG.0301", "error_msg": f"{sent} {said}", "message": said, "description": said, "ok": False}
    return Response(400, {**JSON, "location": said[:2000]}, json.dumps(body).encode())


SPELLINGS: Mapping[str, Callable[[str], str]] = {
    "escaped for JSON": lambda text: "".join(f"\\u{ord(char):04x}" for char in text),
    "escaped for a URL": lambda text: quote(text, safe=""),
    "cut by two": lambda text: text[:-2],
    "in small letters": str.lower,
    "in base64": lambda text: base64.b64encode(f"user:{text}".encode()).decode(),
}


def _spelt_echo(spell: Callable[[str], str]):
    """The refusal repeats each header's value, spelt in another way."""

    def strike(exchange: Exchange) -> Response:
        said = " ".join(spell(value) for value in reversed(exchange.request.headers.values()))
        body = {"error_code": "APIG.0301", "error_msg": said, "message": said, "description": said, "ok": False}
        return Response(401, {**JSON, "x-request-id": said[:200]}, json.dumps(body).encode())

    return strike


def _honest_echo(exchange: Exchange) -> Response:
    """The honest answer, with what was sent as a key that no document names."""
    honest = exchange.honest()
    said = dict.fromkeys(exchange.request.headers.values(), 1)
    return honest._replace(body=json.dumps({**json.loads(honest.body), **said}).encode())


def _control_signs(_: Exchange) -> Response:
    body = {
        "error_code": "HSS.0041\r\nX: y",
        "error_msg": "bad\r\n\x1b[31mINFO: compliant\u202e\u2028",
        "message": "\x00",
    }
    return Response(500, {**JSON, "x-request-id": "a\nb"}, json.dumps(body).encode())


def _connections() -> Iterator[Fault]:
    yield Fault("refused", _no_answer(sent=False))
    yield Fault("DNS failure", _no_answer(sent=False))
    yield Fault("TLS failure", _no_answer(sent=False, final=True))
    yield Fault("reset before the answer", _no_answer(sent=True))
    yield Fault("reset mid-body", _no_answer(sent=True, taken=True), taken=True)
    yield Fault("slow header", _no_answer(sent=True, taken=True, slow=True), taken=True)
    yield Fault("slow body", _no_answer(sent=True, taken=True, slow=True), taken=True)
    yield Fault("never-ending body", _no_answer(sent=True, final=True, taken=True, slow=True), taken=True)
    yield Fault("huge body", _no_answer(sent=True, final=True, taken=True), taken=True)
    yield Fault("gzip bomb", _no_answer(sent=True, final=True, taken=True), taken=True)


def _statuses() -> Iterator[Fault]:
    for status in (301, 302, 303, 307, 308):
        yield Fault(str(status), _says(status, location="https://elsewhere.example/canary-redirect"))
    for status in (400, 401, 403, 404, 409, 410, 429, 500, 502, 503, 504):
        yield Fault(str(status), _says(status, _status(status)))
    for status in (429, 503):
        yield Fault(f"{status}, Retry-After 20", _says(status, _status(status), retry_after="20"))
        yield Fault(f"{status}, Retry-After 99999", _says(status, _status(status), retry_after="99999"))
    yield Fault("429, Retry-After hostile", _says(429, _status(429), retry_after="-1e999"))
    yield Fault("refusal that repeats the request", _echo)
    for name, spell in SPELLINGS.items():
        yield Fault(f"refusal that repeats the headers {name}", _spelt_echo(spell), edges="api")
    yield Fault("answer that repeats the headers as keys", _honest_echo, taken=True, edges="api")
    yield Fault("refusal with control characters", _control_signs)


def _bodies() -> Iterator[Fault]:
    page = b"<!doctype html><title>Please sign in</title>"
    yield Fault("HTML 200", lambda _: Response(200, {"content-type": "text/html"}, page))
    yield Fault("empty 200", lambda _: Response(200, {"content-length": "0"}, b""))
    yield Fault("204", _says(204), edges="api store")
    yield Fault("JSON bomb 200", _says(200, DEEP))
    yield Fault("huge number 200", _says(200, b'{"total_num": ' + b"9" * 50_000 + b', "data_list": []}'))
    yield Fault("truncated JSON", _mangled(lambda body: body[: len(body) // 2]), edges="api store")
    yield Fault("list instead of object", _document(lambda one: [one]), edges="api")
    yield Fault("empty object", _document(lambda _: {}), edges="api")
    yield Fault("wrong charset", _mangled(lambda body: body.decode().encode("utf-16")), edges="api store")
    yield Fault("null instead of JSON", _says(200, b"null"), edges="api store")


def _times() -> Iterator[Fault]:
    yield Fault("clock jumps two days ahead", _moment(2), taken=True)
    yield Fault("clock jumps two days back", _moment(-2), taken=True)
    yield Fault("clock jumps ten years ahead", _moment(3653), taken=True, edges="api")
    yield Fault("time limit reached", _late, taken=True)


def _first_row(**changes: object):
    """The honest page with its first row changed; None takes a key away."""

    def change(one: dict) -> dict:
        return {**one, "data_list": [{**row, **changes} if at == 0 else row for at, row in enumerate(one["data_list"])]}

    return _document(change)


ODD: tuple[object, ...] = (None, "", 7, True, [], {}, "\ud800", "never heard of")


def _odd_fields() -> Iterator[Fault]:
    """One field of one row that no rule reads, or that no document names."""
    for odd in ODD:
        shown = json.dumps(odd)
        yield Fault(f"status {shown}", _first_row(status=odd), taken=True, edges="list", readable=True)
        yield Fault(f"unknown key {shown}", _first_row(surprise=odd), taken=True, edges="list", readable=True)
        if not isinstance(odd, str):  # another word says honestly that another protocol is open
            yield Fault(f"type {shown}", _first_row(type=odd), edges="list")
        yield Fault(f"num {shown}", _first_row(num=odd), edges="list")


MEBIBYTES = 4 * 1024 * 1024 - 100


def _costly() -> Iterator[Fault]:
    """Four mebibytes that are cheap to send and cost much to judge."""
    for name, item in (("lists", "[]"), ("numbers", "1"), ("rows", '{"port":1,"type":"","num":1}')):
        body = '{"total_num":1,"port_num":1,"data_list":[' + (item + ",") * (MEBIBYTES // len(item) // 2) + item + "]}"
        yield Fault(f"costly {name}", _says(200, body.encode()), edges="api")
    yield Fault("17 MiB of blanks", _says(200, b" " * (17 * 1024 * 1024)), edges="api")


def _listings() -> Iterator[Fault]:
    """Lies about a list, each on one page only."""
    changes: Mapping[str, Callable[[dict], object]] = {
        "numbers as strings": lambda one: json.loads(json.dumps(one), parse_int=str),
        "duplicate row": lambda one: one | {"data_list": [*one["data_list"][:-1], one["data_list"][0]]},
        "row moved away": lambda one: one | {"data_list": one["data_list"][1:]},
        "row twice, the next one skipped": lambda one: one | {"data_list": [*one["data_list"], one["data_list"][0]]},
        "total_num drifts up": lambda one: one | {"total_num": one["total_num"] + 1},
        "total_num drifts down": lambda one: one | {"total_num": one["total_num"] - 1},
        "total_num 0, no rows": lambda one: {**one, "total_num": 0, "data_list": []},
        "no rows": lambda one: {**one, "data_list": []},
        "data_list null": lambda one: {**one, "data_list": None},
        "data_list missing": lambda one: {"total_num": one["total_num"]},
        "total_num missing": lambda one: {"data_list": one["data_list"]},
        "row without port": lambda one: one | {"data_list": [{"type": "TCP", "num": 1}, *one["data_list"][1:]]},
        "port -1": lambda one: one | {"data_list": [{**one["data_list"][0], "port": -1}, *one["data_list"][1:]]},
        "port true": lambda one: one | {"data_list": [{**one["data_list"][0], "port": True}, *one["data_list"][1:]]},
        "row null": lambda one: one | {"data_list": [None, *one["data_list"][1:]]},
        "first page again": lambda one: one | {"data_list": [{**row, "port": 1000} for row in one["data_list"]]},
    }
    for name, change in changes.items():
        yield Fault(name, _document(change), edges="list")
    twice = _mangled(lambda body: body.rstrip().removesuffix(b"}") + b', "total_num": 0, "data_list": []}')
    yield Fault("duplicate keys", twice, edges="list")
    yield Fault("NaN", _document(lambda one: {**one, "total_num": float("nan")}), edges="list")


FAULTS = (*_connections(), *_statuses(), *_bodies(), *_times(), *_costly(), *_odd_fields(), *_listings())


def faults_of(edge: str) -> tuple[Fault, ...]:
    """The faults that an edge (`api`, `list`, `sink`, `store`) can have."""
    known = {"list": ("list", "api")}.get(edge, (edge,))
    return tuple(fault for fault in FAULTS if set(known) & set(fault.edges.split()))
