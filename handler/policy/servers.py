"""Which servers are left for a rule, or covered by an exemption, of those that listen behind a row. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.addresses import is_loopback
from handler.models import family
from handler.models.listeners import Host, PortListeners, counted_as, names_one
from handler.named_tuple import NamedTuple
from handler.policy.host_patterns import names_server

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from handler.models.listeners import Listener
    from handler.policy.rules import Exemption, Rule

NO_API = "Open Telekom Cloud has no API that lists the servers behind a port"
UNNAMED = "HSS does not tell the name, id or address of a server that `hosts` needs"


class Left(NamedTuple):
    """The listeners that are left; `trouble` says why that cannot be told, and then there are none."""

    listeners: tuple[Listener, ...] = ()
    trouble: str = ""


def known_of_row(known: PortListeners, category: str, protocol: str | None, num: int) -> Left:
    """The listeners of one row, each once, of all that are known of its port.

    They are known if the list was read whole, each line says whose it is, and there are as many as HSS counts, which
    may be servers or listeners.
    """
    if known.trouble:
        return Left(trouble=known.trouble)
    rows = tuple(dict.fromkeys(of_protocol(known.listeners, protocol or "")))
    if not all(names_one(category, row) for row in rows):
        whose = "container" if category == "container" else "server"
        return Left(trouble=f"a line of the listeners on port {known.port} names no {whose}")
    if len(rows) < num:
        return Left(trouble=f"HSS counts {num} on port {known.port}, and names {len(rows)} listeners")
    return Left(rows)


def of_protocol(rows: Sequence[Listener], protocol: str) -> list[Listener]:
    """The lines of exactly that type; where there are none, those of its family, for the API may not tell TCP6."""
    exact = [row for row in rows if row.protocol in ("", protocol)]
    return exact or [row for row in rows if family(row.protocol) == family(protocol)]


def left_for_rule(rule: Rule, category: str, known: Left) -> Left:
    """The listeners that the rule speaks of: those of its `hosts`, and of addresses that it counts."""
    if known.trouble or not rule.host_aware:
        return known
    reached = known.listeners
    if rule.listening == "beyond-loopback":  # an address that is absent or cannot be read counts as beyond it
        reached = tuple(one for one in reached if not is_loopback(one.address))
    return _named(rule.hosts, category, reached)


def surely_left(rule: Rule, category: str, protocol: str | None, known: PortListeners) -> tuple[Listener, ...]:
    """The listeners of which the rule speaks whoever else may listen: those whose line says all that it asks for."""
    lines = (one for one in dict.fromkeys(known.listeners) if one.protocol == protocol and names_one(category, one))
    reached = (one for one in lines if rule.listening == "any" or not is_loopback(one.address))
    return tuple(one for one in reached if not rule.hosts or names_server(rule.hosts, category, one) == "yes")


def surely_spared(exemption: Exemption, category: str, known: Sequence[Listener]) -> tuple[Listener, ...]:
    """The listeners that the exemption does not cover whoever else may listen; all, if it tolerates fewer of these."""
    answers = [names_server(exemption.hosts, category, one) for one in known]
    own = [one for one, answer in zip(known, answers, strict=True) if answer == "yes"]
    if exemption.up_to is not None and count_servers(category, own) > exemption.up_to:
        return tuple(known)
    return tuple(one for one, answer in zip(known, answers, strict=True) if answer == "no")


def covered_by_exemption(exemption: Exemption, category: str, left: Left) -> Left:
    """The listeners of the exemption's own servers; none if those are more than it tolerates."""
    covered = left if left.trouble else _named(exemption.hosts, category, left.listeners)
    beyond = exemption.up_to is not None and count_servers(category, covered.listeners) > exemption.up_to
    return Left() if beyond else covered


def _named(hosts: Sequence[str], category: str, rows: tuple[Listener, ...]) -> Left:
    answers = [names_server(hosts, category, row) for row in rows] if hosts else ["yes"] * len(rows)
    if "undecidable" in answers:
        return Left(trouble=UNNAMED)
    return Left(tuple(row for row, answer in zip(rows, answers, strict=True) if answer == "yes"))


def count_servers(category: str, rows: Iterable[Listener]) -> int:
    """How many servers (in `container`: containers) these listeners are."""
    return len({counted_as(category, row) for row in rows})


def hosts_of(category: str, rows: Iterable[Listener]) -> tuple[Host, ...]:
    """Each server once, with all its listen addresses; on loopback only if all of them are."""
    groups: dict[tuple[str, ...], list[Listener]] = {}
    for row in rows:
        groups.setdefault(counted_as(category, row), []).append(row)
    return tuple(_host(group) for group in groups.values())


def _host(rows: Sequence[Listener]) -> Host:
    first = rows[0]
    return Host(
        host_id=first.host_id,
        host_name=first.host_name,
        host_ip=first.host_ip,
        listen_address=", ".join(dict.fromkeys(row.address for row in rows if row.address)),
        path=first.path,
        pid=first.pid,
        container_name=first.container_name,
        loopback_only=all(is_loopback(row.address) for row in rows),
    )
