"""Snapshot files: what the API said, kept as JSON for offline checks, differences and shared examples.

Version 1, described by `schemas/snapshot.schema.json`. Rows and counters are kept as the API sent them; the digest
is over everything else in the file, so that an edited or cut-off file is refused.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from handler.errors import SnapshotError
from handler.foreign_text import encodable
from handler.hss.rows import read_counters, status_of
from handler.models import CategorySnapshot, Problem, Row, Snapshot
from handler.report.codec import Codec, as_is, each, field, spread
from handler.report.json_file import parse_object, schema_problems
from handler.report.json_v1 import TARGET
from handler.report.recorded_listeners import REDACTED_HOST, Pseudonyms, recorded_listeners, write_listeners

if TYPE_CHECKING:
    from collections.abc import Mapping

SNAPSHOT_VERSION = "1"
KIND = "port-compliance/snapshot"
_ROW_KEYS = ("port", "type", "num", "status")


def snapshot_text(snapshot: Snapshot, *, redact: bool = False) -> str:
    """The file's text. With `redact`, ids, hosts and servers have other names and unknown keys are left out."""
    written = SNAPSHOT.write(_redacted(snapshot) if redact else snapshot)
    document = {"version": SNAPSHOT_VERSION, "kind": KIND, **written}
    return json.dumps({**document, "digest": _digest(document)}, indent=1, ensure_ascii=False) + "\n"


def parse_snapshot(data: bytes, name: str) -> Snapshot:
    """The snapshot in a file's bytes. Raises SnapshotError with every problem found; `name` is shown in it."""
    document = parse_object(data, name, "a snapshot", SnapshotError)
    if document.get("version") != SNAPSHOT_VERSION or document.get("kind") != KIND:
        raise SnapshotError(
            f"{name}: not a snapshot of version {SNAPSHOT_VERSION} (it says version {document.get('version')!r:.40}, "
            f"kind {document.get('kind')!r:.40})",
            hint="A newer version of port-compliance may have written it." if document.get("kind") == KIND else None,
        )
    problems = list(schema_problems(document, name, "snapshot.schema.json"))
    if problems:
        raise SnapshotError("\n".join(problems))
    digest = document.pop("digest")
    if digest != _digest(document):
        raise SnapshotError(f"{name}: its digest does not match: the file was edited or damaged")
    return SNAPSHOT.read(encodable(document))


def _redacted(snapshot: Snapshot) -> Snapshot:
    """The snapshot without what says whose it is; the two words that mean no project of its own stay."""
    project = snapshot.target.enterprise_project_id
    target = snapshot.target._replace(
        name="redacted",
        host=REDACTED_HOST,
        project_id="redacted",
        enterprise_project_id=project if project in ("0", "all_granted_eps") else "redacted",
    )
    names = Pseudonyms()
    return snapshot._replace(target=target, categories=tuple(_shared(one, names) for one in snapshot.categories))


def _shared(category: CategorySnapshot, names: Pseudonyms) -> CategorySnapshot:
    """The category with the documented keys of its rows and counters only, of those what can be read, and no names."""
    received = _as_received(category)
    counters = received.raw_statistics
    return received._replace(
        raw_rows=tuple(map(_readable, received.raw_rows)),
        raw_statistics=None if counters is None else read_counters(counters).counters,
        listeners=tuple(map(names.hidden, category.listeners)),
    )


def _readable(row: Mapping[str, Any]) -> dict[str, Any]:
    """The documented keys of a row, without a status that is no word, for it may hold anything."""
    known = {key: row[key] for key in _ROW_KEYS if key in row}
    return known if isinstance(known.get("status", ""), str) else {**known, "status": None}


def _as_received(category: CategorySnapshot) -> CategorySnapshot:
    """The category with rows and counters as the API sent them, or would have where that was not kept."""
    return category._replace(
        raw_rows=category.raw_rows or tuple(_raw(row) for row in category.rows),
        raw_statistics=category.statistics if category.raw_statistics is None else category.raw_statistics,
    )


def _raw(row: Row) -> dict[str, Any]:
    status = {} if row.status is None else {"status": row.status}
    return {"port": row.port, "type": row.protocol.upper(), "num": row.num, **status}


def _digest(document: Mapping[str, Any]) -> str:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _write_category(category: CategorySnapshot) -> dict[str, Any]:
    return RECEIVED.write(_as_received(category))


def _read_category(plain: Mapping[str, Any]) -> CategorySnapshot:
    category = RECEIVED.read(plain)
    counters = category.raw_statistics
    return category._replace(
        rows=tuple(_row_of(raw) for raw in category.raw_rows),
        statistics=None if counters is None else read_counters(counters).counters,
    )


def _row_of(raw: Mapping[str, Any]) -> Row:
    return Row(int(raw["port"]), raw["type"].strip().lower(), int(raw["num"]), status_of(raw.get("status")))


RECEIVED = Codec(
    CategorySnapshot,
    *as_is("category", "total_num", "plan", "every_row", "complete"),
    field("raw_rows", lambda rows: list(map(dict, rows)), tuple, at="rows"),
    field("raw_statistics", lambda counters: None if counters is None else dict(counters), at="statistics"),
    each("problems", str, Problem),
    field("warnings", list, tuple),
    spread("listeners", write_listeners, recorded_listeners),
)  # rows and counters are judged anew when they are read
SNAPSHOT = Codec(
    Snapshot,
    field("taken_at"),
    field("target", TARGET.write, TARGET.read),
    each("categories", _write_category, _read_category),
)
