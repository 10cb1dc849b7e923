"""One line of a message: which port, how bad, on how many servers, why, what to do, since when."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from handler.foreign_text import one_line
from handler.sinks.text.dialects import safe_url

if TYPE_CHECKING:
    from collections.abc import Iterable

    from handler.listeners import Host
    from handler.models import Severity
    from handler.sinks.sink import Sink
    from handler.sinks.text.folding import PortLine

SHORT, LONG = 140, 300  # code points of a title, of a reason
_HOSTS_SHOWN, _URLS_SHOWN = 5, 2


class MessageLine(NamedTuple):
    """One line of a section. `lead` is what the eye looks for (`23/tcp`); `stands_for` counts its findings.

    `severity` is set while it is open.
    """

    text: str
    lead: str = ""
    details: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    severity: Severity | None = None
    stands_for: int = 1


def message_line(line: PortLine, sink: Sink, *, rich: bool, gone: bool = False) -> MessageLine:
    """How findings on a port are told; `rich` with their details, `gone` once they are resolved."""
    worst = line.worst
    rules = one_line(", ".join(line.rules), SHORT)
    name = one_line(worst.title or worst.rule_id, SHORT)
    what = name if name == rules else f"{name} ({rules})"
    return MessageLine(
        text=f"{line.severity}, {how_many(line)}: {what}",
        lead=where(line),
        details=tuple(_details(line, sink)) if rich else (),
        urls=tuple(url for url in map(safe_url, worst.references) if url)[:_URLS_SHOWN] if rich else (),
        severity=None if gone else line.severity,
        stands_for=len(line.findings),
    )


def where(line: PortLine) -> str:
    """`23/tcp`, `135-139/tcp+tcp6`, `container 80/tcp`; for a counter `host counter`."""
    place = "" if line.worst.category == "host" and line.first is not None else f"{one_line(line.worst.category, 40)} "
    if line.first is None:
        return f"{place}counter"
    ports = str(line.first) if line.first == line.last else f"{line.first}-{line.last}"
    return f"{place}{ports}/{one_line('+'.join(line.protocols), 60)}"


def how_many(line: PortLine) -> str:
    """`1 server`, `3 servers`, `1-3 containers`; for a counter its value."""
    least, most = line.nums
    if line.first is None:
        return f"count {most}"
    number = str(most) if least == most else f"{least}-{most}"
    noun = "container" if line.worst.category == "container" else "server"
    return f"{number} {noun}" if most == 1 else f"{number} {noun}s"


def _details(line: PortLine, sink: Sink) -> Iterable[str]:
    worst = line.worst
    if line.first is None and worst.message:
        yield one_line(worst.message, LONG)
    if worst.rationale:
        yield f"Why: {one_line(worst.rationale, LONG)}"
    if worst.remediation:
        yield f"Do: {one_line(worst.remediation, LONG)}"
    if line.first_seen:
        yield f"Since {readable_time(line.first_seen)}"
    if sink.hosts and line.hosts:
        yield f"On: {servers(line.hosts)}"


def servers(hosts: tuple[Host, ...]) -> str:
    """The first five names with their addresses, `and N more`."""
    shown = [_server(host) for host in hosts[:_HOSTS_SHOWN]]
    more = len(hosts) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _server(host: Host) -> str:
    name = one_line(host.host_name or host.container_name or host.host_id, 80)
    return f"{name} ({one_line(host.host_ip, 45)})" if host.host_ip else name


def readable_time(stamp: str) -> str:
    """`2026-11-20 08:07 UTC` of an ISO 8601 time in UTC."""
    short = one_line(stamp, 40)
    return f"{short[:10]} {short[11:16]} UTC" if len(short) > 16 and short[10] == "T" else short


def short_digest(digest: str) -> str:
    """`sha256:abcdef123456`: enough to tell two policies apart."""
    return one_line(digest, 80)[:19]
