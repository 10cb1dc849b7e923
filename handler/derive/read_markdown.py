"""Reads Markdown tables as they are exported: one row a line, or one cell a line, with or without outer bars."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from handler.derive.markdown_cells import PIPE, by_column, cells_of, plain
from handler.derive.outline import CAPTION, STATUS, Outline, section_of
from handler.derive.page import Column, Gap, Page, Row, Table, columns_of
from handler.derive.read_text import bullet

DELIMITER = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*")
_FENCE = re.compile(r"\s*(?:```|~~~)")
_UNREAD: tuple[Column, ...] = ("other",) * 64
_LONGEST_HEADER = 9  # lines
_LONGEST_ROW = 400


@dataclass
class _Reader:
    lines: list[str]
    at: int = 0
    outline: Outline = field(default_factory=Outline)
    tables: list[Table] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def line(self, ahead: int = 0) -> str:
        place = self.at + ahead
        return self.lines[place] if place < len(self.lines) else ""

    def gap(self, line: int, message: str) -> None:
        self.gaps.append(Gap(line, message))


@dataclass(frozen=True)
class _Header:
    """A table's columns, how many lines header and delimiter take, and whether its rows end in a bar."""

    columns: tuple[str, ...]
    size: int
    is_closed: bool


def read_markdown(text: str) -> Page:
    """The page in Markdown form."""
    reader = _Reader(text.split("\n"))
    is_code = False
    while reader.at < len(reader.lines):
        header = _header(reader)
        if _FENCE.match(reader.line()):
            is_code = not is_code
            reader.at += 1
        elif header and not is_code:
            _table(reader, header)
        else:
            _outside(reader, is_code=is_code)
            reader.at += 1
    o = reader.outline
    o.drop_caption()
    gaps = (*reader.gaps, *o.gaps)
    return Page("huaweicloud", o.title, o.revision, o.method, o.path, tuple(reader.tables), gaps)


def is_delimiter(line: str) -> bool:
    """Whether a line is the one below the header of a table of at least two columns."""
    return line.count("|") > 0 and bool(DELIMITER.fullmatch(line))


def _outside(reader: _Reader, *, is_code: bool) -> None:
    """A line outside of tables; one that looks like a row has lost its table, and is named."""
    line = reader.line()
    pipes = len(PIPE.findall(line))
    if not is_code and (pipes > 1 or (pipes and line.strip().endswith("|"))):
        reader.gap(reader.at + 1, f"a row outside of a table: {plain(line)[:64]!r}")
    reader.outline.see(plain(line.lstrip("# >")), reader.at + 1)


def _header(reader: _Reader) -> _Header | None:
    """The header of a table that begins here."""
    for size in range(1, _LONGEST_HEADER):
        if "|" not in reader.line(size - 1):
            return None
        if is_delimiter(reader.line(size)):
            delimiter = reader.line(size).strip()
            cells = cells_of("\n".join(reader.lines[reader.at : reader.at + size]))
            columns = tuple(plain(cell) for cell in cells)
            fits = len(cells) == len(PIPE.split(delimiter.strip("|"))) <= len(_UNREAD)
            return _Header(columns, size + 1, delimiter.endswith("|")) if fits else None
    return None


def _table(reader: _Reader, header: _Header) -> None:
    line = reader.at + 1
    reader.at += header.size
    rows = []
    names, gaps = columns_of(header.columns, line)
    columns = names or _UNREAD[: len(header.columns)]
    while (row := _row(reader, header, columns)) is not None:
        rows.append(row)
    if not names:
        reader.outline.drop_caption()
        return
    reader.gaps += gaps
    _named_behind(reader)
    number, caption = reader.outline.take_caption()
    kept = tuple(row for row in rows if row.text("name"))
    reader.gaps += [Gap(row.line, "a row without a name") for row in rows if not row.text("name")]
    outline = reader.outline
    reader.tables.append(Table(number, caption, line, names, kept, outline.section, outline.status))


def _named_behind(reader: _Reader) -> None:
    """Report bullets right behind a table: they may belong to its last row."""
    ahead = next((n for n in range(len(reader.lines) - reader.at) if reader.line(n).strip()), 0)
    if bullet(reader.line(ahead))[1]:
        reader.gap(reader.at + ahead + 1, f"a list behind a table, or of its last row: {reader.line(ahead).strip()!r}")


def _row(reader: _Reader, header: _Header, columns: tuple[Column, ...]) -> Row | None:
    """The next row that has all its cells; None where the table ends."""
    wanted = len(header.columns)
    while PIPE.search(reader.line()) and not _header(reader):
        first = reader.at + 1
        text = _row_text(reader, wanted, is_closed=header.is_closed)
        cells = cells_of(text)
        if len(cells) == wanted:
            _check_end(reader)
            return Row(first, by_column(columns, cells, text, first))
        reader.gap(first, f"a row of {len(cells)} cells in a table of {wanted}: {plain(cells[0])[:64]!r}")
    return None


def _check_end(reader: _Reader) -> None:
    """A line without a bar right below a row may belong to it, or to nothing."""
    line = reader.line()
    if line.strip() and not PIPE.search(line) and not _ends(reader):
        reader.gap(reader.at + 1, f"a line that may belong to the row above: {line.strip()[:60]!r}")


def _row_text(reader: _Reader, wanted: int, *, is_closed: bool) -> str:
    """The text of one row, which may go on over lines until it has all its cells, and the bar behind the last."""
    text = reader.line()
    reader.at += 1
    bars = len(PIPE.findall(text))
    is_outer = text.lstrip().startswith("|")
    if is_outer and text.rstrip().endswith("|") and bars > 1:
        return text
    needed = wanted - 1 + is_outer + is_closed
    taken = 0
    while bars < needed and taken < _LONGEST_ROW and reader.at < len(reader.lines) and not _ends(reader):
        more = len(PIPE.findall(reader.line()))
        if bars + more > needed:
            break
        text += "\n" + reader.line()
        reader.at += 1
        bars, taken = bars + more, taken + 1
    return text


def _ends(reader: _Reader) -> bool:
    """Whether something else than a row's text begins here."""
    text = plain(reader.line().lstrip("# >"))
    is_heading = reader.line().startswith("#") or section_of(text) or STATUS.fullmatch(text)
    return bool(is_heading or CAPTION.fullmatch(text) or _header(reader))
