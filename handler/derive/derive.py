"""From the text of a vendor's page to one JSON Schema, with everything that could not be read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from handler.derive.page import Gap, Page, Table
from handler.derive.read_markdown import is_delimiter, read_markdown
from handler.derive.read_text import read_text
from handler.derive.roles import role
from handler.derive.structure import Builder
from handler.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_RST = re.compile(
    r"^(:original_name:|\.\. table::|\.\. _[^:]+:\s*$|[ \t]*\+(?:[-=]+\+)+[ \t]*$|[ \t]*={3,}(?: +={3,})+[ \t]*$)",
    re.MULTILINE,
)
_REQUEST_ROLES = ("path", "query", "header", "body")


@dataclass(frozen=True, slots=True)
class Derived:
    """A schema and what of the page is missing in it, in the order of the page."""

    schema: Schema
    gaps: tuple[Gap, ...]


def read_page(text: str) -> Page:
    """The page's tables, whichever of the three forms it has. Raises DocumentError if it holds no parameter table."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u00a0", " ")
    page = _reader(plain)(plain)
    if not page.tables:
        where = f"line {page.gaps[0].line}: {page.gaps[0].message}; " if page.gaps else ""
        raise DocumentError(f"{where}no parameter table was found")
    return page


def _reader(text: str) -> Callable[[str], Page]:
    if _RST.search(text):
        from handler.derive.read_rst import read_rst  # noqa: PLC0415 - docutils is slow to import, and an extra

        return read_rst
    return read_markdown if any(is_delimiter(line) for line in text.split("\n")) else read_text


def derive_answer(page: Page) -> Derived:
    """The schema of the answer with status 200, or of the first success that the page has. Raises DocumentError."""
    table = _answer_table(page)
    builder = Builder(page)
    schema = builder.object_of(table)
    status = f", status {table.status}" if table.status else ""
    derived = _document(page, builder, schema, "answer", status)
    unused = [other for other in _structures_after(page, table) if other not in builder.used]
    lost = [Gap(other.line, f"no field uses {other.title}: {_names(other)}") for other in unused]
    return Derived(derived.schema, tuple(sorted((*derived.gaps, *lost), key=lambda gap: gap.line)))


def derive_table(page: Page, number: int) -> Derived:
    """The schema of the object that table `number` describes. Raises DocumentError."""
    tables = [table for table in page.tables if table.number == number]
    if not tables:
        known = ", ".join(str(table.number) for table in page.tables if table.number is not None)
        raise DocumentError(f"there is no parameter table {number}; tables: {known or 'none is numbered'}")
    builder = Builder(page)
    return _document(page, builder, builder.object_of(tables[0]), f"table-{number}", "")


def derive_query(page: Page) -> Derived:
    """The schema of the query parameters; path, header and body parameters are its `$defs`. Raises DocumentError."""
    builder = Builder(page)
    parts = {
        name: _merged(builder, [table for table in page.tables if role(table, page) == name]) for name in _REQUEST_ROLES
    }
    if not any(parts.values()) and not any(role(table, page) == "unclear" for table in page.tables):
        raise DocumentError("no table of path, query or header parameters was found")
    schema = parts["query"] or {"type": "object", "properties": {}}
    builder.defs = {name: part for name, part in parts.items() if part and name != "query"} | builder.defs
    derived = _document(page, builder, schema, "query", "")
    lost = [
        Gap(table.line, f"nothing says what {table.title} is: {_names(table)}")
        for table in page.tables
        if table not in builder.used and _is_lost_request(table, page)
    ]
    return Derived(derived.schema, tuple(sorted((*derived.gaps, *lost), key=lambda gap: gap.line)))


def _is_lost_request(table: Table, page: Page) -> bool:
    """Whether a table of the request is one that no part of it refers to."""
    return role(table, page) == "unclear" or (table.section in ("uri", "request") and role(table, page) == "structure")


def _merged(builder: Builder, tables: Sequence[Table]) -> Schema | None:
    """One object from all tables of a role."""
    merged: Schema | None = None
    for schema in map(builder.object_of, tables):
        if merged is None:
            merged = schema
            continue
        merged["properties"] = schema["properties"] | merged["properties"]
        if required := [*merged.get("required", ()), *schema.get("required", ())]:
            merged["required"] = list(dict.fromkeys(required))
    return merged


def _answer_table(page: Page) -> Table:
    answers = [table for table in page.tables if role(table, page) == "answer"]
    for wanted in ("200", "2", None):
        for table in answers:
            if table.status is wanted or (wanted and table.status and table.status.startswith(wanted)):
                return table
    raise DocumentError(
        "no table of the answer's body was found", hint="Name the table with --table N, or use --query."
    )


def _structures_after(page: Page, answer: Table) -> list[Table]:
    return [
        table for table in page.tables
        if table.line > answer.line and table.status == answer.status and role(table, page) == "structure"
    ]  # fmt: skip


def _names(table: Table) -> str:
    return ", ".join(row.text("name")[:64] for row in table.rows[:20])


def _document(page: Page, builder: Builder, schema: Schema, what: str, more: str) -> Derived:
    numbers = [str(number) for number in sorted({table.number for table in builder.used if table.number is not None})]
    tables = f"table{'s' if len(numbers) > 1 else ''} {', '.join(numbers)}" if numbers else "a table without a number"
    where = f"{page.method} {page.path}".strip() or "no URI found"
    head: Schema = {
        "$schema": DIALECT,
        "$id": _identity(page, what),
        "$comment": f"Derived from {page.title!r}, revision {page.revision}: {tables} ({where}{more}).",
    }
    tail: Schema = {"$defs": builder.defs} if builder.defs else {}
    gaps = (*page.gaps, *builder.gaps)
    return Derived({**head, **schema, **tail}, tuple(sorted(gaps, key=lambda gap: gap.line)))


def _identity(page: Page, what: str) -> str:
    source = f"{page.method.lower()}{page.path.split('?')[0]}" if page.path else page.title.lower()
    plain = re.sub(r"[^A-Za-z0-9/_.-]+", "-", source.replace("{", "").replace("}", "")).strip("-") or "unnamed"
    return f"urn:port-compliance:{page.cloud}:{page.revision}:{plain}:{what}"
