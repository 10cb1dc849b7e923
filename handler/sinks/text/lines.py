"""One line of a message: which port, how bad, on how many servers, why, what to do, since when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.foreign_text import one_line, safe_url
from handler.named_tuple import NamedTuple
from handler.sinks.text.names import folded_names

if TYPE_CHECKING:
    from collections.abc import Iterable

    from handler.models import Finding, Severity
    from handler.models.listeners import Host
    from handler.sinks.sink import Sink
    from handler.sinks.text.folding import PortLine
    from handler.sinks.text.moves import Move, RuleBlock

SHORT, LONG = 140, 300  # code points of a title, of a reason
_HOSTS_SHOWN, _URLS_SHOWN = 5, 2


class MessageLine(NamedTuple):
    """One line of a section. `lead` is what the eye looks for (`23/tcp`); `stands_for` counts its findings.

    `severity` is set while it is open.
    """

    text: str
    lead: str = ""
    details: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()  # label and address
    severity: Severity | None = None
    stands_for: int = 1


class _About(NamedTuple):
    """What is said of a rule once. `since`: when a port opened is said with the port."""

    details: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    since: bool = True


_NOTHING = _About()


def links(finding: Finding) -> tuple[tuple[str, str], ...]:
    """The runbook and the first references, each with its label; addresses that are not safe are left out."""
    urls = [("Runbook", finding.runbook), *(("Reference", url) for url in finding.references)]
    safe = [(label, safe_url(url)) for label, url in urls]
    return tuple(link for link in safe if link[1])[: _URLS_SHOWN + 1]


def _all_ended(block: RuleBlock) -> bool:
    return all(move.ended for move in block.moves)


def block_lines(block: RuleBlock, sink: Sink, *, rich: bool) -> Iterable[MessageLine]:
    """How a rule's findings are told: what the rule says once, then a line for each port.

    A rule with one port takes one line for both. `rich`: with details.
    """
    worst = block.worst
    about = _About(tuple(_of_rule(worst)), links(worst)) if rich and not _all_ended(block) else _NOTHING
    if len(block.moves) == 1:
        yield _port_line(block.moves[0], sink, rich=rich, what=_name(block.moves[0].line), about=about)
        return
    severity = str(max(move.line.severity for move in block.moves))
    since = _since_of_all(block) if rich else ()
    details = (*about.details, *since)
    yield MessageLine(_rule_name(worst), lead=severity, details=details, links=about.links, stands_for=0)
    for move in block.moves:
        others = [rule for rule in move.line.rules if rule != block.rule_id]
        what = f"also {', '.join(others)}" if others else ""
        yield _port_line(move, sink, rich=rich, what=what, about=_NOTHING._replace(since=not since))


def _since_of_all(block: RuleBlock) -> tuple[str, ...]:
    """Since when its ports are open, if that is the same of all."""
    open_since = {move.line.first_seen for move in block.moves if not move.ended}
    return tuple(f"Since {readable_time(since)}" for since in open_since if since) if len(open_since) == 1 else ()


def _port_line(move: Move, sink: Sink, *, rich: bool, what: str, about: _About = _NOTHING) -> MessageLine:
    line = move.line
    number = "" if move.words == "closed" else f"{how_many(line)}{' before' if move.past else ''}"
    place = f"on {folded_names(move.targets)}" if move.targets else ""
    facts = ", ".join(part for part in (move.words, str(line.severity), number, place) if part)
    return MessageLine(
        text=f"{facts}: {one_line(what, 2 * SHORT)}" if what else facts,
        lead=where(line),
        details=(*about.details, *_of_ports(move, sink, since=about.since)) if rich else (),
        links=about.links,
        severity=None if move.ended else line.severity,
        stands_for=len(line.findings),
    )


def _name(line: PortLine) -> str:
    """`Telnet is open (telnet)`, with every rule that speaks of the port."""
    rules = one_line(", ".join(line.rules), SHORT)
    name = one_line(line.worst.title or line.worst.rule_id, SHORT)
    return name if name == rules else f"{name} ({rules})"


def _rule_name(worst: Finding) -> str:
    rule, name = one_line(worst.rule_id, SHORT), one_line(worst.title or worst.rule_id, SHORT)
    return name if name == rule else f"{name} ({rule})"


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


def _of_rule(worst: Finding) -> Iterable[str]:
    if worst.rationale:
        yield f"Why: {one_line(worst.rationale, LONG)}"
    if worst.remediation:
        yield f"Do: {one_line(worst.remediation, LONG)}"
    if worst.owner:
        yield f"Owner: {one_line(worst.owner, SHORT)}"


def _of_ports(move: Move, sink: Sink, *, since: bool) -> Iterable[str]:
    line = move.line
    if move.ended:
        return
    if line.first is None and line.worst.message:
        yield one_line(line.worst.message, LONG)
    if line.first_seen and since:
        yield f"Since {readable_time(line.first_seen)}"
    if sink.hosts and line.hosts:
        yield f"On: {servers(line.hosts)}"


def servers(hosts: tuple[Host, ...]) -> str:
    """The first five names with their addresses, `and N more`."""
    shown = [_server(host) for host in hosts[:_HOSTS_SHOWN]]
    more = len(hosts) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def _server(host: Host) -> str:
    name = one_line(host.container_name or host.host_name or host.host_id, 80)
    if host.container_name and host.host_name:
        name = f"{name} on {one_line(host.host_name, 80)}"
    return f"{name} ({one_line(host.host_ip, 45)})" if host.host_ip else name


def readable_time(stamp: str) -> str:
    """`2026-11-20 08:07 UTC` of an ISO 8601 time in UTC."""
    short = one_line(stamp, 40)
    return f"{short[:10]} {short[11:16]} UTC" if len(short) > 16 and short[10] == "T" else short


def short_digest(digest: str) -> str:
    """`sha256:abcdef123456`: enough to tell two policies apart."""
    return one_line(digest, 80)[:19]
