"""`schema derive` and `schema check`: from documents to schemas, and from snapshots back to documents."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handler.commands.terminal import read_file
from handler.errors import DocumentError, MissingExtraError, UsageError
from handler.report.json_file import MAX_JSON_BYTES
from handler.report.snapshot_file import parse_snapshot
from handler.schemas.survey import Difference, survey

if TYPE_CHECKING:
    import argparse

    from handler.derive.derive import Derived

LARGEST = 8 * 1024 * 1024  # bytes of a page; the longest that we know has 0.3 MB
INCOMPLETE = 3


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `schema derive` and `schema check`."""
    schema = commands.add_parser(
        "schema",
        help="schemas of the API's answers, and the documents they come from",
        epilog="Example: port-compliance schema derive ListPortStatistics.rst --query",
    )
    actions = schema.add_subparsers(title="actions", metavar="ACTION", required=True)
    made = actions.add_parser(
        "derive",
        help="print the JSON Schema that a vendor's page describes",
        description="Prints the JSON Schema of the 200 answer, of one table, or of the query parameters.",
        epilog="Example: port-compliance schema derive ListPortStatistics.rst --query",
    )
    made.add_argument("document", metavar="DOC", type=Path, help="RST, text or Markdown of an API page")
    what = made.add_mutually_exclusive_group()
    what.add_argument("--table", metavar="N", type=int, help="the object that table N describes")
    what.add_argument("--query", action="store_true", help="query parameters; path and header ones in its $defs")
    made.set_defaults(run=derive)
    checked = actions.add_parser(
        "check",
        help="show how a recorded snapshot differs from each committed schema",
        epilog="Example: port-compliance schema check snapshot.json --format json",
    )
    checked.add_argument("snapshot", metavar="SNAPSHOT", help="a file written by `snapshot`")
    checked.add_argument("--format", choices=("text", "json"), default="text")
    checked.set_defaults(run=check)


def derive(args: argparse.Namespace) -> int:
    """Print one schema on stdout, what could not be read on stderr. 3 if anything could not be read."""
    derived = _derived(_text(args.document), args)
    print(json.dumps(derived.schema, indent=2, ensure_ascii=False))
    for gap in derived.gaps:
        print(f"{args.document}:{gap.line}: {gap.message}", file=sys.stderr)
    if derived.gaps:
        print(f"{len(derived.gaps)} places could not be read; the schema says nothing about them", file=sys.stderr)
    return INCOMPLETE if derived.gaps else 0


def check(args: argparse.Namespace) -> int:
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


def _derived(text: str, args: argparse.Namespace) -> Derived:
    try:
        from handler.derive.derive import derive_answer, derive_query, derive_table, read_page  # noqa: PLC0415

        page = read_page(text)
    except ModuleNotFoundError as error:
        raise MissingExtraError("schema derive", "derive") from error
    if args.query:
        return derive_query(page)
    return derive_answer(page) if args.table is None else derive_table(page, args.table)


def _text(path: Path) -> str:
    """The page's text. Raises UsageError if there is no such file, DocumentError if it is no text."""
    data = _bytes(path)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise DocumentError(f"{path}:{line}: not UTF-8 text") from error


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"{path}: larger than {LARGEST} bytes")
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", hint="Is the path right, and may it be read?") from error


def _snapshot(path: str) -> dict[str, Any]:
    """The file as it was recorded. Raises UsageError, SnapshotError (also where its digest does not match)."""
    data = read_file(path, MAX_JSON_BYTES)
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
