"""tools/setup.sh installs what a lock names and nothing newer, with its own pip and the bundled (here: an index on disk)."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.environments.pythons import quick_python

ROOT = Path(__file__).parents[2]
ADDRESS = "https://example.org"
OF_AN_INDEX = "index-url"  # without its dashes: no tracked file is to look as if it named where packages come from
on_the_day = pytest.mark.skipif(
    "TRY_INSTALLS" not in os.environ, reason="installs the bundled pip; .ci/run sets TRY_INSTALLS"
)
PLACES = ("requirements*.lock", "bench/peers/*.lock", "tests/environments/*.lock")


def wheel(folder: Path, name: str, version: str, *requires: str) -> str:
    """Write a pure wheel with one module; gives its sha256."""
    info = f"{name}-{version}.dist-info"
    members = {
        f"{name}.py": f"version = {version!r}\n",
        f"{info}/METADATA": "\n".join(
            [
                "Metadata-Version: 2.1",
                f"Name: {name}",
                f"Version: {version}",
                "Provides-Extra: more",
                *(f"Requires-Dist: {one}" for one in requires),
                "",
            ]
        ),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()},{len(text)}\n"
        for path, text in members.items()
    )
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in {**members, f"{info}/RECORD": record + f"{info}/RECORD,,\n"}.items():
            archive.writestr(member, text)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def set_up(folder: Path, lock: Path, index: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run tools/setup.sh with nothing but the index on disk."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    env |= {
        "PYTHON": quick_python(),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(index),
    }
    return subprocess.run(
        ["bash", str(ROOT / "tools/setup.sh"), str(folder), str(lock)],
        env=env | variables, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def version_of(folder: Path, name: str) -> str:
    command = [str(folder / "bin/python"), "-c", f"import {name}; print({name}.version)"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def index(tmp_path: Path) -> Path:
    folder = tmp_path / "index"
    folder.mkdir()
    return folder


def locked(tmp_path: Path, **hashes: str) -> Path:
    lines = (f"{name.replace('_', '-')}==1.0 \\\n    --hash=sha256:{digest}\n" for name, digest in hashes.items())
    path = tmp_path / "some.lock"
    path.write_text("".join(lines))
    return path


@pytest.mark.parametrize(
    ("variables", "said"),
    [({}, ""), pytest.param({"PYTHON": sys.executable}, "taking the pip that Python bundles", marks=on_the_day)],
    ids=["locked pip", "no index has the locked pip"],
)
def test_newer_releases_than_the_lock_names_are_not_taken(
    tmp_path: Path, index: Path, variables: dict[str, str], said: str
) -> None:
    """What broke on the fourth day: one locked package asks for an extra of another, and a newer one of it exists."""
    lock = locked(
        tmp_path, asking=wheel(index, "asking", "1.0", "asked[more]>=1.0"), asked=wheel(index, "asked", "1.0")
    )
    wheel(index, "asking", "1.1", "asked[more]>=1.0")
    wheel(index, "asked", "2.0")
    done = set_up(tmp_path / "venv", lock, index, **variables)
    assert (done.returncode, said in done.stderr) == (0, True), done.stderr
    assert [version_of(tmp_path / "venv", name) for name in ("asking", "asked")] == ["1.0", "1.0"]


def test_a_lock_that_lacks_a_requirement_is_refused(tmp_path: Path, index: Path) -> None:
    lock = locked(tmp_path, asking=wheel(index, "asking", "1.0", "asked>=1.0"))
    wheel(index, "asked", "2.0")
    done = set_up(tmp_path / "venv", lock, index)
    assert done.returncode != 0
    assert "asked" in done.stderr
    assert not (tmp_path / "venv/.made-from").exists()


@pytest.mark.parametrize("part", [False, True], ids=["whole", "in part"])
def test_a_wheel_that_is_not_the_locked_one_is_refused(tmp_path: Path, index: Path, part: bool) -> None:
    lock = locked(tmp_path, asked="0" * 64)
    if part:
        lock.with_suffix(".without").write_text("other/*\n")
    wheel(index, "asked", "1.0")
    done = set_up(tmp_path / "venv", lock, index)
    assert done.returncode != 0
    assert "HASH" in done.stderr.upper()


@pytest.fixture(scope="module")
def first_call(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[tuple[Path, Path, Path], subprocess.CompletedProcess[str]]:
    """What a call was given, and how it ended."""
    place = tmp_path_factory.mktemp("place")
    (place / "index").mkdir()
    lock = locked(place, asked=wheel(place / "index", "asked", "1.0"))
    lock.with_suffix(".without").write_text("# what pip alone reads\nasked-*/WH*\n")
    given = (place / "venv", lock, place / "index")
    return given, set_up(*given)


def test_a_second_call_does_nothing(first_call) -> None:
    given, first = first_call
    assert first.returncode == 0
    again = set_up(*given)
    assert (again.returncode, again.stderr, again.stdout) == (0, "", "")


def test_what_is_named_beside_the_lock_is_left_out_and_nothing_else(first_call) -> None:
    (folder, _, _), _ = first_call
    (site_packages,) = folder.glob("lib/python*/site-packages")
    left = {path.relative_to(site_packages).as_posix() for path in site_packages.rglob("asked*/*")}
    assert left == {"asked-1.0.dist-info/METADATA", "asked-1.0.dist-info/RECORD"}
    assert version_of(folder, "asked") == "1.0"


def test_a_python_that_is_named_and_does_not_fit_is_an_error_and_not_replaced(tmp_path: Path, index: Path) -> None:
    lock = locked(tmp_path, asked=wheel(index, "asked", "1.0"))
    old = tmp_path / "old python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    for python in (str(old), str(tmp_path / "missing")):
        done = set_up(tmp_path / "venv", lock, index, PYTHON=python)
        assert done.returncode != 0
        assert python in done.stderr
    assert not (tmp_path / "venv").exists()


def test_a_python_may_lie_in_a_folder_with_spaces(first_call) -> None:
    _, first = first_call
    assert " " in quick_python()
    assert first.returncode == 0, first.stderr


@pytest.fixture
def checked(tmp_path: Path) -> Path:
    """A tree with good locks and tools/check_locks.sh."""
    good = "thing==1.0 \\\n    --hash=sha256:00\n"
    for name in ("requirements.lock", "bench/peers/a.lock", "tests/environments/b.lock"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(good)
    for folder in ("browser", "environments/server"):
        (tmp_path / "tests" / folder).mkdir(parents=True)
        (tmp_path / "tests" / folder / "package-lock.json").write_text('{"funding": {"url": "https://example.org"}}')
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools/check_locks.sh", tmp_path / "tools")
    return tmp_path


def check_locks(tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([tree / "tools/check_locks.sh"], capture_output=True, text=True, check=False)


def test_good_locks_pass(checked: Path) -> None:
    assert check_locks(checked).returncode == 0


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("requirements-x.lock", "boto3==1.0 \\\n    --hash=sha256:00\n", "boto3"),
        ("requirements-x.lock", f"--{OF_AN_INDEX} {ADDRESS}\n", "names no host"),
        ("bench/peers/x.lock", f"thing @ {ADDRESS}/x.whl \\\n    --hash=sha256:00\n", "names no host"),
        ("tests/environments/x.lock", "thing==1.0\n", "needs a hash"),
        ("tests/deploy/package-lock.json", json.dumps({"resolved": f"{ADDRESS}/x.tgz"}), "names no host"),
        ("tests/environments/y/package-lock.json", json.dumps({"resolved": f"{ADDRESS}/x.tgz"}), "names no host"),
    ],
)
def test_a_lock_with_a_fault_is_named(checked: Path, name: str, text: str, words: str) -> None:
    (checked / name).parent.mkdir(parents=True, exist_ok=True)
    (checked / name).write_text(text)
    done = check_locks(checked)
    assert done.returncode == 1
    assert words in done.stderr
    assert name in done.stderr


def test_every_lock_of_the_repository_is_one_that_is_tried() -> None:
    """tools/try_locks.sh, tools/check_locks.sh and tools/lock.sh take their locks from the same three places."""
    folders = [
        each for each in ROOT.iterdir() if each.is_dir() and not each.name.startswith(".") and each.name != "build"
    ]
    locks = {*ROOT.glob("*.lock"), *(path for folder in folders for path in folder.rglob("*.lock"))}
    assert locks == {path for pattern in PLACES for path in ROOT.glob(pattern)}
    for script in ("try_locks.sh", "check_locks.sh", "lock.sh"):
        assert all(pattern in (ROOT / "tools" / script).read_text() for pattern in PLACES)
