"""The plan of many targets is summed up, by credential."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

from handler.commands.plan import _Planner
from handler.run.wiring import Wiring
from tests.world import World

RECORDED = Path(__file__).parents[2] / "docs" / "examples" / "snapshot.json"  # 3389/tcp is open in it


def test_many_targets_are_summed_up_by_credential(tmp_path, port_compliance):
    keys = {f"S{number}_HUAWEICLOUD_SDK_{part}": f"k{number}" for number in range(2) for part in ("AK", "SK")}
    entry = "  - {{name: t{0}, region: eu-de, project_id: p{0}, categories: [host], credentials: S{1}}}\n"
    (tmp_path / "targets.yaml").write_text("targets:\n" + "".join(entry.format(n, n % 2) for n in range(1000)))
    printed = port_compliance("plan", "--rows", "100", TARGETS_CONFIG="targets.yaml", RUN_INTERVAL="1h", **keys)
    assert printed.code == 0, printed
    lines = printed.out.splitlines()
    late = "; more than 1:00:00: give some of them other credentials"
    assert lines == [
        f"credential 1: 500 targets, 1000 calls, 100.7 minutes a round{late}",
        f"credential 2: 500 targets, 1000 calls, 100.7 minutes a round{late}",
        "1000 targets, each every 1:00:00: 2000 calls a round at most",
        "2 credentials, 8,640 requests and 1,296,000 GB-s a month (a function each, a timer every 10 minutes, 256 MB)",
    ]


def test_a_snapshot_is_read_once_for_all_targets(tmp_path):
    recorded = tmp_path / "s.json"
    shutil.copy("docs/examples/snapshot.json", recorded)
    wiring = Wiring(World(root=tmp_path).context())
    planner = _Planner(
        argparse.Namespace(rows=None, snapshot=str(recorded), policy=["docs/examples/first.yaml"]), wiring
    )
    first = planner.plan(None)
    assert {one.category for one in first.categories} <= {
        one["category"] for one in json.loads(recorded.read_bytes())["categories"]
    }
    recorded.unlink()
    assert planner.plan(wiring.settings.place) == first


def test_which_exemptions_hold_and_so_whom_to_ask_goes_by_the_time_that_is_given(tmp_path, port_compliance):
    (tmp_path / "p.yaml").write_text(
        "version: 1\nrules: [{id: rdp, ports: [3389]}]\nexemptions:\n"
        "  - {id: e, rules: [rdp], hosts: [id-1], reason: r, owner: o, expires: 2027-01-31}\n"
    )
    during, after = (
        port_compliance("plan", "--policy", "p.yaml", "--snapshot", str(RECORDED), "--at", day)
        for day in ("2027-01-31T12:00:00Z", "2027-02-01T12:00:00Z")
    )
    assert (during.code, after.code) == (0, 0)
    assert "ports/detail" in during.out
    assert "ports/detail" not in after.out


def test_a_time_that_is_none_is_an_error_and_not_now(port_compliance):
    printed = port_compliance("plan", "--rows", "100", "--at", "")
    assert (printed.code, printed.out) == (2, "")
    assert "--at: '' is not a time" in printed.err
