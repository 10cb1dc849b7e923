"""Every command that README, docs, help texts and hints show: it runs here, or stands below with the reason why not."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess

import pytest
import yaml

from handler.simulator.options import PROJECT, TOKEN, Options
from handler.simulator.server import SimulatorServer
from handler.simulator.simulator import Simulator
from tests.document_blocks import blocks
from tests.documented_commands import ROOT, documented, helped, hinted, unknown_words
from tests.world import OPEN

ELSEWHERE = {
    "make demo": ".ci/run, from nothing, with each Python that it finds",
    "make test": ".ci/run",
    "make package": "tests/tools/test_package_zip.py builds and runs the same zips",
    "make wheel": "tests/tools/test_install.py builds the wheel, installs and runs it",
    "python3 -m venv ~/.port-compliance": "tests/tools/test_install.py",
    "~/.port-compliance/bin/": "tests/tools/test_install.py",
    "tools/setup.sh": "tests/tools/test_install.py and tests/tools/test_setup_locks.py",
    "tools/wheel.sh build/install": "tests/tools/test_install.py",
    "pip install 'port-compliance[report] @ ": "an address that the reader has to have",
    "pip install 'port-compliance @ ": "an address that the reader has to have",
    "make test-faults": "eleven minutes; tests/notify/test_reliability.py plays a sample",
    "python -m tests.run.shard_week": "three minutes; tests/run/test_shard_simulation.py plays a day",
    "python -m tests.month": "tests/notify/test_month.py compares its table with the page",
    "make bench": "measures for an hour",
    "bench/run.sh --only cold decode --rounds 5": "a part of make bench",
    "python bench/reliability.py": "a part of make bench",
    "make mutants": "minutes to hours; tests/tools/test_mutants.py runs its parts",
    "python -m tools.mutants --table": "prints what make mutants found",
    "python -m tools.package --with deploy/mine": "tests/tools/test_package_parts.py: own files beside ours",
    "python -m tests.faults": "what make test-faults runs",
    "python -m tests.derivation": "tests/derive/test_derive_corpus.py plays a sample",
    "python -m tests.load": "minutes of load on loopback",
    "python -m tests.fuzz TARGET SECONDS": "needs atheris, which has no wheel for each Python",
    "python -m bench.planning": "tests/docs/test_planning.py compares its table with the page",
    "port-compliance fleet --state 'obs://": "needs a bucket; tests/commands/test_fleet.py runs it on files",
    "sh tools/real_servers.sh FOLDER": ".ci/run",
    "python -m bench.many_targets": "tests/docs/test_deploy.py compares its table with the page",
    "tests/oracles/run.sh python3 FOLDER": "make test-oracles, without the pictures",
    "docker build": "needs a Docker; tests/deploy/test_elsewhere.py does the Dockerfile's steps",
    "docker run": "needs a Docker; tests/deploy/test_elsewhere.py runs what its steps made",
    "terraform init": "tests/deploy/test_terraform_runs.py, with stand-ins of the providers",
    "terraform test": "tests/deploy/test_terraform_runs.py, where Terraform is installed",
    "terraform apply": "needs an account",
    "serverless deploy": "needs an account; tests/deploy/run.sh runs it with a stand-in of the plugin",
    "port-compliance simulate": "serves until it is stopped: tests/simulator/test_server.py",
    "port-compliance notify test": "tests/commands/test_notify.py, with sinks that answer",
    "port-compliance policy mutate": "a minute; docs/policy.md runs it on all bundled policies",
}
SHOWN = sorted({*documented(), *helped(), *hinted()})
OURS = [each for each in SHOWN if "port-compliance" in each.text.split()]
COMPARED = {  # with what they print: test_readme, test_docs_policy
    command
    for name in ("README.md", "docs/policy.md")
    for block in blocks((ROOT / name).read_text())
    for command, _ in block.steps
}
RUNS = [
    each for each in OURS if each.whole and each.text not in COMPARED and not each.text.startswith(tuple(ELSEWHERE))
]


DEAD_SINK = {"WEBHOOK_URL": "http://127.0.0.1:9/", "WEBHOOK_ALLOW_HTTP": "true"}


def bare(text):
    """A command without the settings in front of it."""
    return re.sub(r"^(?:[A-Z][A-Z_]*=\S+ +)+", "", text)


@pytest.mark.parametrize("shown", OURS, ids=lambda shown: f"{shown.where}: {shown.text}")
def test_its_subcommand_and_its_options_exist(shown):
    assert unknown_words(shown.text) == []


def test_what_is_not_run_here_is_named_with_a_reason():
    others = {bare(each.text) for each in SHOWN if each not in RUNS and (each.whole or each not in OURS)} - COMPARED
    unnamed = {text for text in others if not text.startswith(tuple(ELSEWHERE))}
    assert unnamed == set(), "run it here, or say in ELSEWHERE why not"
    assert [start for start in ELSEWHERE if not any(text.startswith(start) for text in others)] == []


def test_every_target_that_is_named_exists():
    named = {target for each in SHOWN for target in re.findall(r"^make ([a-z-]+)", each.text)}
    assert named <= set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_nothing_advises_to_install_a_name_that_nobody_owns():
    """The name is free on PyPI: whoever takes it would run code where somebody follows such a line."""
    files = [
        path
        for pattern in ("*.md", "*.yml", "docs/**/*", "deploy/**/*", "handler/**/*.py")
        for path in ROOT.glob(pattern)
    ]
    by_name = re.compile(r"pipx? install(?: +-\S+)* +['\"]?port[-_]compliance(?:\[[^\]]*\])?(?! @)(?=['\"\s`]|$)")
    read = {path.name: path.read_text(errors="replace") for path in files if path.is_file()}
    assert {name: by_name.findall(text) for name, text in read.items() if by_name.search(text)} == {}
    assert by_name.search("pip install --quiet port-compliance\n")
    assert by_name.search("pip install 'port-compliance[obs]'")
    assert not by_name.search("pip install 'port-compliance[obs] @ https://files.example.org/x.whl'")


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A repository with the files that the examples name."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "policies", folder / "policies")
    shutil.copytree(ROOT / "docs" / "examples", folder / "docs" / "examples")
    (folder / "policies" / "mine.yaml").write_text("version: 1\nname: mine\ndisallowed_ports: [23]\n")
    shutil.copy(ROOT / "docs/examples/snapshot.json", folder / "estate.json")
    shutil.copy(ROOT / "docs/examples/first.yaml", folder / "policy.yaml")
    shutil.copy(ROOT / "docs/examples/snapshot.json", folder / "snapshot.json")
    shutil.copy(ROOT / "tests/documents/lamps.otc.rst", folder / "ListPortStatistics.rst")
    names = ["-c", "user.name=n", "-c", "user.email=n@example.org"]
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], [*names, "commit", "-qm", "first"]):
        subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def settings(lab):
    """An HSS on loopback, and what finds it."""
    with SimulatorServer(Simulator(OPEN, Options(throttle=0))) as server:
        place = {"cloud": "huaweicloud", "endpoint": server.url, "project_id": PROJECT}
        (lab / "targets.yaml").write_text(yaml.safe_dump({"targets": [{"name": "prod", **place}]}))
        yield {"HSS_ENDPOINT": server.url, "HSS_PROJECT_ID": PROJECT, "HSS_AUTH_TOKEN": TOKEN}


@pytest.mark.parametrize("shown", RUNS, ids=lambda shown: f"{shown.where}: {shown.text}")
def test_it_runs(shown, lab, settings, port_compliance):
    given, words = dict(settings), shlex.split(shown.text.partition(" > ")[0])
    while words[0] != "port-compliance":
        name, _, value = words.pop(0).partition("=")
        given |= {name: value} if value == "targets.yaml" else {}
    state = (lab / "state.json").as_uri()
    words = [word.replace("file:///var/lib/port-compliance/state.json", state) for word in words[1:]]
    if "history" in words:
        port_compliance("check", "--state", state, "--notify", cwd=lab, **settings, **DEAD_SINK)
    if "report.json" in words:
        made = port_compliance("check", "--snapshot", "snapshot.json", "--format", "json", cwd=lab)
        (lab / "report.json").write_text(made.out)
    printed = port_compliance(*words, cwd=lab, **given)
    expected = {0, 1} if "broken" not in shown.text else {2}
    assert printed.code in expected, printed.err
    if shown.where.endswith("--help") and "json" in words:
        json.loads(printed.out)
