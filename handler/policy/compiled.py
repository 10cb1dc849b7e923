"""The policies that come with the package, compiled when the zip is built: no YAML and no pydantic at a cold start.

`X.yaml.compiled.json` lies beside `X.yaml` and carries the SHA-256 of the YAML it was made from, and the version of
the program that made it. It is used only if both fit; else it is passed over, which is said.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from functools import cache, partial
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from handler import __version__
from handler.models import Severity
from handler.policy.rules import Exemption, Limits, Location, Policy, Rule
from handler.ports import PortSet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

_Part = TypeVar("_Part", Rule, Exemption)
COMPILED_SUFFIX = ".compiled.json"
FORM = 7  # changes with the shape of the document


class StaleError(Exception):
    """A compiled form that is not of this YAML, this program, or not readable at all. Says why."""


@cache
def bundled_policies() -> Path:
    """The folder `policies`: inside the package (wheel) or beside it (repository, function zip)."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "policies"
    return inside if inside.is_dir() else package.parent / "policies"


def compile_policy(policy: Policy, text: bytes) -> bytes:
    """The compiled form of the policy that was read from `text`."""
    document = {"form": FORM, "program": __version__, "yaml_sha256": _sha256(text), "policy": _plain(policy)}
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def read_compiled(compiled: bytes, name: str, text: bytes) -> Policy:
    """The policy that loading `text` under that file name gives. Raises StaleError."""
    try:
        document = json.loads(compiled)
        made_from, made_by = document["yaml_sha256"], (document["form"], document["program"])
        if made_from != _sha256(text):
            raise StaleError("it was compiled from another text")
        if made_by != (FORM, __version__):
            raise StaleError("another version of the program compiled it")
        return _policy(document["policy"], name)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise StaleError(f"it cannot be read ({type(error).__name__})") from None


def _sha256(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def _plain(value: Any) -> Any:
    """Plain JSON of a policy's part; file names are left out, since each installation has its own."""
    if isinstance(value, PortSet):
        return list(zip(*value.ranges, strict=True))  # the lowest of each, and the highest
    if isinstance(value, Location):
        return [value.line, value.column]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Policy):
        said = {name: _plain(part) for name, part in value._asdict().items() if name != "files"}
        return {**said, "rules": _columns(Rule, value.rules), "exemptions": _columns(Exemption, value.exemptions)}
    return [_plain(part) for part in value] if isinstance(value, tuple) else value


def _columns(kind: type[Rule | Exemption], parts: Sequence[Rule | Exemption]) -> dict[str, list[Any]]:
    """The values of each field, one for each part; no field that has its default in all of them.

    So each field is read back at once: to read part by part takes a fifth of the CPU of a small run.
    """
    columns = dict(zip(kind._fields, zip(*parts, strict=True), strict=True)) if parts else {}
    unsaid = {**kind._field_defaults, "location": None}
    said = {name: column for name, column in columns.items() if set(map(repr, column)) != {repr(unsaid.get(name, ...))}}
    return {name: _plain(column) for name, column in said.items()}


def _policy(plain: Mapping[str, Any], name: str) -> Policy:
    parts = {
        **plain,
        "rules": _parts(Rule, plain["rules"], name),
        "exemptions": _parts(Exemption, plain["exemptions"], name),
        "limits": Limits(*map(_tupled, plain["limits"])),
        "warnings": tuple(plain["warnings"]),
    }
    return Policy(**parts, files=(name,))


def _parts(kind: type[_Part], columns: dict[str, list[Any]], name: str) -> tuple[_Part, ...]:
    """The rules or the exemptions whose fields these are, in a file of that name."""
    if not columns:
        return ()
    read = {field: _READ.get(field, _as_written)(column) for field, column in columns.items()}
    number, unsaid = len(columns["location"]), kind._field_defaults
    lines, places = zip(*columns["location"], strict=True)
    read["location"] = map(partial(tuple.__new__, Location), zip(repeat(name, number), lines, places, strict=True))
    every = [read.pop(field) if field in read else repeat(unsaid[field], number) for field in kind._fields]
    if read:
        raise ValueError(f"no fields: {', '.join(read)}")
    return tuple(map(partial(tuple.__new__, kind), zip(*every, strict=True)))  # kind._make, in C


def _as_written(column: list[Any]) -> Iterable[Any]:
    """Texts and numbers as they are, lists of texts as tuples."""
    return map(tuple, column) if isinstance(column[0], list) else column


def _ports(column: list[list[list[int]] | None]) -> Iterable[PortSet | None]:
    return (None if ends is None else PortSet(tuple(zip(*ends, strict=True))) for ends in column)


def _days(column: list[str | None]) -> Iterable[date | None]:
    return (None if day is None else date.fromisoformat(day) for day in column)


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


_READ: Mapping[str, Callable[[list[Any]], Iterable[Any]]] = {
    "severity": partial(map, {int(one): one for one in Severity}.__getitem__),
    "ports": _ports,
    "effective_from": _days,
    "expires": _days,
}  # the fields that are neither texts, numbers nor lists of texts
