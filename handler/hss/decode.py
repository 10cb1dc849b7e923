"""An answer in, a typed page or a typed error out. Pure.

All that can be read is used. What cannot is a problem with its JSON path, so that nobody takes the page for the whole
truth; what can be read but is not as documented is counted.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from handler.errors import AnswerError
from handler.hss.documented import documented_counters, documented_rows
from handler.hss.refusals import harmless, refusal
from handler.hss.rows import (
    MOST_LISTED,
    MOST_NAMED,
    OLD_UNKNOWN,
    fault_of,
    is_count,
    is_integer,
    read_counters,
    read_rows,
)
from handler.hss.strict import NotJsonError, nothing, read_as
from handler.models import COUNTERS, Problem, Row
from handler.named_tuple import NamedTuple
from handler.schemas.apply import each_breach
from handler.schemas.breach import type_name
from handler.schemas.drift import pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from handler.hss.rows import Unreadable
    from handler.transport.request import Response

_Read = TypeVar("_Read", "PortPage", "AssetCounters")
_Made = TypeVar("_Made")
Validation = Literal["strict", "warn"]
Notes = dict[str, int]  # what is not as documented, and how often
LARGEST_ANSWER = 4 * 1024 * 1024  # bytes, unpacked; a page of 200 rows has 20,000
_NO_FAILURE = r"(?:\w+\.)?0*"  # the codes that say so: none, "0", "HSS.0000"
MOST_BREACHES = 10_000  # of one answer that are looked at; each costs as much as ten good rows
MOST_NOTES = 20
_MOST_KINDS = 100  # of notes that one answer may make
_OTHER_KINDS = ("drift", "$", "and other kinds of it")
_OLD_SPELLING = f'string "{OLD_UNKNOWN}" is none of'
UNREADABLE_HINT = AnswerError.hint


class PortPage(NamedTuple):
    """One page of port statistics.

    `rows` are those that can be read, `raw` the same as received; so many others are `unreadable`. `problems` name
    what cannot be read, `notes` count what is not as documented. A `total_num` that cannot be read is a problem, and
    the number of rows that came stands in for it.
    """

    total_num: int
    rows: tuple[Row, ...] = ()
    raw: tuple[Mapping[str, Any], ...] = ()
    notes: Mapping[str, int] = {}
    problems: tuple[Problem, ...] = ()
    unreadable: int = 0


class AssetCounters(NamedTuple):
    """The counters of asset statistics that can be read; `raw` is the whole answer, the others as in `PortPage`."""

    counters: Mapping[str, int]
    raw: Mapping[str, Any]
    notes: Mapping[str, int] = {}
    problems: tuple[Problem, ...] = ()


def port_page(response: Response, endpoint: str, cloud: str, validation: Validation = "warn") -> PortPage:
    """A page of `asset/port/statistics`. Raises AnswerError where there is no list, ApiError and its children.

    `strict` makes a problem of everything that is not as documented, too.
    """
    body, documented = _answer_as(partial(documented_rows, cloud), response, endpoint, "total_num")
    if documented is not None:
        return PortPage(body["total_num"], documented, tuple(body["data_list"]))
    total = body.get("total_num")
    faults = [] if is_count(total) else [fault_of("$.total_num", body, "total_num", "a count")]
    if body.get("data_list") is None and is_count(total) and total == 0:
        body = {**body, "data_list": []}  # how the list is left out of an empty answer is not documented
    listed = body.get("data_list")
    if not isinstance(listed, list):
        faults.append(fault_of("$.data_list", body, "data_list", "a list"))
        raise AnswerError(f"{endpoint}: " + "; ".join(map(str, faults)))
    read_ones = read_rows(listed)
    judged = body if read_ones.raw is listed else {**body, "data_list": read_ones.raw}
    notes = notes_of("port_statistics", cloud, judged, faults)
    faults += read_ones.faults
    return PortPage(
        total_num=total if is_count(total) else len(listed),
        rows=read_ones.rows,
        raw=tuple(read_ones.raw),
        notes=notes,
        problems=(
            *_problems(faults, read_ones.unreadable),
            *failure_said(body),
            *_strict_problems(notes, validation),
        ),
        unreadable=read_ones.unreadable,
    )


def asset_counters(response: Response, endpoint: str, cloud: str, validation: Validation = "warn") -> AssetCounters:
    """The counters of `asset/statistics`; each may be missing, but not all. Raises as `port_page` does."""
    body, documented = _answer_as(partial(documented_counters, cloud), response, endpoint, *COUNTERS)
    if documented is not None:
        return AssetCounters(documented, body)
    read_ones = read_counters(body)
    if not read_ones.counters and not read_ones.faults:
        raise AnswerError(f"{endpoint}: $: none of the known counters is in the answer")
    notes = notes_of("asset_statistics", cloud, body, read_ones.faults)
    problems = (*_problems(read_ones.faults), *_strict_problems(notes, validation))
    return AssetCounters(read_ones.counters, body, notes, problems)


def failure_said(body: Mapping[str, Any]) -> tuple[Problem, ...]:
    """The problem of an answer that names an error beside what was asked for, which may be a part or mere defaults."""
    code = body.get("error_code")
    if not isinstance(code, (str, int)) or isinstance(code, bool) or re.fullmatch(_NO_FAILURE, str(code)):
        return ()
    said = harmless(f"{code} {body.get('error_msg') or ''}".strip())
    return (Problem(f"the answer itself says that it failed: {said}", "$.error_code"),)


def unreadable_counters(body: Mapping[str, Any], names: Iterable[str]) -> tuple[Problem, ...]:
    """A problem for each counter that is read and is neither a count nor absent; one below zero is named already."""
    odd = [name for name in dict.fromkeys(names) if body.get(name) is not None and not is_integer(body[name])]
    return _problems(fault_of(f"$.{name}", body, name, "a count") for name in odd)


def whole(answer: _Read, endpoint: str) -> _Read:
    """The page or the counters, if all of it could be read. Raises AnswerError."""
    if answer.problems:
        raise AnswerError(f"{endpoint}: " + "; ".join(map(str, answer.problems)))
    return answer


def answer_object(response: Response, endpoint: str, *expected: str) -> dict[str, Any]:
    """The JSON object of a 200, whatever is in it. Raises AnswerError, ApiError and its children.

    An error body under status 200, which has none of the `expected` keys, is an error too.
    """
    return _answer_as(nothing, response, endpoint, *expected)[0]


def _answer_as(
    make: Callable[[Any, int], _Made | None], response: Response, endpoint: str, *expected: str
) -> tuple[dict[str, Any], _Made | None]:
    """The same object, and what `make` could make of it at once."""
    if response.status != 200:
        raise refusal(response, endpoint)
    if len(response.body) > LARGEST_ANSWER:
        raise AnswerError(f"{endpoint}: the answer has {len(response.body)} bytes, more than {LARGEST_ANSWER}")
    try:
        body, made = read_as(make, response.body)
    except NotJsonError as error:
        kind = harmless(response.headers.get("content-type", "no content type"), 60)
        raise AnswerError(f"{endpoint}: the answer is {error} ({kind}, {len(response.body)} bytes)") from None
    if not isinstance(body, dict):
        raise AnswerError(f"{endpoint}: $: is of type {type_name(body)}, not an object")
    listed = body.get("data_list")
    if isinstance(listed, list) and len(listed) > MOST_LISTED:
        raise AnswerError(f"{endpoint}: $.data_list: {len(listed)} rows in one answer, more than {MOST_LISTED}")
    if "error_code" in body and not any(name in body for name in expected):
        raise refusal(response, endpoint)
    return body, made


def notes_of(api: str, cloud: str, body: object, faults: Iterable[Unreadable] = ()) -> Notes:
    """How often each place of an answer is not as documented, but for `faults`, which are said already."""
    said = {fault.path for fault in faults}
    kinds: Counter[tuple[str, str, str]] = Counter()
    for breach in islice(each_breach(api, cloud, body), MOST_BREACHES):
        if breach.path not in said and not breach.message.startswith(_OLD_SPELLING):
            kind = ("tolerated (VALIDATION=warn)" if breach.fatal else "drift", pattern(breach.path), breach.message)
            kinds[kind if kind in kinds or len(kinds) < _MOST_KINDS else _OTHER_KINDS] += 1
    return {harmless(": ".join(kind)): times for kind, times in kinds.items()}


def drift_warnings(notes: Sequence[Mapping[str, int]]) -> tuple[str, ...]:
    """The notes of several answers as warnings, each once, with how often it was seen."""
    total: Counter[str] = Counter()
    for one in notes:
        total.update(one)
    texts = [_with_times(text, count) for text, count in sorted(total.items())]
    more = [f"drift: and {len(texts) - MOST_NOTES} more kinds of it"] if len(texts) > MOST_NOTES else []
    return (*texts[:MOST_NOTES], *more)


def _problems(faults: Iterable[Unreadable], unreadable: int = 0) -> tuple[Problem, ...]:
    """What cannot be read, so that what the answer says is not the whole truth."""
    named = [Problem(harmless(fault.message), fault.path, UNREADABLE_HINT) for fault in faults]
    more = unreadable - MOST_NAMED
    if more > 0:
        named.append(Problem(f"{more} more rows cannot be read", "$.data_list", UNREADABLE_HINT))
    return tuple(named)


def _strict_problems(notes: Notes, validation: Validation) -> tuple[Problem, ...]:
    """With VALIDATION=strict everything that is not as documented is a problem."""
    if validation == "warn":
        return ()
    return tuple(
        Problem(f"VALIDATION=strict: {text.partition(': ')[2]}", hint=UNREADABLE_HINT)
        for text in drift_warnings([notes])
    )


def _with_times(text: str, count: int) -> str:
    return f"{text} ({count} times)" if count > 1 else text
