"""The files that run the policy commands in other people's pipelines."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS = ACTION["runs"]["steps"]


def test_hooks_validate_and_test_whole_folders():
    hooks = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    assert hooks["port-compliance-validate"]["entry"] == "port-compliance policy validate"
    assert hooks["port-compliance-test"]["entry"] == "port-compliance policy test"
    assert all(hook["args"] and hook["pass_filenames"] is False for hook in hooks.values())


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


def compare(tmp_path, diff_exit, *, known=True, good=False, fail="false"):
    """Run the last step with stand-ins for git and the program; gives exit code, output and summary."""
    (tmp_path / "git").write_text(
        f"#!/bin/sh\n[ $1 = rev-parse ] && echo abc\n[ $1 != cat-file ] || exit {0 if known else 1}\n"
    )
    program = f'#!/bin/sh\necho "args: $*"\n[ $2 != validate ] || exit {0 if good else 2}\nexit {diff_exit}\n'
    (tmp_path / "port-compliance").write_text(program)
    for program in ("git", "port-compliance"):
        (tmp_path / program).chmod(0o755)
    env = {
        "PATH": f"{tmp_path}:/usr/bin:/bin",
        "POLICY": "my policies",
        "SNAPSHOT": "s.json",
        "BASE": "main",
        "FAIL": fail,
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
    }
    done = subprocess.run(["/bin/bash", "-eo", "pipefail", "-c", COMPARE], env=env, check=False)
    read = [path.read_text() if path.exists() else "" for path in (tmp_path / "output", tmp_path / "summary")]
    return done.returncode, *read


def test_a_diff_goes_to_the_step_summary(tmp_path):
    code, output, summary = compare(tmp_path, 0)
    assert (code, output) == (0, "newly-found=false\n")
    assert summary == "args: policy diff git:abc:my policies my policies --format markdown --snapshot s.json\n"


@pytest.mark.parametrize(("fail", "expected"), [("false", 0), ("true", 1)])
def test_something_newly_found_fails_only_on_wish(tmp_path, fail, expected):
    code, output, _ = compare(tmp_path, 1, fail=fail)
    assert (code, output) == (expected, "newly-found=true\n")


def test_a_broken_policy_fails_the_comparison(tmp_path):
    assert compare(tmp_path, 2)[0] == 2


def test_a_broken_policy_on_the_base_branch_does_not_stop_its_repair(tmp_path):
    code, _, summary = compare(tmp_path, 2, good=True)
    assert (code, "nothing to compare with" in summary) == (0, True)


def test_a_first_policy_has_nothing_to_be_compared_with(tmp_path):
    code, _, summary = compare(tmp_path, 0, known=False)
    assert code == 0
    assert "nothing to compare with" in summary


def test_the_gitlab_example_reads_as_yaml_and_runs_the_three_commands():
    document = yaml.safe_load((ROOT / "docs" / "ci" / "gitlab-ci.yml").read_text())
    scripts = " ".join(line for job in document.values() for line in job.get("script", []))
    assert all(f"policy {command} " in scripts for command in ("validate", "test", "diff"))
