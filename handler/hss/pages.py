"""One page of a list, and how it joins the page before it. Pure."""

from __future__ import annotations

from itertools import compress
from operator import gt, itemgetter, le, lt
from typing import TYPE_CHECKING, Any, Literal

from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from handler.models import Row

CAP = 10_000  # total_num is documented to end here, and then means "at least"
PortOrder = Literal["number", "text"]
Sorted = Literal["asked", "seen", "none"]  # in order of port because that was asked for, or seemingly, or not
Key = tuple[int, str, str | None]
RANKS: Mapping[PortOrder, Callable[[int], Any]] = {"number": int, "text": str}  # what each order sorts a port by
BOTH: frozenset[PortOrder] = frozenset(RANKS)
_PORT, _NUM, _KEY = itemgetter(0), itemgetter(2), itemgetter(0, 1, 3)  # of a row; what is done for each costs most here


class ListPage(NamedTuple):
    """One answer to `offset`. `size` counts the lines that came, those that could not be read too.

    `keys` say which of the `rows` is which, in the order received; `places` what they may be sorted by. `orders` are
    those in which the places ascend, `varied` tells that num both rises and falls: then they are not sorted by num.
    """

    offset: int
    total_num: int
    size: int
    rows: tuple[Any, ...]
    keys: tuple[Any, ...]
    places: tuple[Any, ...]
    orders: frozenset[PortOrder] = frozenset()
    varied: bool = False

    @classmethod
    def of(cls, offset: int, total_num: int, rows: tuple[Row, ...], size: int | None = None) -> ListPage:
        """The page of these rows of port statistics."""
        ports = tuple(map(_PORT, rows))
        return cls(
            offset,
            total_num,
            len(rows) if size is None else size,
            rows,
            tuple(map(_KEY, rows)),
            ports,
            frozenset(order for order, rank in RANKS.items() if _ascends(ports, rank)),
            _rises_and_falls(tuple(map(_NUM, rows))),
        )

    @property
    def end(self) -> int:
        """The offset behind the last line."""
        return self.offset + self.size

    def order_shown(self, *, asked: bool) -> Sorted:
        """Whether the page looks like one of a list in order of port, which was `asked` for or not."""
        if asked and self.orders:
            return "asked"
        return "seen" if self.orders and self.varied else "none"

    @property
    def unreadable(self) -> int:
        """The lines that came and could not be read."""
        return self.size - len(self.rows)

    @property
    def is_all(self) -> bool:
        """Whether this one answer holds as many lines as the whole list has."""
        return self.offset == 0 and self.size == self.total_num and not self.capped

    @property
    def repeats_itself(self) -> bool:
        """Whether a line stands twice in this one answer, which is one moment: then others may be missing."""
        return len(frozenset(self.keys)) < len(self.keys)

    @property
    def capped(self) -> bool:
        """Whether there may be more lines than `total_num` can say."""
        return self.total_num >= CAP


def key_of(row: Row) -> Key:
    """What makes two rows the same line: port, type and status."""
    return row.port, row.protocol, row.status


def begins_lower(last: ListPage, page: ListPage, orders: frozenset[PortOrder]) -> bool:
    """Whether the page begins with a lower port than the one before it ends with, in each of the orders."""
    begin, end = page.places[:1], last.places[-1:]
    return all(tuple(map(RANKS[order], begin)) < tuple(map(RANKS[order], end)) for order in orders)


def shares(last: ListPage, page: ListPage) -> bool:
    """Whether both pages hold some of the same lines in the same order, those of one port in any.

    The lines of the port that ended the page before are not enough: they may have changed places among themselves,
    so that one of them slipped over the seam.
    """
    before, after = _places_in_common(last, page)
    return before == after and any(place != last.places[-1] for place in before)


def out_of_order(last: ListPage, page: ListPage) -> bool:
    """Whether lines of both pages have changed places: no page that begins earlier can mend that."""
    before, after = _places_in_common(last, page)
    return before != after


def in_place(last: ListPage, page: ListPage, step: int) -> bool:
    """Whether the page begins with exactly the `step` lines that end the one before, those of one port in any order."""
    return step <= len(page.places) and page.places[:step] == last.places[len(last.places) - step :]


def same_order(first: tuple[Hashable, ...], second: tuple[Hashable, ...]) -> bool:
    """Whether two readings list what both hold in one order, but for few lines that moved.

    A line that moved makes two descents at most; a list in no order at all makes one at every second line.
    """
    rank = {line: at for at, line in enumerate(dict.fromkeys(first))}
    ranks: list[int] = list(map(rank.__getitem__, filter(rank.__contains__, dict.fromkeys(second))))
    descents: int = sum(map(gt, ranks, ranks[1:]))
    return 4 * descents <= len(ranks)


def _places_in_common(last: ListPage, page: ListPage) -> tuple[list[int], list[int]]:
    """The places of the lines that both pages hold, each once, in the order of either.

    Mostly they are the last ones of one and the first ones of the other; only else every line is looked at.
    """
    known = frozenset(last.keys)
    common = known.intersection(page.keys)
    at_end, at_begin = len(last.keys) - len(common), len(common)
    if common == frozenset(last.keys[at_end:]) == frozenset(page.keys[:at_begin]) and len(known) == len(last.keys):
        return list(last.places[at_end:]), list(page.places[:at_begin])
    return _places(last, common), _places(page, common)


def _places(page: ListPage, keys: frozenset[Hashable]) -> list[int]:
    """The places of these lines, each once, in the order of the page."""
    wanted = map(keys.__contains__, page.keys)
    return list(dict(compress(zip(page.keys, page.places, strict=True), wanted)).values())


def _ascends(ports: Sequence[int], rank: Callable[[int], Any]) -> bool:
    """Whether they ascend by that; no more of them are ranked than tell it."""
    if rank is int:
        return all(map(le, ports, ports[1:]))
    return all(map(le, map(rank, ports), map(rank, ports[1:])))


def _rises_and_falls(nums: Sequence[int]) -> bool:
    return any(map(lt, nums, nums[1:])) and any(map(gt, nums, nums[1:]))
