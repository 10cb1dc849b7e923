"""Published lists of dangerous ports: facts with their source, kept under `policies/lists/`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from handler.errors import PolicyError
from handler.named_tuple import NamedTuple
from handler.policy.port_entries import entry_mistake, entry_range
from handler.policy.yaml_positions import read_yaml
from handler.ports import PortSet

if TYPE_CHECKING:
    from pathlib import Path

_KEYS = ("name", "title", "source", "read_on", "note")


class DangerList(NamedTuple):
    """What somebody published as dangerous; `read_on` is the day it was read, YYYY-MM-DD."""

    name: str
    title: str
    source: str
    read_on: str
    note: str
    tcp: PortSet
    udp: PortSet

    def of(self, protocol: str) -> PortSet:
        """Its ports of that protocol, `tcp` or `udp`."""
        return self.tcp if protocol == "tcp" else self.udp


def danger_lists(folder: Path) -> tuple[DangerList, ...]:
    """All lists of a folder, by file name. Raises PolicyError."""
    return tuple(read_danger_list(path.name, path.read_bytes()) for path in sorted(folder.glob("*.yaml")))


def read_danger_list(name: str, content: str | bytes) -> DangerList:
    """One list. Raises PolicyError with all its problems."""
    file = read_yaml(name, content)
    if file.problems:
        raise PolicyError([str(problem) for problem in file.problems])
    data = file.data if isinstance(file.data, dict) else {}
    wrong = [f"{name}:1:1: {key!r} is missing" for key in _KEYS if not isinstance(data.get(key), str)]
    wrong += [f"{name}:1:1: unknown key {key!r}" for key in data if key not in (*_KEYS, "tcp", "udp")]
    if wrong:
        raise PolicyError(wrong)
    texts = {key: str(data[key]) for key in _KEYS}
    return DangerList(**texts, tcp=_ports(name, data.get("tcp", [])), udp=_ports(name, data.get("udp", [])))


def _ports(name: str, entries: Any) -> PortSet:
    ranges: list[tuple[int, int]] = []
    for entry in entries if isinstance(entries, list) else [entries]:
        mistake = entry_mistake(entry)
        low, high = ("", mistake) if mistake else entry_range(entry)
        if isinstance(low, str) or isinstance(high, str):
            raise PolicyError(f"{name}:1:1: {high}")
        ranges.append((low, high))
    return PortSet.of(ranges)
