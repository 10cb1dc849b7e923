"""No command ends in a traceback, whatever its streams can hold and whoever stops it."""

from __future__ import annotations

import codecs
import contextlib
import encodings
import io
import os
import pkgutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from handler.cli import COMMANDS, Group, main
from handler.formats.registry import FORMATS
from handler.simulator.fleet import Fleet
from handler.simulator.options import Options
from handler.simulator.server import SimulatorServer
from handler.simulator.simulator import Simulator

ROOT = Path(__file__).parents[2]
SNAP = str(ROOT / "docs" / "examples" / "snapshot.json")
DOCUMENT = str(ROOT / "tests" / "documents" / "lamps.otc.rst")
TITLE = "Telnet ist offen \u2013 bitte schlie\u00dfen \u7aef\u53e3 \U0001f534"
POLICY = f'version: 1\nrules:\n  - id: telnet\n    title: "{TITLE}"\n    ports: [23]\n    rationale: "{TITLE}"\n'
CASES = f'today: 2026-12-01\ncases:\n  - name: "{TITLE}"\n    rows: [{{port: 22, type: TCP}}]\n    expect: {{verdict: violations}}\n'
CALLS = {
    "check": ["check", "--policy", "p.yaml", "--snapshot", SNAP],
    "snapshot": ["snapshot"],
    "plan": ["plan", "--policy", "p.yaml", "--rows", "400"],
    "policy validate": ["policy", "validate", "p.yaml", "--print"],
    "policy test": ["policy", "test", "p.yaml", "--coverage"],
    "policy mutate": ["policy", "mutate", "p.yaml"],
    "policy diff": ["policy", "diff", "p.yaml", "q.yaml"],
    "policy explain": ["policy", "explain", "p.yaml", "--port", "23"],
    "policy coverage": ["policy", "coverage", "p.yaml"],
    "policy schema": ["policy", "schema"],
    "policy init": ["policy", "init"],
    "notify test": ["notify", "test"],
    "notify preview": ["notify", "preview", "--sink", "teams"],
    "targets": ["targets"],
    "history": ["history", "--state", "file:///nowhere/state.json"],
    "fleet": ["fleet", "--state", "file:///nowhere/{target}.json"],
    "schema derive": ["schema", "derive", DOCUMENT],
    "schema check": ["schema", "check", SNAP],
}
ENDLESS = {"simulate", "demo"}  # they serve; simulate is stopped by signals below
REFUSED = {"HSS_PROJECT_ID": "abc", "HSS_AUTH_TOKEN": "t" * 40}  # at once, however busy the machine is
every_command = pytest.mark.parametrize("command", CALLS)


def is_single_byte(name):
    """Whether a codec of the standard library makes one character of each byte, as a terminal's alphabet does."""
    try:
        is_text = codecs.lookup(name)._is_text_encoding and "escape" not in name and name not in ("idna", "punycode")
        return is_text and len(bytes(range(256)).decode(name, "replace")) == 256
    except (LookupError, UnicodeError, ImportError, AttributeError, AssertionError):
        return False


ENCODINGS = tuple(
    name for name in sorted(each.name for each in pkgutil.iter_modules(encodings.__path__)) if is_single_byte(name)
)


@pytest.fixture(scope="module")
def service():
    """The address of a service that knows nobody."""
    with SimulatorServer(Simulator(Fleet({}), Options())) as server:
        yield server.url


@pytest.fixture
def here(tmp_path, port_compliance, service):
    """A folder with the files of the calls, to which the fixture of the command line has changed."""
    (tmp_path / "p.yaml").write_text(POLICY, encoding="utf-8")
    (tmp_path / "q.yaml").write_text(POLICY.replace("[23]", "[22]"), encoding="utf-8")
    (tmp_path / "p.test.yaml").write_text(CASES, encoding="utf-8")
    port_compliance("policy", "schema", HSS_ENDPOINT=service, **REFUSED)
    return tmp_path


def written(arguments, encoding="utf-8"):
    """Exit code, and the bytes of both streams, as a process of that encoding would write them."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="\n") for _ in range(2)]
    with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
        code = main([*arguments])
    for stream in streams:
        stream.flush()
    return code, *(stream.buffer.getvalue() for stream in streams)


WHOLE: dict[str, tuple[int, bytes, bytes]] = {}  # what each command writes where every character can be written


def whole(command):
    if command not in WHOLE:
        WHOLE[command] = written(CALLS[command])
    return WHOLE[command]


def test_every_command_is_called_here_or_named():
    names = {
        f"{name} {inner}" if inner else name
        for name, command in COMMANDS.items()
        for inner in (command.commands if isinstance(command, Group) else [""])
    }
    assert names == CALLS.keys() | ENDLESS


def test_the_standard_library_has_many_small_alphabets():
    assert {"ascii", "cp1252", "latin_1", "koi8_r", "cp037", "mac_roman", "iso8859_15"} <= set(ENCODINGS)
    assert len(ENCODINGS) > 60


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_report_survives_every_small_alphabet(here, encoding):
    code, out, err = written(CALLS["check"], encoding)
    assert (code, err) == (1, b"")
    assert "23/tcp" in out.decode(encoding)
    assert len(out.decode(encoding)) == len(whole("check")[1].decode())


@pytest.mark.parametrize("format_", sorted(set(FORMATS)))
@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp037"])
def test_every_format_survives_a_small_alphabet_with_the_runs_own_code(here, format_, encoding):
    code, out, _ = written([*CALLS["check"], "--format", format_], encoding)
    assert (code, bool(out)) == (1, True)


@every_command
@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp037", "koi8_r"])
def test_every_command_survives_a_small_alphabet(here, command, encoding):
    code, out, _ = written(CALLS[command], encoding)
    assert code == whole(command)[0]
    assert len(out.decode(encoding)) == len(whole(command)[1].decode())


@every_command
def test_every_command_survives_full_streams(here, command):
    expected = whole(command)[0]
    with Path("/dev/full").open("w") as full, contextlib.redirect_stdout(full), contextlib.redirect_stderr(full):
        assert main([*CALLS[command]]) == expected


@every_command
def test_every_command_survives_closed_streams(here, command, monkeypatch):
    expected = whole(command)[0]
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, None)  # what Python does where the descriptor was closed
    assert main([*CALLS[command]]) == expected


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_command_without_a_traceback(tmp_path, number):
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "handler", "simulate"]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # noqa: PLW1509 - under nohup it is ignored
    )
    lines = [process.stdout.readline() for _ in range(4)]
    assert lines[3].startswith("export HSS_AUTH_TOKEN")
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert "Traceback" not in err
    assert process.returncode == (130 if number == signal.SIGINT else -number)


@pytest.mark.parametrize(
    "variables", [{"PYTHONIOENCODING": "cp1252"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}]
)
@pytest.mark.parametrize("format_", ["text", "markdown", "json"])
def test_a_process_of_a_small_locale_gives_the_report_and_the_runs_code(here, variables, format_):
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **variables}
    command = [sys.executable, "-m", "handler", *CALLS["check"], "--format", format_]
    done = subprocess.run(command, cwd=here, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"23" in done.stdout


def test_a_dash_is_standard_input():
    recorded = Path(SNAP).read_bytes()
    called = [sys.executable, "-m", "handler", "check", "--policy", "docs/examples/first.yaml", "--snapshot"]
    piped = subprocess.run(
        [*called, "-", "--at", "2026-12-01"], cwd=ROOT, input=recorded, capture_output=True, check=False, timeout=60
    )
    named = subprocess.run(
        [*called, SNAP, "--at", "2026-12-01"], cwd=ROOT, capture_output=True, check=False, timeout=60
    )
    assert (piped.returncode, piped.stdout) == (1, named.stdout), piped.stderr


@pytest.mark.parametrize(
    "at",
    ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59Z", "1969"],
)
def test_a_time_at_the_edge_of_the_calendar_is_no_clock(at, tmp_path, capsys):
    snapshot = tmp_path / "estate.json"
    snapshot.write_text('{"version": "1"}')
    assert main(["check", "--snapshot", str(snapshot), "--at", at]) == 2
    out, err = capsys.readouterr()
    assert (out, err.splitlines()[1]) == ("", "hint: For example 2026-12-01T08:00:00Z.")
    assert err.startswith(f"error: --at: '{at}' is not ")


def test_a_fault_of_our_own_is_inconclusive_and_one_line_and_never_says_violations(capsys):
    class Odd(str):
        __slots__ = ()

        def split(self, *_):
            raise ZeroDivisionError

    assert main(["policy", Odd("schema")]) == 3
    out, err = capsys.readouterr()
    assert (out, len(err.splitlines())) == ("", 2)
    assert err.startswith("error: internal error ZeroDivisionError at ")
