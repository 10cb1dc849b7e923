"""The vendor's SDK reads our simulator's rows. Opt-in: ORACLE_PYTHON names a Python with huaweicloudsdkhss."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from handler.simulator.fleet import Fleet
from handler.simulator.generate import generate
from handler.simulator.options import ACCESS_KEY, PROJECT, SECRET_KEY, Options
from handler.simulator.server import SimulatorServer
from handler.simulator.simulator import Simulator

ORACLE = os.environ.get("ORACLE_PYTHON", "")
SCRIPT = Path(__file__).parents[2] / "tools" / "sdk_lists_rows.py"


@pytest.mark.skipif(not ORACLE, reason="ORACLE_PYTHON does not name a Python with huaweicloudsdkhss")
@pytest.mark.parametrize("fleet", [generate(1, 1234), Fleet()], ids=["many", "none"])
def test_the_vendors_sdk_lists_the_same_rows(fleet, tmp_path):
    rows = [[line.port, line.type, line.num, line.status] for line in fleet.lines("0", "host")]
    expected = tmp_path / "expected.json"
    expected.write_text(json.dumps(rows))
    with SimulatorServer(Simulator(fleet, Options(throttle=0))) as server:
        arguments = [ORACLE, str(SCRIPT), server.url, PROJECT, ACCESS_KEY, SECRET_KEY, str(expected)]
        done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=120)
        statuses = {call.status for call in server.simulator.calls}
    assert (done.returncode, statuses) == (0, {200}), done.stdout + done.stderr
    assert done.stdout.endswith("the same rows\n")
    assert [call.breaches for call in server.simulator.calls if call.breaches] == []
