"""`schema derive`: the schema that a vendor's page describes."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from handler.commands.extras import from_extra
from handler.derive.derive import derive_answer, derive_query, derive_table, read_page
from handler.errors import DocumentError, UsageError

if TYPE_CHECKING:
    import argparse

    from handler.derive.derive import Derived

DESCRIPTION = "Prints the JSON Schema of the 200 answer, of one table, or of the query parameters."
EXAMPLE = "port-compliance schema derive ListPortStatistics.rst --query"
LARGEST_PAGE = 8 * 1024 * 1024  # bytes; the longest that we know has 0.3 MB
INCOMPLETE = 3


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `schema derive` takes."""
    parser.add_argument("document", metavar="DOC", type=Path, help="RST, text or Markdown of an API page")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--table", metavar="N", type=int, help="the object that table N describes")
    what.add_argument("--query", action="store_true", help="query parameters; path and header ones in its $defs")


def run(args: argparse.Namespace) -> int:
    """Print one schema on stdout, what could not be read on stderr. 3 if anything could not be read."""
    derived = _derived(_text(args.document), args)
    print(json.dumps(derived.schema, indent=2, ensure_ascii=False))
    for gap in derived.gaps:
        print(f"{args.document}:{gap.line}: {gap.message}", file=sys.stderr)
    if derived.gaps:
        print(f"{len(derived.gaps)} places could not be read; the schema says nothing about them", file=sys.stderr)
    return INCOMPLETE if derived.gaps else 0


def _derived(text: str, args: argparse.Namespace) -> Derived:
    with from_extra("derive", "docutils", "schema derive"):
        page = read_page(text)
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
        if path.stat().st_size > LARGEST_PAGE:
            raise UsageError(f"{path}: larger than {LARGEST_PAGE} bytes")
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", hint="Is the path right, and may it be read?") from error
