"""What the closures take for a policy's shape, pydantic takes too; and of good files pydantic sees none."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.policy.document import (
    DefaultsDocument,
    ExemptionDocument,
    ExpectRowsDocument,
    LimitsDocument,
    PolicyDocument,
    RuleDocument,
)
from handler.policy.messages import shape_problems
from handler.policy.shape import certainly_fits, keys_of
from handler.policy.yaml_positions import PlainDate, PositionedFile, read_yaml
from tests.damaged import damaged, places
from tests.policy.test_keys import DEFAULTS_VALUES, EXEMPTION_VALUES, EXPECTED_ROWS, POLICY_VALUES, RULE_VALUES
from tests.small_policies import written_as_yaml
from tests.strategies import policy_texts

ROOT = Path(__file__).parents[2]
FULL = {
    "version": 1,
    **{key: values[1] for key, values in POLICY_VALUES.items()},
    "defaults": {key: values[0] for key, values in DEFAULTS_VALUES.items()},
    "expect_rows": {key: values[0] for key, values in EXPECTED_ROWS.items()},
    "rules": [{key: values[1] for key, values in RULE_VALUES.items()}],
    "exemptions": [{key: values[0] for key, values in EXEMPTION_VALUES.items()}],
}
ODD = [
    True, None, 1.0, -1, 0, 1, 65535, 65536, 10**30, "", " ", "!", "\x1f", "\x85", "\u2028", "x", "x\n", "tcp", "host",
    "high", "22-23", "0-0", "022-23", "22-23\n", "ssh", "SSH\n", "443", "\u0661-\u0662", "https://a", "https://a\n",
    "https://\x1c", "2027-03-31", "2027-03-31\n", "\ud800", PlainDate("2027-03-31"), [], {}, [1], [{}], [""],
    ["tcp", "tcp"], {"host": 0}, {"severity": "low"},
]  # fmt: skip
DAMAGE = st.lists(
    st.tuples(st.integers(0, 999), st.sampled_from(["set", "drop", "add"]), st.sampled_from(ODD)), max_size=3
)


@given(DAMAGE)
def test_what_fits_is_taken_by_pydantic(damages):
    data = damaged(FULL, damages)
    assert not certainly_fits()(data) or shape_problems(PositionedFile("p.yaml", data=data)) is None


@pytest.mark.parametrize("where", range(len(list(places(FULL)))))
def test_each_place_with_an_odd_value_that_fits_is_taken_by_pydantic(where):
    each = [(odd, damaged(FULL, [(where, "set", odd)])) for odd in ODD]
    fitting = [(odd, data) for odd, data in each if certainly_fits()(data)]
    assert [odd for odd, data in fitting if shape_problems(PositionedFile("p.yaml", data=data)) is not None] == []


@given(policy_texts())
def test_every_policy_in_its_canonical_form_fits(document):
    assert certainly_fits()(document)
    written = written_as_yaml(document)
    assert certainly_fits()(read_yaml("p.yaml", written).data)


@pytest.mark.parametrize("path", sorted((ROOT / "policies").glob("*.yaml")), ids=lambda path: path.name)
def test_the_bundled_policies_fit(path):
    fits = certainly_fits()(read_yaml(path.name, path.read_bytes()).data)
    assert fits == (not path.name.endswith(".test.yaml"))


@pytest.mark.parametrize("value", ["2027-03-31", PlainDate("2027-03-31")])
def test_a_day_fits_with_and_without_quotes_but_only_where_a_day_is_wanted(value):
    exemption = FULL["exemptions"][0] | {"expires": value}
    assert certainly_fits()(FULL | {"exemptions": [exemption]})
    assert certainly_fits()(FULL | {"name": value}) == (type(value) is str)


def test_every_key_and_list_of_the_language_fits():
    assert certainly_fits()(FULL)


def test_the_keys_are_those_of_the_models_in_their_order():
    assert keys_of() == tuple(PolicyDocument.model_fields)
    parts = {"defaults": DefaultsDocument, "limits": LimitsDocument, "expect_rows": ExpectRowsDocument}
    for part, model in {**parts, "rules": RuleDocument, "exemptions": ExemptionDocument}.items():
        assert keys_of(part) == tuple(model.model_fields)


def test_an_unknown_severity_and_an_unknown_key_do_not_fit():
    rule = FULL["rules"][0]
    assert not certainly_fits()(FULL | {"rules": [rule | {"severity": "worst"}]})
    assert not certainly_fits()(FULL | {"rules": [rule | {"port": 1}]})
