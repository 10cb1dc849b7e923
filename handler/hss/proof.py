"""Whether a list was read whole: one pass in an order that was asked for, one and a second look, or two. Pure.

`handler.hss.reading` says what one pass proves. Where it shows no order, a line that changes places with others may
slip over a seam. Two passes miss such a line only if it does so in both: this limit is stated, not closed. Both passes
must list what they have in common in one order, for in a random order every line slips.

Where a pass shows an order that was not asked for, the list may still move lines to its front, so that one slips from
behind a seam to a place that was read before. So after the last page the first one is asked for once more. If it shows
the same ports in the same places, the pass is a proof. Claim: every lasting line is in the pass or in that second look.
A lasting line that moved to the front since the pass began stands now before every line that did not. The second look
begins the list. So if one of its lines neither moved nor came since then, all that moved are in it; and the lasting
lines that did not move have kept their places among each other, so they are in the pass. That not one of its lines
is such a line, though all ports are in their places, takes as many lines that moved or came as a page holds, in just
the order of those before: this limit, and that lines move to the front and not elsewhere, is stated, not closed.
A second look that shows anything else is the first page of a second reading: then the list counts as one in no order.

Where a page brings nothing new although the list goes on, the service rounds or ignores offsets; then two passes at
multiples of what it gives at once must hold the same lines, as many as `total_num`.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Literal

from handler.hss.aligned import AlignedReading, aligned_pages
from handler.hss.overlap import pages_of
from handler.hss.pages import same_order
from handler.hss.reading import ListReading
from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from handler.hss.pages import ListPage

TRIES = 2  # a reading that proves nothing is started over once
Pass = ListReading | AlignedReading


class Proof(NamedTuple):
    """What all answers have told so far. Begin with `begin`, go on with `add`, and after a failure with `again`.

    `now` is the pass under way, `first` one that was whole and is half a proof: in no order, or in one that was only
    seen and waits for its second look, which is then `look`. `answers` holds every page that came, one tuple for each
    pass, those that did not join included.
    """

    now: Pass
    first: Pass | None = None
    look: ListPage | None = None
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
        if self.looks_again:
            after = _looked(after, page)
        if now.state == "stuck":
            return after._replace(now=AlignedReading().add(now.pages[0]), first=None)
        return _ended(after) if after.state == "going" and now.state == "ended" else after

    @property
    def looks_again(self) -> bool:
        """Whether the next page is the second look at a list whose order was only seen."""
        return _only_seen(self.first) and not self.now.pages

    def again(self) -> Proof:
        """Start over; a pass that was whole stays half a proof."""
        return _next_pass(self._replace(state="going", why="", tries=self.tries + 1))

    def left(self) -> int:
        """Calls still to come until the list may be proven, if it does not move from now on."""
        if self.state == "whole":
            return 0
        begun = self.state == "going" and self.now.pages
        if not begun and _only_seen(self.first):
            return 1
        one_pass = _pages_of_a_pass(self)
        if not begun and one_pass == 1:
            return 1
        return (self.now.left() if begun else one_pass) + self._after_this(one_pass)

    def _after_this(self, one_pass: int) -> int:
        """Calls that come after this pass, where another one takes so many."""
        if self.first is not None:
            return 0
        if isinstance(self.now, ListReading) and (self.now.in_order or self.now.damaged):
            return 0 if self.now.sort_asked or self.now.damaged else 1
        return one_pass

    def surely_left(self) -> int:
        """The same where the pages to come may show an order after all."""
        now = self.now
        if self.state == "going" and self.first is None and isinstance(now, ListReading) and now.may_show_order:
            return now.left() + (0 if now.sort_asked else 1)
        return self.left()


def _ended(proof: Proof) -> Proof:
    """After a pass that came to its end."""
    now, first = proof.now, proof.first
    shown = now.shows if isinstance(now, ListReading) else "shared"
    if shown in ("page", "damaged"):
        return proof._replace(first=None, state="whole")
    if shown == "order" or (first is not None and _agree(first, now)):
        return proof._replace(state="whole")
    if first is None:
        return _next_pass(proof._replace(first=now))
    return _failed(proof._replace(first=now), "two readings do not agree")


def _looked(proof: Proof, page: ListPage) -> Proof:
    """After the second look at a list whose order was only seen: that is a proof, or the list counts as in no order."""
    first = proof.first
    assert isinstance(first, ListReading)
    if page.is_all:
        return proof
    if page.unreadable or page.places == first.pages[0].places:  # what cannot be read, another reading cannot mend
        return proof._replace(now=first, first=None, look=page, state="whole")
    return proof._replace(first=first._replace(still=False))


def _only_seen(one: Pass | None) -> bool:
    return isinstance(one, ListReading) and one.shows == "seen"


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
    return tuple(chain.from_iterable(page.keys for page in one.pages))
