"""The runner of `make mutants` on a small project, whose mutants a variable of the environment switches on.

That its verdicts are mutmut's was seen by running whole rooms with both (docs/reliability.md).
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
from pathlib import Path

import pytest

from tools.mutants_bench import unchanged
from tools.mutants_runner import DIED, Verdict

ROOT = Path(__file__).parents[2]
PROJECT = """
import os, pathlib, subprocess, sys, time
import pytest

def mutant():
    return os.environ["MUTANT_UNDER_TEST"].rpartition(".")[2]

@pytest.fixture(scope="module")
def began():
    return mutant()

def test_fast():
    assert mutant() != "x_add__mutmut_1"

def test_of_a_fixture(began, tmp_path):
    (tmp_path / "file").touch()
    print("nobody reads this")
    assert began != "x_add__mutmut_2"

def test_of_a_process():
    asked = "import os, sys; sys.exit(os.environ['MUTANT_UNDER_TEST'].endswith('mutmut_3'))"
    assert subprocess.run([sys.executable, "-c", asked]).returncode == 0

def test_that_hangs():
    if mutant() == "x_add__mutmut_4":
        pathlib.Path("started").write_text(str(subprocess.Popen(["sleep", "600"]).pid))
        time.sleep(600)

def test_that_ends_the_process():
    if mutant() == "x_add__mutmut_5":
        os._exit(0)  # not what passing is

def test_that_fails_in_its_end(request):
    request.addfinalizer(lambda: 1 / (mutant() != "x_add__mutmut_6"))
"""
HONEST = ["test_fast", "test_of_a_fixture", "test_of_a_process", "test_that_fails_in_its_end"]
ALL = [*HONEST, "test_that_hangs", "test_that_ends_the_process"]
QUICK = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}  # the project uses no plugin; loading ours costs more than its tests
RUN = """
import json, os, sys
sys.path.insert(0, {root!r})
from tools import mutants_runner
mutants_runner.SPARE = {spare}
sys.exit(mutants_runner.run(mutants_runner.Job(**json.loads(sys.argv[1])), mutants_runner.in_environment))
"""


def run(folder, tests, project=PROJECT, spare=60):
    """The exit code, what was printed, and the verdicts by mutant."""
    (folder / "test_project.py").write_text(project)
    job = {
        "arguments": ["-p", "no:cacheprovider", "test_project.py"],
        "tests": {mutant: [f"test_project.py::{test}" for test in called] for mutant, called in tests.items()},
        "children": 2,
        "verdicts": str(folder / "verdicts.jsonl"),
    }
    (folder / "tmp").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", RUN.format(root=str(ROOT), spare=spare), json.dumps(job)],
        cwd=folder, env={**os.environ, **QUICK, "TMPDIR": str(folder / "tmp")}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    told = (folder / "verdicts.jsonl").read_text().splitlines() if (folder / "verdicts.jsonl").exists() else []
    return done, {one.mutant: one for one in (Verdict(*json.loads(line)) for line in told)}


def test_each_mutant_dies_by_the_test_that_notices_it(tmp_path):
    tests = {f"calc.x_add__mutmut_{number}": ALL for number in (1, 2, 3, 5, 6, 7)}
    done, verdicts = run(tmp_path, {**tests, "calc.x_sub__mutmut_1": [], "calc.x_mul__mutmut_1": ALL[1:]})
    assert done.returncode == 0, done.stdout + done.stderr
    assert {name: one.status for name, one in verdicts.items()} == {
        **dict.fromkeys(tests, "killed"),
        "calc.x_add__mutmut_5": "crashed",
        "calc.x_add__mutmut_7": "survived",
        "calc.x_sub__mutmut_1": "no tests",
        "calc.x_mul__mutmut_1": "survived",
    }
    assert {name[-1]: one.test.rpartition(":")[2] for name, one in verdicts.items() if one.status in DIED} == {
        "1": "test_fast",
        "2": "test_of_a_fixture",
        "3": "test_of_a_process",
        "5": "test_that_ends_the_process",
        "6": "test_that_fails_in_its_end",
    }
    assert not list((tmp_path / "tmp").iterdir())


def test_a_mutant_that_hangs_ends_with_all_that_it_started(tmp_path):
    _, verdicts = run(tmp_path, {"calc.x_add__mutmut_4": ["test_that_hangs"]}, spare=0)
    assert [(one.status, one.test) for one in verdicts.values()] == [("timeout", "test_project.py::test_that_hangs")]
    with contextlib.suppress(ProcessLookupError):
        ended = os.pidfd_open(int((tmp_path / "started").read_text()))
        assert select.select([ended], [], [], 60)[0]
        os.close(ended)


@pytest.mark.parametrize(
    ("project", "said"),
    [
        ("def test_broken(): assert False", "without a mutant: killed at test_project.py::test_broken"),
        ("import nothing_of_that_name", "cannot be collected"),
    ],
)
def test_no_verdict_where_a_test_fails_without_a_mutant(tmp_path, project, said):
    done, verdicts = run(tmp_path, {"calc.x_add__mutmut_1": ["test_broken"]}, project)
    assert done.returncode != 0
    assert said in done.stdout + done.stderr
    assert not verdicts


def test_a_verdict_is_kept_only_on_a_function_that_is_still_the_same():
    verdicts = [Verdict(name, "killed", "", 0) for name in ("same", "changed", "gone", "unknown")]
    kept = unchanged(
        verdicts, {"same": "1", "changed": "2", "gone": "3"}, {"same": "1", "changed": "9", "unknown": "4"}
    )
    assert [one.mutant for one in kept] == ["same"]
