"""Reads who listens on one port: all pages, with what they prove. The one place where such a list is read.

One page that holds as many lines as its own `total_num` is proof by itself. Of a longer list each next page begins a
few lines before the end of the last and must repeat them exactly, with the same `total_num`; and since nothing says in
which order lines come, a verdict needs two such passes with the same lines. A list that moves is read once more, then
it is not known. The stated limit: a line that slips over a seam in both passes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from handler.hss.pages import CAP
from handler.hss.parameters import LIMIT
from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from handler.models.listeners import Listener

SEAM = 4  # lines that a page begins before the end of the last
READINGS = 2  # so often a list that moves is read


class ListingPage(Protocol):
    """One answer: its lines, of how many, and whether some name nobody."""

    @property
    def listeners(self) -> Sequence[Listener]:
        """The lines that name somebody."""
        ...

    @property
    def total(self) -> int | None:
        """`total_num`; None where it is no count."""
        ...

    @property
    def unreadable(self) -> object:
        """True where some lines name nobody."""
        ...


class ListedListeners(NamedTuple):
    """What was read; `trouble` says why that is not known to be all."""

    listeners: tuple[Listener, ...]
    trouble: str = ""


def read_listing(ask: Callable[[int], ListingPage], *, passes: int = 2, tries: int = READINGS) -> ListedListeners:
    """All lines of one list; `ask` gives the page at an offset, and may raise.

    `passes` are those in which a list of several pages must hold the same lines.
    """
    read: ListedListeners = ListedListeners(())
    for _ in range(tries):
        read = _agreeing(ask, passes)
        if not read.trouble:
            break
    return read


def calls_for(lines: int) -> int:
    """The calls that a list of so many lines takes for a verdict, if it does not move."""
    pages = 1 + -(-max(0, lines - LIMIT) // (LIMIT - SEAM))
    return pages if pages == 1 else 2 * pages


def _agreeing(ask: Callable[[int], ListingPage], passes: int) -> ListedListeners:
    first, pages = _one_pass(ask)
    for _ in range(passes - 1 if pages > 1 else 0):
        if first.trouble:
            break
        again, _count = _one_pass(ask)
        if again.trouble or again.listeners != first.listeners:
            both = tuple(dict.fromkeys((*first.listeners, *again.listeners)))
            return ListedListeners(both, again.trouble or "two readings of the list do not agree")
    return first


def _one_pass(ask: Callable[[int], ListingPage]) -> tuple[ListedListeners, int]:
    """The lines of one pass, and how many pages it took."""
    lines: list[Listener] = []
    total: int | None = None
    pages = 0
    while total is None or len(lines) < total:
        step = min(SEAM, len(lines))
        page = ask(len(lines) - step)
        pages += 1
        trouble = _fault(page, lines, step, total)
        lines += page.listeners[step:] if not trouble or not lines else ()
        if trouble:
            return ListedListeners(tuple(lines), trouble), pages
        total = page.total
    return ListedListeners(tuple(lines)), pages


def _fault(page: ListingPage, lines: Sequence[Listener], step: int, total: int | None) -> str:
    """Why the pages so far and this one are not the list, if they are not."""
    if page.unreadable:
        return "lines of the listeners name nobody"
    if page.total is None:
        return "$.total_num of the listeners is no count"
    if page.total >= CAP:
        return f"there are {page.total} listeners or more"
    if total is not None and (page.total != total or list(page.listeners[:step]) != list(lines[len(lines) - step :])):
        return "the list of listeners moved while it was read"
    come = len(lines) + len(page.listeners) - step
    if come > page.total or (come < page.total and len(page.listeners) <= step):
        return f"{come} listeners came, of {page.total}"
    return ""
