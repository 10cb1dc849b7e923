"""Which servers behind a finding were there before: another one is news, one that left is not."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from handler.models.listeners import server_of

if TYPE_CHECKING:
    from handler.models import Finding
    from handler.models.listeners import Host
    from handler.state.memory import Receipt, Remembered

SERVERS_KEPT: Final = 500  # of one finding; where more listen, only their number tells of another one


def with_servers(record: Remembered, hosts: tuple[Host, ...] | None) -> tuple[Remembered, bool]:
    """The record of an open finding with its servers of today, and whether one of them was not seen before.

    Servers that were never asked for before, or are too many to keep, are no news.
    """
    if hosts is None or len(hosts) > SERVERS_KEPT:
        return record, False
    today = dict.fromkeys(map(_short, hosts))
    known = set(record.servers)
    fresh = [server for server in today if server not in known]
    if not fresh:
        return record, False
    first = not record.server_count
    count = record.server_count + len(fresh)
    told = {sink: receipt._replace(servers=count) for sink, receipt in record.told.items()} if first else record.told
    servers = _kept((*record.servers, *reversed(fresh)), today)
    return record._replace(servers=servers, server_count=count, told=told), not first


def new_since(record: Remembered, receipt: Receipt) -> bool:
    """Whether there is a server that was not there when the sink was told."""
    return receipt.servers is not None and record.server_count > receipt.servers


def newest_first(finding: Finding, record: Remembered) -> Finding:
    """The finding with its servers in the order in which they came, the last one first."""
    if not finding.hosts or not record.servers:
        return finding
    place = {server: at for at, server in enumerate(record.servers)}
    return finding._replace(hosts=tuple(sorted(finding.hosts, key=lambda host: -place.get(_short(host), 0))))


def _kept(servers: tuple[str, ...], today: dict[str, None]) -> tuple[str, ...]:
    """As many as are kept; those that left go first, the oldest of them first."""
    left = [server for server in servers if server not in today]
    gone = set(left[: max(0, len(servers) - SERVERS_KEPT)])
    return tuple(server for server in servers if server not in gone)


def _short(host: Host) -> str:
    """A server's id, or what stands for it, in few characters."""
    return hashlib.sha256("\n".join(server_of(host)).encode(errors="surrogatepass")).hexdigest()[:12]
