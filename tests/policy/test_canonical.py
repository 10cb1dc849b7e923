"""The canonical form says the same as the policy, and the digest is over what it says."""

from __future__ import annotations

import json

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.decide.evaluate import evaluate
from handler.policy.canonical import canonical, canonical_yaml
from handler.policy.document import policy_schema
from handler.policy.load import load_texts
from handler.policy.rules import Location
from tests.examples import examples
from tests.fakes import category, snapshot
from tests.small_policies import EXEMPTED, policy_of
from tests.strategies import days, policies, rows

SCHEMA = jsonschema.Draft202012Validator(policy_schema())


@settings(max_examples=examples(100), deadline=None)
@given(policies())
def test_loading_the_canonical_form_gives_an_equal_policy_and_digest(policy):
    again = load_texts([("canonical.yaml", canonical_yaml(policy))])
    assert without_places(again)._replace(files=()) == without_places(policy)


def without_places(policy):
    """The policy without where its parts were written."""
    nowhere = Location("")
    return policy._replace(
        rules=tuple(rule._replace(location=nowhere) for rule in policy.rules),
        exemptions=tuple(one._replace(location=nowhere) for one in policy.exemptions),
    )


@settings(max_examples=examples(100), deadline=None)
@given(policies())
def test_the_schema_accepts_every_canonical_form(policy):
    SCHEMA.validate(json.loads(json.dumps(canonical(policy))))


def test_writing_the_same_in_another_way_keeps_the_digest():
    plain = load_texts([("p.yaml", "version: 1\ndisallowed_ports: [23, 135-139]\n")])
    wordy = "# words\nversion: 1\ndefaults: {severity: high}\ndisallowed_ports: [135, telnet, 136-139, 23]\n"
    assert load_texts([("p.yaml", wordy)]).digest == plain.digest
    assert plain.digest.startswith("sha256:")


def test_every_change_of_meaning_changes_the_digest():
    texts = ["[23]", "[23-24]", "[23]\ndefaults: {severity: low}", "[23]\nexpect_rows: {host: 1}", "[23]\nname: x"]
    digests = {load_texts([("p.yaml", f"version: 1\ndisallowed_ports: {text}\n")]).digest for text in texts}
    assert len(digests) == len(texts)


@settings(max_examples=examples(60), deadline=None)
@given(policies(), st.lists(rows, max_size=8, unique_by=lambda row: row[:2]), days)
def test_a_policy_and_its_canonical_form_find_the_same_on_any_snapshot(policy, seen, today):
    again = load_texts([("canonical.yaml", canonical_yaml(policy))])
    world = snapshot(category(seen), category(seen[:3], name="container"))
    assert evaluate(again, world, today) == evaluate(policy, world, today)


_ODD_TEXTS = [
    "a\x85b",
    "a\u2028",
    "\u2029b",
    "\ufeffa",
    "a\nb \n",
    "yes",
    "22:22",
    "2026-12-01",
    "~",
    "1e3",
    "\U0001f6aa",
]


@pytest.mark.parametrize(
    "text",
    ["\u202ea", "\\\u202e", "a\u00a0b", "\U000e0041 tag", "\x1b[31m red\n", "w " * 80 + "\u200b x", *_ODD_TEXTS],
)
def test_every_text_survives_the_round_trip(text):
    policy = load_texts([("p.yaml", "version: 1\ndisallowed_ports: [23]\n")])
    worded = policy._replace(rules=(policy.rules[0]._replace(rationale=text),))
    written = canonical_yaml(worded)
    assert load_texts([("c.yaml", written)]).rules[0].rationale == text
    assert written.replace("\n", "").isprintable()  # a reviewer sees what is there


def test_a_policy_that_says_none_of_the_newer_keys_keeps_its_digest():
    known = "sha256:f3ed73d9bc4e34c972fdf87e1f64c894478454d748991f790e7c097b0b7694c2"
    assert policy_of(EXEMPTED).digest == known
    assert policy_of(EXEMPTED + "    approved_by: ciso@example.org\n").digest != known
