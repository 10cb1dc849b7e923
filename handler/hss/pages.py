"""One page of a list, and how it joins the page before it. Pure."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping

    from handler.models import Row

CAP = 10_000  # total_num is documented to end here, and then means "at least"
PortOrder = Literal["number", "text"]
Sorted = Literal["asked", "seen", "none"]  # in order of port because that was asked for, or seemingly, or not
Key = tuple[int, str, str | None]
RANKS: Mapping[PortOrder, Callable[[int], Any]] = {"number": int, "text": str}  # what each order sorts a port by
BOTH: frozenset[PortOrder] = frozenset(RANKS)


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
        ports = tuple(row.port for row in rows)
        return cls(
            offset,
            total_num,
            len(rows) if size is None else size,
            rows,
            tuple(map(key_of, rows)),
            ports,
            frozenset(order for order, rank in RANKS.items() if _ascends(map(rank, ports))),
            _rises_and_falls(tuple(row.num for row in rows)),
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
    common = frozenset(last.keys) & frozenset(page.keys)
    before, after = _places(last, common), _places(page, common)
    return before == after and any(place != last.places[-1] for place in before)


def out_of_order(last: ListPage, page: ListPage) -> bool:
    """Whether lines of both pages have changed places: no page that begins earlier can mend that."""
    common = frozenset(last.keys) & frozenset(page.keys)
    return _places(last, common) != _places(page, common)


def in_place(last: ListPage, page: ListPage, step: int) -> bool:
    """Whether the page begins with exactly the `step` lines that end the one before, those of one port in any order."""
    return step <= len(page.places) and page.places[:step] == last.places[len(last.places) - step :]


def same_order(first: tuple[Hashable, ...], second: tuple[Hashable, ...]) -> bool:
    """Whether two readings list what both hold in one order, but for few lines that moved.

    A line that moved makes two descents at most; a list in no order at all makes one at every second line.
    """
    rank = {key: at for at, key in enumerate(dict.fromkeys(first))}
    ranks = [rank[key] for key in dict.fromkeys(second) if key in rank]
    return 4 * sum(before > after for before, after in pairwise(ranks)) <= len(ranks)


def _places(page: ListPage, keys: frozenset[Hashable]) -> list[int]:
    """The places of these lines, each once, in the order of the page."""
    return [place for key, place in dict(zip(page.keys, page.places, strict=True)).items() if key in keys]


def _ascends(ranks: Iterable[Any]) -> bool:
    return all(low <= high for low, high in pairwise(ranks))


def _rises_and_falls(nums: tuple[int, ...]) -> bool:
    steps = tuple(pairwise(nums))
    return any(low < high for low, high in steps) and any(low > high for low, high in steps)
