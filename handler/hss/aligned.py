"""A pass through a list whose service rounds offsets: pages at multiples of what it gives at once. Pure.

Such pages cannot overlap, so nothing joins them but their numbers: `total_num` stays the same, no line comes twice, and
there are as many lines as `total_num` says. Only two such passes with the same lines prove a list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Hashable

    from handler.hss.pages import Page
    from handler.hss.reading import State


class AlignedReading(NamedTuple):
    """What the pages of one such pass have told so far; go on with `add`."""

    pages: tuple[Page, ...] = ()
    keys: frozenset[Hashable] = frozenset()
    state: State = "going"
    why: str = ""

    @property
    def offset(self) -> int:
        """Where the next page begins."""
        return self.pages[-1].end if self.pages else 0

    def add(self, page: Page) -> AlignedReading:
        """After one more answer, to the question for `offset`."""
        if self.pages and page.total_num != self.pages[-1].total_num:
            before = self.pages[-1].total_num
            return self._failed(f"total_num went from {before} to {page.total_num} between pages")
        longer = self._replace(pages=(*self.pages, page), keys=self.keys.union(page.keys))
        if len(longer.keys) < page.end:
            return longer._failed("rows came twice, or not at all")
        if page.capped:
            return longer if page.size else longer._ended(page)
        return longer._ended(page) if page.end >= page.total_num or not page.size else longer

    def left(self) -> int:
        """Pages still to come in this pass, if nothing moves."""
        if self.state != "going":
            return 0
        total, size = (self.pages[-1].total_num, self.pages[0].size) if self.pages else (0, 1)
        return max(1, aligned_pages(max(0, total - self.offset), size) + (1 if self.pages and self.pages[-1].capped else 0))

    def _ended(self, page: Page) -> AlignedReading:
        known = len(self.keys)
        fits = known >= page.total_num if page.capped else known == page.total_num
        return self._replace(state="ended") if fits else self._failed(f"only {known} of {page.total_num} rows came")

    def _failed(self, why: str) -> AlignedReading:
        return self._replace(state="failed", why=why)


def aligned_pages(rows: int, size: int) -> int:
    """The pages of one such pass that hold so many rows."""
    return -(-rows // max(1, size))
