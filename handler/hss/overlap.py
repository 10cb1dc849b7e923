"""How far a page steps back into the one before it, and how many pages a list takes so. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.hss.pages import CAP
from handler.hss.parameters import LIMIT

if TYPE_CHECKING:
    from handler.hss.pages import ListPage

OVERLAP = 4  # lines that a page begins before the end of the last: few, for each costs; enough where two lines go
WIDE = 8  # the same once the list was seen to move


def step_back(page: ListPage, place: int, *, still: bool) -> int:
    """How many lines of a page the next one repeats; `place` is where that one begins in an undisturbed list.

    So many that it begins with a lower port than this one ends with if nothing moves, and few more. What one page had
    to step back further, the next ones save again.
    """
    if page.unreadable:
        return min(page.size - 1, OVERLAP)  # nothing joins it anyway
    ending = next((at for at, port in enumerate(reversed(page.places)) if port != page.places[-1]), page.size)
    wanted = min(OVERLAP, page.end - place) if still else WIDE
    return min(page.size - 1, max(ending + 1, wanted))


def step_back_further(step: int, page: ListPage) -> int:
    """How many lines the next page repeats, where it began too late with `step` of them: at most all of the page."""
    return min(page.size, max(2 * WIDE, 4 * step))


def pages_of(rows: int, size: int = LIMIT) -> int:
    """The pages of one pass through a list of so many rows that does not move."""
    more = -(-max(0, rows - size) // max(1, size - OVERLAP))
    return 1 + more + (1 if rows >= CAP else 0)
