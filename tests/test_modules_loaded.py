"""What is imported when: nothing heavy at a cold start, and in a run only what that run uses."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from handler.policy.compiled import COMPILED_SUFFIX, compile_policy
from handler.policy.load import load_texts
from handler.simulator.fleet import Fleet, Line
from handler.simulator.options import Options
from handler.simulator.server import SimulatorServer
from handler.simulator.simulator import Simulator

ROOT = Path(__file__).parent.parent
DEAR = ["dataclasses", "inspect"]  # making a data class costs 0.7 ms, a named tuple of ours 0.04 ms
SELDOM = ["difflib", "secrets", "uuid", "tempfile", "zipfile", "platform", "handler.addresses", "handler.formats"]
HEAVY = ["requests", "urllib3", "pydantic", "jsonschema", "yaml", "jinja2", "pygal", "docutils", "werkzeug", "redis"]
LATER = [
    "handler.decide.evaluate",
    "handler.decide.diff",
    "handler.state.document",
    "handler.state.memory",
    "handler.report.verdict",
    "handler.notify",
    "handler.sinks",
    "handler.state",
]
TERMINAL = ["handler.cli", "handler.commands", "handler.simulator", "handler.derive", "handler.review"]
MOST = 150  # modules that `import handler.index` may add to a bare interpreter

IMPORT = """
import json, sys
before = set(sys.modules)
import handler.index
print(json.dumps(sorted(set(sys.modules) - before)))
"""
RUN = """
import json, sys
from handler import index

class Context:
    getUserData = staticmethod(json.loads(sys.argv[1]).get)
    getProjectID = getSecurityAccessKey = getSecuritySecretKey = getSecurityToken = getRequestID = lambda self: ""
    getRemainingTimeInMilliSeconds = lambda self: 60_000

index.initializer(Context())
report = index.handler({}, Context())
print(json.dumps([report["verdict"], report["warnings"], sorted(sys.modules)]))
"""


COMMAND = """
import json, sys
from handler.cli import main
try:
    code = main(sys.argv[1:])
except SystemExit as ended:
    code = ended.code
print()
print(json.dumps([code, sorted(sys.modules)]))
"""
FOLLOWING = """
import json, sys
from handler.run import lazy
for name in sys.argv[1:]:
    getattr(lazy, name)
lazy.load_what_follows()
print(json.dumps(sorted(sys.modules)))
"""


FIRST_REQUEST = """
import json, sys
from handler import index
from handler.transport.http import HttpTransport

class Context:
    getUserData = staticmethod(json.loads(sys.argv[1]).get)
    getProjectID = getSecurityAccessKey = getSecuritySecretKey = getSecurityToken = getRequestID = lambda self: ""
    getRemainingTimeInMilliSeconds = lambda self: 60_000

class Seen(BaseException):
    pass

def ask(*_):
    print(json.dumps(sorted(sys.modules)))
    raise Seen

index.initializer(Context())
HttpTransport.__call__ = ask
try:
    index.handler({}, Context())
except Seen:
    pass
"""


@cache
def in_fresh_process(code, *arguments):
    """What it prints, asked once for the tests that look at the same process."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def among(modules, names):
    return [name for name in names if any(one == name or one.startswith(name + ".") for one in modules)]


def run_on(*lines, cloud="otc", **changes):
    """Verdict, warnings and modules of a whole run in a fresh process, on a simulator of its own."""
    options = Options(cloud=cloud)
    with SimulatorServer(Simulator(Fleet.of(*lines), options)) as server:
        settings = {
            "HSS_ENDPOINT": server.url,
            "HSS_CLOUD": cloud,
            "HSS_PROJECT_ID": options.project_id,
            "HSS_AUTH_TOKEN": options.tokens[0],
            **changes,
        }
        return in_fresh_process(RUN, json.dumps(settings))


def compiled(folder):
    """A policy with its compiled form, as in the zip."""
    text = b"version: 1\ndisallowed_ports: [23]\n"
    (folder / "x.yaml").write_bytes(text)
    (folder / f"x.yaml{COMPILED_SUFFIX}").write_bytes(compile_policy(load_texts([("x.yaml", text)]), text))
    return str(folder / "x.yaml")


def test_the_door_imports_nothing_heavy_and_not_what_decides_and_tells():
    modules = in_fresh_process(IMPORT)
    assert among(modules, [*DEAR, *SELDOM, *HEAVY, *LATER, *TERMINAL]) == []
    assert len(modules) <= MOST


def test_a_run_as_documented_imports_only_http(tmp_path):
    verdict, warnings, modules = run_on(Line(23, "TCP", 3), POLICY_PATH=compiled(tmp_path))
    assert (verdict, warnings) == ("violations", [])
    assert among(modules, [*HEAVY, *TERMINAL]) == ["requests", "urllib3"]


def test_a_run_without_state_opens_none(tmp_path):
    _, _, modules = run_on(Line(22, "TCP", 3), POLICY_PATH=compiled(tmp_path))
    unused = ["handler.state.open", "handler.state.file", "handler.sinks", "handler.notify", "handler.formats"]
    assert among(modules, unused) == []


def test_drift_is_worded_without_jsonschema(tmp_path):
    _, warnings, modules = run_on(Line(22, "TCP", 3, "strange"), cloud="huaweicloud", POLICY_PATH=compiled(tmp_path))
    assert "none of" in warnings[0]
    assert among(modules, HEAVY) == ["requests", "urllib3"]


def test_a_policy_that_is_not_compiled_brings_yaml(tmp_path):
    path = compiled(tmp_path)
    (tmp_path / f"x.yaml{COMPILED_SUFFIX}").unlink()
    verdict, _, modules = run_on(Line(22, "TCP", 3), POLICY_PATH=path)
    assert verdict == "compliant"
    assert among(modules, HEAVY) == ["requests", "urllib3", "yaml"]


def test_a_policy_or_snapshot_with_a_fault_brings_the_judge_that_words_it(tmp_path):
    (tmp_path / "x.yaml").write_text("version: 1\ndisallowed_port: [23]\n")
    code, modules = in_fresh_process(COMMAND, "policy", "validate", tmp_path / "x.yaml")
    assert (code, among(modules, HEAVY)) == (2, ["pydantic", "yaml"])
    (tmp_path / "s.json").write_text('{"version": "1", "kind": "port-compliance/snapshot"}')
    code, modules = in_fresh_process(COMMAND, "schema", "check", tmp_path / "s.json")
    assert (code, among(modules, HEAVY)) == (2, ["jsonschema"])


TARGETS = """
targets:
  - {name: a, endpoint: "https://a.example", cloud: otc, project_id: p}
  - {name: b, endpoint: "https://b.example", cloud: otc, project_id: p}
"""
SINKS = """
sinks:
  - {name: watchdog, kind: ping, url: "https://ping.example/0123456789abcdef"}
  - {name: chat, kind: slack, url: "https://hooks.example/services/T0/B0/0123456789abcdef"}
"""


def test_what_decides_and_tells_waits_for_the_first_request_with_sinks_and_several_targets_too(tmp_path):
    (tmp_path / "targets.yaml").write_text(TARGETS)
    (tmp_path / "sinks.yaml").write_text(SINKS)
    settings = {
        "TARGETS_CONFIG": str(tmp_path / "targets.yaml"),
        "NOTIFY_CONFIG": str(tmp_path / "sinks.yaml"),
        "POLICY_PATH": compiled(tmp_path),
        "HSS_AUTH_TOKEN": "a-token-of-at-least-32-characters-0",
    }
    modules = in_fresh_process(FIRST_REQUEST, json.dumps(settings))
    tells = [
        "handler.notify",
        "handler.decide.evaluate",
        "handler.report",
        "handler.run.check_in",
        "handler.run.conclude",
    ]
    assert among(modules, tells) == []
    assert "handler.run.end_of_run" in modules


DECIDES = ["handler.decide.evaluate", "handler.decide.diff", "handler.report.verdict"]


def test_what_follows_the_first_request_is_what_decides():
    modules = in_fresh_process(FOLLOWING)
    assert among(modules, DECIDES) == DECIDES
    assert among(modules, [*HEAVY, *TERMINAL, "handler.notify", "handler.sinks", "handler.state.open"]) == []


@pytest.mark.parametrize("made", ["secrets_of", "open_store"])
def test_where_sinks_or_a_state_were_made_before_it_what_tells_and_remembers_follows_too(made):
    modules = in_fresh_process(FOLLOWING, made)
    tells = [*DECIDES, "handler.notify.dispatch"]
    assert among(modules, tells) == tells
    assert among(modules, [*HEAVY, *TERMINAL, "handler.sinks.slack"]) == []


@pytest.mark.parametrize(
    ("command", "code", "heavy"),
    [
        ("--help", 0, []),
        ("--version", 0, []),
        ("policy --help", 0, []),
        ("policy schema", 0, []),
        ("policy validate policies/baseline.yaml", 0, ["yaml"]),
        ("policy explain policies/baseline.yaml --port 23/tcp", 0, ["yaml"]),
        ("plan --rows 100 --policy policies/baseline.yaml", 0, ["yaml"]),
        ("notify preview --sink slack", 0, []),
        (
            "check --snapshot docs/examples/snapshot.json --policy docs/examples/first.yaml",
            1,
            ["yaml"],
        ),
    ],
)
def test_a_command_imports_no_library_that_it_does_not_use(command, code, heavy):
    ended, modules = in_fresh_process(COMMAND, *command.split())
    assert (ended, among(modules, HEAVY)) == (code, heavy)


def test_help_imports_no_command():
    _, modules = in_fresh_process(COMMAND, "--help")
    ours = [name for name in modules if name.startswith("handler")]
    streams = ["handler.commands", "handler.commands.standard_streams"]
    assert ours == ["handler", "handler.cli", *streams, "handler.errors", "handler.named_tuple"]


@pytest.mark.parametrize("command", ["simulate", "demo"])
def test_help_needs_no_extra(command):
    code, modules = in_fresh_process(COMMAND, command, "--help")
    assert (code, among(modules, ["werkzeug"])) == (0, [])


def test_a_check_of_a_snapshot_loads_nothing_that_asks_or_tells():
    words = ["check", "--snapshot", "docs/examples/snapshot.json", "--policy", "docs/examples/first.yaml"]
    _, modules = in_fresh_process(COMMAND, *words)
    asks = [
        "handler.hss.client",
        "handler.hss.listing",
        "handler.hss.plan",
        "handler.hss.walk",
        "handler.schemas.judge",
    ]
    assert among(modules, [*asks, "handler.notify", "handler.sinks"]) == []


def test_the_policy_is_explained_without_the_api():
    _, modules = in_fresh_process(COMMAND, *["policy", "explain", "policies/baseline.yaml", "--port", "23/tcp"])
    assert among(modules, ["handler.hss", "handler.notify", "handler.sinks", "handler.settings", "handler.state"]) == []
