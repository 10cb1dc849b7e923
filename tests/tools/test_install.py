"""The package as somebody has it who has nothing else: README's commands, and what the installed program finds."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from tests.environments.pythons import quick_python

ROOT = Path(__file__).resolve().parents[2]
INSTALL = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Install\n")[2].partition("\n## ")[0]
BLOCKS = [block.replace("\n    ", "\n").strip() for block in re.findall(r"(?:^ {4}.+\n)+", INSTALL, re.MULTILINE)]
NEWEST, LOCKED, ELSEWHERE = BLOCKS
on_the_day = pytest.mark.skipif(
    "TRY_INSTALLS" not in os.environ, reason="installs anew from the package index; .ci/run sets TRY_INSTALLS"
)


def shell(script: str, home: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run it at the top of the checkout, with a home of its own and this Python as python3."""
    programs = home / "programs"
    programs.mkdir(exist_ok=True)
    with suppress(FileExistsError):
        (programs / "python3").symlink_to(sys.executable)
    environment = {
        **os.environ,
        "HOME": str(home),
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PYTHON": sys.executable,
    }
    return subprocess.run(
        ["/bin/bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT, env=environment | variables, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def home():
    """A home where README's locked installation was done; skips where no package index answers."""
    folder = ROOT / "build" / "environments" / f"home-{sys.version_info[0]}.{sys.version_info[1]}"
    folder.mkdir(parents=True, exist_ok=True)
    this_run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    with (folder / "made-by").open("a+") as made_by:
        fcntl.flock(made_by, fcntl.LOCK_EX)  # pytest's workers want it at the same time
        made_by.seek(0)
        if made_by.read() == this_run:
            return folder
        few_are_imported = {"SETUP_COMPILE": "--no-compile", "PIP_COMPILE": "0"}
        done = shell(LOCKED, folder, PYTHON=quick_python(), **few_are_imported)
        if "No matching distribution found" in done.stderr:
            pytest.skip("no package index answers")
        assert done.returncode == 0, done.stderr
        made_by.truncate(0)
        made_by.write(this_run)
    return folder


def installed(home: Path, arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the installed program in an empty folder, where no checkout is near."""
    return shell(f"cd {home}; {home}/.port-compliance/bin/{arguments}", home, PYTHONPATH="", **variables)


def test_the_installed_program_checks_a_snapshot_with_the_examples_of_the_package(home):
    (asked,) = re.findall(r"bin/(python -I -c '.+')`", INSTALL)
    folder = Path(installed(home, asked).stdout.strip())
    assert folder.is_relative_to(home)
    assert {path.name for path in folder.glob("*.md")} == {path.name for path in (ROOT / "docs").glob("*.md")}
    checked = installed(
        home, f"port-compliance check --policy {folder}/examples/first.yaml --snapshot {folder}/examples/snapshot.json"
    )
    assert (checked.returncode, checked.stdout.split()[0]) == (1, "VIOLATIONS"), checked.stderr


def test_the_installed_program_brings_its_policies(home):
    checked = installed(
        home,
        "port-compliance policy test $(dirname $(.port-compliance/bin/python -c 'import handler; print(handler.__file__)'))/policies",
    )
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.endswith(" passed, 0 failed\n")


def test_a_missing_extra_says_how_it_is_installed_and_nothing_of_a_package_by_name(home):
    asked = installed(home, "port-compliance simulate")
    assert asked.returncode == 2
    assert "pip install '.[simulator]' in a checkout" in asked.stderr


@on_the_day
def test_the_action_installs_the_program_from_its_own_checkout(tmp_path):
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    (step,) = [step for step in action["runs"]["steps"] if step["name"] == "Install"]
    place, path = tmp_path / "place", tmp_path / "github-path"
    done = shell(step["run"], tmp_path, SOURCE=str(ROOT), PLACE=str(place), GITHUB_PATH=str(path))
    assert done.returncode == 0, done.stderr
    version = subprocess.run(
        [f"{path.read_text().strip()}/port-compliance", "--version"], capture_output=True, text=True, check=True
    )
    assert version.stdout.startswith("port-compliance ")


@on_the_day
def test_it_installs_with_what_is_newest(tmp_path):
    done = shell(NEWEST, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "port-compliance" in done.stdout
    for arguments in ("port-compliance policy validate docs/examples/first.yaml", "python -m pip check"):
        assert shell(f"{tmp_path}/.port-compliance/bin/{arguments}", tmp_path).returncode == 0


def test_whoever_installs_from_elsewhere_names_the_address():
    assert all(" @ " in line for line in ELSEWHERE.splitlines())
