"""One way to write a policy: what `policy validate --print` shows and what the digest is over."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import yaml

from handler.models import CATEGORIES

if TYPE_CHECKING:
    from handler.policy.rules import Exemption, Policy, Rule
    from handler.ports import PortSet


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
    return yaml.safe_dump(canonical(policy), sort_keys=False, allow_unicode=True, width=120)


def digest(policy: Policy) -> str:
    """`sha256:` and the hex digest of the canonical form."""
    text = json.dumps(canonical(policy), sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
