"""The cells of a Markdown row, and the lines of a cell: emphasis, links, entities and HTML lists are taken apart."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from handler.derive.page import TextLine, clean
from handler.derive.read_text import bullet, indent

if TYPE_CHECKING:
    from handler.derive.page import Column

PIPE = re.compile(r"(?<!\\)\|")
_BREAK = re.compile(r"(<[uo]l\b[^<>]*>|</[uo]l>|<li\b[^<>]*>)|<br\s*/?>|</p>|</li>|\n", re.IGNORECASE)
_TAG = re.compile(r"</?(?:p|ul|ol|li|b|i|em|strong|code|a|span|div|sup|sub)\b[^<>]*>", re.IGNORECASE)
_STEPS = {"<ul": 1, "<ol": 1, "</ul": -1, "</ol": -1}
_LINK = re.compile(r"!?\[([^\]\[]*)\]\([^()]*\)")


def cells_of(text: str) -> list[str]:
    """The cells of a row, without its outer bars."""
    stripped = text.strip()
    stripped = stripped.removeprefix("|")
    stripped = stripped[:-1] if stripped.endswith("|") and not stripped.endswith("\\|") else stripped
    return [cell.strip() for cell in PIPE.split(stripped)]


def by_column(
    columns: tuple[Column, ...], cells: list[str], text: str, first: int
) -> dict[Column, tuple[TextLine, ...]]:
    """The cells by column, each line of a cell with the line of the page where it stands."""
    named: dict[Column, tuple[TextLine, ...]] = {}
    place = 0
    for kind, cell in zip(columns, cells, strict=True):
        place = max(text.find(cell, place), place)
        named[kind] = tuple(_lines(cell, first + text.count("\n", 0, place)))
        place += len(cell)
    return named


def _lines(cell: str, first: int) -> list[TextLine]:
    """A cell's paragraphs and bullets; lists may be HTML or indented text."""
    made: list[TextLine] = []
    depth, number, is_item = 0, first, False
    for piece in _BREAK.split(cell):
        text = piece or ""
        step, is_start = _deeper(text), text.lower().startswith("<li")
        depth += step
        if not (step or is_start):
            made += _line(text, number, depth, is_item=is_item)
        is_item = is_start
        number += 0 if "<" in cell or piece is None else 1
    return made


def _deeper(text: str) -> int:
    """How much further in the text after a list's tag stands; 0 if this is no such tag."""
    return next((step for tag, step in _STEPS.items() if text.lower().startswith(tag)), 0)


def _line(piece: str, number: int, depth: int, *, is_item: bool) -> list[TextLine]:
    """A piece of a cell as the line it makes; none if it has no word and is no bullet."""
    text, is_marked = bullet(plain(piece, keep=True))
    is_bullet = is_item or is_marked
    return [TextLine(number, text, is_bullet, depth or indent(piece) * is_bullet)] if text or is_bullet else []


def plain(text: str, *, keep: bool = False) -> str:
    """Markdown without tags, links and entities; `keep` leaves emphasis to the one who looks for bullets."""
    bare = html.unescape(_TAG.sub("", _LINK.sub(r"\1", text)))
    return bare if keep else clean(bare)
