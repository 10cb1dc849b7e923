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


def server_of(one: Listener | Host) -> tuple[str, ...]:
    """What tells one server (or one container on it) from another, now and in a later run.

    Its id; without one its name and address, and then it is another server than any with an id: too many are counted
    rather than too few. A container has its name, for its id is another one after each start.
    """
    server = (one.host_id,) if one.host_id else ("", one.host_name, one.host_ip)
    return *server, one.container_name


def counted_as(category: str, listener: Listener) -> tuple[str, ...]:
    """What a listener counts as where they are counted at one moment: in `container` by its id, if it is told."""
    return (listener.container_id,) if category == "container" and listener.container_id else server_of(listener)


def names_one(category: str, listener: Listener) -> bool:
    """Whether the line says whose listener it is."""
    if category == "container":
        return bool(listener.container_id or listener.container_name)
    return bool(listener.host_id or listener.host_name or listener.host_ip)
