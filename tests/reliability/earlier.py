"""A state document as the first version wrote it: with its columns, its receipts and what it knew of a sink."""

from __future__ import annotations

import copy
import hashlib
import json
from typing import Any

FINDING = ("fingerprint", "rule_id", "severity", "category", "port", "protocol", "num", "status", "message")
RECORD = (
    "first_seen", "last_seen", "opened_at", "status", "episode", "reopened", "base_num", "resolved_at", "because",
)  # fmt: skip
TEXTS = ("title", "rationale", "remediation", "references", "tags")
RUN = (
    "run_at", "policy_digest", "place", "began_at", "lost", "findings", "texts", "columns", "sinks", "drift", "history",
)  # fmt: skip
SINK = ("since", "last_told", "pending", "not_seen", "exemptions", "drift")


def as_first_version(document: dict[str, Any]) -> dict[str, Any]:
    """The same without everything that later versions added. It knew one place only, as tests/states/0.1.0.json shows."""
    run = copy.deepcopy(document["last_run"])
    columns = run["columns"]
    run["findings"] = [
        [
            _chosen(columns["finding"], finding, FINDING),
            text,
            _chosen(columns["record"], record, RECORD),
            {sink: receipt[:4] for sink, receipt in told.items()},
        ]
        for finding, text, record, told in run["findings"]
    ]
    run["texts"] = [_chosen(columns.get("texts", TEXTS), text, TEXTS) for text in run["texts"]]
    run["columns"] = {"finding": FINDING, "record": RECORD}
    run["sinks"] = {name: {key: memory[key] for key in SINK} for name, memory in run["sinks"].items()}
    plain = json.loads(json.dumps({key: run[key] for key in RUN}))
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    return {"schema": 1, "checksum": f"sha256:{hashlib.sha256(text.encode()).hexdigest()}", "last_run": plain}


def _chosen(names: Any, values: list[Any], wanted: tuple[str, ...]) -> list[Any]:
    known = dict(zip(names, values, strict=True))
    return [known[name] for name in wanted]
