"""Servers to ask a host-aware policy about: for each entry of `hosts` one that it names, and one that none names."""

from __future__ import annotations

import re
from itertools import chain, product
from typing import TYPE_CHECKING

from handler.models.listeners import Listener, PortListeners
from handler.policy.host_patterns import host_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from handler.policy.rules import Exemption, Rule

    World = tuple[Listener, ...]

_EVERYWHERE, _LOOPBACK = "0.0.0.0", "127.0.0.1"  # noqa: S104 - an address in a question, nothing is bound
_ELSEWHERE = Listener("f" * 32, "probe-elsewhere", "192.0.2.1", "f" * 32, "probe-elsewhere")
_CHOICE = re.compile(r"\[!?(.)[^]]*\]")


def worlds(rules: Sequence[Rule], exemptions: Sequence[Exemption], counts: Iterable[int]) -> Iterator[World]:
    """Who may listen on a port: so many servers of one kind, on every address or on loopback, and one of each kind.

    Without a host-aware rule or exemption there is nothing to ask, and no world.
    """
    entries = _entries(rules, exemptions)
    if not entries and not any(rule.host_aware for rule in rules):
        return
    servers = [*map(_server, entries), _ELSEWHERE]
    addresses = (_EVERYWHERE, _LOOPBACK) if any(rule.listening != "any" for rule in rules) else (_EVERYWHERE,)
    for server, count, address in product(servers, filter(None, counts), addresses):
        yield tuple(_copy(server, number)._replace(address=address) for number in range(count))
    yield tuple(server._replace(address=_EVERYWHERE) for server in dict.fromkeys(servers))


def _entries(rules: Sequence[Rule], exemptions: Sequence[Exemption]) -> tuple[str, ...]:
    """What all `hosts` name, each once, also where it is taken away."""
    lists = chain((rule.hosts for rule in rules), (exemption.hosts for exemption in exemptions))
    return tuple(dict.fromkeys(entry.removeprefix("!") for entry in chain.from_iterable(lists)))


def on_ports(ports: Iterable[int], world: World) -> tuple[PortListeners, ...]:
    """That world on each of these ports."""
    return tuple(PortListeners(port, world) for port in ports)


def _server(entry: str) -> Listener:
    """A server that an entry names, and that others name only if they overlap with it."""
    pattern = host_pattern(entry)
    if pattern.network is not None:
        return _ELSEWHERE._replace(host_id="e" * 32, host_ip=str(pattern.network[0]))
    if pattern.kind == "id":
        return _ELSEWHERE._replace(host_id=pattern.text, container_id=pattern.text)
    name = _CHOICE.sub(r"\1", pattern.text).replace("*", "x").replace("?", "x")
    return _ELSEWHERE._replace(host_id="d" * 32, host_name=name, container_id="d" * 32, container_name=name)


def _copy(server: Listener, number: int) -> Listener:
    """Another server like it; the first is the server itself."""
    if not number:
        return server
    return server._replace(host_id=f"{server.host_id}-{number}", container_id=f"{server.container_id}-{number}")
