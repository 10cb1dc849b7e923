"""A policy beside published danger lists: what they name and it omits, and what only it names. Pure."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from handler.named_tuple import NamedTuple
from handler.policy.rules import PROTOCOLS
from handler.policy.services import service_of
from handler.ports import PortSet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from handler.policy.danger_lists import DangerList
    from handler.policy.rules import Policy

_NAMES = 3  # services named for one range


class Listed(NamedTuple):
    """Ports of one protocol with their IANA names, and the names of the lists that hold them."""

    low: int
    high: int
    protocol: str
    services: tuple[str, ...]
    lists: tuple[str, ...] = ()

    @property
    def what(self) -> str:
        """`135-139/tcp`."""
        return f"{self.low}/{self.protocol}" if self.low == self.high else f"{self.low}-{self.high}/{self.protocol}"


class ListShare(NamedTuple):
    """How many ports (of a protocol) a list names, and how many of them the policy names too."""

    name: str
    title: str
    source: str
    read_on: str
    total: int
    covered: int


class ListCoverage(NamedTuple):
    """What published lists and a policy say that the other does not."""

    shares: tuple[ListShare, ...]
    omitted: tuple[Listed, ...]
    only_here: tuple[Listed, ...]


def compare_with_lists(policy: Policy, lists: Sequence[DangerList]) -> ListCoverage:
    """A port is named if a rule forbids it whatever its status, in any category; announced rules count."""
    named = {protocol: _named(policy, protocol) for protocol in PROTOCOLS}
    return ListCoverage(
        shares=tuple(_share(each, named) for each in lists),
        omitted=tuple(entry for protocol in PROTOCOLS for entry in _omitted(named[protocol], lists, protocol)),
        only_here=tuple(entry for protocol in PROTOCOLS for entry in _only_here(named[protocol], lists, protocol)),
    )


def _named(policy: Policy, protocol: str) -> PortSet:
    rules = (rule for rule in policy.rules if protocol in rule.protocols and not rule.status)
    return PortSet.of(piece for rule in rules for piece in rule.ports.ranges)


def _share(each: DangerList, named: dict[str, PortSet]) -> ListShare:
    total = len(each.tcp) + len(each.udp)
    covered = sum(len(each.of(protocol) & ports) for protocol, ports in named.items())
    return ListShare(each.name, each.title, each.source, each.read_on, total, covered)


def _omitted(named: PortSet, lists: Sequence[DangerList], protocol: str) -> Iterator[Listed]:
    """Ranges that the same lists name and the policy does not."""
    holding = {each.name: each.of(protocol) - named for each in lists}
    edges = sorted({edge for ports in holding.values() for low, high in ports.ranges for edge in (low, high + 1)})
    for low, after in pairwise(edges):
        names = tuple(name for name, ports in holding.items() if low in ports)
        if names:
            yield _listed(low, after - 1, protocol, names)


def _only_here(named: PortSet, lists: Sequence[DangerList], protocol: str) -> Iterator[Listed]:
    published = PortSet.of(piece for each in lists for piece in each.of(protocol).ranges)
    yield from (_listed(low, high, protocol, ()) for low, high in (named - published).ranges)


def _listed(low: int, high: int, protocol: str, lists: tuple[str, ...]) -> Listed:
    services: dict[str, None] = {}
    for port in range(low, high + 1):
        name = service_of(port, protocol)
        if name:
            services[name] = None
        if len(services) > _NAMES:
            break
    return Listed(low, high, protocol, tuple(services), lists)
