"""Which rows count, where several answers tell of one port. Pure.

Of one port, the latest answer that covers it whole replaces all earlier rows: a page in order of port covers every port
between its first and its last, an exact query covers its own. Where no answer does, a repeat is the same port and type,
and the later answer counts. But where one port and type has several rows, one for each status, an answer with another
number of them may have been cut between them, and takes none away. Within one answer each status stays, and of the same
one the greater num.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from itertools import chain, compress, islice, takewhile
from operator import eq, itemgetter
from typing import TYPE_CHECKING

from handler.hss.pages import RANKS, begins_lower, key_of
from handler.hss.reading import ListReading
from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from handler.hss.pages import Key, ListPage, PortOrder
    from handler.hss.proof import Proof
    from handler.models import Row

ByKey = dict["Key", "Row"]
_PORT, _NAME = itemgetter(0), itemgetter(0, 1)  # of a key: its port, and that with its type


class Exact(NamedTuple):
    """The answer to a query for one port; `proven` that it holds every row of it."""

    port: int
    rows: tuple[Row, ...]
    proven: bool


def everything(proof: Proof, exact: Sequence[Exact] = ()) -> tuple[Row, ...]:
    """All rows that came, of rejected passes too: what is known where a list could not be read whole."""
    lines: ByKey = {}
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


def one_answer(rows: Iterable[Row], keys: Iterable[Key]) -> ByKey:
    """The rows of one answer, by their keys; of those that differ in num alone the greater."""
    rows = tuple(rows)
    lines: ByKey = dict(zip(keys, rows, strict=True))
    if len(lines) == len(rows):
        return lines
    lines = {}
    for row in rows:
        key = key_of(row)
        known = lines.setdefault(key, row)
        if known.num < row.num:
            lines[key] = row
    return lines


def _in_order(pages: Sequence[ListPage], orders: frozenset[PortOrder], *, whole: bool) -> ByKey:
    lines: ByKey = {}
    for at, page in enumerate(pages):
        before = _reaching_into(pages[:at], page, orders)
        to_end = whole and page is pages[-1]
        for key in _covered(page, before, orders, to_end=to_end):
            lines.pop(key, None)
        _repeated(lines, before, one_answer(page.rows, page.keys))
    return lines


def _looked(look: ListPage | None, lines: ByKey, now: ListReading) -> ByKey:
    """With what the second look at the first page holds: the latest answer of all, and in its place."""
    if look is None or _says_what_is_known(look, lines, now.orders):
        return lines
    return _taken_in(look, lines, now)


def _taken_in(look: ListPage, lines: ByKey, now: ListReading) -> ByKey:
    """The same, line by line."""
    before = tuple(lines) if look.unreadable else tuple(filter(lines.__contains__, _keys_up_to(look, now)))
    for key in () if look.unreadable else _covered(look, before, now.orders):
        lines.pop(key, None)
    _repeated(lines, before, one_answer(look.rows, look.keys))
    if tuple(islice(lines, len(look.keys))) == look.keys:
        return lines
    return {key: lines[key] for key in dict.fromkeys((*look.keys, *lines))}


def _says_what_is_known(look: ListPage, lines: ByKey, orders: frozenset[PortOrder]) -> bool:
    """Whether the lines begin with just these rows, and none of the others is such as the look would take away.

    It takes none whose port is as high as its highest. There a line that differs from one of the look in its status
    alone stays too: the look then holds fewer lines of that port and type than are known.
    """
    begin = tuple(islice(lines.items(), len(look.keys)))
    if look.unreadable or "number" not in orders or begin != tuple(zip(look.keys, look.rows, strict=True)):
        return False
    highest = look.places[-1]
    return all(map(highest.__le__, map(_PORT, islice(lines, len(begin), None))))


def _keys_up_to(look: ListPage, now: ListReading) -> Iterator[Key]:
    """What the pages hold that begin no higher than the second look at the first one ends: no other has its ports."""
    ends = [(RANKS[order], RANKS[order](look.places[-1])) for order in now.orders]
    near = takewhile(lambda page: all(rank(page.places[0]) <= end for rank, end in ends), now.pages)
    return chain.from_iterable(page.keys for page in near)


def _in_no_order(pages: Sequence[ListPage]) -> ByKey:
    lines: ByKey = {}
    before: Sequence[Key] = ()
    for page in pages:
        _repeated(lines, before, one_answer(page.rows, page.keys))
        before = page.keys
    return lines


def _reaching_into(earlier: Sequence[ListPage], page: ListPage, orders: frozenset[PortOrder]) -> tuple[Key, ...]:
    """What the pages before hold, as far back as they end beyond the port that this page begins with.

    In order of number that is left out of them which stands before that port.
    """
    keys: list[Key] = []
    for one in reversed(earlier):
        if not begins_lower(one, page, orders):
            break
        first = bisect_left(one.places, page.places[0]) if "number" in orders and page.places else 0
        keys += one.keys[first:]
    return tuple(keys)


def _covered(
    page: ListPage, keys: Sequence[Key], orders: frozenset[PortOrder], *, to_end: bool = False
) -> Sequence[Key]:
    """Those keys of whose port the page holds every row, in each order that it may be in."""
    for rank in (RANKS[order] for order in orders if keys):
        first, last = rank(page.places[0]), rank(page.places[-1])
        keys = [key for key in keys if first < (at := rank(key[0])) and (to_end or at < last)]
    return keys


def _repeated(lines: ByKey, before: Iterable[Key], later: ByKey) -> None:
    """Add what a later answer holds; `before` are the keys that it may repeat."""
    olds = list(filter(lines.__contains__, dict.fromkeys(before)))
    if olds:
        old_names = list(map(_NAME, olds))
        times = Counter(old_names)
        names = Counter(filter(times.__contains__, map(_NAME, later)))
        as_many = map(eq, map(times.__getitem__, old_names), map(names.__getitem__, old_names))
        for key in compress(olds, as_many):
            del lines[key]
    lines.update(later)


def _with(exact: Sequence[Exact], lines: ByKey) -> tuple[Row, ...]:
    if not exact:
        return tuple(lines.values())
    whole = {one.port for one in exact if one.proven}
    lines = {key: row for key, row in lines.items() if key[0] not in whole}
    for one in exact:
        before = () if one.proven else tuple(key for key in lines if key[0] == one.port)
        _repeated(lines, before, one_answer(one.rows, map(key_of, one.rows)))
    return tuple(lines.values())
