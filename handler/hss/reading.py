"""One pass through a list that may move meanwhile: what to ask next, and what the pages prove. Pure.

What has to be proven is that every line which was open during the whole pass is in it. A page is one moment of the
list: a stretch of neighbouring lines. Each page begins a few lines before the end of the last one, and then:

*In order of port* a lasting line cannot change places with a lasting line of another port. Claim: after each page every
lasting line with a port lower than the page's last one is in. The first page begins the list, so it holds them. A page
that begins with a port f lower than the last port l of the page before holds every lasting line between f and its own
last port, because it is a stretch of a sorted list; those up to f are lower than l and in by induction. Lines of one
port may change places among themselves: that is why f must be lower than l, and why nothing is claimed of the last port
itself. As long as the pages ascend both as numbers and as texts, f must be lower in both, for either may be the order.

Where no sort can be asked for, that order is inferred: every page ascends, num is no reason for it, each seam fits in
place and `total_num` stands still. A list by port that moves lines to the front can feign that, if between two pages
one line moves to the front, another closes before the seam and one opens behind it. So an order that is only seen needs
a second look at the first page, which `handler.hss.proof` asks for.

*In no such order* two pages that share a line have no gap between them, as long as no line changes places with another.
A line that does so just at a seam, behind the page before and in front of this one, is missed. So one such pass proves
nothing; `handler.hss.proof` asks for two.

*The end* is a page that ends with its own `total_num`, and that is shorter than others or follows pages which all began
in place: a service that ignores or rounds offsets gives full pages that begin elsewhere. An empty page is no end: it
says that the list shrank below the offset, and what stood behind the last page may have slipped below it as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from handler.hss.overlap import OVERLAP, pages_of, step_back, step_back_further
from handler.hss.pages import BOTH, begins_lower, in_place, out_of_order, shares
from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Hashable

    from handler.hss.pages import ListPage, PortOrder

_MANY = 8  # answers beyond twice the pages of a list: it moves too fast
State = Literal["going", "ended", "stuck", "failed"]
Shown = Literal["page", "order", "seen", "shared", "damaged"]


class ListReading(NamedTuple):
    """What the pages of one pass have told so far; go on with `add`.

    `pages` are those that join, `answers` counts all that came; `step` is how far the next page steps back. `orders`
    are those in which every page ascends; `varied` tells that one page is not sorted by num, `still` that every page
    began in place and `total_num` stayed the same, `shared` that every page shares lines with the one before.
    `longest` are the most lines of one page, what the service gives at once; `damaged` tells that lines came that
    cannot be read: then pages are taken as they come, for what else they tell.
    State `stuck` means that a page brought nothing new: offsets are rounded or ignored.
    """

    sort_asked: bool = False
    pages: tuple[ListPage, ...] = ()
    answers: int = 0
    step: int = 0
    keys: frozenset[Hashable] = frozenset()
    orders: frozenset[PortOrder] = BOTH
    varied: bool = False
    still: bool = True
    shared: bool = True
    longest: int = 0
    damaged: bool = False
    state: State = "going"
    why: str = ""

    @property
    def offset(self) -> int:
        """Where the next page begins."""
        return max(0, self.pages[-1].end - self.step) if self.pages else 0

    @property
    def in_order(self) -> bool:
        """Whether the pages so far show an order of port: asked for and obeyed, or seen and undisturbed."""
        return bool(self.orders) and not self.damaged and (self.sort_asked or (self.varied and self.still))

    @property
    def may_show_order(self) -> bool:
        """Whether the pages so far may be the first ones of a list that shows one."""
        return bool(self.pages and self.orders and self.still)

    @property
    def numeric(self) -> bool:
        """Whether the pages show that `sort_key=port` was obeyed, and means numbers."""
        return self.sort_asked and self.orders == {"number"} and not self.damaged

    @property
    def may_stop_early(self) -> bool:
        """Whether the pages may still show that."""
        return self.sort_asked and "number" in self.orders

    @property
    def highest(self) -> int | None:
        """The port up to which, itself excluded, every port was passed; None where the order is not sure."""
        passed = self.pages[-1].places[-1:] if self.numeric and self.pages else ()
        return passed[0] if passed else None

    @property
    def shows(self) -> Shown:
        """What the pass proves, once it ended: an `order` that was asked for, one only `seen`, `shared` (half a proof).

        `damaged` proves nothing, and neither would another pass. Pages that neither share lines nor are in an order
        that was asked for do not join.
        """
        if self.damaged:
            return "damaged"
        if len(self.pages) == 1:
            return "page"
        if self.in_order:
            return "order" if self.sort_asked else "seen"
        return "shared"

    def add(self, page: ListPage) -> ListReading:
        """After one more answer, to the question for `offset`."""
        answered = self._replace(answers=self.answers + 1)
        if page.repeats_itself and not page.is_all and not self.damaged:
            return _failed(answered, "rows came twice in one answer")
        after = _joined(answered, page) if self.pages else _begun(answered, page)
        endless = after.state == "going" and after.answers > _MANY + 2 * pages_of(page.total_num, after.longest)
        return _failed(after, "it moves faster than it can be read") if endless else after

    def left(self) -> int:
        """Pages still to come in this pass, at least, if nothing moves."""
        if self.state != "going":
            return 0
        last = self.pages[-1]
        pages = -(-max(0, last.total_num - last.end) // max(1, self.longest - OVERLAP))
        return max(1, pages + last.capped)


def _begun(before: ListReading, page: ListPage) -> ListReading:
    begun = _with(before, page, shared=True)
    if page.size > page.total_num and not page.capped:
        return _failed(begun, _beyond(page))
    if page.is_all:
        return begun._replace(state="ended")
    return begun if page.size else _failed(begun, f"total_num is {page.total_num}, but the first page is empty")


def _joined(before: ListReading, page: ListPage) -> ListReading:
    last = before.pages[-1]
    shared = before.shared and shares(last, page)
    if page.size and _fits(before, last, page, shared=shared):
        return _judged(_with(before, page, shared=shared), page, before)
    if before.step >= last.size or (out_of_order(last, page) and not before.orders & page.orders):
        return _failed(before, "a page does not join the one before it")
    return before._replace(step=step_back_further(before.step, last), still=False)  # it begins too late


def _fits(before: ListReading, last: ListPage, page: ListPage, *, shared: bool) -> bool:
    if page.unreadable or before.damaged:
        return True
    orders = before.orders & page.orders
    if before.sort_asked and orders:
        return begins_lower(last, page, orders)
    return shared


def _with(before: ListReading, page: ListPage, *, shared: bool) -> ListReading:
    """With a page that joins; `shared` tells whether every page so far shares lines with the one before."""
    longer = before._replace(
        pages=(*before.pages, page),
        keys=before.keys.union(page.keys),
        orders=before.orders & page.orders,
        varied=before.varied or page.varied,
        shared=shared,
        longest=max(before.longest, page.size),
        damaged=before.damaged or page.unreadable != 0,
    )
    if before.pages:
        last = before.pages[-1]
        steady = page.total_num == last.total_num and in_place(last, page, before.step)
        longer = longer._replace(still=before.still and steady and begins_lower(last, page, longer.orders))
    place = len(longer.pages) * (longer.longest - OVERLAP)
    return longer._replace(step=step_back(page, place, still=longer.still))


def _judged(reading: ListReading, page: ListPage, before: ListReading) -> ListReading:
    """What a page that joined means: the end, or that offsets do not do what they should."""
    full = page.size >= before.longest
    repeats = len(reading.keys) == len(before.keys)  # it holds nothing else
    if repeats and full and not reading.damaged:
        return reading._replace(state="stuck", why="a page brings nothing new: offsets are rounded or ignored")
    if page.capped:
        return _ended(reading) if repeats and not full else reading
    return _judged_by_total(reading, page, full=full, repeats=repeats)


def _judged_by_total(reading: ListReading, page: ListPage, *, full: bool, repeats: bool) -> ListReading:
    """The same where `total_num` says where the list ends."""
    if page.end > page.total_num:
        return _failed(reading, _beyond(page))
    if page.end == page.total_num and (not full or reading.still or reading.damaged):
        return _ended(reading)
    if repeats and not full and not reading.damaged:
        return _failed(reading, f"only {page.end} of {page.total_num} rows came")
    return reading


def _ended(reading: ListReading) -> ListReading:
    totals = {page.total_num for page in reading.pages}
    if len(totals) == 1 and len(reading.keys) < max(totals) and not reading.damaged:
        return _failed(reading, f"only {len(reading.keys)} of {max(totals)} rows came")
    return reading._replace(state="ended")


def _failed(reading: ListReading, why: str) -> ListReading:
    return reading._replace(state="failed", why=why)


def _beyond(page: ListPage) -> str:
    return f"{page.end} rows came, but total_num is {page.total_num}"
