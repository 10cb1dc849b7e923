"""Which URLs no sink may have: those of a metadata service, plain http, and what is no plain address."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

_METADATA_NAMES: Final = frozenset(
    {"metadata", "metadata.google.internal", "metadata.goog", "instance-data", "instance-data.ec2.internal"}
)
_METADATA: Final = (
    ip_network("169.254.0.0/16"),  # link-local; 169.254.169.254 at all clouds, Huawei's and OTC's included
    ip_network("100.100.100.200/32"),  # Alibaba
    ip_network("168.63.129.16/32"),  # Azure's wire server
    ip_network("fe80::/10"),
    ip_network("fd00:ec2::254/128"),  # AWS
    ip_network("fd20:ce::254/128"),  # Google
)


def refuse_url(url: str, allow_http: bool) -> str | None:
    """Why a sink must not have this URL, in words without the URL; None if it may.

    Literal addresses (also as one number, in hexadecimal or mapped into IPv6) and the well-known names of metadata
    services are judged; no name is resolved, so a name that resolves to such an address is not noticed here.
    Loopback and private addresses are allowed.
    """
    try:
        parts = urlsplit(url)
        host, _ = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return "is not a URL"
    refusals = {
        "must be a https:// URL with a host": parts.scheme not in ("http", "https") or not host,
        "must not hold a user name or password": "@" in parts.netloc,
        "must not hold blanks, control characters or backslashes": _surprises(url),
        "must not be a link-local or metadata address": _is_metadata(host),
        "is plain http, which needs allow_http": parts.scheme == "http" and not allow_http,
    }
    return next((refusal for refusal, true in refusals.items() if true), None)


def _surprises(url: str) -> bool:
    return any(ord(sign) <= 32 or ord(sign) == 127 or sign == "\\" for sign in url)


def _is_metadata(host: str) -> bool:
    if host in _METADATA_NAMES:
        return True
    address = _literal(host)
    if address is None:
        return False
    return any(address.version == network.version and address in network for network in _METADATA)


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    """The address that a host literally is, in any form that C libraries read: `0xa9fea9fe`, `2852039166`."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return _as_c_reads_it(host)
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or address.sixtofour or _nat64(address) or address
    return address


def _nat64(address: IPv6Address) -> IPv4Address | None:
    return IPv4Address(address.packed[12:]) if address in ip_network("64:ff9b::/96") else None


def _as_c_reads_it(host: str) -> IPv4Address | None:
    try:
        return IPv4Address(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None
