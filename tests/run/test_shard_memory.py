"""Five thousand targets in one run: their file and their index are read and written in little memory."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from random import Random

from handler.clock import iso
from handler.run.targets import RunRequest, prepare
from handler.run.walk import check_targets
from handler.run.wiring import Wiring
from handler.state.content import to_bytes
from handler.state.index import Day, Index, IndexEntry, index_document, index_of
from handler.transport.http import HttpTransport
from tests.fakes import NOON, FakeClock
from tests.memory import peak_mib
from tests.world import CLEAN, World

ROOT = Path(__file__).resolve().parents[2]
MANY = 5_000
DUE = 3
MOST_MEMORY = 64  # MiB, of the whole process, with the simulator in it


def write(folder: Path) -> None:
    """A targets file and its index: a month of days each, no two alike, and a few targets that are due."""
    random, lines, entries = Random(1), ["targets:"], {}
    dates = [iso(NOON - timedelta(days=30 - day))[:10] for day in range(31)]
    may_be = [
        [Day(date, verdict, new) for verdict in ("compliant", "violations") for new in range(3)] for date in dates
    ]
    for number in range(MANY):
        name, project, owner = f"team-{number:05}", f"{number + 0xA0000000:032x}", f"team-{number % 40}@example.org"
        lines.append(f"  - {{name: {name}, cloud: otc, region: eu-de, project_id: {project}, owner: {owner}}}")
        days = tuple(map(random.choice, may_be))
        at = iso(NOON - timedelta(seconds=4000 if number < DUE else 600 + number % 1000))
        counts = {"critical": 0, "high": number % 3, "medium": 0, "low": 0, "info": 0}
        entries[name] = IndexEntry("compliant", counts, at, at, f"{number % 17:032x}", "", at, 2, days, 3600)
    (folder / "targets.yaml").write_text("\n".join([*lines, ""]))
    (folder / "_index.json").write_bytes(to_bytes(index_document(Index(entries))))


def test_a_run_over_five_thousand_targets_holds_less_than_64_mebibytes(tmp_path):
    """In a process of its own, because memory is measured at its highest."""
    write(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", __name__, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout)
    assert (said["asked"], said["deferred"]) == (DUE, MANY - DUE)
    known = index_of(json.loads((tmp_path / "_index.json").read_bytes()))
    assert [entry.last_run_at >= iso(NOON) for entry in known.targets.values()] == [True] * DUE + [False] * (MANY - DUE)
    assert {len(entry.days) for entry in known.targets.values()} == {31}
    assert said["memory"] < MOST_MEMORY


def main(folder: Path) -> None:
    """One run, and what it held at most."""
    HttpTransport().open()
    world = World(root=folder, clock=FakeClock(), fleet=CLEAN)
    settings = {
        "TARGETS_CONFIG": "targets.yaml",
        "STATE_URL": f"file://{folder}/{{target}}.json",
        "RUN_INTERVAL": "1h",
    }
    wiring = Wiring(world.context(in_function=False, **settings))
    checked = check_targets(prepare(wiring, RunRequest()), wiring, 20)
    print(json.dumps({"asked": len(checked.reports), "deferred": len(checked.deferred), "memory": peak_mib()}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
