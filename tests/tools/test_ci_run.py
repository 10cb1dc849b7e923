""".ci/run with stand-ins of everything that it calls: it fails when a step fails, says what is lacking, waits for nobody."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STEPS = [
    "make test python3.12", "make test-oracles",
    "make mutants ARGS=retries plan --sample 200 --fail-under 100 python3.12", "run.sh ",
    "try_fresh.sh python3.10 demo test-other", "try_locks.sh python3.10",
    "try_fresh.sh python3.12 demo", "try_fresh.sh python3.13 demo", "try_locks.sh python3.13",
]  # fmt: skip
STAND_IN = """#!/bin/sh
[ "$1" = -c ] && exit {code}
short="${{0##*/}}"
for word; do short="$short ${{word##*/}}"; done
[ $# -gt 0 ] || short="$short "
echo "$short" >>"$LOG"
cat >/dev/null  # a program that asks something would wait here
case "$short" in "$FAILS"*) echo "$short: broken" >&2; exit 7 ;; esac
{more}
"""


@pytest.fixture
def tree(tmp_path):
    """A checkout of which only .ci/run is real, and a folder of programs in front of the system's."""
    names = {"make": "", "apt-get": "", "npm": "", "python3.10": "", "python3.12": "", "python3.13": ""}
    for folder, programs in {
        "bin": {**names, "id": "echo 0"},
        "tools": {"real_servers.sh": "echo export MOTO_SERVER=x", "try_fresh.sh": "", "try_locks.sh": ""},
        "tests/deploy": {"run.sh": ""},
    }.items():
        (tmp_path / folder).mkdir(parents=True)
        for name, more in programs.items():
            (tmp_path / folder / name).write_text(STAND_IN.format(code=0, more=more))
            (tmp_path / folder / name).chmod(0o755)
    (tmp_path / "bin/python3.11").write_text(STAND_IN.format(code=1, more=""))
    (tmp_path / "bin/python3.11").chmod(0o755)
    (tmp_path / "tests/browser").mkdir()
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/run", tmp_path / ".ci/run")
    return tmp_path


def run(tree, fails="nothing"):
    """The exit code, all that was printed, and what was called; standard input is a pipe that nobody writes to."""
    log = tree / "log"
    environment = {"PATH": f"{tree / 'bin'}:/usr/bin:/bin", "LOG": str(log), "FAILS": fails, "HOME": str(tree)}
    reader, writer = os.pipe()
    try:
        done = subprocess.run(
            [tree / ".ci/run"], env=environment, stdin=reader, capture_output=True, text=True, check=False, timeout=60
        )
    finally:
        os.close(reader)
        os.close(writer)
    return done.returncode, done.stdout + done.stderr, log.read_text().splitlines()


def test_every_step_runs_and_a_python_that_is_missing_is_named(tree):
    code, said, called = run(tree)
    assert (code, [line for line in called if not line.startswith(("apt-get", "npm", "id", "real"))]) == (0, STEPS)
    assert "Python 3.11 is not on this machine" in said


@pytest.mark.parametrize("step", STEPS)
def test_a_step_that_fails_ends_it(tree, step):
    code, said, called = run(tree, fails=step)
    assert code == 7
    assert called[-1] == step
    assert "all passed" not in said


@pytest.mark.parametrize(
    ("fails", "words"),
    [
        ("apt-get", "real servers: not installed"),
        ("apt-get -q -o DPkg::Lock::Timeout=60 install", "real servers: not installed"),
        ("npm", "packages of tests/browser: not installed"),
        ("real_servers.sh", "S3 servers: not all installed"),
    ],
)
def test_an_installer_that_fails_is_said_with_its_own_words_and_the_tests_run(tree, fails, words):
    code, said, called = run(tree, fails=fails)
    assert code == 0
    assert words in said
    assert "broken" in said
    assert called[-1] == STEPS[-1]
