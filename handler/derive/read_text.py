"""Reads the help centre's line-by-line text, where every cell, and every paragraph of a cell, is a line of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from handler.derive.kinds import is_kind
from handler.derive.outline import CAPTION, STATUS, Outline, section_of
from handler.derive.page import Column, Gap, Page, Table, TableRow, TextLine, are_of_parameters, clean, column

_BULLET = re.compile(r"\s*(?:[•●▪◦·○■]|[-*+–](?=\s))\s*(.*)", re.DOTALL)  # noqa: RUF001 - the dash is what pages write
_NAME = re.compile(r"[A-Za-z_$@\[][\w$@.:/\[\]-]{0,127}(?<![.:])")
_LONE_WORD = re.compile(r"[a-z][A-Za-z0-9]*([_:.-][A-Za-z0-9]+|\[\])*|[A-Z][A-Za-z0-9]*([_:.-][A-Za-z0-9]+)+")
_CAPITAL = re.compile(r"[A-Z][A-Za-z0-9]*")  # a sentence of one word, or a name
_MANDATORY = re.compile(r"(yes|no|true|false|mandatory|optional|required|conditional|n/a|-)", re.IGNORECASE)
_SHORT = re.compile(r"[A-Za-z][^\s:;!?]*( [^\s:;!?]+){0,4}(?<!\.)")
_STATEMENT = re.compile(r"[:.]|^N/A$")  # a text that is no name, whatever stands below it
_HEADINGS = ("definition", "constraints", "range", "value range", "default value", "default", "options")


@dataclass
class _Cursor:
    """The page's non-empty lines and how far they are read."""

    lines: list[TextLine]
    at: int = 0
    gaps: list[Gap] = field(default_factory=list)

    def text(self, ahead: int = 0) -> str:
        place = self.at + ahead
        return self.lines[place].text if place < len(self.lines) else ""


def read_text(text: str) -> Page:
    """The page in the help centre's text form."""
    cursor, outline, tables = _Cursor(_lines(text)), Outline(), []
    while cursor.at < len(cursor.lines):
        columns = _header(cursor)
        if columns:
            tables.append(_table(cursor, outline, columns))
        else:
            _see(cursor, outline)
            cursor.at += 1
    outline.drop_caption()
    return Page(
        cloud="huaweicloud",
        title=outline.title,
        revision=outline.revision,
        method=outline.method,
        path=outline.path,
        tables=tuple(tables),
        gaps=(*cursor.gaps, *outline.gaps),
    )


def bullet(raw: str) -> tuple[str, bool]:
    """A line's text and whether it is a bullet."""
    found = _BULLET.fullmatch(raw.rstrip())
    return (clean(found[1]), True) if found else (clean(raw), False)


def indent(raw: str) -> int:
    """How far a line is indented; bullets further in belong to those further out."""
    return len(raw.expandtabs(4)) - len(raw.expandtabs(4).lstrip())


def _lines(text: str) -> list[TextLine]:
    said = ((number, raw) for number, raw in enumerate(text.split("\n"), 1) if raw.strip())
    made = ((number, *bullet(raw), indent(raw)) for number, raw in said)
    return [
        TextLine(number, words, is_bullet, depth * is_bullet)
        for number, words, is_bullet, depth in made
        if words or is_bullet
    ]


def _see(cursor: _Cursor, outline: Outline) -> None:
    """A caption is one only right above a table; a sentence that begins so is prose, anything else a gap."""
    line = cursor.lines[cursor.at]
    if not CAPTION.fullmatch(line.text) or _is_caption(cursor):
        outline.see(line.text, line.number)


def _header(cursor: _Cursor) -> tuple[Column, ...]:
    """The columns whose names stand from here on, one a line; empty unless they are a parameter table's."""
    columns: list[Column] = []
    while (name := _column(cursor.text(len(columns)))) and (name not in columns or name == "other"):
        columns.append(name)
    return tuple(columns) if are_of_parameters(columns) else ()


def _column(text: str) -> Column | None:
    """Headers begin with a capital; a parameter may be called `name` or `type`."""
    return column(text) if text[:1].isupper() else None


def _table(cursor: _Cursor, outline: Outline, columns: tuple[Column, ...]) -> Table:
    line = cursor.lines[cursor.at].number
    cursor.at += len(columns)
    rows: list[TableRow] = []
    while cursor.at < len(cursor.lines) and not _ends(cursor, columns):
        if _starts_row(cursor, columns):
            _check_start(cursor, columns, is_first=not rows)
            rows.append(_row(cursor, columns))
        else:
            lost = cursor.lines[cursor.at]
            cursor.gaps.append(Gap(lost.number, f"{lost.text[:64]!r} begins no row of the table"))
            cursor.at += 1
    number, caption = outline.take_caption()
    return Table(number, caption, line, columns, tuple(rows), outline.section, outline.status)


def _check_start(cursor: _Cursor, columns: tuple[Column, ...], *, is_first: bool) -> None:
    """Report a line that could as well be the text of the row above: below a heading, or above another beginning."""
    line = cursor.lines[cursor.at]
    is_text = _is_heading(cursor.text(-1)) or _starts_row(_Cursor(cursor.lines, cursor.at + 1), columns)
    if not is_first and is_text:
        below = cursor.text(1)[:64]
        cursor.gaps.append(Gap(line.number, f"'{line.text[:64]}' may begin a row, or '{below}' below it does"))


def _ends(cursor: _Cursor, columns: tuple[Column, ...]) -> bool:
    """Whether the table is over: a caption, another header, or a heading that is not a row's name."""
    text = cursor.text()
    is_heading = bool(section_of(text)) and not _starts_row(cursor, columns)
    return bool(is_heading or _is_caption(cursor) or STATUS.fullmatch(text) or _header(cursor))


def _is_caption(cursor: _Cursor) -> bool:
    """Whether a caption stands here: right below it a table's header begins, or it is no sentence."""
    found = CAPTION.fullmatch(cursor.text())
    if not found:
        return False
    if found[2] and not cursor.text().endswith((".", ":")):
        return True
    cursor.at += 1
    has_header = bool(_header(cursor))
    cursor.at -= 1
    return has_header


def _starts_row(cursor: _Cursor, columns: tuple[Column, ...]) -> bool:
    """A name, then what the next columns want: yes or no, and a type where nothing else could tell."""
    if cursor.at + len(columns) > len(cursor.lines) + 1 or cursor.lines[cursor.at].bullet:
        return False
    if not _is_name(cursor.text()):
        return False
    is_sure = columns[1] == "mandatory" and cursor.text(1).lower() in ("yes", "no") and bool(cursor.text(2))
    return is_sure or _cells_fit(cursor, columns)


def _is_name(text: str) -> bool:
    return bool(_NAME.fullmatch(text)) and not _is_heading(text) and text.lower() != "n/a"


def _is_heading(text: str) -> bool:
    """Whether a line heads a part of a description; headings begin with a capital, a parameter may be `range`."""
    return text[:1].isupper() and text.lower().rstrip(":") in _HEADINGS


def _cells_fit(cursor: _Cursor, columns: tuple[Column, ...]) -> bool:
    """Whether what stands from here on is yes or no, and a type, where a row that began here had these."""
    return all(_fits(kind, cursor.text(place)) for place, kind in enumerate(columns))


def _fits(kind: Column, text: str) -> bool:
    if kind == "mandatory":
        return bool(_MANDATORY.fullmatch(text))
    return kind != "type" or is_kind(text)


def _row(cursor: _Cursor, columns: tuple[Column, ...]) -> TableRow:
    """The row that begins here; its last column goes on until another row, or the end of the table."""
    first = cursor.lines[cursor.at]
    single = len(columns) - 1
    cells: dict[Column, tuple[TextLine, ...]] = {
        kind: (cursor.lines[cursor.at + place],) for place, kind in enumerate(columns[:single])
    }
    cursor.at += single
    last: list[TextLine] = []
    is_lost = False
    while cursor.at < len(cursor.lines) and not _ends(cursor, columns) and not _starts_row(cursor, columns):
        is_lost = _suspect(cursor, columns, last) or is_lost
        last += [] if is_lost else [cursor.lines[cursor.at]]
        cursor.at += 1
    return TableRow(first.number, {**cells, columns[-1]: tuple(last)})


def _suspect(cursor: _Cursor, columns: tuple[Column, ...], before: list[TextLine]) -> bool:
    """Report a line that may begin a row that we cannot read: what follows belongs to it, and not to the row above."""
    line = cursor.lines[cursor.at]
    if before and _stands_as_name(cursor, columns):
        cursor.gaps.append(Gap(line.number, f"'{line.text[:64]}' stands where a row's name would, and is none"))
        return True
    if _may_be_name(cursor, columns, before):
        cursor.gaps.append(Gap(line.number, f"'{line.text[:64]}' may be a row, but no type that is known follows"))
        return True
    return False


def _stands_as_name(cursor: _Cursor, columns: tuple[Column, ...]) -> bool:
    """Whether the cells of a row follow this line, and it is not the end of a text above the row's name."""
    below = _Cursor(cursor.lines, cursor.at + 1)
    is_end_of_text = _STATEMENT.search(cursor.text()) and _starts_row(below, columns)
    return _cells_fit(cursor, columns) and not is_end_of_text


def _may_be_name(cursor: _Cursor, columns: tuple[Column, ...], before: list[TextLine]) -> bool:
    """Whether a line of one word is a name; one that may be a value is none unless the line below may be its type."""
    line, below = cursor.lines[cursor.at], _Cursor(cursor.lines, cursor.at + 1)
    is_capital = _is_lone_capital(line.text)
    if line.bullet or not (is_capital or _LONE_WORD.fullmatch(line.text)):
        return False
    is_value = is_capital or not before or _is_heading(before[-1].text)
    return not is_value or _may_be_type(below, columns)


def _is_lone_capital(text: str) -> bool:
    """Whether a line is one word with a capital, and neither a heading nor a yes or no."""
    return bool(_CAPITAL.fullmatch(text)) and not (_is_heading(text) or _MANDATORY.fullmatch(text))


def _may_be_type(below: _Cursor, columns: tuple[Column, ...]) -> bool:
    """Whether the line below a value could be a type instead: short, no heading, and nothing that ends the row."""
    if not _SHORT.fullmatch(below.text()) or below.lines[below.at].bullet or _is_heading(below.text()):
        return False
    return not _ends(below, columns) and not _starts_row(below, columns)
