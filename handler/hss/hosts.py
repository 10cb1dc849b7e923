"""Which servers are behind a finding: `asset/ports/detail`, asked for findings only and never waited for.

Source: ListPortHost of Huawei Cloud, SDK 3.1.219; Open Telekom Cloud documents no such API. What comes is an extra:
a failure is a warning, and no verdict depends on it.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from handler.addresses import is_loopback
from handler.errors import AnswerError, UnknownError
from handler.hss.client import Spending
from handler.hss.decode import answer_object, drift_warnings, notes_of
from handler.hss.parameters import LIMIT, Query
from handler.hss.rows import fault_of, is_count
from handler.listeners import Host
from handler.models import family
from handler.retries import Retries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from handler.clock import Deadline
    from handler.hss.client import HssClient
    from handler.models import Finding, Target
    from handler.transport import Response

MOST_CALLS = 5  # what the API allows in one minute, so that nothing is waited for
_ONCE = Retries(tries=1)
_NAMES = ("host_id", "host_name", "host_ip", "container_id", "container_name")  # any of them names a server
NO_API = "servers are not named: Open Telekom Cloud has no API that lists the servers behind a port"


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


class Listener(NamedTuple):
    """A host as one row tells of it, with the row's type in lower case (empty where it has none)."""

    protocol: str
    container_id: str
    host: Host


class NamedFindings(NamedTuple):
    """Findings with `hosts` filled where they are known, in the order given; warnings; calls that were sent."""

    findings: tuple[Finding, ...]
    warnings: tuple[str, ...]
    calls: int


def name_hosts(
    findings: Sequence[Finding], target: Target, client: HssClient, deadline: Deadline, *, max_calls: int = MOST_CALLS
) -> NamedFindings:
    """The findings with the servers behind them, worst first, one call per category and port.

    Never more than `max_calls` calls, none that has to wait for the pace, none tried twice, none after the deadline.
    """
    places = _places(findings)
    if not places or max_calls <= 0:
        return NamedFindings(tuple(findings), (), 0)
    if target.cloud == "otc":
        return NamedFindings(tuple(findings), (NO_API,), 0)
    asking = _Asking(client._replace(retries=_ONCE), target, Spending(deadline, patient=False))
    known, warnings = asking.ask(places[:max_calls])
    if len(places) > max_calls:
        warnings = [*warnings, f"servers are named for {max_calls} of {len(places)} ports with findings, worst first"]
    return NamedFindings(tuple(_named(finding, known) for finding in findings), tuple(warnings), asking.spending.calls)


class ListenersPage(NamedTuple):
    """What an answer tells: the listeners, of how many (None: it does not say), and what is odd about it.

    So many rows are `unreadable`, because they name no server; `notes` count what is not as documented.
    """

    listeners: tuple[Listener, ...]
    total: int | None
    unreadable: int = 0
    notes: Mapping[str, int] = {}


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
    known = [row for row in rows if isinstance(row, dict) and any(_text(row, name) for name in _NAMES)]
    return ListenersPage(
        listeners=tuple(map(_listener, known)),
        total=total if is_count(total) else None,
        unreadable=len(rows) - len(known),
        notes=notes_of("port_detail", cloud, {**body, "data_list": known}),
    )


class _Answer(NamedTuple):
    """What one call told: listeners (None: nothing), warnings, and whether another call is pointless."""

    listeners: tuple[Listener, ...] | None
    warnings: tuple[str, ...] = ()
    notes: Mapping[str, int] = {}
    over: bool = False


class _Asking(NamedTuple):
    client: HssClient
    target: Target
    spending: Spending

    def ask(self, places: Sequence[tuple[str, int]]) -> tuple[dict[tuple[str, int], tuple[Listener, ...]], list[str]]:
        """What came of each place, and warnings."""
        known: dict[tuple[str, int], tuple[Listener, ...]] = {}
        warnings: list[str] = []
        notes: list[Mapping[str, int]] = []
        for place in places:
            answer = self._tried(*place)
            if answer.listeners is not None:
                known[place] = answer.listeners
            warnings += answer.warnings
            notes.append(answer.notes)
            if answer.over:
                break
        return known, [*warnings, *drift_warnings(notes)]

    def _tried(self, category: str, port: int) -> _Answer:
        """A bad answer costs its place only; any other failure ends the asking."""
        try:
            page = self._one(category, port)
        except UnknownError as error:
            warning = f"servers behind port {port} are not named: {error.message}"
            return _Answer(None, (warning,), over=not isinstance(error, AnswerError))
        return _Answer(page.listeners, tuple(_incomplete(page, port)), page.notes)

    def _one(self, category: str, port: int) -> ListenersPage:
        project = self.target.enterprise_project_id or None
        query = PortDetailQuery(category=category, port=port, enterprise_project_id=project)
        response = self.client.get(self.target.project_id, query, self.spending)
        return read_listeners(response, self.client.name_of(self.target.project_id, query.API), self.target.cloud)


def _incomplete(page: ListenersPage, port: int) -> Iterator[str]:
    """What an answer leaves open about the listeners on a port."""
    if page.unreadable:
        yield f"port {port}: rows that name no server: {page.unreadable}"
    if page.total is None:
        yield f"port {port}: {len(page.listeners)} listeners were read, and $.total_num is no count"
    elif len(page.listeners) + page.unreadable < page.total:
        yield f"port {port}: {len(page.listeners)} of {page.total} listeners were read"


def _places(findings: Sequence[Finding]) -> list[tuple[str, int]]:
    """Category and port of the findings, worst first, each once; counters and port 0 have no servers to ask for."""
    ordered = sorted(findings, key=lambda finding: -finding.severity)
    return list(dict.fromkeys((finding.category, finding.port) for finding in ordered if finding.port))


def _listener(row: Mapping[str, Any]) -> Listener:
    address, pid = _text(row, "laddr"), row.get("pid")
    host = Host(
        host_id=_text(row, "host_id"),
        host_name=_text(row, "host_name"),
        host_ip=_text(row, "host_ip"),
        listen_address=address,
        path=_text(row, "path"),
        pid=pid if is_count(pid) and pid else None,  # 0 means that no process is known
        container_name=_text(row, "container_name"),
        loopback_only=is_loopback(address),
    )
    return Listener(_text(row, "type").strip().lower(), _text(row, "container_id"), host)


def _text(row: Mapping[str, Any], name: str) -> str:
    """A text of a row; empty where there is none."""
    value = row.get(name)
    return value if isinstance(value, str) else ""


def _named(finding: Finding, known: Mapping[tuple[str, int], tuple[Listener, ...]]) -> Finding:
    if finding.port is None or (finding.category, finding.port) not in known:
        return finding
    rows = known[finding.category, finding.port]
    return finding._replace(hosts=_merged(_of_protocol(rows, finding.protocol or "")))


def _of_protocol(rows: Sequence[Listener], protocol: str) -> list[Listener]:
    """The rows of exactly that protocol; where there are none, those of its family, for the API may not tell TCP6."""
    exact = [row for row in rows if row.protocol in ("", protocol)]
    return exact or [row for row in rows if family(row.protocol) == family(protocol)]


def _merged(rows: Sequence[Listener]) -> tuple[Host, ...]:
    """One host per server or container, with all its listen addresses; loopback only if all of them are."""
    groups: dict[tuple[str, str], list[Host]] = defaultdict(list)
    for row in rows:
        groups[row.host.host_id, row.container_id].append(row.host)
    return tuple(
        hosts[0]._replace(
            listen_address=", ".join(dict.fromkeys(host.listen_address for host in hosts if host.listen_address)),
            loopback_only=all(host.loopback_only for host in hosts),
        )
        for hosts in groups.values()
    )
