"""Who listens on a port: listeners as the cloud tells of them, and the servers (or containers) that they are."""

from __future__ import annotations

from handler.named_tuple import NamedTuple


class Listener(NamedTuple):
    """One line of who listens on a port: server, container, type, address and process. Equal ones count once.

    `protocol` is the line's type in lower case; whatever the cloud does not tell is empty (`pid`: None).
    """

    host_id: str = ""
    host_name: str = ""
    host_ip: str = ""
    container_id: str = ""
    container_name: str = ""
    protocol: str = ""
    address: str = ""
    path: str = ""
    pid: int | None = None


class PortListeners(NamedTuple):
    """All listeners on one port of a category. `trouble` says why they are not known whole; empty: they are."""

    port: int
    listeners: tuple[Listener, ...] = ()
    trouble: str = ""


class Host(NamedTuple):
    """A server or container behind a finding (Huawei Cloud only)."""

    host_id: str
    host_name: str = ""
    host_ip: str = ""
    listen_address: str = ""
    path: str = ""
    pid: int | None = None
    container_name: str = ""
    loopback_only: bool = False


def server_key(host: Host) -> tuple[str, str]:
    """What tells one server of a finding (or one of its containers) from another."""
    return host.host_id or host.host_name or host.host_ip, host.container_name


def server_of(category: str, listener: Listener) -> tuple[str, ...]:
    """What tells one server from another (in `container`: one container); all empty where the line names none.

    A line without the id is another server than one with it: too many are counted rather than too few.
    """
    if category == "container":
        return (listener.container_id,) if listener.container_id else ("", listener.host_id, listener.container_name)
    return (listener.host_id,) if listener.host_id else ("", listener.host_name, listener.host_ip)


def names_one(category: str, listener: Listener) -> bool:
    """Whether the line says whose listener it is."""
    if category == "container":
        return bool(listener.container_id or listener.container_name)
    return bool(listener.host_id or listener.host_name or listener.host_ip)
