"""A compiled policy is the loaded policy, and is passed over where it may not be."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings

from handler.errors import PolicyError
from handler.policy.canonical import canonical_yaml
from handler.policy.compile_folder import compile_policies
from handler.policy.compiled import (
    COMPILED_SUFFIX,
    StaleError,
    bundled_policies,
    compile_policy,
    read_compiled,
)
from handler.policy.load import load_texts
from handler.run.policy_source import read_local
from tests.examples import examples
from tests.strategies import policies

SHORT = b"version: 1\ndisallowed_ports: [21, 23, 135-139]\n"


def places(policy):
    return [one.location for one in (*policy.rules, *policy.exemptions)]


def compiled(text=SHORT, name="x.yaml"):
    return compile_policy(load_texts([(name, text)]), text)


@settings(max_examples=examples(60), deadline=None)
@given(policy=policies())
def test_the_compiled_form_is_the_loaded_policy(policy):
    text = canonical_yaml(policy).encode()
    loaded = load_texts([("policies/x.yaml", text)])
    read = read_compiled(compile_policy(loaded, text), "policies/x.yaml", text)
    assert read == loaded
    assert places(read) == places(loaded)
    assert hash(read.rules) == hash(loaded.rules)


def test_every_bundled_policy_compiles_and_reads_back():
    folder = bundled_policies()
    made = compile_policies(folder)
    assert f"baseline.yaml{COMPILED_SUFFIX}" in made
    assert not any(".test.yaml" in name or name.startswith("lists/") for name in made)
    for name, form in made.items():
        text = (folder / name.removesuffix(COMPILED_SUFFIX)).read_bytes()
        assert read_compiled(form, name.removesuffix(COMPILED_SUFFIX), text) == load_texts(
            [(name.removesuffix(COMPILED_SUFFIX), text)]
        )


def test_another_text_is_stale():
    with pytest.raises(StaleError, match="another text"):
        read_compiled(compiled(), "x.yaml", SHORT + b"# changed\n")


@pytest.mark.parametrize("key", ["form", "program"])
def test_another_program_is_stale(key):
    document = {**json.loads(compiled()), key: "other"}
    with pytest.raises(StaleError, match="another version"):
        read_compiled(json.dumps(document).encode(), "x.yaml", SHORT)


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"null", b"{}", b"[" * 100_000, b"\xff"])
def test_a_damaged_form_is_stale(damage):
    with pytest.raises(StaleError):
        read_compiled(damage, "x.yaml", SHORT)


def test_a_form_with_parts_missing_is_stale():
    document = json.loads(compiled())
    del document["policy"]["digest"]
    with pytest.raises(StaleError):
        read_compiled(json.dumps(document).encode(), "x.yaml", SHORT)


@pytest.mark.parametrize(
    "damage",
    [
        lambda rules: rules.update(unknown=["a"]),
        lambda rules: rules["id"].append("one-more"),
        lambda rules: rules.pop("kind"),
        lambda rules: rules.pop("location"),
        lambda rules: rules.update(ports=[[[1, 2], [3]]]),
        lambda rules: rules.update(severity=["worst"]),
    ],
    ids=["a field too many", "a value too many", "a field missing", "no location", "a range cut", "a word unknown"],
)
def test_a_form_whose_parts_do_not_fit_is_stale(damage):
    document = json.loads(compiled())
    damage(document["policy"]["rules"])
    with pytest.raises(StaleError, match="cannot be read"):
        read_compiled(json.dumps(document).encode(), "x.yaml", SHORT)


def installed(folder, text, form):
    (folder / "x.yaml").write_bytes(text)
    (folder / f"x.yaml{COMPILED_SUFFIX}").write_bytes(form)
    return read_local("x.yaml", folder)


def test_a_fitting_form_is_used(tmp_path):
    form = compiled().replace(b'"disallowed-ports"', b'"seen-in-the-form"')
    assert installed(tmp_path, SHORT, form).rules[0].id == "seen-in-the-form"


def test_a_stale_form_is_passed_over_with_a_warning(tmp_path):
    policy = installed(tmp_path, SHORT.replace(b"23", b"25"), compiled())
    assert 25 in policy.rules[0].ports
    assert 23 not in policy.rules[0].ports
    assert policy.warnings == (f"x.yaml{COMPILED_SUFFIX} is passed over: it was compiled from another text",)


def test_a_form_knows_no_folder(tmp_path):
    assert str(tmp_path).encode() not in compiled(name="x.yaml")
    policy = installed(tmp_path, SHORT, compiled())
    assert (policy.files, policy.rules[0].location.file) == (("x.yaml",), "x.yaml")


def test_a_form_without_its_policy_is_nothing(tmp_path):
    (tmp_path / f"x.yaml{COMPILED_SUFFIX}").write_bytes(compiled())
    with pytest.raises(PolicyError):
        read_local("x.yaml", tmp_path)


def test_a_path_that_the_system_refuses_to_look_at_is_a_problem_and_no_reason_to_take_another(tmp_path):
    with pytest.raises(PolicyError, match="a: cannot be read: File name too long"):
        read_local("a" * 300, tmp_path)


def test_a_policy_that_is_as_it_was_is_the_one_that_was_read_and_a_changed_one_is_read_anew(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_bytes(SHORT)
    before = read_local("x.yaml", tmp_path)
    assert read_local("x.yaml", tmp_path) is before
    path.write_bytes(SHORT.replace(b"23", b"25"))
    assert 25 in read_local("x.yaml", tmp_path).rules[0].ports
    for _ in range(2):
        path.write_bytes(b"version: 7\n")
        with pytest.raises(PolicyError):
            read_local("x.yaml", tmp_path)
