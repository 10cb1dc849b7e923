"""An answer that is in all as documented: its rows or counters by a few calls of built-in functions. Pure.

It spares such an answer what `rows`, `strict` and the judge find out value by value. What is odd in whatever way is
left to them; for what is not, they come to the same, which a property test holds.
"""

from __future__ import annotations

from functools import cache, partial
from itertools import repeat
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from handler.hss.rows import MOST_LISTED, OLD_UNKNOWN, protocol_of, status_of
from handler.models import COUNTERS, Row
from handler.named_tuple import NamedTuple
from handler.ports import HIGHEST
from handler.schemas import catalog
from handler.schemas.plain_values import integers, items, members, sizes, words

if TYPE_CHECKING:
    from collections.abc import Mapping

_new_row = partial(tuple.__new__, Row)  # Row._make, without a Python function between
_NEEDED = ("port", "type", "num")
_CELLS = {3: itemgetter(*_NEEDED), 4: itemgetter(*_NEEDED, "status")}  # by how many keys each row has
_INTEGERS = frozenset([int])
LARGEST_COUNT = 10**10  # has less than twenty digits, which `strict` allows


class _Documented(NamedTuple):
    """What the document allows: numbers by their key, and how each word that it lists is read."""

    total_num: range
    rows: range
    port: range
    num: range
    protocols: Mapping[str, str]
    statuses: Mapping[str, str | None]


def documented_rows(cloud: str, answer: Any, colons: int) -> tuple[Row, ...] | None:
    """The rows of an answer that was parsed, if all of it is as documented; else None, also where it has no row.

    So many `colons` stand in its text: where they are more than it has keys, one may have stood twice.
    """
    known = _documented(cloud)
    if known is None or type(answer) is not dict:
        return None
    total, listed = answer.get("total_num"), answer.get("data_list")
    if type(listed) is not list or len(listed) not in known.rows or not _all_in([total], known.total_num):
        return None
    try:
        return _rows(known, listed, colons - 2)
    except (KeyError, TypeError, ValueError):  # rows of other or of different keys, a word that is not listed
        return None


def documented_counters(cloud: str, answer: Any, colons: int) -> Mapping[str, int] | None:
    """The counters of an answer that was parsed, if all of it is as documented; else None, also where it has none."""
    known = _documented_counters(cloud)
    if known is None or type(answer) is not dict or colons != len(answer) or not _are_counters(answer, known):
        return None
    return {name: answer[name] for name in known if name in answer}


def _are_counters(answer: Mapping[str, Any], known: Mapping[str, range]) -> bool:
    """Whether there are some, all of them known, and each an integer within its bounds."""
    if not answer or not answer.keys() <= known.keys() or not _INTEGERS.issuperset(map(type, answer.values())):
        return False
    return all(value in known[name] for name, value in answer.items())


def _rows(known: _Documented, listed: list[Any], keys: int) -> tuple[Row, ...] | None:
    (width,) = set(map(len, listed))
    ports, types, nums, *statuses = zip(*map(_CELLS[width], listed), strict=True)
    if keys != width * len(listed) or not (_all_in(ports, known.port) and _all_in(nums, known.num)):
        return None
    said = map(known.statuses.__getitem__, statuses[0]) if statuses else repeat(None, len(listed))
    return tuple(map(_new_row, zip(ports, map(known.protocols.__getitem__, types), nums, said, strict=True)))


def _all_in(numbers: Any, bounds: range) -> bool:
    return _INTEGERS.issuperset(map(type, numbers)) and min(numbers) in bounds and max(numbers) in bounds


@cache
def _documented(cloud: str) -> _Documented | None:
    """What the cloud's document and the overlay allow; None where they say more than can be compared here."""
    whole = catalog.effective("answers", "port_statistics", cloud)
    try:
        total, listed = members(whole, ("total_num", "data_list"), ("total_num", "data_list"))
        port, kind, num, status = members(items(listed, whole), (*_NEEDED, "status"), _NEEDED)
        return _Documented(
            _countable(integers(total)),
            range(1, min(sizes(listed).stop, MOST_LISTED + 1)),
            _countable(integers(port), HIGHEST),
            _countable(integers(num)),
            {word: protocol_of(word) for word in words(kind)},
            {word: status_of(word) for word in (*words(status), OLD_UNKNOWN)},
        )
    except ValueError:
        return None


@cache
def _documented_counters(cloud: str) -> Mapping[str, range] | None:
    """The same for the counters of asset statistics, in the vendor's order."""
    whole = catalog.effective("answers", "asset_statistics", cloud)
    try:
        bounds = [_countable(integers(each)) for each in members(whole, COUNTERS, ())]
    except ValueError:
        return None
    return dict(zip(COUNTERS, bounds, strict=True))


def _countable(allowed: range, most: int = LARGEST_COUNT) -> range:
    """The numbers that `rows` can read too."""
    return range(max(allowed.start, 0), min(allowed.stop, most + 1))
