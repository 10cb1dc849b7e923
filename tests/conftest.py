"""Fixtures for all tests: the command line with an environment of its own, and short property tests in CI."""

from __future__ import annotations

import os
from dataclasses import dataclass

import pytest
from hypothesis import settings

from handler.cli import main

settings.register_profile("ci", deadline=None, derandomize=True)
settings.register_profile("dev", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


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
