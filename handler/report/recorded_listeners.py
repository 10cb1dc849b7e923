"""Who listens, as a snapshot file keeps it: in the API's words, and with `--redact` under other names."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Final

from handler.addresses import is_loopback
from handler.models.listeners import Listener, PortListeners
from handler.report.codec import Codec, as_is, each, field

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

REDACTED_HOST: Final = "redacted.invalid"  # the host of a target whose servers have other names
_FIRST_ADDRESS = int(ip_address("198.18.0.0"))  # for benchmarks: nobody's server has it
_EVERYWHERE = ("", "0.0.0.0", "::", "*")  # noqa: S104 - what the API says of every network card; nothing is bound

LISTENER = Codec(
    Listener,
    *as_is("host_id", "host_name", "host_ip", "container_id", "container_name"),
    field("protocol", str.upper, str.lower, at="type"),
    field("address", at="laddr"),
    *as_is("path", "pid"),
)
PORT_LISTENERS = Codec(
    PortListeners, *as_is("port"), each("listeners", LISTENER.write, LISTENER.read), *as_is("trouble")
)


def write_listeners(listeners: Iterable[PortListeners]) -> dict[str, Any]:
    """The key of a category; none where nobody was asked for."""
    written = [PORT_LISTENERS.write(one) for one in listeners]
    return {"listeners": written} if written else {}


def recorded_listeners(category: Mapping[str, Any]) -> tuple[PortListeners, ...]:
    """What a category of a file says; files of earlier versions say nothing."""
    return tuple(PORT_LISTENERS.read(one) for one in category.get("listeners", ()))


class Pseudonyms:
    """Hides servers and containers: the same one has the same other name everywhere in the file.

    What a policy says of names and networks cannot be judged from such a file as from the whole one; loopback stays.
    """

    def __init__(self) -> None:
        self._known: dict[str, dict[str, str]] = {}  # by kind

    def hidden(self, known: PortListeners) -> PortListeners:
        """The same listeners under other names, without paths and processes."""
        return known._replace(listeners=tuple(map(self._hidden, known.listeners)))

    def _hidden(self, listener: Listener) -> Listener:
        return Listener(
            host_id=self._other("id", listener.host_id),
            host_name=self._other("server", listener.host_name),
            host_ip=self._address(listener.host_ip),
            container_id=self._other("container-id", listener.container_id),
            container_name=self._other("container", listener.container_name),
            protocol=listener.protocol,
            address=self._listening(listener.address),
            pid=None if listener.pid is None else int(self._other("", str(listener.pid)).removeprefix("-")),
        )

    def _listening(self, address: str) -> str:
        return address if address in _EVERYWHERE or is_loopback(address) else self._address(address)

    def _address(self, text: str) -> str:
        number = self._other("address", text).removeprefix("address-")
        return str(ip_address(_FIRST_ADDRESS + int(number))) if number else ""

    def _other(self, kind: str, text: str) -> str:
        if not text:
            return ""
        known = self._known.setdefault(kind, {})
        return known.setdefault(text, f"{kind}-{len(known) + 1}")
