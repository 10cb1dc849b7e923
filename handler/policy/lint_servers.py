"""The linter's look at rules and exemptions by server: what is not told, what is too wide, what matches nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.policy.codes import LintMessage, warning
from handler.policy.host_patterns import contains, host_pattern, names_server
from handler.policy.match import concerns
from handler.policy.servers import NO_API

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from handler.models import Snapshot
    from handler.models.listeners import PortListeners
    from handler.policy.host_patterns import HostPattern
    from handler.policy.rules import Exemption, Policy, Rule


def lint_servers(policy: Policy, cloud: str | None) -> Iterator[LintMessage]:
    """What `hosts` and `listening` cost, and where they cannot be judged."""
    for rule in policy.rules:
        yield from _rule(rule, cloud)
    for exemption in policy.exemptions:
        yield from _exemption(exemption, cloud)
        concerned = [rule for rule in policy.rules if concerns(exemption, rule)]
        yield from _more_servers_than_its_rules(exemption, concerned)


def lint_networks(rules: Sequence[Rule], snapshot: Snapshot) -> Iterator[LintMessage]:
    """Networks of rules in which no server of the snapshot is, where it knows all servers on the rule's ports."""
    behind = _behind(snapshot)
    for rule in rules:
        asked = [known for known in behind if known.port in rule.ports]
        if not asked or any(known.trouble for known in asked):
            continue
        for entry in rule.hosts:
            if _is_network_without(entry, asked):
                message = f"rule {rule.id!r} names {entry}, and no server of the snapshot that listens there is in it"
                yield warning("W113", rule.location, message)


def _behind(snapshot: Snapshot) -> list[PortListeners]:
    return [known for one in snapshot.categories if one.category == "host" for known in one.listeners]


def _is_network_without(entry: str, asked: Iterable[PortListeners]) -> bool:
    if host_pattern(entry).kind != "network" or entry.startswith("!"):
        return False
    return all(names_server((entry,), "host", one) == "no" for known in asked for one in known.listeners)


def _rule(rule: Rule, cloud: str | None) -> Iterator[LintMessage]:
    """What it costs to ask for servers, and where they are not told."""
    if cloud == "otc" and rule.host_aware:
        message = f"rule {rule.id!r} needs the servers behind a port, so it is never decided: {NO_API}"
        yield warning("W110", rule.location, message)
    if rule.host_aware and rule.kind == "allowed_ports":
        message = f"rule {rule.id!r} asks for the servers of every port that it does not allow, a call or more each"
        yield warning("W111", rule.location, message)
    networks = any(host_pattern(entry).kind == "network" for entry in rule.hosts)
    if networks and "container" in rule.categories:
        message = f"rule {rule.id!r} names addresses, and containers have none of their own: it is never decided there"
        yield warning("W112", rule.location, message)


def _more_servers_than_its_rules(exemption: Exemption, concerned: Sequence[Rule]) -> Iterator[LintMessage]:
    """A network that holds more than each network of its rules: the rest switches nothing off."""
    given = [rule.hosts for rule in concerned]
    for entry in exemption.hosts if given and all(given) else ():
        wide = host_pattern(entry).kind == "network" and not entry.startswith("!")
        if wide and not any(contains(hosts, (entry,)) for hosts in given) and _holds_some(entry, given):
            message = f"exemption {exemption.id!r} names servers that none of its rules finds: more of {entry}"
            yield warning("W203", exemption.location, message)


def _holds_some(entry: str, given: Sequence[Sequence[str]]) -> bool:
    return any(contains((entry,), (one,)) for hosts in given for one in hosts if not one.startswith("!"))


def _names(patterns: Iterable[HostPattern]) -> list[str]:
    return [pattern.text for pattern in patterns if pattern.kind == "glob" and not pattern.away]


def _exemption(exemption: Exemption, cloud: str | None) -> Iterator[LintMessage]:
    """Servers choose their own names, and not every cloud tells them."""
    patterns = [host_pattern(entry) for entry in exemption.hosts]
    names, told = _names(patterns), f"exemption {exemption.id!r}"
    if names:
        message = f"{told} goes by names, and servers choose their own: {', '.join(names)}; prefer ids or networks"
        yield warning("W208", exemption.location, message)
    if cloud == "otc" and exemption.hosts:
        yield warning("W209", exemption.location, f"{told} never applies: {NO_API}")
    if "container" in exemption.categories and any(pattern.kind == "network" for pattern in patterns):
        message = f"{told} names addresses, and containers have none of their own: name them, or say categories: [host]"
        yield warning("W112", exemption.location, message)
