"""An answer in, a typed page or a typed error out. Pure.

What cannot be read for certain is an error: a run that guesses could say "compliant" of ports it never saw.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeGuard

from handler.errors import AnswerError
from handler.hss.refusals import harmless, refusal
from handler.hss.strict import NotJsonError, read
from handler.models import COUNTERS, Row
from handler.ports import HIGHEST
from handler.schemas.apply import breaches

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from handler.transport import Response

Validation = Literal["strict", "warn"]
Notes = dict[str, int]  # what drifted from the document, and how often
_NAMED = 5  # breaches named in one error
MOST_NOTES = 20
_INDEX = re.compile(r"\[\d+\]")
_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}


class PortPage(NamedTuple):
    """One page of port statistics. `raw` is `data_list` as received; `notes` counts drift from the document."""

    total_num: int
    rows: tuple[Row, ...] = ()
    raw: tuple[Mapping[str, Any], ...] = ()
    notes: Mapping[str, int] = {}


class AssetCounters(NamedTuple):
    """The counters of asset statistics that came; `raw` is the whole answer."""

    counters: Mapping[str, int]
    raw: Mapping[str, Any]
    notes: Mapping[str, int] = {}


def port_page(response: Response, endpoint: str, cloud: str, validation: Validation = "strict") -> PortPage:
    """A page of `asset/port/statistics`. Raises AnswerError, ApiError and its children.

    `warn` tolerates breaches of the schema as long as total_num and every row's port, type and num can be read.
    """
    body = _object(response, endpoint, "total_num")
    notes: Notes = {}
    if body.get("data_list") is None and _is_count(body.get("total_num")) and body["total_num"] == 0:
        body = {**body, "data_list": []}  # how the list is left out of an empty answer is not documented
    notes.update(_judge("port_statistics", cloud, body, endpoint, validation))
    rows = body.get("data_list")
    faults = [] if _is_count(body.get("total_num")) else [_unreadable("$.total_num", body, "total_num", "a count")]
    if not isinstance(rows, list):
        raise _error(endpoint, [*faults, _unreadable("$.data_list", body, "data_list", "a list")])
    faults += [fault for index, row in enumerate(rows) if not _is_readable(row) for fault in _row_faults(index, row)]
    if faults:
        raise _error(endpoint, faults)
    return PortPage(body["total_num"], tuple(_row(row) for row in rows), tuple(rows), notes)


def asset_counters(response: Response, endpoint: str, cloud: str, validation: Validation = "strict") -> AssetCounters:
    """The counters of `asset/statistics`; each may be missing, but not all. Raises as `port_page` does.

    `warn` leaves out a counter that cannot be read.
    """
    body = _object(response, endpoint, *COUNTERS)
    notes = _judge("asset_statistics", cloud, body, endpoint, validation)
    counters = {name: body[name] for name in COUNTERS if _is_count(body.get(name))}
    if not counters:
        raise AnswerError(f"{endpoint}: $: none of the known counters is in the answer")
    bad = [
        _unreadable(f"$.{name}", body, name, "a count") for name in COUNTERS if name in body and name not in counters
    ]
    if bad and validation == "strict":
        raise _error(endpoint, bad)
    return AssetCounters(counters, body, notes)


def drift_warnings(notes: Sequence[Mapping[str, int]]) -> tuple[str, ...]:
    """The notes of several answers as warnings, each once, with how often it was seen."""
    total: Counter[str] = Counter()
    for one in notes:
        total.update(one)
    texts = [f"{text} ({count} times)" if count > 1 else text for text, count in sorted(total.items())]
    more = [f"drift: and {len(texts) - MOST_NOTES} more kinds of it"] if len(texts) > MOST_NOTES else []
    return (*texts[:MOST_NOTES], *more)


def _type_name(value: object) -> str:
    return "null" if value is None else _TYPES.get(type(value), type(value).__name__)


def _object(response: Response, endpoint: str, *expected: str) -> dict[str, Any]:
    """The JSON object of a 200; anything else is an error, an error body under status 200 included."""
    if response.status != 200:
        raise refusal(response, endpoint)
    try:
        body = read(response.body)
    except NotJsonError as error:
        kind = harmless(response.headers.get("content-type", "no content type"), 60)
        raise AnswerError(f"{endpoint}: the answer is {error} ({kind}, {len(response.body)} bytes)") from None
    if not isinstance(body, dict):
        raise AnswerError(f"{endpoint}: $: is of type {_type_name(body)}, not an object")
    if "error_code" in body and not any(name in body for name in expected):
        raise refusal(response, endpoint)
    return body


def _judge(api: str, cloud: str, body: object, endpoint: str, validation: Validation) -> Notes:
    """What is tolerated, counted. Raises AnswerError where a breach is not."""
    found = breaches(api, cloud, body)
    fatal = [breach for breach in found if breach.fatal]
    if fatal and validation == "strict":
        raise _error(endpoint, [harmless(str(breach)) for breach in fatal])
    kinds = Counter((breach.fatal, _INDEX.sub("[]", breach.path), breach.message) for breach in found)
    notes: Counter[str] = Counter()
    for (is_fatal, path, message), times in kinds.items():
        told = "tolerated (VALIDATION=warn)" if is_fatal else "drift"
        notes[harmless(f"{told}: {path}: {message}")] += times
    return dict(notes)


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_readable(row: object) -> bool:
    """Whether port, type and num can be used, whatever the schema says."""
    if not isinstance(row, dict) or not isinstance(row.get("type"), str):
        return False
    port = row.get("port")
    return _is_count(row.get("num")) and _is_count(port) and port <= HIGHEST


def _row_faults(index: int, row: object) -> list[str]:
    """What of port, type and num cannot be used."""
    at = f"$.data_list[{index}]"
    if not isinstance(row, dict):
        return [f"{at}: is of type {_type_name(row)}, not an object"]
    faults = [_unreadable(f"{at}.num", row, "num", "a count")] if not _is_count(row.get("num")) else []
    port = row.get("port")
    if not _is_count(port) or port > HIGHEST:
        faults.append(_unreadable(f"{at}.port", row, "port", "a port number"))
    if not isinstance(row.get("type"), str):
        faults.append(_unreadable(f"{at}.type", row, "type", "a text"))
    return faults


def _unreadable(path: str, holder: Mapping[str, Any], key: str, wanted: str) -> str:
    if key not in holder:
        return f"{path}: is missing"
    value = holder[key]
    if _type_name(value) == "integer":
        return f"{path}: is an integer out of range, not {wanted}"
    return f"{path}: is of type {_type_name(value)}, not {wanted}"


def _error(endpoint: str, faults: Sequence[str]) -> AnswerError:
    more = f"; and {len(faults) - _NAMED} more" if len(faults) > _NAMED else ""
    return AnswerError(f"{endpoint}: " + "; ".join(faults[:_NAMED]) + more)


def _row(row: Mapping[str, Any]) -> Row:
    status = row.get("status")
    word = status.strip().lower() if isinstance(status, str) else ""
    return Row(row["port"], row["type"].strip().lower(), row["num"], "unknown" if word == "unknow" else word or None)
