"""Cloud Custodian's `c7n.data` on the same rows and rules, as a fresh process."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bench.measure import Sample, paired
from bench.pure import policy_of, snapshot_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from handler.policy.rules import Policy


def judging(custodian: str | None, rounds: int) -> dict[str, object]:
    """10,000 rows against 100 rules, and the cold start with 40 rows and 10 rules; None where it is not installed."""
    if custodian is None:
        return {}
    results: dict[str, object] = {}
    for rows, rules in ((40, 10), (10_000, 100)):
        with tempfile.TemporaryDirectory() as folder:
            run = _contestant(custodian, Path(folder), rows, policy_of(rules))
            results[f"{rows} rows x {rules} rules"] = paired(
                f"c7n {rows} x {rules}", {"c7n": run}, min(3, rounds)
            ).plain()
    return results


def _contestant(custodian: str, folder: Path, rows: int, policy: Policy) -> Callable[[], Sample]:
    listed = [
        {"port": row.port, "protocol": row.protocol, "num": row.num} for row in snapshot_of(rows).categories[0].rows
    ]
    (folder / "rows.json").write_text(json.dumps(listed))
    source = {"source": "disk", "query": [{"path": str(folder / "rows.json")}]}
    policies = [
        {"name": rule.id, "resource": "c7n.data", **source, "filters": [{"port": next(iter(rule.ports))}]}
        for rule in policy.rules
    ]
    (folder / "policy.json").write_text(json.dumps({"policies": policies}))
    command = [custodian, "run", "--region", "us-east-1", "-s", str(folder / "out"), str(folder / "policy.json")]

    def run() -> Sample:
        started = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
        if done.returncode:
            raise RuntimeError(f"c7n: {done.stderr[-500:]}")
        return {"wall": time.monotonic() - started}

    return run
