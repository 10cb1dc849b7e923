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
from handler.hss.parameters import LIMIT, Query
from handler.hss.refusals import harmless, refusal
from handler.hss.strict import NotJsonError, read
from handler.models import Host, family
from handler.retries import Retries
from handler.schemas.apply import breaches

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from handler.clock import Deadline
    from handler.hss.client import HssClient
    from handler.models import Finding, Target
    from handler.transport import Response

MOST_CALLS = 5  # what the API allows in one minute, so that nothing is waited for
_ONCE = Retries(tries=1)
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


def listeners(response: Response, endpoint: str, cloud: str) -> tuple[tuple[Listener, ...], int]:
    """The rows of an answer and its `total_num`. Raises AnswerError and ApiError."""
    if response.status != 200:
        raise refusal(response, endpoint)
    try:
        body = read(response.body)
    except NotJsonError as error:
        raise AnswerError(f"{endpoint}: the answer is {error}") from None
    fatal = [breach for breach in breaches("port_detail", cloud, body) if breach.fatal]
    if fatal:
        raise AnswerError(f"{endpoint}: {harmless(str(fatal[0]))}")
    rows = body.get("data_list") or []
    return tuple(_listener(row) for row in rows), body.get("total_num") or len(rows)


class _Answer(NamedTuple):
    """What one call told: rows (None: nothing), a warning, and whether another call is pointless."""

    rows: tuple[Listener, ...] | None
    warning: str = ""
    over: bool = False


class _Asking(NamedTuple):
    client: HssClient
    target: Target
    spending: Spending

    def ask(self, places: Sequence[tuple[str, int]]) -> tuple[dict[tuple[str, int], tuple[Listener, ...]], list[str]]:
        """What came of each place, and warnings."""
        known: dict[tuple[str, int], tuple[Listener, ...]] = {}
        warnings: list[str] = []
        for place in places:
            answer = self._tried(*place)
            if answer.rows is not None:
                known[place] = answer.rows
            warnings += [answer.warning] if answer.warning else []
            if answer.over:
                break
        return known, warnings

    def _tried(self, category: str, port: int) -> _Answer:
        """A bad answer costs its place only; any other failure ends the asking."""
        try:
            rows, total = self._one(category, port)
        except UnknownError as error:
            warning = f"servers behind port {port} are not named: {error.message}"
            return _Answer(None, warning, over=not isinstance(error, AnswerError))
        cut = f"port {port}: {len(rows)} of {total} listeners were read" if len(rows) < total else ""
        return _Answer(rows, cut)

    def _one(self, category: str, port: int) -> tuple[tuple[Listener, ...], int]:
        project = self.target.enterprise_project_id or None
        query = PortDetailQuery(category=category, port=port, enterprise_project_id=project)
        response = self.client.get(self.target.project_id, query, self.spending)
        return listeners(response, self.client.name_of(self.target.project_id, query.API), self.target.cloud)


def _places(findings: Sequence[Finding]) -> list[tuple[str, int]]:
    """Category and port of the findings, worst first, each once; counters and port 0 have no servers to ask for."""
    ordered = sorted(findings, key=lambda finding: -finding.severity)
    return list(dict.fromkeys((finding.category, finding.port) for finding in ordered if finding.port))


def _listener(row: Mapping[str, Any]) -> Listener:
    address = row.get("laddr", "")
    host = Host(
        host_id=row.get("host_id", ""),
        host_name=row.get("host_name", ""),
        host_ip=row.get("host_ip", ""),
        listen_address=address,
        path=row.get("path", ""),
        pid=row.get("pid") or None,  # 0 means that no process is known
        container_name=row.get("container_name", ""),
        loopback_only=is_loopback(address),
    )
    return Listener(row.get("type", "").strip().lower(), row.get("container_id", ""), host)


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
