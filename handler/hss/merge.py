"""Which rows count, where several answers tell of one port. Pure.

Of one port, the latest answer that covers it whole replaces all earlier rows: a page in order of port covers every port
between its first and its last, an exact query covers its own. Where no answer does, a repeat is the same port and type,
and the later answer counts. But where one port and type has several rows, one for each status, an answer with another
number of them may have been cut between them, and takes none away. Within one answer each status stays, and of the same
one the greater num.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

from handler.hss.pages import RANKS, begins_lower, key_of
from handler.hss.reading import ListReading

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from handler.hss.pages import Key, ListPage, PortOrder
    from handler.hss.proof import Proof
    from handler.models import Row

Lines = dict["Key", "Row"]


class Exact(NamedTuple):
    """The answer to a query for one port; `proven` that it holds every row of it."""

    port: int
    rows: tuple[Row, ...]
    proven: bool


def everything(proof: Proof, exact: Sequence[Exact] = ()) -> tuple[Row, ...]:
    """All rows that came, of rejected passes too: what is known where a list could not be read whole."""
    lines: Lines = {}
    for pages in proof.answers:
        _repeated(lines, tuple(lines), _in_no_order(pages))
    return _with(exact, lines)


def proven(proof: Proof, exact: Sequence[Exact] = ()) -> tuple[Row, ...]:
    """The rows that count where every question is answered: none of a pass that was started over."""
    now = proof.now
    whole = proof.state == "whole"
    if isinstance(now, ListReading) and (now.numeric or (whole and proof.first is None)):
        return _with(exact, _in_order(now.pages, now.orders, whole=whole))
    lines = {} if proof.first is None else _in_no_order(proof.first.pages)
    _repeated(lines, tuple(lines), _in_no_order(now.pages))
    return _with(exact, lines)


def one_answer(rows: Iterable[Row]) -> Lines:
    """The rows of one answer; of those that differ in num alone the greater."""
    lines: Lines = {}
    for row in rows:
        known = lines.get(key_of(row))
        if known is None or known.num < row.num:
            lines[key_of(row)] = row
    return lines


def _in_order(pages: Sequence[ListPage], orders: frozenset[PortOrder], *, whole: bool) -> Lines:
    lines: Lines = {}
    for at, page in enumerate(pages):
        before = _reaching_into(pages[:at], page, orders)
        to_end = whole and page is pages[-1]
        for key in before:
            if _covers(page, key[0], orders, to_end=to_end):
                lines.pop(key, None)
        _repeated(lines, before, one_answer(page.rows))
    return lines


def _in_no_order(pages: Sequence[ListPage]) -> Lines:
    lines: Lines = {}
    for at, page in enumerate(pages):
        _repeated(lines, pages[at - 1].keys if at else (), one_answer(page.rows))
    return lines


def _reaching_into(earlier: Sequence[ListPage], page: ListPage, orders: frozenset[PortOrder]) -> tuple[Key, ...]:
    """What the pages before hold, as far back as they end beyond the port that this page begins with."""
    keys: list[Key] = []
    for one in reversed(earlier):
        if not begins_lower(one, page, orders):
            break
        keys += one.keys
    return tuple(keys)


def _covers(page: ListPage, port: int, orders: frozenset[PortOrder], *, to_end: bool) -> bool:
    """Whether the page holds every row of the port, in each order that it may be in."""
    first, last = page.places[0], page.places[-1]
    ranks = [RANKS[order] for order in orders]
    return all(rank(first) < rank(port) and (to_end or rank(port) < rank(last)) for rank in ranks)


def _repeated(lines: Lines, before: Iterable[Key], later: Lines) -> None:
    """Add what a later answer holds; `before` are the keys that it may repeat."""
    olds: dict[tuple[int, str], list[Key]] = defaultdict(list)
    for key in dict.fromkeys(before):
        if key in lines:
            olds[key[:2]].append(key)
    for pair, count in Counter(key[:2] for key in later).items():
        if len(olds[pair]) == count:
            for key in olds[pair]:
                del lines[key]
    lines.update(later)


def _with(exact: Sequence[Exact], lines: Lines) -> tuple[Row, ...]:
    whole = {one.port for one in exact if one.proven}
    lines = {key: row for key, row in lines.items() if key[0] not in whole}
    for one in exact:
        before = () if one.proven else tuple(key for key in lines if key[0] == one.port)
        _repeated(lines, before, one_answer(one.rows))
    return tuple(lines.values())
