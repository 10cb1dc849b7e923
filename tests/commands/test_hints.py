"""Errors lead on: to the help of the command that was called; and what would have no effect is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from handler.cli import called_command

SNAP = Path(__file__).parents[2] / "docs" / "examples" / "snapshot.json"


def first_two(printed):
    return printed.err.splitlines()[:2]


@pytest.mark.parametrize(
    ("arguments", "help_of"),
    [
        (["policy", "test", "nowhere"], "policy test"),
        (["check", "--snapshot", "nowhere.json"], "check"),
        (["check", "--nope"], "check"),
        (["policy", "diff", "git:x", "y"], None),
        (["policy", "explain"], "policy explain"),
        (["schema", "check", "nowhere.json"], "schema check"),
        (["plan"], "plan"),
        (["policy"], "policy"),
        (["nope"], ""),
        ([], ""),
    ],
)
def test_a_hint_names_the_command_that_was_called(port_compliance, arguments, help_of):
    printed = port_compliance(*arguments)
    assert printed.code == 2
    assert "COMMAND --help" not in printed.err
    if help_of is not None:
        words = " ".join(filter(None, ("port-compliance", help_of)))
        assert first_two(printed)[1] == f"hint: See `{words} --help`."


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--at", "policy", "test"], ("policy", "test")),
        (["policy", "nope"], ("policy",)),
        (["check", "test"], ("check",)),
        (["x"], ()),
    ],
)
def test_the_words_that_name_a_command(arguments, words):
    assert called_command(arguments) == words


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", "--snapshot", SNAP, "--target", "prod"], "--target has no effect beside --snapshot"),
        (["check", "--snapshot", SNAP, "--hosts"], "--hosts has no effect beside --snapshot"),
        (["check", "--snapshot", "nowhere.json", "--hosts"], "--hosts has no effect beside --snapshot"),
        (["plan", "--rows", "5", "--target", "nope"], "there is no target 'nope'"),
        (["plan", "--snapshot", SNAP, "--target", "nope"], "there is no target 'nope'"),
        (["simulate", "--fleet", "f.yaml", "--rows", "7"], "--rows has no effect beside --fleet"),
        (["simulate", "--fleet", "f.yaml", "--clean"], "--clean has no effect beside --fleet"),
        (["simulate", "--fleet", "f.yaml", "--seed", "1"], "--seed has no effect beside --fleet"),
    ],
)
def test_what_would_have_no_effect_is_refused(port_compliance, arguments, said):
    printed = port_compliance(*arguments)
    assert (printed.code, printed.out) == (2, "")
    assert said in first_two(printed)[0]


@pytest.mark.parametrize(
    ("arguments", "settings", "said"),
    [
        (["simulate", "--throttle=-1"], {}, "--throttle: must be from 0"),
        (["simulate", "--rows=-5"], {}, "--rows: must be from 0"),
        (["simulate", "--container-rows=-5"], {}, "--container-rows: must be from 0"),
        (["plan", "--rows=-1"], {}, "--rows: must be from 0"),
        (["plan", "--rows", "5"], {"HSS_CALLS_PER_MINUTE": "-5"}, "HSS_CALLS_PER_MINUTE: must be a number from 0"),
    ],
)
def test_negative_rates_and_sizes_are_refused(port_compliance, arguments, settings, said):
    printed = port_compliance(*arguments, **settings)
    assert printed.code == 2
    assert said in printed.err


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["check", "--policy", "nowhere.yaml", "--snapshot", SNAP], "nowhere.yaml: cannot be read"),
        (["policy", "validate", "nowhere.yml"], "nowhere.yml: cannot be read"),
        (["policy", "diff", "nowhere.yaml", "nowhere.yaml"], "nowhere.yaml: cannot be read"),
        (["policy", "explain", "nowhere.yaml", "--port", "23"], "nowhere.yaml: cannot be read"),
    ],
)
def test_a_missing_file_has_no_line(port_compliance, arguments, named):
    printed = port_compliance(*arguments)
    assert printed.code == 2
    assert named in printed.out + printed.err
    assert ":1:1" not in printed.out + printed.err


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("version: 1\nrules:\n\t- id: a\n", "3:1"),
        ("version: 1\nrules:\n  - id: a\n\tports: [1]\n", "4:1"),
        ("version: 1\nrules:\n  - id: a\n  \t  ports: [1]\n", "4:3"),
    ],
)
def test_a_tab_in_the_indentation_is_called_one(port_compliance, tmp_path, text, place):
    (tmp_path / "p.yaml").write_text(text)
    printed = port_compliance("policy", "validate", "p.yaml")
    assert printed.out == f"p.yaml:{place}: this is not YAML: a tab stands in the indentation; write blanks [E102]\n"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("version: 1\ndefaults: &a {severity: low}\nrules: [{id: x, ports: [1], <<: *a}]\n", "3:29"),
        ("version: 1\ndefaults: &a {severity: low}\nrules:\n  - <<: *a\n    id: x\n    ports: [1]\n", "4:5"),
        ("version: 1\ndefaults: &a {severity: low}\n<<: [*a]\ndisallowed_ports: [1]\n", "3:1"),
    ],
)
def test_merge_keys_are_called_so(port_compliance, tmp_path, text, place):
    (tmp_path / "p.yaml").write_text(text)
    printed = port_compliance("policy", "validate", "p.yaml")
    assert printed.out == f"p.yaml:{place}: merge keys (`<<`) are not read; write the keys out [E105]\n"


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("check", "--snapshot", ""), "--snapshot"),
        (("check", "--output=", "--snapshot", ""), "--snapshot, --output"),
        (("policy", "diff", "a.yaml", "b.yaml", "--snapshot="), "--snapshot"),
        (("history", "--state", ""), "--state"),
        (("notify", "preview", "--sink", "slack", "--report", ""), "--report"),
    ],
)
def test_an_empty_value_is_an_error_and_not_another_source(arguments, named, port_compliance):
    printed = port_compliance(*arguments)
    assert (printed.code, printed.out) == (2, "")
    assert printed.err.startswith(f"error: {named}: the value is empty\nhint: ")
