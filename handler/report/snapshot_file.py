"""Snapshot files: what the API said, kept as JSON for offline checks, differences and shared examples.

Version 1, described by `schemas/snapshot.schema.json`. Rows and counters are kept as the API sent them; the digest
is over everything else in the file, so that an edited or cut-off file is refused.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from handler.errors import SnapshotError
from handler.hss.rows import read_counters, status_of
from handler.models import COUNTERS, CategorySnapshot, Problem, Row, Snapshot, Target
from handler.report.json_file import read_object, schema_problems

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = "1"
KIND = "port-compliance/snapshot"
_ROW_KEYS = ("port", "type", "num", "status")


def snapshot_text(snapshot: Snapshot, *, redact: bool = False) -> str:
    """The file's text. With `redact`, ids and host are replaced by words and unknown keys are left out."""
    target = snapshot.target
    document = {
        "version": VERSION,
        "kind": KIND,
        "taken_at": snapshot.taken_at,
        "target": {
            "name": "redacted" if redact else target.name,
            "cloud": target.cloud,
            "region": target.region,
            "host": "redacted.invalid" if redact else target.host,
            "project_id": "redacted" if redact else target.project_id,
            "enterprise_project_id": _project(target.enterprise_project_id, redact=redact),
        },
        "categories": [_category_document(category, redact=redact) for category in snapshot.categories],
    }
    return json.dumps({**document, "digest": _digest(document)}, indent=1, ensure_ascii=False) + "\n"


def parse_snapshot(data: bytes, name: str) -> Snapshot:
    """The snapshot in a file's bytes. Raises SnapshotError with every problem found; `name` is shown in it."""
    document = read_object(data, name, "a snapshot", SnapshotError)
    if document.get("version") != VERSION or document.get("kind") != KIND:
        raise SnapshotError(
            f"{name}: not a snapshot of version {VERSION} (it says version {document.get('version')!r:.40}, "
            f"kind {document.get('kind')!r:.40})",
            hint="A newer version of port-compliance may have written it.",
        )
    problems = list(schema_problems(document, name, "snapshot.schema.json"))
    if problems:
        raise SnapshotError("\n".join(problems))
    digest = document.pop("digest")
    if digest != _digest(document):
        raise SnapshotError(f"{name}: its digest does not match: the file was edited or damaged")
    return Snapshot(
        target=Target(**document["target"]),
        taken_at=document["taken_at"],
        categories=tuple(_category_of(item) for item in document["categories"]),
    )


def _project(project: str, *, redact: bool) -> str:
    return "redacted" if redact and project not in ("0", "all_granted_eps") else project


def _category_document(category: CategorySnapshot, *, redact: bool) -> dict[str, Any]:
    rows = [dict(row) for row in category.raw_rows] or [_raw(row) for row in category.rows]
    statistics = category.raw_statistics if category.raw_statistics is not None else category.statistics
    if redact:
        rows = [{key: row[key] for key in _ROW_KEYS if key in row} for row in rows]
        statistics = None if statistics is None else {key: statistics[key] for key in COUNTERS if key in statistics}
    return {
        "category": category.category,
        "total_num": category.total_num,
        "plan": category.plan,
        "every_row": category.every_row,
        "complete": category.complete,
        "rows": rows,
        "statistics": None if statistics is None else dict(statistics),
        "problems": [str(problem) for problem in category.problems],
        "warnings": list(category.warnings),
    }


def _raw(row: Row) -> dict[str, Any]:
    status = {} if row.status is None else {"status": row.status}
    return {"port": row.port, "type": row.protocol.upper(), "num": row.num, **status}


def _digest(document: Mapping[str, Any]) -> str:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _category_of(item: Mapping[str, Any]) -> CategorySnapshot:
    statistics = item["statistics"]
    return CategorySnapshot(
        category=item["category"],
        rows=tuple(_row_of(raw) for raw in item["rows"]),
        total_num=item["total_num"],
        statistics=None if statistics is None else read_counters(statistics).counters,
        plan=item["plan"],
        every_row=item["every_row"],
        complete=item["complete"],
        problems=tuple(Problem(text) for text in item["problems"]),
        warnings=tuple(item["warnings"]),
        raw_rows=tuple(item["rows"]),
        raw_statistics=statistics,
    )


def _row_of(raw: Mapping[str, Any]) -> Row:
    return Row(int(raw["port"]), raw["type"].strip().lower(), int(raw["num"]), status_of(raw.get("status")))
