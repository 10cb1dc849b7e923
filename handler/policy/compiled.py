"""The policies that come with the package, compiled when the zip is built: no YAML and no pydantic at a cold start.

`X.yaml.compiled.json` lies beside `X.yaml` and carries the SHA-256 of the YAML it was made from, and the version of
the program that made it. It is used only if both fit; else it is passed over, which is said.
"""

from __future__ import annotations

import hashlib
import json
from datetime import date
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handler import __version__
from handler.models import Severity
from handler.policy.rules import Exemption, Limits, Location, Policy, Rule
from handler.ports import PortSet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

COMPILED_SUFFIX = ".compiled.json"
FORM = 4  # changes with the shape of the document


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
        return value.ranges
    if isinstance(value, Location):
        return [value.line, value.column]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (Policy, Rule, Exemption)):
        return {name: _plain(part) for name, part in _said(value).items()}
    return [_plain(part) for part in value] if isinstance(value, tuple) else value


def _said(part: Policy | Rule | Exemption) -> dict[str, Any]:
    """What is written of it: all but a policy's files, and what of a rule or an exemption has its default."""
    fields = part._asdict()
    unsaid = {"files": fields["files"]} if isinstance(part, Policy) else {**part._field_defaults, "location": None}
    return {name: value for name, value in fields.items() if value != unsaid.get(name, ...)}


def _policy(plain: Mapping[str, Any], name: str) -> Policy:
    parts = {
        **plain,
        "rules": tuple(Rule(**_fields(rule, name)) for rule in plain["rules"]),
        "exemptions": tuple(Exemption(**_fields(one, name)) for one in plain["exemptions"]),
        "limits": Limits(*map(_tupled, plain["limits"])),
        "warnings": tuple(plain["warnings"]),
    }
    return Policy(**parts, files=(name,))


def _fields(plain: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The arguments of a Rule or Exemption."""
    read = {key: None if value is None else _READ.get(key, _tupled)(value) for key, value in plain.items()}
    return {**read, "location": Location(name, *plain["location"])}


def _ports(ranges: list[list[int]]) -> PortSet:
    return PortSet(tuple((low, high) for low, high in ranges))


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


_READ: Mapping[str, Callable[[Any], Any]] = {
    "severity": Severity,
    "ports": _ports,
    "listed": _ports,
    "effective_from": date.fromisoformat,
    "expires": date.fromisoformat,
}  # the fields that are neither texts, numbers nor lists of texts
