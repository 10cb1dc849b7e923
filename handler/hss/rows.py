"""What can be read of an answer's rows and counters, field by field; what cannot is named with its place. Pure.

A row needs a port, a type and a num. Its status may be absent, and so may each counter: there `null`, an empty text and
a value of a wrong type are as good as absent, as in every client of the vendor's.
"""

from __future__ import annotations

from functools import partial
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeGuard

from handler.models import COUNTERS, Row
from handler.named_tuple import NamedTuple
from handler.ports import HIGHEST
from handler.schemas.breach import type_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_new_row = partial(tuple.__new__, Row)  # Row._make, without a Python function between
_INTEGERS, _TEXTS = frozenset([int]), frozenset([str])
_COUNT, _PORT = "a count", "a port number"
_NUMBERS = (_COUNT, _PORT)
MOST_LISTED = 10_000  # of one answer; 200 are asked for
OLD_UNKNOWN = "unknow"  # so an older document spells the status `unknown`; it is no drift
MOST_NAMED = 5  # unreadable rows of one answer that are named one by one


class Unreadable(NamedTuple):
    """Something of an answer that cannot be read: where, and why. `path` is a JSON path: `$.data_list[3].port`."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


class RowsRead(NamedTuple):
    """The rows that could be read, the same as received, and how many could not; `faults` of the first of those."""

    rows: tuple[Row, ...]
    raw: list[Mapping[str, Any]]
    unreadable: int = 0
    faults: tuple[Unreadable, ...] = ()


class CountersRead(NamedTuple):
    """The counters that could be read; `faults` of those below zero, which may be anything but absent."""

    counters: Mapping[str, int]
    faults: tuple[Unreadable, ...] = ()


class _Columns(NamedTuple):
    ports: list[int]
    types: list[str]
    nums: list[int]
    statuses: list[Any]


def read_rows(raw: list[Any]) -> RowsRead:
    """The rows of a `data_list`. Each is read or named by itself; one odd row takes no other with it."""
    columns = _columns(raw)
    if columns is not None:
        return RowsRead(_rows(columns), raw)
    kept: list[Mapping[str, Any]] = []
    faults: list[Unreadable] = []
    for index, one in enumerate(raw):
        if _is_readable(one):
            kept.append(one)
        elif index - len(kept) < MOST_NAMED:
            faults += _row_faults(f"$.data_list[{index}]", one)
    columns = _columns(kept)
    assert columns is not None
    return RowsRead(_rows(columns), kept, len(raw) - len(kept), tuple(faults))


def read_counters(raw: Mapping[str, Any]) -> CountersRead:
    """The counters of an answer of asset statistics, in the vendor's order."""
    counters = {name: raw[name] for name in COUNTERS if is_count(raw.get(name))}
    below = [name for name in COUNTERS if is_integer(raw.get(name)) and raw[name] < 0]
    return CountersRead(counters, tuple(Unreadable(f"$.{name}", "is below zero, not a count") for name in below))


def protocol_of(kind: str) -> str:
    """The protocol of a row, from its type."""
    return kind.strip().lower()


def status_of(said: object) -> str | None:
    """The status of a row in lower case, in the vendor's newer spelling; None where there is no word."""
    word = said.strip().lower() if isinstance(said, str) else ""
    return "unknown" if word == OLD_UNKNOWN else word or None


def is_count(value: object) -> TypeGuard[int]:
    """Whether a value of an answer is an integer from zero; `true` is none."""
    return is_integer(value) and value >= 0


def fault_of(path: str, holder: Mapping[str, Any], key: str, wanted: str) -> Unreadable:
    """Why the value under a key cannot be used as what is wanted, such as `a count`."""
    if key not in holder:
        return Unreadable(path, "is missing")
    found = type_name(holder[key])
    out_of_range = found == "integer" and wanted in _NUMBERS
    return Unreadable(path, f"is {'out of range' if out_of_range else f'of type {found}'}, not {wanted}")


def is_integer(value: object) -> TypeGuard[int]:
    """Whether a value of an answer is an integer; `true` is none."""
    return isinstance(value, int) and not isinstance(value, bool)


def _columns(raw: list[Any]) -> _Columns | None:
    """What every row holds, if all can be read: a few calls of built-in functions tell, whatever the number of rows."""
    try:
        ports, types, nums = (list(map(itemgetter(name), raw)) for name in ("port", "type", "num"))
        statuses = [one.get("status") for one in raw]
    except (KeyError, TypeError, AttributeError):
        return None
    if not (_INTEGERS.issuperset(map(type, chain(ports, nums))) and _TEXTS.issuperset(map(type, types))):
        return None
    if min(chain(ports, nums), default=0) < 0 or max(ports, default=0) > HIGHEST:
        return None
    return _Columns(ports, types, nums, statuses)


def _rows(columns: _Columns) -> tuple[Row, ...]:
    types = {text: protocol_of(text) for text in set(columns.types)}
    try:
        words: Iterable[str | None] = map(
            {said: status_of(said) for said in set(columns.statuses)}.get, columns.statuses
        )
    except TypeError:  # an array or an object in place of a word
        words = map(status_of, columns.statuses)
    cells = zip(columns.ports, map(types.__getitem__, columns.types), columns.nums, words, strict=True)
    return tuple(map(_new_row, cells))


def _is_port(value: object) -> TypeGuard[int]:
    return is_count(value) and value <= HIGHEST


def _is_readable(row: Any) -> bool:
    if not isinstance(row, dict):
        return False
    return _is_port(row.get("port")) and isinstance(row.get("type"), str) and is_count(row.get("num"))


def _row_faults(at: str, row: Any) -> list[Unreadable]:
    """What of a row that cannot be read is wrong."""
    if not isinstance(row, dict):
        return [Unreadable(at, f"is of type {type_name(row)}, not an object")]
    fields = (
        ("port", _is_port(row.get("port")), _PORT),
        ("type", isinstance(row.get("type"), str), "a text"),
        ("num", is_count(row.get("num")), _COUNT),
    )
    which = f" (port {row['port']})" if fields[0][1] else ""
    faults = [fault_of(f"{at}.{name}", row, name, wanted) for name, good, wanted in fields if not good]
    return [fault._replace(message=fault.message + which) for fault in faults]
