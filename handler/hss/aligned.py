"""A pass through a list whose service rounds offsets: pages at multiples of what it gives at once. Pure.

Such pages cannot overlap, so nothing joins them but their numbers: `total_num` stays the same, no line comes twice, and
there are as many lines as `total_num` says. Only two such passes with the same lines prove a list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.hss.pages import CAP
from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Hashable

    from handler.hss.pages import ListPage
    from handler.hss.reading import State


class AlignedReading(NamedTuple):
    """What the pages of one such pass have told so far; go on with `add`."""

    pages: tuple[ListPage, ...] = ()
    keys: frozenset[Hashable] = frozenset()
    state: State = "going"
    why: str = ""

    @property
    def offset(self) -> int:
        """Where the next page begins."""
        return self.pages[-1].end if self.pages else 0

    def add(self, page: ListPage) -> AlignedReading:
        """After one more answer, to the question for `offset`."""
        longer = self._replace(pages=(*self.pages, page), keys=self.keys.union(page.keys))
        total = longer.pages[0].total_num
        if page.total_num != total:
            return _failed(longer, f"total_num went from {total} to {page.total_num} between pages")
        came = len(longer.keys) + sum(one.unreadable for one in longer.pages)
        if came < page.end:
            return _failed(longer, "rows came twice")
        if page.size and (page.capped or page.end < total):
            return longer
        fits = came == total or (page.capped and page.end > total)
        return longer._replace(state="ended") if fits else _failed(longer, f"{page.end} of {total} rows came")

    def left(self) -> int:
        """Pages still to come in this pass, if nothing moves."""
        if self.state != "going":
            return 0
        total, size = self.pages[0].total_num, self.pages[0].size
        return max(1, aligned_pages(total, size) - len(self.pages))


def aligned_pages(rows: int, size: int) -> int:
    """The pages of one such pass through a list of so many rows."""
    return max(1, -(-rows // max(1, size))) + (1 if rows >= CAP else 0)


def _failed(reading: AlignedReading, why: str) -> AlignedReading:
    return reading._replace(state="failed", why=why)
