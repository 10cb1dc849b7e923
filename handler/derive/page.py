"""What every form of page is read into: lines, rows and tables, each knowing its line number."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Column = Literal["name", "mandatory", "type", "description", "range", "default", "example", "label", "other"]
Role = Literal["path", "query", "header", "body", "answer", "answer_header", "structure", "unclear"]
_COLUMNS: tuple[tuple[Column, re.Pattern[str]], ...] = (
    ("mandatory", re.compile(r"(is )?(mandatory|required|optional)\b.{0,20}", re.IGNORECASE)),
    ("type", re.compile(r"(parameter |data |value |field |param )?type", re.IGNORECASE)),
    ("name", re.compile(r"(parameter|name|field|key|attribute|element|header)s?( name)?", re.IGNORECASE)),
    ("description", re.compile(r"descriptions?|remarks?|meaning|explanation", re.IGNORECASE)),
    ("range", re.compile(r"(value )?range|valid values?", re.IGNORECASE)),
    ("default", re.compile(r"default( value)?", re.IGNORECASE)),
    ("example", re.compile(r"(example|sample)( values?)?", re.IGNORECASE)),
    ("other", re.compile(r"location|in|position", re.IGNORECASE)),
)


@dataclass(frozen=True, slots=True)
class Gap:
    """Something in the page that could not be read, at its line (0: the whole page)."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class Line:
    """One paragraph or bullet of a cell, without markup. A greater `depth` is deeper inside of other bullets."""

    number: int
    text: str
    bullet: bool = False
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a parameter table, cell by column."""

    line: int
    cells: Mapping[Column, tuple[Line, ...]]

    def text(self, column: Column) -> str:
        """The cell's text on one line; empty where the table has no such column."""
        return " ".join(line.text for line in self.cells.get(column, ())).strip()


@dataclass(frozen=True, slots=True)
class Table:
    """One parameter table. `section` is `uri`, `request`, `response` or `other`; `status` the code it stands under."""

    number: int | None
    caption: str
    line: int
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    section: str = "other"
    status: str | None = None
    label: str = ""

    @property
    def title(self) -> str:
        """How a message names this table."""
        return f"table {self.number}" if self.number is not None else f"the table at line {self.line}"


@dataclass(frozen=True, slots=True)
class Page:
    """A vendor's page on one API."""

    cloud: str
    title: str
    revision: str
    method: str
    path: str
    tables: tuple[Table, ...] = ()
    gaps: tuple[Gap, ...] = field(default=())


def column(text: str) -> Column | None:
    """Which column a header cell names, None if it names none."""
    plain = clean(text)
    return next((name for name, pattern in _COLUMNS if pattern.fullmatch(plain)), None)


def columns_of(header: Sequence[str], line: int) -> tuple[tuple[Column, ...], list[Gap]]:
    """What the columns of a parameter table are, and those that are not read; none at all if it is no such table."""
    kinds = [column(text) for text in header]
    if not kinds or kinds[0] != "name" or not {"type", "mandatory"} & set(kinds):
        return (), []
    lost = [
        text for place, (text, kind) in enumerate(zip(header, kinds, strict=True))
        if kind in (None, "other") or kind in kinds[:place]
    ]  # fmt: skip
    made: list[Column] = [kind if kind and kind not in kinds[:at] else "other" for at, kind in enumerate(kinds)]
    return tuple(made), [Gap(line, f"a column of this table is not read: {clean(text)[:64]!r}") for text in lost]


def clean(text: str) -> str:
    """Text without emphasis, code marks, backslash escapes and odd spaces."""
    spaced = re.sub(r"[\s\u00a0\u200b\u3000\ufeff]+", " ", text.replace("\u00b6", ""))
    bare = re.sub(r"\*\*|``?|(?<!\w)\*(?=\S)|(?<=\S)\*(?!\w)", "", spaced)
    return re.sub(r"\\([\\`*_{}\[\]()#+.!|<>~-])", r"\1", bare).strip()
