"""What a description says about a value: bounds, values, default, and what could not be read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from handler.derive import announce, words
from handler.derive.cell import Block, blocks
from handler.derive.page import Line
from handler.derive.sentence import NOTHING, Claim, Said, quoted, read_sentence, sentences

if TYPE_CHECKING:
    from collections.abc import Sequence


_SENTENCE = re.compile(r"[A-Z]\w*\.")  # a sentence of one word, beside others of more


@dataclass
class _Item:
    """A bullet and the bullets inside of it."""

    line: Line
    inner: list[Line] = field(default_factory=list)


def read_description(lines: Sequence[Line]) -> Said:
    """Everything that the lines of a description cell say, and what of it could not be read."""
    said = Said()
    is_first = True
    for block in blocks(lines, said.gaps):
        known = said.extent()
        if block.part == "default":
            _read_default(said, block)
        elif not block.lines:
            said.unclear(block.line, f"nothing stands below the heading of {block.part}; was a list lost?")
        else:
            _read_block(said, block, is_first=is_first)
            if block.part == "range" and said.extent() == known and not _is_nothing(block):
                said.unclear(block.line, "no range stands below the heading of range; was a list lost?")
        is_first = is_first and not block.lines
    return said


def _is_nothing(block: Block) -> bool:
    """Whether a block says that there is nothing to say."""
    return any(NOTHING.fullmatch(text) for line in block.lines for text in sentences(line.text))


def _read_default(said: Said, block: Block) -> None:
    """The first line below the heading is the default; further lines are read like any description."""
    if not block.lines:
        said.gap(block.line, "nothing stands below the heading of the default value")
        return
    first, *rest = block.lines
    said.take_default(first.number, first.text)
    _read_block(said, Block("plain", block.line, rest), is_first=False)


def _read_block(said: Said, block: Block, *, is_first: bool) -> None:
    """Paragraphs sentence by sentence, bullets as lists with the sentence before them."""
    if block.part == "range" and _is_unmarked_list(block.lines):
        _announced(said, block.lines)
        return
    lead, at = "" if block.part == "range" else None, 0
    while at < len(block.lines):
        line = block.lines[at]
        if line.bullet:
            end = _end_of_list(block.lines, at)
            _read_list(said, block, block.lines[at:end], lead)
            lead, at = None, end
            continue
        at += 1
        is_followed = at < len(block.lines) and block.lines[at].bullet
        lead = _read_paragraph(said, block, line, is_first=is_first and at == 1, is_followed=is_followed)


def _is_unmarked_list(lines: Sequence[Line]) -> bool:
    """Whether all lines below `Range` are values with their meanings: `red: like a rose`."""
    return len(lines) > 1 and not any(line.bullet or not words.explained(line.text) for line in lines)


def _read_paragraph(said: Said, block: Block, line: Line, *, is_first: bool, is_followed: bool) -> str | None:
    """Read a paragraph; returns its last sentence, which may announce the bullets that follow."""
    parts = sentences(line.text)
    for place, text in enumerate(parts):
        is_last = place == len(parts) - 1
        if not announce.opens_list(text):
            read_sentence(said, block.part, Line(line.number, text), is_first=is_first and place == 0)
        elif not (is_last and is_followed):
            said.unclear(line.number, f"values are announced, and none follow: {quoted(text)}")
    return parts[-1] if parts else None


def _end_of_list(lines: Sequence[Line], start: int) -> int:
    """Where a list ends: at a line that is no bullet, or a bullet further out."""
    depth = lines[start].depth
    return next((at for at in range(start, len(lines)) if not lines[at].bullet or lines[at].depth < depth), len(lines))


def _read_list(said: Said, block: Block, lines: Sequence[Line], lead: str | None) -> None:
    """Bullets that a sentence or `Range` itself announces are the values; others may be, or are prose.

    `lead` is the sentence before them, empty for the heading itself.
    """
    items = _items(lines)
    values = [words.option(item.line.text) for item in items]
    is_lone_number = len(items) == 1 and values[0] is not None and words.is_number(values[0])
    is_announced = (lead == "" and not is_lone_number) or (lead and announce.opens_list(lead))
    if is_announced and (lead or any(values)):
        _announced(said, [item.line for item in items], nested=any(item.inner for item in items))
        return
    is_prose = None in values or any(item.inner for item in items)
    found = []
    for item, value in zip(items, values, strict=True):
        if value is None or item.inner or (is_prose and _SENTENCE.fullmatch(item.line.text)):
            _read_item(said, block, item)
        else:
            found.append((value, item.line))
    if found:
        text = f"bullets that nothing calls the values: {quoted(found[0][1].text)}"
        said.claims.append(Claim("list", tuple(value for value, _ in found), found[0][1].number, text))


def _items(lines: Sequence[Line]) -> list[_Item]:
    items: list[_Item] = []
    for line in lines:
        if items and line.depth > lines[0].depth:
            items[-1].inner.append(line)
        else:
            items.append(_Item(line))
    return items


def _read_item(said: Said, block: Block, item: _Item) -> None:
    """A bullet that is prose, and may announce the bullets inside of it."""
    part = "plain" if block.part == "range" and item.inner else block.part
    lead = _read_paragraph(said, Block(part), item.line, is_first=False, is_followed=bool(item.inner))
    if item.inner:
        _read_list(said, Block(part), item.inner, lead or None)


def _announced(said: Said, lines: Sequence[Line], *, nested: bool = False) -> None:
    """Values that the cell says are the values; one that is none, or has a list of its own, spoils them all."""
    values = [words.option(line.text) for line in lines]
    unread = next((line for line, value in zip(lines, values, strict=True) if value is None), None)
    if unread or nested:
        line = unread or lines[0]
        if len(lines) > 1 or not NOTHING.fullmatch(line.text.rstrip(".")):
            said.unclear(line.number, f"value not understood: {quoted(line.text)}")
        return
    kept = tuple(dict.fromkeys(value for value in values if value is not None))
    said.claims.append(Claim("says", kept, lines[0].number, quoted(lines[0].text)))
    marked = [value for line, value in zip(lines, values, strict=True) if value and words.is_default(line.text)]
    if len(marked) == 1:
        said.defaults.append((marked[0], lines[0].number))
    else:
        for line in lines:
            said.hint_of_default(line.number, line.text)
