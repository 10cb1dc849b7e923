"""Reads Markdown tables, one row a line or, as some exports have it, one cell a line."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field

from handler.derive.outline import Outline
from handler.derive.page import Column, Gap, Line, Page, Row, Table, clean, column
from handler.derive.read_text import bullet

DELIMITER = re.compile(r"\s*\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?\s*")
_BREAK = re.compile(r"<br\s*/?>|</p>|</li>|</ul>|\n", re.IGNORECASE)
_ITEM = re.compile(r"<li[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?(?:p|ul|ol|li|b|i|em|strong|code|a|span|div|sup|sub)\b[^<>]*>", re.IGNORECASE)
_PIPE = re.compile(r"(?<!\\)\|")
_LINK = re.compile(r"!?\[([^\]\[]*)\]\([^()]*\)")


@dataclass
class _Reader:
    lines: list[str]
    at: int = 0
    outline: Outline = field(default_factory=Outline)
    tables: list[Table] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)


def read_markdown(text: str) -> Page:
    """The page in Markdown form."""
    reader = _Reader(text.split("\n"))
    while reader.at < len(reader.lines):
        columns, size = _header(reader)
        if size:
            _table(reader, columns, size)
        else:
            reader.outline.see(_plain(reader.lines[reader.at].lstrip("# >")), reader.at + 1)
            reader.at += 1
    o = reader.outline
    o.drop_caption()
    reader.gaps += o.gaps
    return Page("huaweicloud", o.title, o.revision, o.method, o.path, tuple(reader.tables), tuple(reader.gaps))


def is_delimiter(line: str) -> bool:
    """Whether a line is the one below the header of a table of at least two columns."""
    return line.count("|") > 0 and bool(DELIMITER.fullmatch(line))


def _header(reader: _Reader) -> tuple[tuple[Column | None, ...], int]:
    """The columns of a table whose header begins here, and how many lines header and delimiter take."""
    for size in range(1, 9):
        place = reader.at + size
        if place >= len(reader.lines) or "|" not in reader.lines[place - 1]:
            break
        if is_delimiter(reader.lines[place]):
            cells = _cells("\n".join(reader.lines[reader.at : place]))
            wanted = len(_PIPE.split(reader.lines[place].strip().strip("|")))
            return (tuple(column(_plain(cell)) for cell in cells), size + 1) if len(cells) == wanted else ((), 0)
    return (), 0


def _table(reader: _Reader, columns: tuple[Column | None, ...], size: int) -> None:
    line = reader.at + 1
    reader.at += size
    rows = []
    while (row := _row(reader, columns)) is not None:
        rows.append(row)
    names = tuple(kind or "other" for kind in columns)
    if names[0] != "name" or not {"type", "mandatory"} & set(names):
        reader.outline.drop_caption()
    else:
        number, caption = reader.outline.take_caption()
        kept = tuple(row for row in rows if row.text("name"))
        reader.gaps += [Gap(row.line, "a row without a name") for row in rows if not row.text("name")]
        outline = reader.outline
        reader.tables.append(Table(number, caption, line, names, kept, outline.section, outline.status))


def _row(reader: _Reader, columns: tuple[Column | None, ...]) -> Row | None:
    """The next row that has all its cells; None where the table ends."""
    wanted = len(columns)
    while reader.at < len(reader.lines) and _PIPE.search(reader.lines[reader.at]) and not _header(reader)[1]:
        first = reader.at + 1
        text = _row_text(reader, wanted)
        cells = _cells(text)
        if len(cells) == wanted:
            return Row(first, _named(columns, cells, text, first))
        reader.gaps.append(Gap(first, f"a row of {len(cells)} cells in a table of {wanted}: {cells[0][:64]!r}"))
    return None


def _row_text(reader: _Reader, wanted: int) -> str:
    """The text of one row, which may go on over lines until it has all its cells."""
    text = reader.lines[reader.at]
    reader.at += 1
    is_whole = text.strip().startswith("|") and text.strip().endswith("|")
    while not is_whole and (len(_cells(text)) < wanted or not _closed(text, wanted)):
        if reader.at >= len(reader.lines) or not _goes_on(reader):
            break
        text += "\n" + reader.lines[reader.at]
        reader.at += 1
    return text


def _goes_on(reader: _Reader) -> bool:
    line = reader.lines[reader.at]
    return bool(line.strip()) and not line.lstrip().startswith("#") and not _header(reader)[1]


def _closed(text: str, wanted: int) -> bool:
    """Whether a row that has all cells is at its end; without an outer pipe at its start it must end in one."""
    is_outer = text.lstrip().startswith("|")
    pipes = len(_PIPE.findall(text))
    return "\n" not in text or pipes >= (wanted + 1 if is_outer else wanted)


def _cells(text: str) -> list[str]:
    stripped = text.strip()
    stripped = stripped.removeprefix("|")
    stripped = stripped[:-1] if stripped.endswith("|") and not stripped.endswith("\\|") else stripped
    return [cell.strip() for cell in _PIPE.split(stripped)]


def _named(
    columns: tuple[Column | None, ...], cells: list[str], text: str, first: int
) -> dict[Column, tuple[Line, ...]]:
    """The cells by column, each line of a cell with the line of the page where it stands."""
    named: dict[Column, tuple[Line, ...]] = {}
    place = 0
    for kind, cell in zip(columns, cells, strict=True):
        place = max(text.find(cell, place), place)
        named[kind or "other"] = tuple(_lines(cell, first + text.count("\n", 0, place)))
        place += len(cell)
    return named


def _lines(cell: str, first: int) -> list[Line]:
    marked = _ITEM.sub("\n- ", cell)
    made = [
        (first + (0 if "<" in cell else place), *bullet(_plain(piece, keep=True)))
        for place, piece in enumerate(_BREAK.split(marked))
    ]
    return [Line(number, text, is_bullet) for number, text, is_bullet in made if text]


def _plain(text: str, *, keep: bool = False) -> str:
    """Markdown without tags, links and entities; `keep` leaves emphasis to the one who looks for bullets."""
    bare = html.unescape(_TAG.sub("", _LINK.sub(r"\1", text)))
    return bare if keep else clean(bare)
