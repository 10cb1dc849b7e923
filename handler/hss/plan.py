"""Which calls answer a policy: the fewest, decided anew after each page. Pure.

Every category starts with one unfiltered first page. Then the remaining pages, or one exact query for each port that is
not answered yet, whichever are fewer. A port is answered by an exact query, by the whole listing, or by pages that are
proven to ascend by number and have passed it; a port that was merely seen is not, since its other types may follow.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal, NamedTuple

from handler.hss.parameters import HIGHEST_OFFSET, LIMIT
from handler.ports import HIGHEST, NAMED_PORTS, PortSet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from handler.models import Row
    from handler.policy.rules import Policy

CAP = 10_000  # total_num is documented to end here, and then means "at least"
_NO_PORTS = PortSet()
PlanName = Literal["pages", "ports", "sorted"]
Key = tuple[int, str, str | None]


class Ask(NamedTuple):
    """What a policy wants to know of one category: these ports, or every row."""

    category: str
    ports: PortSet = _NO_PORTS
    every_row: bool = False


class Pages(NamedTuple):
    """What the pages of one listing have told so far. Build it with `first`, go on with `add`.

    `page` is the most rows that came in one page, `fault` says what shows that the list changed meanwhile,
    `proven` that rows ascend by number and not also as text, `ended` that an empty page came after the first.
    """

    total_num: int
    rows: tuple[Row, ...] = ()
    keys: frozenset[Key] = frozenset()
    page: int = 0
    fault: str = ""
    ascending: bool = True
    proven: bool = False
    ended: bool = False

    @classmethod
    def first(cls, total_num: int, rows: tuple[Row, ...]) -> Pages:
        """After the unfiltered first page."""
        start = cls(total_num)
        return start._with(rows) if rows or not total_num else start._replace(fault=_empty_start(total_num))

    def add(self, total_num: int, rows: tuple[Row, ...]) -> Pages:
        """After one more page."""
        if total_num != self.total_num:
            fault = f"total_num went from {self.total_num} to {total_num} between pages"
            return self._with(rows)._replace(fault=self.fault or fault)
        if not rows:
            return self._replace(ended=True, fault=self.fault or self._missing())
        return self._with(rows)

    def _with(self, rows: tuple[Row, ...]) -> Pages:
        ports = [row.port for row in (*self.rows[-1:], *rows)]
        steps = tuple(pairwise(ports))
        ascending = self.ascending and all(low <= high for low, high in steps)
        keys = self.keys.union(map(key_of, rows))
        longer = self._replace(
            rows=self.rows + rows,
            keys=keys,
            page=max(self.page, len(rows)),
            ascending=ascending,
            proven=ascending and (self.proven or any(str(low) > str(high) for low, high in steps)),
        )
        return longer._replace(fault=self.fault or _excess(longer))

    def _missing(self) -> str:
        return f"only {len(self.keys)} of {self.total_num} rows came" if len(self.keys) < self.total_num else ""

    @property
    def whole(self) -> bool:
        """Whether every row is here, by the count that each page carried."""
        if self.fault:
            return False
        return self.ended if self.total_num >= CAP else len(self.keys) == self.total_num

    def left(self) -> int:
        """Pages still to come, at least."""
        if self.whole or not self.page:
            return 0
        pages = -(-max(0, self.total_num - len(self.rows)) // self.page)
        return pages + 1 if self.total_num >= CAP else pages  # at the cap the last page is an empty one

    def unanswered(self, ports: PortSet, *, sortable: bool) -> PortSet:
        """Those of the ports that may have rows which were not seen."""
        if self.whole:
            return PortSet()
        if sortable and self.proven:
            return ports & PortSet(((self.rows[-1].port, HIGHEST),))  # a page may end between two types of one port
        return ports


class NextPage(NamedTuple):
    """Ask for the page at `offset`; `calls` may still be needed, `fewest` surely are."""

    offset: int
    calls: int
    fewest: int


class ExactPorts(NamedTuple):
    """Ask for each of these ports by itself."""

    ports: tuple[int, ...]


class Stop(NamedTuple):
    """Everything that was asked is answered."""

    plan: PlanName
    every_row: bool


class StartOver(NamedTuple):
    """The pages do not fit together."""

    why: str


Step = NextPage | ExactPorts | Stop | StartOver


def asks_of(policy: Policy, categories: Iterable[str]) -> tuple[Ask, ...]:
    """What the policy wants to know of each of the categories."""
    return tuple(_ask(policy, category) for category in categories)


def next_step(ask: Ask, seen: Pages, *, sortable: bool) -> Step:
    """What to do after a page. `sortable`: the pages were asked for with `sort_key=port` (Huawei only)."""
    if seen.fault:
        return StartOver(seen.fault)
    if seen.whole:
        return Stop("pages", every_row=True)
    pages = seen.left()
    if not ask.every_row:
        ports = seen.unanswered(ask.ports & NAMED_PORTS, sortable=sortable)
        if not ports:
            return Stop("sorted" if ask.ports else "ports", every_row=False)
        if len(ports) <= pages:
            return ExactPorts(tuple(ports))
    if len(seen.rows) > HIGHEST_OFFSET:
        return StartOver(f"the listing is longer than offset {HIGHEST_OFFSET} reaches")
    may_stop_early = sortable and seen.ascending and not ask.every_row
    return NextPage(len(seen.rows), calls=pages, fewest=1 if may_stop_early else pages)


def key_of(row: Row) -> Key:
    """What makes two rows the same: port, type and status."""
    return row.port, row.protocol, row.status


def calls_from_start(ask: Ask, rows: int) -> tuple[PlanName, int]:
    """The plan for a listing of so many rows, and its calls, the first page included; a proven order may save some.

    The choice is made by what `total_num` says of them, which is never more than the cap.
    """
    ports = len(ask.ports & NAMED_PORTS)
    if rows > LIMIT and not ask.every_row and ports < _page_count(min(rows, CAP)):
        return "ports", 1 + ports
    return "pages", _page_count(rows)


def _page_count(rows: int) -> int:
    return max(1, -(-rows // LIMIT)) + (1 if rows >= CAP else 0)


def _ask(policy: Policy, category: str) -> Ask:
    rules = [rule for rule in policy.rules if category in rule.categories]
    ports = PortSet.of(piece for rule in rules if not rule.needs_every_row for piece in rule.ports.ranges)
    return Ask(category, ports, any(rule.needs_every_row for rule in rules))


def _excess(seen: Pages) -> str:
    if len(seen.keys) < len(seen.rows):
        return f"repeated rows: {len(seen.rows) - len(seen.keys)}"
    if seen.total_num < CAP and len(seen.rows) > seen.total_num:
        return f"{len(seen.rows)} rows came, but total_num is {seen.total_num}"
    return ""


def _empty_start(total_num: int) -> str:
    return f"total_num is {total_num}, but the first page is empty"
