"""One way to write a policy: what `policy validate --print` shows and what the digest is over."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

import yaml

from handler.models import CATEGORIES
from handler.policy.yaml_positions import NUMBER_IN_1_2

if TYPE_CHECKING:
    from handler.policy.rules import Exemption, Policy, Rule
    from handler.ports import PortSet

_ODD = re.compile("[\x85\u2028\u2029]")  # YAML 1.1 folds them like line ends, unless they are written as escapes


class _Dumper(yaml.SafeDumper):
    """Puts in quotes whatever some reader of YAML would not read as the text that it is."""

    def represent_str(self, data: str) -> yaml.ScalarNode:
        quoted = bool(_ODD.search(data) or NUMBER_IN_1_2.fullmatch(data))
        return self.represent_scalar("tag:yaml.org,2002:str", data, style='"' if quoted else None)


_Dumper.add_representer(str, _Dumper.represent_str)


def canonical(policy: Policy) -> dict[str, Any]:
    """The policy as one file would say it: every default written out, ports as sorted numbers and ranges."""
    document: dict[str, Any] = {"version": 1, "name": policy.name}
    expected = {name: policy.expect_rows[name] for name in CATEGORIES if policy.expect_rows.get(name)}
    optional = {
        "description": policy.description,
        "expect_rows": expected,
        "rules": [_rule(rule) for rule in policy.rules],
        "exemptions": [_exemption(exemption) for exemption in policy.exemptions],
    }
    return document | _written(optional)


def _written(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value}


def _rule(rule: Rule) -> dict[str, Any]:
    built: dict[str, Any] = {"id": rule.id, "title": rule.title}
    if rule.kind in ("ports", "allowed_ports"):
        built[rule.kind] = _ports(rule.listed)
    if rule.kind == "statistic":
        built["statistic"] = rule.statistic
    else:
        built["protocols"] = list(rule.protocols)
    built |= {"severity": str(rule.severity), "categories": list(rule.categories), "above": rule.above}
    return built | _written(
        {
            "status": list(rule.status),
            "rationale": rule.rationale,
            "remediation": rule.remediation,
            "references": list(rule.references),
            "tags": list(rule.tags),
            "effective_from": rule.effective_from.isoformat() if rule.effective_from else "",
        }
    )


def _exemption(exemption: Exemption) -> dict[str, Any]:
    built = {"id": exemption.id} | _written(
        {
            "rules": list(exemption.rules),
            "ports": _ports(exemption.ports) if exemption.ports else [],
            "categories": list(exemption.categories),
            "enterprise_projects": list(exemption.enterprise_projects),
        }
    )
    if exemption.up_to is not None:
        built["up_to"] = exemption.up_to
    told = {"reason": exemption.reason, "owner": exemption.owner, "ticket": exemption.ticket}
    return built | _written(told) | {"expires": exemption.expires.isoformat()}


def _ports(ports: PortSet) -> list[int | str]:
    return [low if low == high else f"{low}-{high}" for low, high in ports.ranges]


def canonical_yaml(policy: Policy) -> str:
    """The canonical form as YAML; loading it gives an equal policy with the same digest."""
    text: str = yaml.dump(canonical(policy), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return text


def digest(policy: Policy) -> str:
    """`sha256:` and the hex digest of the canonical form."""
    text = json.dumps(canonical(policy), sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
