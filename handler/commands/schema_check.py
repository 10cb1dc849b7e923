"""`schema check`: how a recorded snapshot differs from each committed schema."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from handler.commands.inputs import read_file
from handler.report.snapshot_file import parse_snapshot
from handler.schemas.survey import Difference, survey

if TYPE_CHECKING:
    import argparse

EXAMPLE = "port-compliance schema check snapshot.json --format json"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `schema check` takes."""
    parser.add_argument("snapshot", metavar="SNAPSHOT", help="a file written by `snapshot`")
    parser.add_argument("--format", choices=("text", "json"), default="text")


def run(args: argparse.Namespace) -> int:
    """Print how the snapshot differs from each committed schema; it informs, so 0."""
    found = survey(_snapshot(args.snapshot))
    if args.format == "json":
        print(json.dumps([_as_json(difference) for difference in found], indent=2))
        return 0
    for difference in found:
        print(f"{difference.category}, {difference.api}, {difference.schema}{_uses(difference)}:")
        for item in difference.drift or ("no difference",):
            print(f"  {item}")
    return 0


def _snapshot(path: str) -> dict[str, Any]:
    """The file as it was recorded. Raises UsageError, SnapshotError (also where its digest does not match)."""
    data = read_file(path)
    parse_snapshot(data, path)
    document: dict[str, Any] = json.loads(data)
    return document


def _uses(difference: Difference) -> str:
    return f" (used by {', '.join(difference.clouds)})" if difference.clouds else ""


def _as_json(difference: Difference) -> dict[str, Any]:
    return {
        "category": difference.category,
        "api": difference.api,
        "schema": difference.schema,
        "used_by": list(difference.clouds),
        "counts": dict(sum((Counter({item.kind: item.times}) for item in difference.drift), Counter())),
        "drift": [{"path": item.path, "kind": item.kind, "count": item.times} for item in difference.drift],
    }
