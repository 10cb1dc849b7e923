"""Asks who listens behind the rows on which it matters, before the verdict: `asset/ports/detail`, within the pace.

Open Telekom Cloud documents no such API and is not asked. What cannot be read whole says so, and decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.errors import AnswerError, UnknownError
from handler.hss.client import Spending
from handler.hss.decode import drift_warnings
from handler.hss.hosts import ListenerPages
from handler.hss.listener_pages import read_listing
from handler.models.listeners import PortListeners
from handler.policy.servers import known_of_row

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from handler.clock import Deadline
    from handler.hss.client import HssClient
    from handler.hss.hosts import ListenersPage
    from handler.models import CategorySnapshot, Row, Snapshot
    from handler.models.listeners import Listener

    _Ask = Callable[[int], ListenersPage]

_Place = tuple[str, int]  # category and port


def with_listeners(snapshot: Snapshot, places: Sequence[_Place], client: HssClient, deadline: Deadline) -> Snapshot:
    """The snapshot with who listens on these ports, asked in this order; calls and odd answers are added to it.

    What cannot fit into the time left is not waited for, and an API that fails is not asked for the other ports: those
    have the reason.
    """
    if not places or snapshot.target.cloud == "otc":
        return snapshot
    pages = ListenerPages(client, snapshot.target, Spending(deadline))
    known: dict[_Place, PortListeners] = {}
    calls: dict[str, int] = {}
    rows = _by_place(snapshot)
    over = ""
    for category, port in places:
        before = pages.spending.calls
        passes: list[list[Listener]] = [[]]
        ask, own = _noting(pages.of(category, port), passes), rows.get((category, port), ())
        try:
            read = PortListeners(port, trouble=over) if over else _read(ask, category, port, own)
            known[category, port] = read._replace(listeners=_most(passes)) if read.trouble else read
        except UnknownError as error:
            known[category, port] = PortListeners(port, _most(passes), error.message)
            over = "" if isinstance(error, AnswerError) else error.message
        calls[category] = calls.get(category, 0) + pages.spending.calls - before
    return snapshot._replace(
        categories=tuple(_joined(one, known, calls, pages) for one in snapshot.categories),
    )


def _noting(ask: _Ask, passes: list[list[Listener]]) -> _Ask:
    """The same, which notes the lines of each pass: what was read is true, be the list not known whole."""

    def noted(offset: int) -> ListenersPage:
        page = ask(offset)
        if offset == 0:
            passes.append([])
        passes[-1] += page.listeners
        return page

    return noted


def _most(passes: Sequence[Sequence[Listener]]) -> tuple[Listener, ...]:
    """The lines of the pass that saw most; those of two may never have been there at once."""
    return max((tuple(dict.fromkeys(lines)) for lines in passes), key=len)


def _read(ask: _Ask, category: str, port: int, rows: Sequence[Row]) -> PortListeners:
    """Who listens on a port; asked once more where fewer came than HSS counts."""
    listed = read_listing(ask)
    known = PortListeners(port, *listed)
    if not listed.trouble and any(known_of_row(known, category, row.protocol, row.num).trouble for row in rows):
        known = PortListeners(port, *read_listing(ask, tries=1))
    return known


def _by_place(snapshot: Snapshot) -> Mapping[_Place, Sequence[Row]]:
    """The rows of each port; to look through all of them for each takes seconds where there are ten thousand."""
    found: dict[_Place, list[Row]] = {}
    for category in snapshot.categories:
        for row in category.rows:
            found.setdefault((category.category, row.port), []).append(row)
    return found


def _joined(
    category: CategorySnapshot, known: Mapping[_Place, PortListeners], calls: Mapping[str, int], pages: ListenerPages
) -> CategorySnapshot:
    name = category.category
    return category._replace(
        listeners=tuple(one for (where, _), one in known.items() if where == name),
        api_calls=category.api_calls + calls.get(name, 0),
        warnings=(*category.warnings, *drift_warnings(pages.notes.get(name, ()))),
    )
