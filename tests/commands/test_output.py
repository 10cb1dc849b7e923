"""Where results go: every kind of output that is not a plain, willing file."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from handler.commands.output import may_write, replaceable, write_result
from handler.commands.standard_streams import Survivor, surviving_streams
from handler.errors import UsageError

ROOT = Path(__file__).resolve().parents[2]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may make devices and change owners")


def test_a_new_file_is_written_and_ends_with_a_line_end(tmp_path):
    write_result("report", str(tmp_path / "new"))
    assert (tmp_path / "new").read_text() == "report\n"
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_a_file_keeps_its_mode(tmp_path):
    path = tmp_path / "report"
    path.write_text("old and longer")
    path.chmod(0o640)
    write_result("new", str(path))
    assert path.read_text() == "new\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@as_root
def test_a_file_keeps_its_owner(tmp_path):
    path = tmp_path / "report"
    path.write_text("old")
    os.chown(path, 1234, 2345)
    write_result("new", str(path))
    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 2345)


@pytest.mark.parametrize("depth", [1, 2])
def test_a_link_stays_and_its_target_is_replaced(tmp_path, depth):
    target, link = tmp_path / "a" / "target", tmp_path / "link"
    target.parent.mkdir()
    target.write_text("old")
    link.symlink_to(target)
    for number in range(1, depth):
        further = tmp_path / f"link{number}"
        further.symlink_to(link)
        link = further
    write_result("new", str(link))
    assert link.is_symlink()
    assert target.read_text() == "new\n"


def test_a_link_to_nothing_makes_its_target(tmp_path):
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "target")
    write_result("new", str(link))
    assert (tmp_path / "target").read_text() == "new\n"
    assert link.is_symlink()


def test_a_fifo_is_written_through(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(fifo.read_bytes()))
    reader.start()
    write_result("through", str(fifo))
    reader.join(10)
    assert got == [b"through\n"]
    assert stat.S_ISFIFO(fifo.stat().st_mode)


@as_root
def test_a_device_stays_a_device(tmp_path):
    device = tmp_path / "null"
    os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(1, 3))
    write_result("nowhere", str(device))
    assert stat.S_ISCHR(device.stat().st_mode)


@as_root
def test_a_full_device_is_said_in_one_line(tmp_path):
    device = tmp_path / "full"
    os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(1, 7))
    with pytest.raises(UsageError, match="No space left"):
        write_result("too much", str(device))


@as_root
def test_a_mounted_file_is_written_into(tmp_path):
    inner, outer = tmp_path / "inner", tmp_path / "outer"
    inner.write_text("old and longer")
    outer.touch()
    if subprocess.run(["mount", "--bind", str(inner), str(outer)], check=False, capture_output=True).returncode != 0:
        pytest.skip("mounts are not allowed here")
    try:
        write_result("new", str(outer))
        assert inner.read_text() == "new\n"
    finally:
        subprocess.run(["umount", str(outer)], check=True)


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/63", "/proc/self/fd/5"])
def test_names_of_what_is_open_are_never_replaced(name):
    assert not replaceable(name)


@pytest.mark.parametrize("name", [None, "-", "/dev/stdout", "/dev/fd/1"])
def test_standard_output_has_several_names(name, capsys):
    write_result("report", name)
    assert capsys.readouterr().out == "report\n"


@pytest.mark.parametrize("name", ["", "missing/report", "x/../missing/y", "a\0b", "reports/", "a" * 300])
def test_what_cannot_be_written_is_refused_before_and_after(name, tmp_path, surroundings):
    surroundings(tmp_path)
    with pytest.raises(UsageError, match="cannot be written"):
        may_write(name)
    with pytest.raises(UsageError, match="cannot be written"):
        write_result("report", name)
    assert list(tmp_path.iterdir()) == []


def test_a_file_whose_name_is_given_like_a_folders_is_left_as_it_is(tmp_path):
    estate = tmp_path / "estate.json"
    estate.write_text("recorded")
    for refuse in (may_write, lambda name: write_result("report", name)):
        with pytest.raises(UsageError, match="cannot be written"):
            refuse(f"{estate}/")
    assert estate.read_text() == "recorded"


class Refusing:
    """A stream that fails with this error."""

    encoding = "ascii"

    def __init__(self, error):
        self.error, self.tries = error, 0

    def write(self, text):
        self.tries += 1
        raise self.error

    flush = write
    isatty = staticmethod(lambda: False)

    def fileno(self):
        raise OSError("none")


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (BrokenPipeError(32, "Broken pipe"), "its reader is gone"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (ValueError("I/O operation on closed file"), "it is closed"),
    ],
)
def test_after_the_first_failure_the_rest_is_dropped(error, why):
    stream = Refusing(error)
    survivor = Survivor(stream)
    for _ in range(3):
        assert survivor.write("text") == 4
        survivor.flush()
    assert (stream.tries, survivor.trouble) == (1, why)


def test_a_closed_stream_takes_everything():
    survivor = Survivor(None)
    survivor.write("text")
    survivor.flush()
    assert survivor.trouble == "it is closed"


SCRIPT = """
import sys
from handler.commands.standard_streams import surviving_streams
with surviving_streams():
    print("r\\u00e9sum\\u00e9 \\u2713 \\U0001f534" * 20000)
sys.exit(7)
"""


def run(redirect, **environment):
    """The script in a shell, with its streams redirected; exit code of the script and standard error."""
    command = f'"{sys.executable}" -c "$SCRIPT" {redirect}; echo "code ${{PIPESTATUS[0]}}" >&2'
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=ROOT, env={**os.environ, "SCRIPT": SCRIPT, **environment}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return done.stderr.splitlines()


@pytest.mark.parametrize(
    ("redirect", "said"),
    [
        (">/dev/null", []),
        (">&-", ["warning: standard output could not be written: it is closed"]),
        (">/dev/full", ["warning: standard output could not be written: No space left on device"]),
        ("| true", ["warning: standard output could not be written: its reader is gone"]),
        (">&- 2>&-", []),
    ],
)
def test_the_exit_code_is_the_runs_own_whatever_becomes_of_the_output(redirect, said):
    assert run(redirect) == [*said, "code 7"]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "latin-1", "koi8-r", "utf-16"])
def test_an_encoding_that_lacks_a_character_gives_a_question_mark(encoding):
    assert run(">/dev/null", PYTHONIOENCODING=encoding) == ["code 7"]


def test_the_c_locale_without_utf8_mode_survives():
    assert run(">/dev/null", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0") == ["code 7"]


def test_streams_are_put_back(capsys):
    before = sys.stdout
    with surviving_streams():
        print("inside")
    assert sys.stdout is before
    assert capsys.readouterr().out == "inside\n"
