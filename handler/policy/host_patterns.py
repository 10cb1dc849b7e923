"""Which servers the `hosts` of a rule or an exemption name: globs of names and ids, addresses, networks.

A leading `!` takes away; a list that only takes away begins with every server. The answer has three values, because a
pattern may ask for a name or an address that the cloud did not tell.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Literal

from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from handler.models.listeners import Listener

PatternKind = Literal["network", "id", "glob"]
Named = Literal["yes", "no", "undecidable"]
_AN_ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32,64}"
_LIKE_ADDRESSES = r"[0-9.*?]*\.[0-9.*?]*|[0-9a-f:*?]*:[0-9a-f:*?]*"
_WILD = r"[*?\[]"
_DIGITS_OF_A_UUID = 32


class HostPattern(NamedTuple):
    """One entry of `hosts`: what it names, and whether it takes that away. `text` is lower case, without the `!`.

    What has the form of an id names ids only, so that no server takes the id of another for its name.
    """

    kind: PatternKind
    text: str
    away: bool = False
    network: IPv4Network | IPv6Network | None = None

    def names(self, category: str, listener: Listener) -> Named:
        """Whether it names the server (in `container`: the container) of a listener."""
        if self.network is not None:
            return _in_network(self.network, "" if category == "container" else listener.host_ip)
        own_id, own_name = _id_and_name(category, listener)
        if self.kind == "id":
            return _equal(own_id, self.text)
        if any(text and fnmatchcase(text, self.text) for text in (own_id, own_name)):
            return "yes"
        return "no" if own_name else "undecidable"


def _id_and_name(category: str, listener: Listener) -> tuple[str, str]:
    if category == "container":
        return listener.container_id.lower(), listener.container_name.lower()
    return listener.host_id.lower(), listener.host_name.lower()


@lru_cache(maxsize=4096)
def host_pattern(entry: str) -> HostPattern:
    """The pattern that an entry writes. Raises ValueError with what is wrong with it."""
    away = entry.startswith("!")
    text = entry.removeprefix("!").lower()
    if not text or text != text.strip():
        raise ValueError("a pattern has a text, without blanks around it")
    network = _network(text)
    if network is not None:
        return HostPattern("network", str(network), away, network)
    if "/" in text:
        raise ValueError("is neither a network (10.2.0.0/16) nor a name: names have no '/'")
    if re.fullmatch(_LIKE_ADDRESSES, text):
        raise ValueError("looks like addresses: write an address or a network (10.2.0.0/16)")
    return HostPattern("id" if re.fullmatch(_AN_ID, text) else "glob", text, away)


def names_server(hosts: Iterable[str], category: str, listener: Listener) -> Named:
    """Whether `hosts` names the server of a listener; an empty list names every one."""
    taken: list[Named] = []
    given: list[Named] = []
    for pattern in map(host_pattern, hosts):
        (taken if pattern.away else given).append(pattern.names(category, listener))
    inside = _any_of(given) if given else "yes"
    outside = _any_of(taken)
    if inside == "no" or outside == "yes":
        return "no"
    return "yes" if (inside, outside) == ("yes", "no") else "undecidable"


def contains(wide: Sequence[str], narrow: Sequence[str]) -> bool:
    """Whether it is plain from the texts that `wide` names every server that `narrow` names.

    False does not mean that there is such a server, only that the texts do not show that there is none.
    """
    wide_given, wide_taken = _sorted(wide)
    narrow_given, narrow_taken = _sorted(narrow)
    if wide_given and not (narrow_given and all(_covered(one, wide_given) for one in narrow_given)):
        return False
    return all(_covered(one, narrow_taken) for one in wide_taken)


def without_servers(hosts: Sequence[str], taken: Sequence[str]) -> tuple[str, ...]:
    """A list for the servers of `hosts` but for all that `taken` names at most."""
    given = [entry for entry in taken if not entry.startswith("!")] or ["*"]
    return tuple(dict.fromkeys((*hosts, *(f"!{entry}" for entry in given))))


def _network(text: str) -> IPv4Network | IPv6Network | None:
    """The network that a text is; an address is one of a single address. Raises ValueError for a wrong one."""
    try:
        address = ip_address(text.strip("[]"))
    except ValueError:
        address = None
    if address is not None:
        mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
        return ip_network(mapped or address)
    before, slash, _ = text.partition("/")
    if not slash or not re.fullmatch(_LIKE_ADDRESSES, before):
        return None
    try:
        return ip_network(text)
    except ValueError as error:
        raise ValueError(f"is no network: {error}") from None


def _in_network(network: IPv4Network | IPv6Network, text: str) -> Named:
    try:
        address = ip_address(text.strip("[] ").partition("%")[0])
    except ValueError:
        return "undecidable"
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return "yes" if (mapped or address) in network else "no"


def _equal(own_id: str, text: str) -> Named:
    if not own_id:
        return "undecidable"
    return "yes" if own_id.replace("-", "") == text.replace("-", "") else "no"


def _any_of(answers: Sequence[Named]) -> Named:
    if "yes" in answers:
        return "yes"
    return "undecidable" if "undecidable" in answers else "no"


def _sorted(hosts: Iterable[str]) -> tuple[list[HostPattern], list[HostPattern]]:
    """What the entries give, and what they take away."""
    patterns = [host_pattern(entry) for entry in hosts]
    return [one for one in patterns if not one.away], [one for one in patterns if one.away]


def _covered(narrow: HostPattern, wide: Iterable[HostPattern]) -> bool:
    return any(_within(narrow, one) for one in wide)


def _within(narrow: HostPattern, wide: HostPattern) -> bool:
    if narrow.network is not None and wide.network is not None:
        return narrow.network.version == wide.network.version and narrow.network.subnet_of(wide.network)  # type: ignore[arg-type]
    spellings = _spellings(narrow)
    if (narrow.kind, spellings) == (wide.kind, _spellings(wide)):
        return True
    if wide.kind != "glob" or narrow.kind == "network":
        return False
    if not re.search(_WILD, narrow.text):
        return all(fnmatchcase(spelling, wide.text) for spelling in spellings)
    return _begins_so(narrow.text, wide.text)


def _spellings(pattern: HostPattern) -> tuple[str, ...]:
    """What a server that the pattern names may be called: an id is told with dashes or without."""
    if pattern.kind != "id":
        return (pattern.text,)
    plain = pattern.text.replace("-", "")
    dashed = "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))
    return (plain, dashed) if len(plain) == _DIGITS_OF_A_UUID else (plain,)


def _begins_so(text: str, wide: str) -> bool:
    """Whether the pattern is a beginning and then anything, and the text has that beginning."""
    prefix, star, rest = wide.partition("*")
    return bool(star) and not rest and not re.search(_WILD, prefix) and text.startswith(prefix)
