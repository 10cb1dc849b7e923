"""Fixtures for all tests: the command line with an environment of its own, and the same property tests on every day."""

from __future__ import annotations

import gc
import os
import sys
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, Phase, settings

from handler.cli import main
from tests.examples import examples
from tests.folders import write_into_memory
from tests.quiet_worker import quieten
from tests.shared_bytecode import begin_elsewhere

# The same examples on every day and however busy the machine is. HYPOTHESIS_PROFILE=explore looks for new ones.
settings.register_profile(
    "steady",
    deadline=None,
    derandomize=True,
    max_examples=examples(100),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "mutants",  # whether a test fails is all that is asked (tools/mutants_runner.py): nothing is shrunk
    settings.get_profile("steady"),
    phases=[Phase.explicit, Phase.generate],
    report_multiple_bugs=False,
)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

# Where an image forbids bytecode, every worker and every process that a test starts would compile all that it imports.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

write_into_memory()

# argparse looks for translations of fifty words at each command line; Python has none, but a locale has places to look.
os.environ["LANGUAGE"] = "C"

MANY_OBJECTS = 1_000_000
"""So many new objects, and the collector looks for those that nobody uses: tests make many and keep few."""

OURS = ("HSS_", "OS_", "HUAWEICLOUD_", "WEBHOOK_", "NOTIFY_", "STATE_", "RUN_", "TARGETS_", "POLICY_")
"""How the names of our settings begin."""


def pytest_sessionstart(session):
    gc.set_threshold(MANY_OBJECTS)
    quieten(session.config)


def pytest_runtest_setup():
    """Again, because the function's initializer, which many tests call, sets a small one of its own."""
    gc.set_threshold(MANY_OBJECTS)


@pytest.hookimpl(wrapper=True)
def pytest_collection(session):
    """What was collected stays to the end: the collector need not look through ten thousand tests again and again."""
    gc.disable()
    try:
        begin_elsewhere(session.config)
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@dataclass
class Printed:
    """What a command gave: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


@pytest.fixture
def surroundings(monkeypatch):
    """Set variables of the environment (None takes one away) and the working folder, until the test ends."""

    def put(folder=None, **variables):
        for name, value in variables.items():
            if value is None:
                monkeypatch.delenv(name, raising=False)
            else:
                monkeypatch.setenv(name, value)
        if folder is not None:
            monkeypatch.chdir(folder)

    return put


@pytest.fixture
def uninstalled(monkeypatch):
    """Make a library one that is not installed, for the modules of ours that import it."""

    def put(library, *modules):
        for module in modules:
            monkeypatch.delitem(sys.modules, module, raising=False)
        monkeypatch.setitem(sys.modules, library, None)

    return put


@pytest.fixture
def port_compliance(capsys, surroundings, tmp_path):
    """Run the command line in an empty folder, with these settings and no others."""

    def run(*arguments, cwd=tmp_path, **environment):
        surroundings(cwd, **{name: None for name in os.environ if name.startswith(OURS)} | environment)
        capsys.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as ended:
            code = ended.code
        printed = capsys.readouterr()
        return Printed(code, printed.out, printed.err)

    return run
