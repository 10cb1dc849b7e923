"""One way to write a policy: what `policy validate --print` shows and what the digest is over."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import yaml

from handler.models import CATEGORIES, Severity
from handler.policy.rules import Exemption, Limits, Rule
from handler.policy.shape import keys_of
from handler.policy.yaml_positions import NUMBER_IN_1_2
from handler.ports import PortSet

if TYPE_CHECKING:
    from handler.policy.rules import Policy

_LAST_OF_FOUR_DIGITS = 0xFFFF
_FOLDED = ("version", "defaults", "disallowed_ports")  # always the same, or said by the rules
_ALWAYS = ("name", "title", "severity", "categories", "above")  # written out also where they say nothing


class _Dumper(yaml.SafeDumper):
    """Puts in quotes whatever some reader of YAML would not read as the text that it is."""

    def represent_str(self, data: str) -> yaml.ScalarNode:
        quoted = bool(NUMBER_IN_1_2.fullmatch(data)) or not data.replace("\n", "").isprintable()
        return self.represent_scalar("tag:yaml.org,2002:str", data, style='"' if quoted else None)


_Dumper.add_representer(str, _Dumper.represent_str)


def canonical(policy: Policy) -> dict[str, Any]:
    """The policy as one file would say it: every key of the language that says something, ports as sorted ranges."""
    keys = (key for key in keys_of() if key not in _FOLDED)
    return {"version": 1, **_said(policy, {key: getattr(policy, key) for key in keys})}


def _rule(rule: Rule) -> dict[str, Any]:
    listed = {key: rule.listed if rule.kind == key else None for key in ("ports", "allowed_ports")}
    if rule.kind == "statistic":
        listed["protocols"] = None  # a counter has none
    values = {key: listed[key] if key in listed else getattr(rule, key) for key in keys_of("rules")}
    return _said(rule, values, (*_ALWAYS, "protocols"))


def _exemption(exemption: Exemption) -> dict[str, Any]:
    return _said(exemption, {key: getattr(exemption, key) for key in keys_of("exemptions")})


def _said(
    owner: Policy | Rule | Exemption | Limits, values: Mapping[str, Any], always: Sequence[str] = _ALWAYS
) -> dict[str, Any]:
    """The values that are not what saying nothing means, and those that are written out in any case."""
    unsaid = owner._field_defaults
    return {
        key: _plain(value)
        for key, value in values.items()
        if value is not None and (key in always or value != unsaid.get(key))
    }


def _plain(value: Any) -> Any:
    """A value as YAML and JSON write it."""
    for kind, write in _WRITE:
        if isinstance(value, kind):
            return write(value)
    return value


def _ports(ports: PortSet) -> list[int | str]:
    return [low if low == high else f"{low}-{high}" for low, high in ports.ranges]


_WRITE: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (Rule, _rule),
    (Exemption, _exemption),
    (Limits, lambda limits: _said(limits, limits._asdict())),
    (PortSet, _ports),
    (Severity, str),
    (date, date.isoformat),
    (tuple, lambda parts: [_plain(part) for part in parts]),
    (Mapping, lambda counts: {name: counts[name] for name in CATEGORIES if name in counts}),
)  # by type; a rule is a tuple too


def canonical_yaml(policy: Policy) -> str:
    """The canonical form as YAML; loading it gives an equal policy with the same digest."""
    return as_yaml(canonical(policy))


def as_yaml(plain: Mapping[str, Any], *, short: bool = False) -> str:
    """Part of a policy file as YAML that every reader reads alike; `short` with plain lists on one line."""
    style = None if short else False
    text: str = yaml.dump(
        dict(plain), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120, default_flow_style=style
    )
    return text if text.isascii() else text.translate(_escapes(set(text) - {"\n"}))


def _escapes(letters: Iterable[str]) -> Mapping[int, str]:
    """Those that cannot be seen, or that turn text around, as YAML escapes them in quotes, where they all stand."""
    hidden = (ord(letter) for letter in letters if not letter.isprintable())
    return {code: f"\\u{code:04x}" if code <= _LAST_OF_FOUR_DIGITS else f"\\U{code:08x}" for code in hidden}


def digest(policy: Policy) -> str:
    """`sha256:` and the hex digest of the canonical form."""
    text = json.dumps(canonical(policy), sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
