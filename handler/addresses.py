"""Whether an address is of this machine alone."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address


def is_loopback(address: str) -> bool:
    """Whether a literal address is one that nobody outside its machine reaches: 127.0.0.0/8, ::1, ::ffff:127.0.0.0/104.

    It may have brackets or a zone (`[::1]`, `::1%lo`). No name is an address, `localhost` neither.
    """
    try:
        parsed = ip_address(address.strip("[] ").partition("%")[0])
    except ValueError:
        return False
    inner = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return (inner or parsed).is_loopback


def is_this_machine(host: str) -> bool:
    """Whether the host of a URL is the machine itself: a loopback address, or `localhost`."""
    return host == "localhost" or is_loopback(host)
