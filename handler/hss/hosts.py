"""Which servers are behind a finding: `asset/ports/detail`, and names for messages, asked for findings only.

Source: ListPortHost of Huawei Cloud, SDK 3.1.219; Open Telekom Cloud documents no such API. Names are an extra: a
failure is a warning, and no verdict depends on them. What a verdict depends on is asked by `row_listeners`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from handler.errors import AnswerError, UnknownError
from handler.hss.client import Spending
from handler.hss.decode import answer_object, drift_warnings, notes_of
from handler.hss.parameters import LIMIT, Query
from handler.hss.rows import fault_of, is_count
from handler.models.listeners import Listener
from handler.named_tuple import NamedTuple
from handler.policy.servers import NO_API, hosts_of, of_protocol
from handler.retries import Retries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from handler.clock import Deadline
    from handler.hss.client import HssClient
    from handler.models import Finding, Target
    from handler.transport.request import Response

MOST_CALLS = 5  # what the API allows in one minute, so that nothing is waited for
_ONCE = Retries(tries=1)
_NAMES = ("host_id", "host_name", "host_ip", "container_id", "container_name")  # any of them names a server
NOT_NAMED = f"servers are not named: {NO_API}"


class _PortDetail(NamedTuple):
    category: str
    port: int
    enterprise_project_id: str | None = None
    limit: int = LIMIT
    offset: int = 0


class PortDetailQuery(_PortDetail, Query):
    """`GET /v5/{project_id}/asset/ports/detail`; port and category are required."""

    __slots__ = ()
    API: ClassVar[str] = "port_detail"


class NamedFindings(NamedTuple):
    """Findings with `hosts` filled where they are known, in the order given; warnings; calls that were sent."""

    findings: tuple[Finding, ...]
    warnings: tuple[str, ...]
    calls: int


def name_hosts(
    findings: Sequence[Finding],
    target: Target,
    client: HssClient,
    deadline: Deadline,
    *,
    max_calls: int = MOST_CALLS,
    patient: bool = False,
) -> NamedFindings:
    """The findings with the servers behind them, worst first; those that have servers already are left alone.

    Never more than `max_calls` calls, none that has to wait for the pace unless `patient`, none tried twice, none
    after the deadline.
    """
    places = _places([finding for finding in findings if finding.hosts is None])
    if not places or max_calls <= 0:
        return NamedFindings(tuple(findings), (), 0)
    if target.cloud == "otc":
        return NamedFindings(tuple(findings), (NOT_NAMED,), 0)
    pages = ListenerPages(client._replace(retries=_ONCE), target, Spending(deadline, patient=patient))
    known, warnings = _Asking(pages, max_calls).ask(places)
    named = tuple(finding if finding.hosts is not None else _named(finding, known) for finding in findings)
    return NamedFindings(named, tuple(warnings), pages.spending.calls)


class ListenersPage(NamedTuple):
    """What an answer tells: the listeners, of how many (None: it does not say), and what is odd about it.

    The rows at the places `unreadable` name no server; `notes` count what is not as documented.
    """

    listeners: tuple[Listener, ...]
    total: int | None
    unreadable: tuple[int, ...] = ()
    notes: Mapping[str, int] = {}

    def followed_by(self, page: ListenersPage) -> ListenersPage:
        """Both as one; of how many, the later one says."""
        return page._replace(listeners=self.listeners + page.listeners, unreadable=self.unreadable + page.unreadable)


def read_listeners(response: Response, endpoint: str, cloud: str) -> ListenersPage:
    """The listeners that an answer of `asset/ports/detail` names. Raises AnswerError and ApiError.

    Every field is optional in the vendor's models: one that is absent, `null` or of a wrong type is empty.
    """
    body = answer_object(response, endpoint, "total_num", "data_list")
    total = body.get("total_num")
    if body.get("data_list") is None and total == 0:
        body = {**body, "data_list": []}
    rows = body.get("data_list")
    if not isinstance(rows, list):
        raise AnswerError(f"{endpoint}: {fault_of('$.data_list', body, 'data_list', 'a list')}")
    known = [row for row in rows if _names_a_server(row)]
    return ListenersPage(
        listeners=tuple(map(_listener, known)),
        total=total if is_count(total) else None,
        unreadable=tuple(index for index, row in enumerate(rows) if not _names_a_server(row)),
        notes=notes_of("port_detail", cloud, {**body, "data_list": known}),
    )


class ListenerPages:
    """The pages of `asset/ports/detail` of one target; `notes` keeps what is not as documented, by category."""

    def __init__(self, client: HssClient, target: Target, spending: Spending) -> None:
        self.client, self.target, self.spending = client, target, spending
        self.notes: dict[str, list[Mapping[str, int]]] = {}

    def of(self, category: str, port: int) -> Callable[[int], ListenersPage]:
        """What gives the page at an offset of the listeners on a port. It raises UnknownError."""
        project = self.target.enterprise_project_id or None

        def ask(offset: int) -> ListenersPage:
            query = PortDetailQuery(category=category, port=port, enterprise_project_id=project, offset=offset)
            response = self.client.get(self.target.project_id, query, self.spending)
            endpoint = self.client.name_of(self.target.project_id, query.API)
            page = read_listeners(response, endpoint, self.target.cloud)
            self.notes.setdefault(category, []).append(page.notes)
            return page

        return ask


class _Answer(NamedTuple):
    """What the pages of one place told: listeners (None: nothing), warnings, and whether another call is pointless."""

    listeners: tuple[Listener, ...] | None
    warnings: tuple[str, ...] = ()
    over: bool = False


class _Asking(NamedTuple):
    pages: ListenerPages
    most: int

    def ask(self, places: Sequence[tuple[str, int]]) -> tuple[dict[tuple[str, int], tuple[Listener, ...]], list[str]]:
        """What came of each place, and warnings."""
        known: dict[tuple[str, int], tuple[Listener, ...]] = {}
        warnings: list[str] = []
        for asked, place in enumerate(places):
            if self._spent():
                warnings.append(f"servers are named for {asked} of {len(places)} ports with findings, worst first")
                break
            answer = self._tried(*place)
            if answer.listeners is not None:
                known[place] = answer.listeners
            warnings += answer.warnings
            if answer.over:
                break
        return known, [*warnings, *drift_warnings([one for notes in self.pages.notes.values() for one in notes])]

    def _spent(self) -> bool:
        return self.pages.spending.calls >= self.most

    def _tried(self, category: str, port: int) -> _Answer:
        """A bad answer costs its place only; any other failure ends the asking. What came before it is used."""
        ask = self.pages.of(category, port)
        whole: ListenersPage | None = None
        try:
            whole = page = ask(0)
            while page.listeners and _more_to_come(whole) and not self._spent():
                page = ask(len(whole.listeners))
                whole = whole.followed_by(page)
        except UnknownError as error:
            warning = f"servers behind port {port} are not {'all ' if whole else ''}named: {error.message}"
            over = not isinstance(error, AnswerError)
            return _Answer(whole.listeners if whole else None, (warning,), over=over)
        return _Answer(whole.listeners, tuple(_incomplete(whole, port)))


def _more_to_come(page: ListenersPage) -> bool:
    """Whether another page has more; lines that name nobody leave its place open."""
    return page.total is not None and not page.unreadable and len(page.listeners) < page.total


def _incomplete(page: ListenersPage, port: int) -> Iterator[str]:
    """What an answer leaves open about the listeners on a port."""
    if page.unreadable:
        first = page.unreadable[0]
        yield f"port {port}: $.data_list[{first}]: names no server ({len(page.unreadable)} such rows)"
    if page.total is None:
        yield f"port {port}: {len(page.listeners)} listeners were read, and $.total_num is no count"
    elif len(page.listeners) + len(page.unreadable) < page.total:
        yield f"port {port}: {len(page.listeners)} of {page.total} listeners were read"


def _names_a_server(row: object) -> bool:
    return isinstance(row, dict) and any(_text(row, name) for name in _NAMES)


def _places(findings: Sequence[Finding]) -> list[tuple[str, int]]:
    """Category and port of the findings, worst first, each once; counters and port 0 have no servers to ask for."""
    ordered = sorted(findings, key=lambda finding: -finding.severity)
    return list(dict.fromkeys((finding.category, finding.port) for finding in ordered if finding.port))


def _listener(row: Mapping[str, Any]) -> Listener:
    pid = row.get("pid")
    texts = ("host_id", "host_name", "host_ip", "container_id", "container_name", "path")
    return Listener(
        **{name: _text(row, name) for name in texts},
        protocol=_text(row, "type").strip().lower(),
        address=_text(row, "laddr"),
        pid=pid if is_count(pid) and pid else None,  # 0 means that no process is known
    )


def _text(row: Mapping[str, Any], name: str) -> str:
    """A text of a row; empty where there is none."""
    value = row.get(name)
    return value if isinstance(value, str) else ""


def _named(finding: Finding, known: Mapping[tuple[str, int], tuple[Listener, ...]]) -> Finding:
    if finding.port is None or (finding.category, finding.port) not in known:
        return finding
    rows = of_protocol(known[finding.category, finding.port], finding.protocol or "")
    return finding._replace(hosts=hosts_of(finding.category, rows))
