"""Small policies that the tests of the policy commands share."""

from __future__ import annotations

from handler.policy.load import load_texts

TELNET = """\
version: 1
rules:
  - id: telnet
    ports: [23, 2323]
    protocols: [tcp]
    severity: critical
    above: 2
"""
EXEMPTED = (
    TELNET
    + """\
exemptions:
  - id: lifts
    rules: [telnet]
    ports: [2323]
    up_to: 5
    reason: Lift controllers until the retrofit.
    owner: facilities@example.org
    expires: 2027-03-31
"""
)


def policy_of(text, name="policy.yaml"):
    return load_texts([(name, text)])
