"""A folder is one policy: nothing in it that looks like a policy or a test is passed over in silence."""

from __future__ import annotations

import os

import pytest

from handler.errors import PolicyError
from handler.policy.folder import STRAY, is_policy_file, is_stray_test, is_test_file, stem_of
from handler.policy.load import load_policy, read_paths
from tests.small_policies import TELNET

TWENTY_ONE = "version: 1\ndisallowed_ports: [21]\n"


def rules_of(folder):
    return [rule.id for rule in load_policy([folder]).rules]


def problems_of(folder):
    return [str(problem) for problem in read_paths([folder]).problems]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.yaml").write_text(TWENTY_ONE)
    return tmp_path


@pytest.mark.parametrize(
    "name", ["b.yml", "b.YML", "B.YAML", "b.Yaml", ".b.yaml", "b.v2.yml", "test.yaml", "b.test.x.yml"]
)
def test_yaml_and_yml_are_read_in_any_case(folder, name):
    (folder / name).write_text(TELNET)
    assert sorted(rules_of(folder)) == ["disallowed-ports", "telnet"]


@pytest.mark.parametrize("name", ["a.test.yaml", "a.test.yml", "A.TEST.YAML", "a.Test.Yml"])
def test_tests_are_no_policy_whatever_their_case(folder, name):
    (folder / name).write_text("cases: []\n")
    assert rules_of(folder) == ["disallowed-ports"]
    assert [str(p) for p in read_paths([folder / name]).problems] == [
        f"{folder / name}: holds test cases and no policy; `policy test` runs them"
    ]


@pytest.mark.parametrize(
    "name", ["B.yaml.bak", "notes.yaml~", "b.yml.orig", ".b.yaml.swp", "b.yamll", "a.test.yaml.old", "b.yaml.txt"]
)
def test_what_is_yaml_by_its_name_and_not_read_is_an_error_that_names_it(folder, name):
    (folder / name).write_text("anything")
    assert problems_of(folder) == [f"{folder / name}: {STRAY}"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("policy.json", '{"version": 1, "rules": [{"id": "telnet", "ports": [23]}]}'),
        ("policy", TWENTY_ONE),
        ("b.txt", "disallowed_ports: [23]\n"),
        ("more.conf", "version: 1\nexemptions: []\n"),
        ("a.test.json", '{"today": "2026-12-01", "cases": []}'),
    ],
)
def test_a_policy_under_any_other_name_is_an_error_that_names_it(folder, name, text):
    (folder / name).write_text(text)
    assert problems_of(folder) == [f"{folder / name}: {STRAY}"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("README.md", b"# Ours\n\nFor example:\n\n    version: 1\n    disallowed_ports: [21]\n"),
        ("notes.txt", b"version 1\n"),
        ("picture.png", bytes(range(256))),
        ("package.json", b'{"version": "1", "rules-of": []}'),
        ("list.json", b"[1, 2]"),
        (".gitkeep", b""),
        ("CODEOWNERS", b"* @security\n"),
        ("a.yaml.compiled.json", b"{}"),
    ],
)
def test_what_holds_no_policy_is_left_alone(folder, name, content):
    (folder / name).write_bytes(content)
    assert rules_of(folder) == ["disallowed-ports"]


def test_a_compiled_form_without_its_policy_is_named(folder):
    (folder / "gone.yaml.compiled.json").write_text("{}")
    assert problems_of(folder) == [f"{folder / 'gone.yaml.compiled.json'}: {STRAY}"]


def test_a_link_that_leads_nowhere_is_named(folder):
    (folder / "b.yaml").symlink_to(folder / "gone.yaml")
    assert problems_of(folder) == [f"{folder / 'b.yaml'}: cannot be read: No such file or directory"]


def test_a_link_is_read_and_folders_below_are_not(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "telnet"
    elsewhere.write_text(TELNET)
    (folder / "b.yml").symlink_to(elsewhere)
    (folder / "sub.yaml").mkdir()
    (folder / "sub.yaml" / "c.yaml").write_text("not: a policy\n")
    assert rules_of(folder) == ["disallowed-ports", "telnet"]


def test_a_pipe_under_a_policys_name_is_named_and_not_opened(folder):
    os.mkfifo(folder / "b.yaml")
    assert problems_of(folder) == [f"{folder / 'b.yaml'}: is no regular file"]


def test_a_file_that_nobody_may_read_may_be_a_policy(folder):
    def read(path):
        if path.name == "secret":
            raise PermissionError(13, "Permission denied")
        return path.read_bytes()

    (folder / "secret").write_text("x")
    with pytest.raises(
        PolicyError, match=r"secret: cannot be read \(Permission denied\) and may be a part of the policy"
    ):
        load_policy([folder], read=read)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list every folder")
def test_a_folder_that_cannot_be_listed_is_named(folder):
    folder.chmod(0)
    try:
        assert problems_of(folder) == [f"{folder}: this folder cannot be read: Permission denied"]
    finally:
        folder.chmod(0o700)


def test_names():
    assert [is_policy_file(name) for name in ("a.yaml", "a.test.yml", "yaml", "a.yaml.bak")] == [
        True,
        False,
        False,
        False,
    ]
    assert [is_test_file(name) for name in ("a.test.YML", ".test.yaml", "test.yaml")] == [True, True, False]
    assert [is_stray_test(name) for name in ("a.test.yaml.bak", "a.test.yml", "a.test.py")] == [True, False, False]
    assert [stem_of(name) for name in ("a.test.yml", "a.yaml", "a.b.TEST.yaml", "x")] == ["a", "a", "a.b", "x"]
