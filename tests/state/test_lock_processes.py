"""The lock beside a file between processes, and between machines: two mounts of one share, with flock and without."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from handler.errors import StoreError
from handler.state.lock import STALE, locked
from tests.fakes import FakeClock
from tests.lock_contender import does_nothing

ROOT = Path(__file__).parents[2]
TIMES = 12
KINDS = ("kernel", "none", "local")
MOUNTED = 'mount --make-rprivate / && mount --bind "$1" "$2" && shift 2 && exec "$@"'  # in a namespace of its own


def contender(path, times, kind, *before):
    command = [*before, sys.executable, "-m", "tests.lock_contender", str(path), str(times), kind]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def contend(*processes):
    """Let them begin at once; whether each ended well."""
    for one in processes:
        assert one.stdout.readline() == "ready\n"
    for one in processes:
        one.stdin.write("go\n")
        one.stdin.flush()
    for one in processes:
        one.communicate()
    return [one.returncode for one in processes]


@pytest.fixture
def path(tmp_path):
    share = tmp_path / "share"
    share.mkdir()
    (share / "state.json").write_text("0")
    return share / "state.json"


def own_mounts():
    """How to run something in a mount namespace of its own, or why this machine does not let us."""
    program = shutil.which("unshare")
    for options in (["--mount"], ["--user", "--map-root-user", "--mount"]) if program else ():
        tried = [program, *options, "sh", "-c", "mount --make-rprivate / && mount --bind /tmp /tmp"]
        if subprocess.run(tried, capture_output=True, check=False).returncode == 0:
            return [program, *options]
    return []


@pytest.mark.parametrize("kind", KINDS)
def test_of_two_processes_one_holds_the_lock(path, kind):
    assert contend(*(contender(path, TIMES, kind) for _ in range(2))) == [0, 0]
    assert path.read_text() == str(2 * TIMES)
    left = {one.name for one in path.parent.iterdir()}
    assert left == {"state.json", "state.json.lock"}


@pytest.mark.real
@pytest.mark.parametrize("kinds", [("kernel", "kernel"), ("none", "none"), ("local", "local"), ("kernel", "none")])
def test_of_two_machines_that_mount_one_share_one_holds_the_lock(path, tmp_path, kinds):
    """Each machine is a mount namespace that sees the share in a folder of its own; an empty one for everybody else."""
    alone = own_mounts()
    if not alone:
        pytest.skip("needs `unshare --mount`, which this machine has not or does not allow")
    machines = []
    for number, kind in enumerate(kinds):
        folder = tmp_path / f"machine-{number}"
        folder.mkdir()
        mounted = [*alone, "sh", "-c", MOUNTED, "sh", str(path.parent), str(folder)]
        machines.append(contender(folder / path.name, TIMES, kind, *mounted))
    assert contend(*machines) == [0, 0]
    assert path.read_text() == str(2 * TIMES)
    assert all(not list((tmp_path / f"machine-{number}").iterdir()) for number in range(2))


def test_the_lock_of_a_process_that_was_killed_is_taken_over_and_that_of_a_living_one_is_not(path):
    holder = contender(path, 1, "hold")
    holder.stdout.readline()
    holder.stdin.write("go\n")
    holder.stdin.flush()
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(StoreError, match=r"state\.json\.lock: another run"), locked(path, FakeClock(), STALE + 1):
        raise AssertionError
    with pytest.raises(StoreError, match=r"state\.json\.busy"), locked(path, FakeClock(), STALE - 1, does_nothing):
        raise AssertionError  # another machine, which does not see the flock of this one
    holder.kill()
    holder.communicate()
    with pytest.raises(StoreError, match=r"state\.json\.busy: another run"), locked(path, FakeClock(), STALE - 1):
        raise AssertionError
    with locked(path, FakeClock(), STALE + 1):
        assert path.with_name("state.json.busy").exists()
    assert not path.with_name("state.json.busy").exists()
