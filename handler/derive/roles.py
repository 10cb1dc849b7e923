"""What each table of a page describes: path, query, headers, body, answer, or a structure that others refer to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from handler.derive.page import Page, Role, Table

# A caption begins with these words; a structure may be called HeaderRule or QueryParam.
_CAPTIONS: tuple[tuple[Role, re.Pattern[str]], ...] = (
    ("path", re.compile(r"(path|uri) param", re.IGNORECASE)),
    ("query", re.compile(r"query (string )?param|parameters? in the query", re.IGNORECASE)),
    ("answer_header", re.compile(r"response headers?( |$)", re.IGNORECASE)),
    ("header", re.compile(r"(request )?headers?( |$)", re.IGNORECASE)),
    ("body", re.compile(r"request (body|param)|form-?data|body param", re.IGNORECASE)),
    ("answer", re.compile(r"response (body )?param|response body", re.IGNORECASE)),
)
_GENERIC = re.compile(r"(parameters?( descriptions?)?|descriptions?|)", re.IGNORECASE)
_HEADER_NAME = re.compile(r"[A-Z][A-Za-z0-9]*(-[A-Za-z0-9]+)+|x-[a-z0-9-]+|Authorization|Location|Date|Server|ETag")


def role(table: Table, page: Page) -> Role:
    """What a table describes, by its caption, or where that says nothing, by its section, rows and neighbours."""
    caption = table.caption
    found = next((name for name, pattern in _CAPTIONS if pattern.match(caption)), None)
    if found == "body" and table.section == "response":
        return "answer"
    if found == "body" and caption.lower().startswith("request param") and page.method in ("GET", "HEAD", "DELETE"):
        return "header" if _has_token(table) else "query"
    if found == "header" and table.section == "response":
        return "answer_header"
    return found or (_role_by_section(table, page) if _GENERIC.fullmatch(caption) else "structure")


def _role_by_section(table: Table, page: Page) -> Role:
    """The first unnamed table of its kind; a later one in the same place can only be a structure."""
    if table.section == "uri":
        kind: Role = "path" if _is_path(table, page) else "query"
        return "structure" if any(_is_path(other, page) == (kind == "path") for other in _before(table, page)) else kind
    if table.section == "request":
        return _role_in_request(table, page)
    if table.section != "response":
        return "structure"
    before = [other for other in _before(table, page) if not _is_header(other)]
    if _is_header(table):
        return "structure" if before else "answer_header"
    return "structure" if before else "answer"


def _role_in_request(table: Table, page: Page) -> Role:
    """Headers first, then the body; without the table of the token nothing tells which of them is there."""
    if _has_token(table):
        return "header"
    before = _before(table, page)
    if not any(_has_token(other) for other in before) or page.method in ("GET", "HEAD"):
        return "unclear"
    return "structure" if any(not _has_token(other) for other in before) else "body"


def _before(table: Table, page: Page) -> list[Table]:
    """The unnamed tables that stand before this one, in its section and below its status code."""
    return [
        other for other in page.tables
        if other.line < table.line and (other.section, other.status) == (table.section, table.status)
        and _GENERIC.fullmatch(other.caption)
    ]  # fmt: skip


def _is_path(table: Table, page: Page) -> bool:
    return all(f"{{{row.text('name')}}}" in page.path for row in table.rows)


def _is_header(table: Table) -> bool:
    return bool(table.rows) and all(_HEADER_NAME.fullmatch(row.text("name")) for row in table.rows)


def _has_token(table: Table) -> bool:
    return any(row.text("name").lower() in ("x-auth-token", "content-type") for row in table.rows)
