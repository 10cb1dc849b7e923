"""Policies to start from: a template that teaches, and one that takes an old estate as it is today. Pure."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Any

from handler.decide.evaluate import evaluate
from handler.models import CATEGORIES, family
from handler.named_tuple import NamedTuple
from handler.policy.canonical import as_yaml
from handler.policy.host_patterns import host_pattern
from handler.policy.servers import known_of_row
from handler.report.recorded_listeners import REDACTED_HOST

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from handler.models import Finding, Snapshot
    from handler.policy.rules import Policy

_EDITOR = """\
# An editor completes and checks this file once it has the schema: port-compliance policy schema > policy.schema.json
# yaml-language-server: $schema=policy.schema.json
"""
TEMPLATE = (
    _EDITOR
    + """\
version: 1
name: our-ports
description: Ports that our servers may not offer.
defaults: {severity: high, categories: [host]}   # container too, where that edition of HSS is booked
expect_rows: {host: 1}          # no row at all is doubted (agents?), not praised; write what you have at least

rules:
  - id: telnet                  # names this rule in messages, exemptions and tests; keep it
    title: Telnet is open
    ports: [23, 2323]           # numbers, ranges as 135-139, or IANA names as ms-wbt-server
    protocols: [tcp]            # TCP and TCP6; without it UDP too
    severity: critical          # info, low, medium, high, critical
    rationale: Passwords in clear text.
    remediation: Disable telnetd, use SSH.
    # owner: windows-team@example.org        # whom to ask
    # runbook: https://wiki.example.org/...  # where the steps are
    # above: 2                  # so many are tolerated for good
    # effective_from: 2030-01-01             # until that day announced, not counted

  - id: file-sharing
    title: Windows file sharing is open
    ports: [135, 137-139, 445]
    rationale: The usual way from one infected machine to all others.
    remediation: Close these ports on the host firewall.

  # The other way round: whatever is not listed is a finding.
  # - id: only-web
  #   allowed_ports: [22, 80, 443]
  #   protocols: [tcp]
  #   rationale: These servers serve the web.
  #   remediation: Stop what else listens.

# What is tolerated for a time. `port-compliance policy init --snapshot FILE` writes one for each finding of today.
# exemptions:
#   - id: lift-controllers
#     rules: [telnet]
#     ports: [2323]
#     protocols: [tcp]
#     up_to: 3                  # a fourth is a finding
#     reason: They know nothing else, until the retrofit.
#     owner: facilities@example.org
#     approved_by: ciso@example.org
#     expires: 2030-03-31       # the last day on which it holds

# What every exemption is held to.
# limits: {exemption_days: 180, require: [approved_by, ports]}
"""
)


class Vouching(NamedTuple):
    """What each exemption says: who answers for it, until when, and why."""

    owner: str
    expires: str
    reason: str


def starting_policy(baseline: str, policy: Policy, snapshot: Snapshot, today: date, vouching: Vouching) -> str:
    """The text of the baseline with an exemption for each of its findings, so that only what comes on top is found.

    `policy` is what the text says. A category with rows is expected to have rows from now on. Where the snapshot tells
    who listens, an exemption is for these servers only.
    """
    rows = {one.category for one in snapshot.categories if one.rows}
    expected = {"expect_rows": {name: 1 for name in CATEGORIES if name in rows}}
    exemptions = _exemptions(evaluate(policy, snapshot, today).findings, snapshot, vouching)
    head, rules, rest = baseline.partition("\nrules:\n")
    head = re.sub(r"\A# yaml-language-server:.*\n", _EDITOR, head)
    parts = [head, "\n", as_yaml(expected, short=True).rstrip() if rows else "", rules, rest.rstrip(), "\n"]
    if exemptions:
        parts += ["\n# What was open on ", today.isoformat(), ": close it, or decide again before it ends.\n"]
        parts.append(as_yaml({"exemptions": exemptions}, short=True))
    return "".join(parts)


def _exemptions(findings: Iterable[Finding], snapshot: Snapshot, vouching: Vouching) -> list[dict[str, Any]]:
    """One for each rule, category, port and protocol, up to the greatest num; IPv4 and IPv6 are one protocol."""
    rows: dict[tuple[str, str, int | None, str | None], list[Finding]] = {}
    for one in findings:
        at = (one.rule_id, one.category, one.port, family(one.protocol or ""))
        rows.setdefault(at, []).append(one)
    return [_exemption(*at, alike, _servers(alike, snapshot), vouching) for at, alike in rows.items()]


def _servers(rows: Sequence[Finding], snapshot: Snapshot) -> tuple[str, ...]:
    """The ids of all servers behind these rows; none where one of them is not known, or has another name here."""
    if snapshot.target.host == REDACTED_HOST:
        return ()
    named = [_behind(row, snapshot) for row in rows]
    return tuple(sorted(set(chain.from_iterable(named)))) if all(named) else ()


def _behind(row: Finding, snapshot: Snapshot) -> set[str]:
    listing = next(one for one in snapshot.categories if one.category == row.category)
    known = next((one for one in listing.listeners if one.port == row.port), None)
    if known is None:
        return set()
    listeners = known_of_row(known, row.category, row.protocol, row.num).listeners
    ids = {one.container_id if row.category == "container" else one.host_id for one in listeners}
    return ids if all(map(_is_an_id, ids)) else set()


def _is_an_id(text: str) -> bool:
    return bool(text) and host_pattern(text).kind == "id"


def _exemption(
    rule: str,
    category: str,
    port: int | None,
    protocol: str | None,
    rows: Sequence[Finding],
    servers: Sequence[str],
    vouching: Vouching,
) -> dict[str, Any]:
    name = "-".join(str(part) for part in (rule, port, protocol, category) if part is not None)
    narrowed: Mapping[str, Any] = {
        "ports": port and [port],
        "categories": [category],
        "protocols": protocol and [protocol],
        "hosts": list(servers),
    }
    return {
        "id": name,
        "rules": [rule],
        **{key: value for key, value in narrowed.items() if value},
        "up_to": max(row.num for row in rows),
        "reason": vouching.reason,
        "owner": vouching.owner,
        "expires": vouching.expires,
    }
