"""Whether a list was read whole: one pass in order of port, or two in none. Pure.

`handler.hss.reading` says what one pass proves. Where it shows no order, a line that changes places with others may
slip over a seam. Two passes miss such a line only if it does so in both: this limit is stated, not closed. Both passes
must list what they have in common in one order, for in a random order every line slips.

Where a page brings nothing new although the list goes on, the service rounds or ignores offsets; then two passes at
multiples of what it gives at once must hold the same lines, as many as `total_num`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from handler.hss.aligned import AlignedReading, aligned_pages
from handler.hss.overlap import pages_of
from handler.hss.pages import same_order
from handler.hss.reading import ListReading

if TYPE_CHECKING:
    from handler.hss.pages import ListPage

TRIES = 2  # a reading that proves nothing is started over once
Pass = ListReading | AlignedReading


class Proof(NamedTuple):
    """What all answers have told so far. Begin with `begin`, go on with `add`, and after a failure with `again`.

    `now` is the pass under way, `first` one in no order that was whole, half a proof. `answers` holds every page that
    came, one tuple for each pass, those that did not join included.
    """

    now: Pass
    first: Pass | None = None
    answers: tuple[tuple[ListPage, ...], ...] = ((),)
    state: Literal["going", "whole", "failed"] = "going"
    why: str = ""
    tries: int = 1

    @classmethod
    def begin(cls, *, sort_asked: bool) -> Proof:
        """Before the first page; `sort_asked`: pages are asked for with `sort_key=port`."""
        return cls(ListReading(sort_asked))

    @property
    def total_num(self) -> int:
        """What the latest page says; 0 before the first."""
        pages = next((pages for pages in reversed(self.answers) if pages), ())
        return pages[-1].total_num if pages else 0

    def add(self, page: ListPage) -> Proof:
        """After the answer to the question for `now.offset`."""
        now = self.now.add(page)
        after = self._replace(now=now, answers=(*self.answers[:-1], (*self.answers[-1], page)))
        if now.state == "failed":
            return _failed(after, now.why)
        if now.state == "stuck":
            return after._replace(now=AlignedReading().add(now.pages[0]), first=None)
        return _ended(after) if now.state == "ended" else after

    def again(self) -> Proof:
        """Start over; a pass that was whole stays half a proof."""
        return _next_pass(self._replace(state="going", why="", tries=self.tries + 1))

    def left(self) -> int:
        """Calls still to come until the list may be proven, if it does not move from now on."""
        if self.state == "whole":
            return 0
        one_pass = _pages_of_a_pass(self)
        begun = self.state == "going" and self.now.pages
        alone = isinstance(self.now, ListReading) and (self.now.in_order or self.now.damaged)
        enough = alone or self.first is not None or (not begun and one_pass == 1)
        return (self.now.left() if begun else one_pass) + (0 if enough else one_pass)

    def surely_left(self) -> int:
        """The same where the pages to come may show an order after all."""
        hopeful = isinstance(self.now, ListReading) and self.now.orders and self.now.still and self.now.pages
        return self.now.left() if hopeful and self.state == "going" else self.left()


def _ended(proof: Proof) -> Proof:
    """After a pass that came to its end."""
    now, first = proof.now, proof.first
    shown = now.shows if isinstance(now, ListReading) else "shared"
    if shown in ("page", "damaged"):
        return proof._replace(first=None, state="whole")
    if shown == "order" or (first is not None and shown == "shared" and _agree(first, now)):
        return proof._replace(state="whole")
    if shown == "shared" and first is None:
        return _next_pass(proof._replace(first=now))
    if shown == "shared":
        return _failed(proof._replace(first=now), "two readings do not agree")
    return _failed(proof, "the pages are in no order, and do not share rows")


def _next_pass(proof: Proof) -> Proof:
    now = AlignedReading() if isinstance(proof.now, AlignedReading) else ListReading(proof.now.sort_asked)
    return proof._replace(now=now, answers=(*proof.answers, ()))


def _pages_of_a_pass(proof: Proof) -> int:
    size = max(page.size for pages in proof.answers for page in pages)
    count = aligned_pages if isinstance(proof.now, AlignedReading) else pages_of
    return count(proof.total_num, size)


def _failed(proof: Proof, why: str) -> Proof:
    return proof._replace(state="failed", why=why)


def _agree(first: Pass, second: Pass) -> bool:
    """Whether two passes show one list: the same lines where pages cannot overlap, else the same order."""
    if isinstance(second, AlignedReading):
        return first.keys == second.keys
    return same_order(_in_order_read(first), _in_order_read(second))


def _in_order_read(one: Pass) -> tuple[object, ...]:
    return tuple(key for page in one.pages for key in page.keys)
