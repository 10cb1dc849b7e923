"""Which rows count, where several answers tell of one port. Pure.

Of one port, the latest answer that covers it whole replaces all earlier rows: a page in order of port covers every port
between its first and its last, an exact query covers its own. Where no answer does, a repeat is the same port and type,
and the later answer counts. But where one port and type has several rows, one for each status, an answer with another
number of them may have been cut between them, and takes none away. Within one answer each status stays, and of the same
one the greater num.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from handler.hss.pages import RANKS, begins_lower, key_of
from handler.hss.reading import ListReading
from handler.named_tuple import NamedTuple

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
    if isinstance(now, ListReading) and not now.damaged and (now.numeric or (whole and proof.first is None)):
        return _with(exact, _looked(proof.look, _in_order(now.pages, now.orders, whole=whole), now))
    lines = {} if proof.first is None else _in_no_order(proof.first.pages)
    _repeated(lines, tuple(lines), _in_no_order(now.pages))
    return _with(exact, lines)


def one_answer(rows: Iterable[Row], keys: Iterable[Key]) -> Lines:
    """The rows of one answer, by their keys; of those that differ in num alone the greater."""
    lines: Lines = {}
    for key, row in zip(keys, rows, strict=True):
        known = lines.setdefault(key, row)
        if known.num < row.num:
            lines[key] = row
    return lines


def _in_order(pages: Sequence[ListPage], orders: frozenset[PortOrder], *, whole: bool) -> Lines:
    lines: Lines = {}
    for at, page in enumerate(pages):
        before = _reaching_into(pages[:at], page, orders)
        to_end = whole and page is pages[-1]
        for key in _covered(page, before, orders, to_end=to_end):
            lines.pop(key, None)
        _repeated(lines, before, one_answer(page.rows, page.keys))
    return lines


def _looked(look: ListPage | None, lines: Lines, now: ListReading) -> Lines:
    """With what the second look at the first page holds: the latest answer of all, and in its place."""
    if look is None:
        return lines
    before = tuple(lines)
    for key in () if look.unreadable else _covered(look, before, now.orders, to_end=False):
        lines.pop(key)
    _repeated(lines, before, one_answer(look.rows, look.keys))
    return {key: lines[key] for key in (*look.keys, *lines)}


def _in_no_order(pages: Sequence[ListPage]) -> Lines:
    lines: Lines = {}
    for at, page in enumerate(pages):
        _repeated(lines, pages[at - 1].keys if at else (), one_answer(page.rows, page.keys))
    return lines


def _reaching_into(earlier: Sequence[ListPage], page: ListPage, orders: frozenset[PortOrder]) -> tuple[Key, ...]:
    """What the pages before hold, as far back as they end beyond the port that this page begins with."""
    keys: list[Key] = []
    for one in reversed(earlier):
        if not begins_lower(one, page, orders):
            break
        keys += one.keys
    return tuple(keys)


def _covered(page: ListPage, keys: Sequence[Key], orders: frozenset[PortOrder], *, to_end: bool) -> Sequence[Key]:
    """Those keys of whose port the page holds every row, in each order that it may be in."""
    for rank in (RANKS[order] for order in orders if keys):
        first, last = rank(page.places[0]), rank(page.places[-1])
        keys = [key for key in keys if first < rank(key[0]) and (to_end or rank(key[0]) < last)]
    return keys


def _repeated(lines: Lines, before: Iterable[Key], later: Lines) -> None:
    """Add what a later answer holds; `before` are the keys that it may repeat."""
    names = Counter(key[:2] for key in later)
    olds: dict[tuple[int, str], list[Key]] = defaultdict(list)
    for key in before:
        if key[:2] in names and key in lines:
            olds[key[:2]].append(key)
    for name, keys in olds.items():
        if len(set(keys)) == names[name]:
            for key in keys:
                lines.pop(key, None)
    lines.update(later)


def _with(exact: Sequence[Exact], lines: Lines) -> tuple[Row, ...]:
    whole = {one.port for one in exact if one.proven}
    lines = {key: row for key, row in lines.items() if key[0] not in whole}
    for one in exact:
        before = () if one.proven else tuple(key for key in lines if key[0] == one.port)
        _repeated(lines, before, one_answer(one.rows, map(key_of, one.rows)))
    return tuple(lines.values())
