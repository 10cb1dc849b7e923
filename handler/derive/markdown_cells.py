"""The cells of a Markdown row, and the lines of a cell: emphasis, links, entities and HTML lists are taken apart."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from handler.derive.page import Line, clean
from handler.derive.read_text import bullet, indent

if TYPE_CHECKING:
    from handler.derive.page import Column

PIPE = re.compile(r"(?<!\\)\|")
_BREAK = re.compile(r"(<[uo]l\b[^<>]*>|</[uo]l>|<li\b[^<>]*>)|<br\s*/?>|</p>|</li>|\n", re.IGNORECASE)
_TAG = re.compile(r"</?(?:p|ul|ol|li|b|i|em|strong|code|a|span|div|sup|sub)\b[^<>]*>", re.IGNORECASE)
_LINK = re.compile(r"!?\[([^\]\[]*)\]\([^()]*\)")


def cells_of(text: str) -> list[str]:
    """The cells of a row, without its outer bars."""
    stripped = text.strip()
    stripped = stripped.removeprefix("|")
    stripped = stripped[:-1] if stripped.endswith("|") and not stripped.endswith("\\|") else stripped
    return [cell.strip() for cell in PIPE.split(stripped)]


def by_column(columns: tuple[Column, ...], cells: list[str], text: str, first: int) -> dict[Column, tuple[Line, ...]]:
    """The cells by column, each line of a cell with the line of the page where it stands."""
    named: dict[Column, tuple[Line, ...]] = {}
    place = 0
    for kind, cell in zip(columns, cells, strict=True):
        place = max(text.find(cell, place), place)
        named[kind] = tuple(_lines(cell, first + text.count("\n", 0, place)))
        place += len(cell)
    return named


def _lines(cell: str, first: int) -> list[Line]:
    """A cell's paragraphs and bullets; lists may be HTML or indented text."""
    made, depth, number, is_item = [], 0, first, False
    for piece in _BREAK.split(cell):
        tag = (piece or "").lower()
        if tag.startswith(("<ul", "<ol", "</ul", "</ol")):
            depth += -1 if tag.startswith("</") else 1
        elif not tag.startswith("<li"):
            text, is_bullet = bullet(plain(piece or "", keep=True))
            is_item = is_item or is_bullet
            made += [Line(number, text, is_item, depth or indent(piece or "") * is_item)] if text or is_item else []
        is_item = tag.startswith("<li")
        number += 0 if "<" in cell or piece is None else 1
    return made


def plain(text: str, *, keep: bool = False) -> str:
    """Markdown without tags, links and entities; `keep` leaves emphasis to the one who looks for bullets."""
    bare = html.unescape(_TAG.sub("", _LINK.sub(r"\1", text)))
    return bare if keep else clean(bare)
