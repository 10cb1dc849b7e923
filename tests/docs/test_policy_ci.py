"""The files that run the policy commands in other people's pipelines."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from markdown_it import MarkdownIt

from tests.forked_program import forked_program

ROOT = Path(__file__).parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS = ACTION["runs"]["steps"]


def test_hooks_validate_and_test_whole_folders():
    hooks = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    assert hooks["port-compliance-validate"]["entry"] == "port-compliance policy validate"
    assert hooks["port-compliance-test"]["entry"] == "port-compliance policy test"
    assert hooks["port-compliance-loosened"]["entry"] == "port-compliance policy diff --fail-on loosened"
    assert hooks["port-compliance-loosened"]["args"] == ["git:origin/main:policies", "policies"]
    assert all(hook["args"] and hook["pass_filenames"] is False for hook in hooks.values())


def test_the_github_example_uses_inputs_of_the_action_and_the_file_that_it_writes():
    _, review, comment = yaml.safe_load((ROOT / "docs/ci/github.yml").read_text())["jobs"]["review"]["steps"]
    assert set(review["with"]) <= set(ACTION["inputs"])
    assert comment["env"]["COMMENT"] == STEPS[-1]["env"]["COMMENT"]
    assert "${{" not in comment["run"]


def test_the_pre_commit_example_names_the_hooks_that_there_are():
    example = yaml.safe_load((ROOT / "docs/ci/pre-commit-config.yaml").read_text().replace("# - id:", "- id:"))
    hooks = {hook["id"]: hook["args"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    shown = {hook["id"]: hook.get("args", hooks[hook["id"]]) for hook in example["repos"][0]["hooks"]}
    assert shown == hooks


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step["name"])
def test_inputs_reach_the_action_s_scripts_only_as_variables(step):
    assert "${{" not in step["run"]
    assert step["shell"] == "bash"


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step["name"])
def test_the_action_s_scripts_are_bash(step):
    bash = shutil.which("bash")
    assert bash is not None
    subprocess.run([bash, "-n", "-c", step["run"]], check=True)


COMPARE = STEPS[-1]["run"]
GITLAB = yaml.safe_load((ROOT / "docs" / "ci" / "gitlab-ci.yml").read_text())
OLD = "version: 1\ndisallowed_ports: [23]\n"
NEW = "version: 1\ndisallowed_ports: [23, 445]\n"
BROKEN = "version: 1\ndisallowed_ports: [23, 0]\n"
NAMES = {f"GIT_{role}_{what}": "n@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    commands = ("validate", "test", "diff")
    with forked_program(tmp_path_factory.mktemp("p"), *(f"handler.commands.policy_{one}" for one in commands)) as path:
        yield path


@pytest.fixture(scope="module")
def origins(tmp_path_factory):
    return tmp_path_factory.mktemp("origins")


@pytest.fixture
def work(tmp_path, program, origins):
    """A folder for a clone, the origins it may have, and programs: port-compliance, and pip and apt-get that only say what they got."""
    (tmp_path / "origins").symlink_to(origins)
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "port-compliance").symlink_to(program)
    for name, text in {
        "pip": '#!/bin/sh\necho "pip $*" >&2\n[ "$3" = https://example.org/p.whl ]\n',
        "apt-get": "#!/bin/sh\n",
    }.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    return tmp_path


def git(folder, *arguments):
    environment = {**NAMES, "PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", *arguments], cwd=folder, env=environment, check=True, capture_output=True)


def put(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def origin(work, files):
    """A repository whose branch `main` has these files: made for the first test, read by all that have the same."""
    folder = (work / "origins").resolve() / hashlib.sha256(json.dumps(files).encode()).hexdigest()
    if not folder.exists():
        put(folder, {"README": "", **files})
        git(folder, "init", "-q", "-b", "main")
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", "base")
    return folder


def run(work, script, base, head, **variables):
    """The exit code of a script in a clone that has `head` where its origin's main has `base`; and all it printed."""
    git(work, "clone", "-q", origin(work, base), "clone")
    for name in base:
        (work / "clone" / name).unlink()
    put(work / "clone", head)
    environment = {"PATH": f"{work / 'bin'}:{os.environ['PATH']}", "HOME": str(work), **variables}
    done = subprocess.run(
        ["/bin/bash", "-eo", "pipefail", "-c", script],
        cwd=work / "clone", env=environment, check=False, capture_output=True, text=True,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


CASE = "today: 2026-12-01\ncases: [{name: one, rows: [{port: 23, type: TCP, num: 1}], expect: {verdict: violations}}]\n"


@pytest.mark.parametrize("pipeline", ["action", "gitlab"])
@pytest.mark.parametrize("policy", ["my policies", "my policies/a.yaml"])
@pytest.mark.parametrize(
    ("tests", "expected", "words"),
    [
        ({}, 0, "No *.test.yaml at"),
        ({"my policies/a.test.yaml": CASE}, 0, ""),
        ({"my policies/a.test.yaml": CASE.replace("violations", "compliant")}, 1, "violations"),
        ({"my policies/a.test.yml": CASE.replace("violations", "compliant")}, 1, "violations"),
        ({"my policies/a.test.yaml": "cases: []\n"}, 2, "error"),
    ],
)
def test_a_policy_without_tests_passes_and_every_test_there_is_runs(work, pipeline, policy, tests, expected, words):
    script = STEPS[2]["run"] if pipeline == "action" else "\n".join(GITLAB["policy-test"]["script"])
    head = {"my policies/a.yaml": OLD, **tests}
    code, said = run(work, script.replace("> policy-tests.xml", ""), {}, head, POLICY=policy)
    assert (code, words in said) == (expected, True), said


def compare(work, base, head, *, policy="my policies", snapshot="", fail="false", fail_loosened="true"):
    """Run the action's last step; gives exit code, output and summary."""
    files = {"GITHUB_STEP_SUMMARY": work / "summary", "GITHUB_OUTPUT": work / "output", "COMMENT": work / "comment"}
    variables = {"POLICY": policy, "SNAPSHOT": snapshot, "BASE": "main", "FAIL": fail, "FAIL_LOOSENED": fail_loosened}
    code, said = run(work, COMPARE, base, head, **variables, **{name: str(path) for name, path in files.items()})
    read = {name: path.read_text() if path.exists() else "" for name, path in files.items()}
    return code, read["GITHUB_OUTPUT"], read["GITHUB_STEP_SUMMARY"] + said


def test_a_diff_goes_to_the_step_summary(work):
    code, output, summary = compare(work, {"my policies/a.yaml": OLD}, {"my policies/a.yaml": OLD})
    assert (code, output) == (0, "newly-found=false\nloosened=false\n")
    assert "### What this policy change does" in summary
    assert (work / "comment").read_text() in summary


def test_the_comment_on_a_request_shows_both_tables(work):
    found, lost = "version: 1\ndisallowed_ports: [23]\n", "version: 1\ndisallowed_ports: [445]\n"
    compare(work, {"my policies/a.yaml": found}, {"my policies/a.yaml": lost})
    shown = MarkdownIt("commonmark").enable("table").render((work / "comment").read_text())
    for title, row in (("Loosened (1)", "23/tcp+udp on host"), ("Newly found (1)", "445/tcp+udp")):
        table = shown.partition(f"<h4>{title}</h4>\n<table>")[2].partition("</table>")[0]
        assert row in table, title


@pytest.mark.parametrize(("fail", "expected"), [("false", 0), ("true", 1)])
def test_something_newly_found_fails_only_on_wish(work, fail, expected):
    code, output, summary = compare(work, {"my policies/a.yaml": OLD}, {"my policies/a.yaml": NEW}, fail=fail)
    assert (code, output) == (expected, "newly-found=true\nloosened=false\n")
    assert "445" in summary


@pytest.mark.parametrize(("allowed", "expected"), [("true", 1), ("false", 0)])
def test_something_loosened_fails_by_default_and_stands_in_the_summary(work, allowed, expected):
    both = {"my policies/a.yaml": NEW}, {"my policies/a.yaml": OLD}
    code, output, summary = compare(work, *both, fail_loosened=allowed)
    assert (code, output) == (expected, "newly-found=false\nloosened=true\n")
    assert "445/tcp+udp on host: high -&gt; nothing, from today" in summary


def test_a_stored_snapshot_narrows_the_comparison(work):
    recorded = {"s.json": (ROOT / "docs/examples/snapshot.json").read_text()}
    both = {"p.yaml": OLD, **recorded}, {"p.yaml": OLD.replace("23", "23, 1"), **recorded}
    assert compare(work, *both, policy="p.yaml", snapshot="s.json")[:2] == (0, "newly-found=false\nloosened=false\n")


@pytest.mark.parametrize(
    ("base", "head", "words"),
    [
        ({"my policies/a.yaml": OLD}, {"my policies/a.yaml": BROKEN}, "port 0"),
        ({"my policies/a.yaml": BROKEN}, {"my policies/a.yaml": OLD}, "port 0"),
        ({"my policies/a.yaml": OLD}, {"elsewhere/a.yaml": OLD}, "my policies"),
        ({}, {"elsewhere/a.yaml": OLD}, "my policies"),
        ({"my policies/notes.txt": ""}, {"my policies/b.txt": ""}, "no policy file"),
    ],
    ids=["broken now", "broken on the base", "gone", "never was", "no policy anywhere"],
)
def test_what_cannot_be_compared_fails(work, base, head, words):
    code, output, summary = compare(work, base, head)
    assert (code, output) == (2, "")
    assert words in summary
    assert "nothing to compare with" not in summary


@pytest.mark.parametrize("snapshot", ["typo.json", "my policies", "my policies/a.yaml"])
def test_a_snapshot_that_cannot_be_read_fails_the_comparison(work, snapshot):
    code, output, summary = compare(work, {"my policies/a.yaml": OLD}, {"my policies/a.yaml": OLD}, snapshot=snapshot)
    assert (code, output) == (2, "")
    assert "nothing to compare with" not in summary


def test_a_base_branch_that_cannot_be_fetched_fails_the_comparison(work):
    code, said = run(work, "BASE=gone\n" + COMPARE, {"p.yaml": OLD}, {"p.yaml": OLD}, POLICY="p.yaml")
    assert code not in (0, 1)
    assert "nothing to compare with" not in said


@pytest.mark.parametrize("policy", ["my policies", "my policies/", "./my policies", "my policies/a.yaml"])
@pytest.mark.parametrize("base", [{}, {"my policies/notes.txt": "", "my policies/sub/a.yaml": OLD}], ids=["", "notes"])
def test_a_first_policy_has_nothing_to_be_compared_with(work, base, policy):
    code, output, summary = compare(work, base, {"my policies/a.yaml": OLD}, policy=policy)
    assert (code, output) == (0, "")
    assert "nothing to compare with" in summary


def test_the_gitlab_example_reads_as_yaml_and_runs_the_three_commands():
    document = yaml.safe_load((ROOT / "docs" / "ci" / "gitlab-ci.yml").read_text())
    scripts = " ".join(line for job in document.values() for line in job.get("script", []))
    assert all(f"policy {command} " in scripts for command in ("validate", "test", "diff"))


def gitlab(
    work,
    base,
    head,
    *,
    policy="policies",
    snapshot="",
    wheel="https://example.org/p.whl",
    branch="main",
    loosened="true",
    **variables,
):
    """Run the GitLab job that compares; gives the exit code, and all it printed and wrote."""
    job = GITLAB["policy-diff"]
    script = "\n".join([*job["before_script"], *job["script"]])
    variables |= {"POLICY": policy, "SNAPSHOT": snapshot, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": branch}
    variables["FAIL_ON_LOOSENED"] = loosened
    code, said = run(work, script, base, head, **variables, **({"PORT_COMPLIANCE": wheel} if wheel else {}))
    written = work / "clone" / "policy-diff.md"
    return code, said + (written.read_text() if written.exists() else "")


def test_the_gitlab_job_compares_with_the_target_branch(work):
    code, said = gitlab(work, {"policies/a.yaml": OLD}, {"policies/a.yaml": NEW})
    assert code == 1
    assert "445" in said


@pytest.mark.parametrize(("allowed", "expected"), [("true", 5), ("false", 0)])
def test_the_gitlab_job_fails_where_something_is_loosened(work, allowed, expected):
    code, said = gitlab(work, {"policies/a.yaml": NEW}, {"policies/a.yaml": OLD}, loosened=allowed)
    assert code == expected
    assert "445/tcp+udp on host: high -> nothing, from today" in said


@pytest.mark.parametrize(
    "wrong",
    [{"snapshot": "typo.json"}, {"policy": "polices"}, {"wheel": ""}, {"wheel": "https://example.org/q.whl"}, {"branch": "gone"}],
    ids=str,
)  # fmt: skip
def test_the_gitlab_job_fails_where_nothing_is_known(work, wrong):
    code, said = gitlab(work, {"policies/a.yaml": OLD}, {"policies/a.yaml": OLD}, **wrong)
    assert code not in (0, *GITLAB["policy-diff"]["allow_failure"]["exit_codes"])
    assert "nothing to compare with" not in said


def test_the_gitlab_job_posts_the_comparison_where_it_has_a_token(work):
    curl = work / "bin" / "curl"
    curl.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > "$HOME/asked"\n')
    curl.chmod(0o755)
    place = {"CI_API_V4_URL": "https://git.example.org/api/v4", "CI_PROJECT_ID": "7", "CI_MERGE_REQUEST_IID": "3"}
    code, _ = gitlab(work, {"policies/a.yaml": OLD}, {"policies/a.yaml": NEW}, COMMENT_TOKEN="secret", **place)
    asked = (work / "asked").read_text().split("\n")
    assert code == 1
    assert {"PRIVATE-TOKEN: secret", "body@policy-diff.md"} < set(asked)
    assert asked[-2] == "https://git.example.org/api/v4/projects/7/merge_requests/3/notes"


def test_the_gitlab_job_posts_nothing_without_a_token_and_survives_a_refusal(work):
    curl = work / "bin" / "curl"
    curl.write_text('#!/bin/sh\ntouch "$HOME/asked"\nexit 22\n')
    curl.chmod(0o755)
    same = {"policies/a.yaml": OLD}, {"policies/a.yaml": OLD}
    assert gitlab(work, *same)[0] == 0
    assert not (work / "asked").exists()
    shutil.rmtree(work / "clone")
    code, said = gitlab(work, *same, COMMENT_TOKEN="secret")
    assert (code, "could not be posted" in said, "secret" in said) == (0, True, False)


def test_the_gitlab_job_compares_a_first_policy_with_nothing(work):
    code, said = gitlab(work, {}, {"policies/a.yaml": OLD})
    assert (code, "nothing to compare with" in said) == (0, True)


def test_the_gitlab_jobs_run_for_a_policy_that_is_one_file():
    (rule,) = GITLAB[".port-compliance"]["rules"]
    assert rule["changes"] == ["$POLICY", "$POLICY/**/*"]
