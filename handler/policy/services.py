"""IANA service names (RFC 6335): name to ports, port to names. The facts are in `services.tsv`."""

from __future__ import annotations

import difflib
from functools import cache
from pathlib import Path

from handler.named_tuple import NamedTuple

NICKNAMES = {
    "dns": "domain",
    "elasticsearch": "wap-wsp",
    "memcached": "memcache",
    "mongo": "mongodb",
    "mssql": "ms-sql-s",
    "netbios": "netbios-ssn",
    "oracle": "ncube-lm",
    "portmapper": "sunrpc",
    "postgres": "postgresql",
    "rdp": "ms-wbt-server",
    "rexec": "exec",
    "rlogin": "login",
    "rpcbind": "sunrpc",
    "rsh": "shell",
    "smb": "microsoft-ds",
    "vnc": "rfb",
    "winrm": "wsman",
}  # what people say, and what IANA calls it


class Service(NamedTuple):
    """One registered name: its ports (low, high, both inside) and protocols (`tcp`, `udp`)."""

    name: str
    low: int
    high: int
    protocols: tuple[str, ...]


@cache
def services() -> dict[str, Service]:
    """All services of the list, by name."""
    text = Path(__file__).with_name("services.tsv").read_text(encoding="utf-8")
    known = (_service(line) for line in text.splitlines() if line and not line.startswith("#"))
    return {service.name: service for service in known}


def _service(line: str) -> Service:
    name, ports, protocols = line.split("\t")
    low, _, high = ports.partition("-")
    return Service(name, int(low), int(high or low), tuple(protocols.split(",")))


@cache
def names_of_ports() -> dict[int, tuple[Service, ...]]:
    """The services of each port that has a name in the list."""
    named: dict[int, tuple[Service, ...]] = {}
    for service in services().values():
        for port in range(service.low, service.high + 1):
            named[port] = (*named.get(port, ()), service)
    return named


def service_of(port: int, protocol: str | None = None) -> str:
    """The IANA name of a port (for that protocol, where one is given), or an empty text."""
    for service in names_of_ports().get(port, ()):
        if protocol is None or protocol in service.protocols:
            return service.name
    return ""


def suggestion(name: str) -> str:
    """What was probably meant by an unknown service name, as the end of a message; may be empty."""
    registered = NICKNAMES.get(name.lower())
    if registered is None:
        close = difflib.get_close_matches(name.lower(), services(), n=1)
        return f"; did you mean {close[0]!r}?" if close else ""
    return f"; IANA calls it {registered!r} ({services()[registered].low})"
