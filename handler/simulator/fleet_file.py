"""A fleet, and faults, from a YAML or JSON file (`simulate --fleet FILE`).

enterprise_projects:
  "0":
    host:
      statistics: {database_num: 3}
      ports:
        - {port: 23, type: TCP, num: 2, status: danger, hosts: [{host_id: a, host_name: lift-1, laddr: 0.0.0.0}]}
faults:
  - {kind: status, api: port_statistics, first: 2, last: 2, value: {status: 503}}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import yaml

from handler.errors import UsageError
from handler.models import CATEGORIES, COUNTERS
from handler.simulator.faults import Fault, read_faults
from handler.simulator.fleet import Estate, Fleet, Line, Process

if TYPE_CHECKING:
    from pathlib import Path

_HINT = "A fleet file has `enterprise_projects` (id, then host or container, then `ports`) and perhaps `faults`."
_LINE = {"port": int, "type": str, "num": int, "status": str, "hosts": list}
_LISTENER = {name: int if name == "pid" else str for name in Process.__dataclass_fields__}


def read_fleet(file: Path) -> tuple[Fleet, tuple[Fault, ...]]:
    """The fleet and the faults. Raises UsageError with all problems, each with its path in the file."""
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        raise UsageError(f"{file}: cannot be read as YAML or JSON ({type(error).__name__})", hint=_HINT) from None
    problems: list[str] = []
    top = _known(document, {"enterprise_projects": dict, "faults": list}, "$", problems)
    estates = {
        (str(project), category): _estate(body, f"$.enterprise_projects.{project}.{category}", problems)
        for project, kinds in top.get("enterprise_projects", {}).items()
        for category, body in _known(
            kinds, dict.fromkeys(CATEGORIES, dict), f"$.enterprise_projects.{project}", problems
        ).items()
    }
    faults: tuple[Fault, ...] = ()
    try:
        faults = read_faults(top.get("faults", []))
    except ValueError as error:
        problems.append(f"$.faults: {error}")
    if problems:
        raise UsageError("\n".join(f"{file}: {problem}" for problem in problems), hint=_HINT)
    return Fleet(estates), faults


def _estate(body: object, path: str, problems: list[str]) -> Estate:
    known = _known(body, {"ports": list, "statistics": dict}, path, problems)
    nullable = dict.fromkeys(COUNTERS, (int, type(None)))
    counters = _known(known.get("statistics", {}), nullable, f"{path}.statistics", problems)
    lines = [_line(each, f"{path}.ports[{index}]", problems) for index, each in enumerate(known.get("ports", []))]
    return Estate(tuple(lines), counters)


def _line(body: object, path: str, problems: list[str]) -> Line:
    known = _known(body, _LINE, path, problems)
    if isinstance(body, Mapping):
        problems += [f"{path}.{name}: is missing" for name in ("port", "type") if name not in body]
    hosts = tuple(
        _listener(each, f"{path}.hosts[{index}]", problems) for index, each in enumerate(known.get("hosts", []))
    )
    num = known.get("num", max(1, len(hosts)))
    return Line(known.get("port", 0), known.get("type", "TCP"), num, known.get("status", "unknown"), hosts)


def _listener(body: object, path: str, problems: list[str]) -> Process:
    known = _known(body, _LISTENER, path, problems)
    return Process(**{"host_id": known.get("host_name", ""), **known})


def _known(body: object, types: Mapping[str, Any], path: str, problems: list[str]) -> dict[str, Any]:
    """The body's keys of these names and types; anything else is a problem."""
    if not isinstance(body, Mapping):
        problems.append(f"{path}: must be a mapping")
        return {}
    kept = {}
    for name, value in body.items():
        if name not in types:
            problems.append(f"{path}: unknown key {name}")
        elif isinstance(value, bool) or not isinstance(value, types[name]):
            problems.append(f"{path}.{name}: must not be {type(value).__name__}")
        else:
            kept[name] = value
    return kept
