"""`git:REV:PATH` reads the object store, and nothing else."""

from __future__ import annotations

import os
import subprocess

import pytest

from handler.errors import UsageError
from handler.review.git_source import git_texts


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    folder = tmp_path_factory.mktemp("repository")
    policies = folder / "policies"
    (policies / "sub").mkdir(parents=True)
    (policies / "a.yaml").write_text("version: 1\ndisallowed_ports: [23]\n")
    (policies / "a.test.yaml").write_text("cases: []\n")
    (policies / "sub" / "b.yaml").write_text("sub")
    (folder / "odd name*.yaml").write_text("odd")
    (folder / "link.yaml").symlink_to("/etc/passwd")
    run(folder, "init", "-q", "-b", "main")
    run(folder, "add", "-A")
    run(folder, "commit", "-qm", "first")
    run(folder, "tag", "v1")
    (policies / "a.yaml").write_text("version: 1\ndisallowed_ports: [21]\n")
    return folder


def run(folder, *arguments):
    names = {"GIT_AUTHOR_NAME": "n", "GIT_AUTHOR_EMAIL": "e", "GIT_COMMITTER_NAME": "n", "GIT_COMMITTER_EMAIL": "e"}
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", **names}
    subprocess.run(["git", *arguments], cwd=folder, check=True, env=environment, capture_output=True)


@pytest.mark.parametrize("revision", ["HEAD", "main", "v1", "HEAD~0", "main^{commit}", "refs/heads/main"])
def test_a_file_is_read_as_it_was_committed(repository, revision):
    texts = git_texts(f"git:{revision}:policies/a.yaml", repository)
    assert texts == [(f"git:{revision}:policies/a.yaml", b"version: 1\ndisallowed_ports: [23]\n")]


@pytest.mark.parametrize("path", ["policies", "policies/", "./policies"])
def test_a_folder_is_its_policy_files_without_tests_and_sub_folders(repository, path):
    assert [name for name, _ in git_texts(f"git:main:{path}", repository)] == ["git:main:policies/a.yaml"]


def test_the_top_of_the_repository_is_a_folder_too(repository):
    run(repository, "rm", "-q", "--cached", "link.yaml")
    run(repository, "commit", "-qm", "without the link")
    assert [name for name, _ in git_texts("git:main:.", repository)] == ["git:main:odd name*.yaml"]
    with pytest.raises(UsageError, match="symbolic links"):
        git_texts("git:v1:.", repository)


def test_a_folder_without_a_policy_file_is_named(tmp_path):
    (tmp_path / "notes.txt").write_text("none\n")
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
        run(tmp_path, *words)
    with pytest.raises(UsageError, match=r"git:HEAD:\.: this folder has no policy file"):
        git_texts("git:HEAD:.", tmp_path)


def test_names_are_no_patterns(repository):
    assert git_texts("git:main:odd name*.yaml", repository)[0][1] == b"odd"
    with pytest.raises(UsageError, match="no such file"):
        git_texts("git:main:policies/*.yaml", repository)


def test_it_works_from_a_folder_below_the_top(repository):
    assert len(git_texts("git:main:policies/a.yaml", repository / "policies" / "sub")) == 1


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("git:nothing:policies", "no revision 'nothing'"),
        ("git:main:nothing.yaml", "no such file or folder"),
        ("git:main", "names no revision"),
        ("git::policies", "names no revision"),
        ("git:--output=x:policies", "names no revision"),
        ("git:-n:policies", "names no revision"),
        ("git:main;id:policies", "names no revision"),
        ("git:main..v1:policies", "names no revision"),
        ("git:main:../secret.yaml", "must stay inside"),
        ("git:main:policies/../../x", "must stay inside"),
        ("git:main:/etc/passwd", "must stay inside"),
        ("git:v1:link.yaml", "neither a file nor a folder"),
        ("git:main:--all", "no such file or folder"),
    ],
)
def test_what_is_not_in_the_repository_is_refused(repository, reference, message):
    with pytest.raises(UsageError, match=message):
        git_texts(reference, repository)


def test_options_are_not_obeyed(repository):
    with pytest.raises(UsageError):
        git_texts("git:--output=made:policies", repository)
    assert not (repository / "made").exists()


def test_outside_a_repository_git_says_so(tmp_path):
    """What git said, not "no revision": it never looked for one."""
    with pytest.raises(UsageError, match=r"^git: not a git repository"):
        git_texts("git:main:policies", tmp_path)


def test_a_repository_of_another_owner_is_named_with_what_opens_it(repository, surroundings):
    surroundings(GIT_TEST_ASSUME_DIFFERENT_OWNER="1")
    with pytest.raises(UsageError, match=r"^git: detected dubious ownership") as caught:
        git_texts("git:main:policies", repository)
    assert "safe.directory" in caught.value.hint


def test_a_damaged_repository_is_told_in_gits_words(repository, tmp_path):
    run(repository, "clone", "-q", "--bare", ".", str(tmp_path / "copy"))
    for folder in (tmp_path / "copy" / "objects").iterdir():
        for file in folder.iterdir():
            file.chmod(0o600)
            file.write_bytes(b"")
    with pytest.raises(UsageError, match=r"^git: "):
        git_texts("git:main:policies", tmp_path / "copy")


def test_a_missing_revision_is_our_own_word(repository):
    with pytest.raises(UsageError, match="there is no revision 'nowhere' in this repository"):
        git_texts("git:nowhere:policies", repository)


@pytest.mark.parametrize("name", ["b.yml", "B.YAML", "b.Yml"])
def test_a_folder_of_a_revision_is_read_as_one_on_disk(tmp_path, name):
    (tmp_path / "a.yaml").write_text("a")
    (tmp_path / name).write_text("b")
    (tmp_path / "a.TEST.yml").write_text("cases: []\n")
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
        run(tmp_path, *words)
    assert {read for read, _ in git_texts("git:HEAD:.", tmp_path)} == {"git:HEAD:a.yaml", f"git:HEAD:{name}"}


@pytest.mark.parametrize(
    ("name", "text"), [("b.yaml.bak", "x"), ("p.json", '{"disallowed_ports": [23]}'), ("b.yml~", "")]
)
def test_a_stray_policy_in_a_revision_is_named(tmp_path, name, text):
    (tmp_path / "a.yaml").write_text("a")
    (tmp_path / name).write_text(text)
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "first"]):
        run(tmp_path, *words)
    with pytest.raises(UsageError, match=rf"^{name}: looks like YAML"):
        git_texts("git:HEAD:.", tmp_path)


def test_a_stray_file_is_named_on_one_line(tmp_path):
    (tmp_path / "a.yaml").write_text("version: 1\ndisallowed_ports: [23]\n")
    (tmp_path / "b\n::error::no.yaml.bak").write_text("version: 1\ndisallowed_ports: [23]\n")
    run(tmp_path, "init", "-q", "-b", "main")
    run(tmp_path, "add", "-A")
    run(tmp_path, "commit", "-qm", "first")
    with pytest.raises(UsageError, match=r"^b ::error::no\.yaml\.bak: looks like"):
        git_texts("git:main:", tmp_path)
