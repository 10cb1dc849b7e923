"""Fixtures for all tests: the command line with an environment of its own, and the same property tests on every day."""

from __future__ import annotations

import os
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, settings

from handler.cli import main

# The same examples on every day and however busy the machine is. HYPOTHESIS_PROFILE=explore looks for new ones.
settings.register_profile("steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@dataclass
class Printed:
    """What a command gave: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


@pytest.fixture
def port_compliance(capsys, monkeypatch, tmp_path):
    """Run the command line in an empty folder, with these settings and no others."""

    def run(*arguments, cwd=tmp_path, **environment):
        for name in list(os.environ):
            if name.startswith(
                ("HSS_", "OS_", "HUAWEICLOUD_", "WEBHOOK_", "NOTIFY_", "STATE_", "RUN_", "TARGETS_", "POLICY_")
            ):
                monkeypatch.delenv(name)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(cwd)
        capsys.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as ended:
            code = ended.code
        printed = capsys.readouterr()
        return Printed(code, printed.out, printed.err)

    return run
