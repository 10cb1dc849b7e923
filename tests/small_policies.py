"""Small policies that the tests of the policy commands share."""

from __future__ import annotations

import yaml

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


class _Quoted(yaml.CSafeDumper):
    """Writes every text in quotes, in which libyaml escapes whatever some reader of YAML would take for something else."""


_Quoted.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))


def written_as_yaml(document: object) -> str:
    """Plain data as YAML that says just that, written by libyaml: ten times as fast as our own canonical form."""
    text: str = yaml.dump(document, Dumper=_Quoted, allow_unicode=True)
    return text
