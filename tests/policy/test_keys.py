"""Every key of the policy language stands everywhere it must: a key that is forgotten somewhere fails here."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings

from handler.decide.evaluate import evaluate
from handler.models import EXEMPTION_TEXTS, RULE_TEXTS, ExemptedFinding, Finding, Row
from handler.policy.canonical import canonical, canonical_yaml
from handler.policy.compiled import compile_policy, read_compiled
from handler.policy.document import (
    ROW_KEYS,
    DefaultsDocument,
    ExemptionDocument,
    ExpectRowsDocument,
    LimitsDocument,
    PolicyDocument,
    RuleDocument,
    policy_schema,
)
from handler.policy.load import load_texts
from handler.policy.match_keys import (
    EXEMPTION_BOUNDS,
    EXEMPTION_SCOPE,
    EXEMPTION_TERMS,
    RULE_BOUNDS,
    RULE_SCOPE,
    RULE_WITHIN,
)
from handler.policy.rules import Exemption, Policy, Rule
from handler.review import explain
from handler.review.changes import exemption_changes
from handler.review.mutants import mutants
from handler.review.probes import differs
from tests.examples import examples
from tests.fakes import category, snapshot
from tests.small_policies import policy_of, written_as_yaml
from tests.strategies import rules

# Two values of each key of the language. A key that is missing here fails the tests below that compare the names.
RULE_VALUES = {
    "id": ("one", "two"),
    "title": ("One", "Two"),
    "ports": ([23], [23, 24]),
    "allowed_ports": ([22], []),
    "statistic": ("database_num", "app_num"),
    "protocols": (["tcp"], ["tcp", "udp"]),
    "severity": ("low", "critical"),
    "categories": (["host"], ["host", "container"]),
    "above": (0, 1),
    "hosts": (["win-*"], ["win-*", "!10.2.0.0/16"]),
    "listening": ("any", "beyond-loopback"),
    "status": (["danger"], ["danger", "unknown"]),
    "rationale": ("why", "why not"),
    "remediation": ("do", "do not"),
    "references": (["https://example.org/a"], ["https://example.org/a", "https://example.org/b"]),
    "tags": (["a"], ["b"]),
    "owner": ("a", "b"),
    "runbook": ("https://example.org/a", "https://example.org/b"),
    "effective_from": ("2026-12-01", "2026-12-02"),
}
EXEMPTION_VALUES = {
    "id": ("one", "two"),
    "rules": (["other"], ["other", "another"]),
    "ports": ([23], [23, 24]),
    "categories": (["host"], ["container"]),
    "enterprise_projects": (["0"], ["0", "1"]),
    "up_to": (0, 1),
    "hosts": (["win-*"], ["!win-*", "10.2.0.7"]),
    "reason": ("why", "why not"),
    "owner": ("a", "b"),
    "protocols": (["tcp"], ["udp"]),
    "ticket": ("T-1", "T-2"),
    "approved_by": ("a", "b"),
    "expires": ("2027-03-31", "2027-04-01"),
}
DEFAULTS_VALUES = {"severity": ("low", "critical"), "categories": (["host"], ["container"])}
EXPECTED_ROWS = {"host": (1, 2), "container": (1, 2)}
POLICY_VALUES = {
    "name": ("one", "two"),
    "description": ("one", "two"),
    "defaults": ({"severity": "low"}, {"severity": "critical"}),
    "expect_rows": ({"host": 1}, {"container": 1}),
    "limits": ({"exemption_days": 180}, {"exemption_days": 180, "require": ["ticket"]}),
    "disallowed_ports": ([23], [24]),
    "rules": ([{"id": "a", "ports": [1]}], [{"id": "a", "ports": [2]}]),
    "exemptions": ([], [{"id": "e", "ports": [1], "reason": "r", "owner": "o", "expires": "2027-03-31"}]),
}
KINDS = ("ports", "allowed_ports", "statistic")
OTHERS = [{"id": "other", "ports": [1]}, {"id": "another", "ports": [2]}]  # what exemptions may name
JUDGING_RULE_KEYS = {*RULE_SCOPE, *RULE_BOUNDS, *RULE_WITHIN}
JUDGING_EXEMPTION_KEYS = {"rules", *EXEMPTION_SCOPE, *EXEMPTION_BOUNDS, *EXEMPTION_TERMS} - {"limits"}  # the policy's


def loaded(document):
    return load_texts([("p.yaml", written_as_yaml(document))])


def rule_with(rule, key, value):
    """A policy of that one rule with another value; where its kind cannot have the key, of another kind."""
    if key in KINDS or (key in ROW_KEYS and "statistic" in rule):
        rule = {name: said for name, said in rule.items() if name not in (*KINDS, *ROW_KEYS)}
        rule |= {} if key in KINDS else {"ports": [23]}
    return {"version": 1, "rules": [rule | {key: value}]}


def exemption_with(key, value):
    known = {"id": "e", "rules": ["other"], "reason": "r", "owner": "o", "expires": "2027-03-31"}
    return {"version": 1, "rules": OTHERS, "exemptions": [known | {key: value}]}


def test_every_key_of_the_language_has_two_values_here():
    assert set(RULE_VALUES) == set(RuleDocument.model_fields)
    assert set(EXEMPTION_VALUES) == set(ExemptionDocument.model_fields)
    assert set(DEFAULTS_VALUES) == set(DefaultsDocument.model_fields)
    assert set(EXPECTED_ROWS) == set(ExpectRowsDocument.model_fields)
    assert set(POLICY_VALUES) == set(PolicyDocument.model_fields) - {"version"}


def test_every_key_of_the_language_is_a_field_and_every_field_a_key():
    assert set(Rule._fields) == set(RuleDocument.model_fields) - {"allowed_ports"} | {"kind", "location"}
    assert set(Exemption._fields) == set(ExemptionDocument.model_fields) | {"location"}
    folded = {"version", "defaults", "disallowed_ports"}
    assert set(Policy._fields) == set(PolicyDocument.model_fields) - folded | {"digest", "files", "warnings"}


def test_every_key_is_in_the_published_schema():
    schema = policy_schema()
    assert set(schema["properties"]) == set(PolicyDocument.model_fields)
    for document in (RuleDocument, ExemptionDocument, DefaultsDocument, ExpectRowsDocument, LimitsDocument):
        assert set(schema["$defs"][document.__name__]["properties"]) == set(document.model_fields)


def test_every_field_judges_or_is_a_text_that_is_shown():
    assert set(Rule._fields) == {"id", "kind", "severity", "location"} | JUDGING_RULE_KEYS | set(RULE_TEXTS)
    assert set(Exemption._fields) == {"id", "location"} | JUDGING_EXEMPTION_KEYS | set(EXEMPTION_TEXTS)
    assert not JUDGING_RULE_KEYS & set(RULE_TEXTS)
    assert not JUDGING_EXEMPTION_KEYS & set(EXEMPTION_TEXTS)


@settings(max_examples=examples(10), deadline=None)
@given(rule=rules("changed").map(lambda rule: canonical(Policy("p", "", (rule,)))["rules"][0]))
@pytest.mark.parametrize("key", RULE_VALUES)
def test_two_policies_that_differ_in_a_key_of_a_rule_differ_in_everything_made_of_it(key, rule):
    one, other = (loaded(rule_with(rule, key, value)) for value in RULE_VALUES[key])
    differ_in_everything(one, other)


@pytest.mark.parametrize("key", EXEMPTION_VALUES)
def test_two_policies_that_differ_in_a_key_of_an_exemption_differ_in_everything_made_of_it(key):
    one, other = (loaded(exemption_with(key, value)) for value in EXEMPTION_VALUES[key])
    differ_in_everything(one, other)
    if key != "id":
        (change,) = exemption_changes(one, other)
        assert change.detail.startswith(f"{key} ")


@pytest.mark.parametrize("key", POLICY_VALUES)
def test_two_policies_that_differ_in_a_key_of_the_file_differ_in_everything_made_of_it(key):
    base = {"version": 1, "rules": [{"id": "a", "ports": [1]}]}
    differ_in_everything(*(loaded(base | {key: value}) for value in POLICY_VALUES[key]))


@pytest.mark.parametrize(
    ("key", "values"), [*DEFAULTS_VALUES.items(), *((name, values) for name, values in EXPECTED_ROWS.items())]
)
def test_two_policies_that_differ_in_a_default_or_an_expected_row_differ(key, values):
    where = "defaults" if key in DEFAULTS_VALUES else "expect_rows"
    base = {"version": 1, "disallowed_ports": [23]}
    differ_in_everything(*(loaded(base | {where: {key: value}}) for value in values))


def differ_in_everything(one, other):
    """The digests differ, the printed forms too, and both forms that are kept read back as what was written."""
    assert one.digest != other.digest
    assert canonical(one) != canonical(other)
    for policy in (one, other):
        text = canonical_yaml(policy).encode()
        printed = load_texts([("p.yaml", text)])
        assert canonical(printed) == canonical(policy)
        assert printed.digest == policy.digest
        assert read_compiled(compile_policy(policy, text), "p.yaml", text) == policy


RICH = policy_of("""\
version: 1
rules:
  - {id: a, ports: [23], protocols: [tcp], status: [danger, normal], above: 2, effective_from: 2026-12-01}
  - {id: b, statistic: database_num, above: 2}
  - {id: c, ports: [23]}
  - {id: d, ports: [3389], hosts: ["win-*", "!win-7"], listening: beyond-loopback, above: 1}
exemptions:
  - {id: e, rules: [a], ports: [23], categories: [host], enterprise_projects: ["0"], up_to: 5, reason: r, owner: o,
     expires: 2027-03-31}
  - {id: f, rules: [d], hosts: [win-1, 10.2.0.0/16], up_to: 2, reason: r, owner: o, expires: 2027-03-31}
""")


@pytest.mark.parametrize("key", sorted(JUDGING_RULE_KEYS))
def test_every_rule_key_that_judges_has_a_mutant_that_is_told_from_the_policy(key):
    changed = [one for one in mutants(RICH) if isinstance(one.after, Rule) and differing(one, key)]
    assert any(differs(RICH, one) for one in changed)


@pytest.mark.parametrize("key", sorted(JUDGING_EXEMPTION_KEYS))
def test_every_exemption_key_that_judges_has_a_mutant_that_is_told_from_the_policy(key):
    changed = [one for one in mutants(RICH) if isinstance(one.after, Exemption) and differing(one, key)]
    assert any(differs(RICH, one) for one in changed)


def differing(mutant, key):
    return getattr(mutant.before, key) != getattr(mutant.after, key)


def test_every_key_that_judges_has_words_in_an_explanation():
    assert set(explain._UNMET) == {*RULE_SCOPE, *RULE_BOUNDS}
    assert set(explain._OPEN) == set(RULE_BOUNDS)
    assert set(explain._OFF) == {*EXEMPTION_SCOPE, *EXEMPTION_TERMS, *EXEMPTION_BOUNDS} - {"ports"}  # then not named
    assert set(explain._WHILE) == set(EXEMPTION_BOUNDS)


def test_every_key_of_a_rule_that_judges_tells_whether_one_rule_is_within_another():
    assert {*RULE_SCOPE, *RULE_BOUNDS} <= set(RULE_WITHIN)
    assert set(RULE_WITHIN) - {*RULE_SCOPE, *RULE_BOUNDS} == {"statistic", "effective_from"}


def test_a_finding_says_every_text_of_its_rule_and_an_exempted_one_those_of_its_exemption():
    texts = {"title": "T", "rationale": "R", "remediation": "M", "references": ("https://example.org",), "tags": ("t",)}
    texts |= {"owner": "team", "runbook": "https://example.org/steps"}
    assert set(texts) == set(RULE_TEXTS) <= set(Finding._fields)
    told = {"reason": "why", "owner": "who", "ticket": "where", "approved_by": "whom"}
    assert set(told) == set(EXEMPTION_TEXTS) <= set(ExemptedFinding._fields)
    rule = RICH.rules[0]._replace(status=(), effective_from=None, **texts)
    exemption = RICH.exemptions[0]._replace(enterprise_projects=(), up_to=3, **told)
    world = snapshot(category([Row(23, "tcp", 3), Row(23, "tcp6", 9)]))
    done = evaluate(RICH._replace(rules=(rule,), exemptions=(exemption,)), world, date(2026, 12, 1))
    assert [{name: getattr(one, name) for name in RULE_TEXTS} for one in done.findings] == [texts]
    assert [{name: getattr(one, name) for name in EXEMPTION_TEXTS} for one in done.exempted] == [told]
    assert done.exempted[0].days_left == (exemption.expires - date(2026, 12, 1)) // timedelta(days=1)
