"""What a description says about a value: bounds, options, default, and what could not be read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from handler.derive import wording
from handler.derive.page import Gap, Line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Number = int | float
_LONGEST = 2000  # characters of one sentence; those of real pages stay below 600
Part = Literal["plain", "definition", "constraints", "range", "default"]
_PARTS: dict[str, Part] = {"d": "definition", "p": "definition", "c": "constraints", "o": "range"}


@dataclass
class Said:
    """Everything a description says; `plain_*` are bare `Minimum: 1`, whose meaning depends on the type."""

    plain_least: Number | None = None
    plain_most: Number | None = None
    span: tuple[Number | None, Number | None] | None = None
    length: tuple[Number | None, Number | None] | None = None
    items: tuple[Number, Number] | None = None
    options: list[str] = field(default_factory=list)
    default: str | None = None
    gaps: list[Gap] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)


def read_description(lines: Sequence[Line]) -> Said:
    """Read a description cell; sub-headings (Definition, Constraints, Range, Default Value) may be lines or inline."""
    said, part = Said(), "plain"
    blocks: list[tuple[Part, list[Line]]] = [("plain", [])]
    for line in _split(lines):
        found = wording.HEADING.fullmatch(line.text)
        if found and _is_heading(found, line):
            part = _part(found[1])
            blocks.append((part, []))
            line = Line(line.number, found[2] or "")  # noqa: PLW2901 - the rest of a heading line is its first line
        if line.text:
            blocks[-1][1].append(line)
    for part, block in blocks:
        _read_block(said, part, block)
    return said


def _split(lines: Sequence[Line]) -> list[Line]:
    return [Line(line.number, text, line.bullet) for line in lines for text in wording.INLINE_HEADING.split(line.text)]


def _is_heading(found: re.Match[str], line: Line) -> bool:
    """`Default: 10` and `Range: 1-5` say it on one line; `Options` only heads a list when nothing follows."""
    return not line.bullet and (found[2] is None or not found[1].lower().startswith("option"))


def _part(heading: str) -> Part:
    word = heading.lower()
    if "default" in word:
        return "default"
    return "range" if "range" in word else _PARTS[word[0]]


def _read_block(said: Said, part: Part, block: list[Line]) -> None:
    if part == "default":
        _read_default(said, block)
        return
    bullets = _options(said, part, block) if part != "constraints" else ()
    for line in block:
        if line not in bullets:
            for sentence in wording.sentences(line.text):
                _read_sentence(said, part, Line(line.number, sentence, line.bullet))


def _read_default(said: Said, block: list[Line]) -> None:
    """The first line after the heading is the default; further lines of a plain description follow it."""
    if not block:
        return
    first, *rest = block
    _take_default(said, first.number, first.text)
    for line in rest:
        for sentence in wording.sentences(line.text):
            _read_sentence(said, "plain", Line(line.number, sentence, line.bullet))


def _take_default(said: Said, line: int, text: str) -> None:
    plain = text.strip().rstrip(".").strip()
    if wording.NOTHING.fullmatch(plain):
        return
    found = wording.DEFAULT_WORD.fullmatch(plain)
    if found is None:
        said.gaps.append(Gap(line, f"default value not understood: {_quoted(plain)}"))
    elif said.default is None:
        said.default, said.lines["default"] = found[1].rstrip("."), line


def _options(said: Said, part: Part, block: list[Line]) -> tuple[Line, ...]:
    """Take the options that a block lists one a line; returns the lines that were one."""
    listed = tuple(line for line in block if line.bullet)
    pattern = wording.OPTION
    if not listed and part == "range":
        listed, pattern = tuple(block), wording.OPTION_EXPLAINED
    elif listed and part != "range" and not _announced(block, listed[0]):
        pattern = wording.OPTION_EXPLAINED
    found = [pattern.fullmatch(line.text) for line in listed]
    options = [match[1].rstrip(".") for match in found if match]
    if listed and len(options) == len(listed) and not _is_bounds(listed):
        _add_options(said, options, listed[0].number)
        return listed
    is_list = any(line.bullet for line in listed) and (part == "range" or _announced(block, listed[0]))
    if is_list and not _is_bounds(listed):
        unread = next((line for line, match in zip(listed, found, strict=True) if not match), listed[0])
        said.gaps.append(Gap(unread.number, f"option not understood: {_quoted(unread.text)}"))
        return listed
    return ()


def _announced(block: list[Line], first: Line) -> bool:
    """Whether the line before the bullets says that options follow."""
    before = block[block.index(first) - 1].text if block.index(first) else ""
    last = (wording.sentences(before) or [""])[-1]
    return bool(wording.OPTIONS_FOLLOW.fullmatch(last.rstrip(":"))) or before.rstrip().endswith((":", "\uff1a"))


def _is_bounds(lines: Sequence[Line]) -> bool:
    patterns = (wording.LEAST, wording.MOST, wording.SPAN_ONLY)
    return any(pattern.match(line.text) for line in lines for pattern in patterns)


def _add_options(said: Said, options: list[str], line: int) -> None:
    """A list of options; a second one that differs from the first is not understood."""
    unique = list(dict.fromkeys(options))
    if said.options and set(said.options) != set(unique):
        said.gaps.append(Gap(line, "a second list of options, different from the first"))
        return
    said.options = said.options or unique
    said.lines.setdefault("options", line)


def _read_sentence(said: Said, part: Part, line: Line) -> None:
    text = line.text.rstrip(":").strip()
    if len(text) > _LONGEST:
        said.gaps.append(Gap(line.number, f"too long to be read: {_quoted(text)}"))
        return
    if wording.NOTHING.fullmatch(text) or _is_mere_prose(said, part, line, text):
        return
    if any(reader(said, part, line.number, text) for reader in _READERS):
        return
    is_bound = wording.BOUND_WORDS.search(text) and re.search(r"\d", text)
    if part == "range" or is_bound:
        said.gaps.append(Gap(line.number, f"not understood: {_quoted(text)}"))


def _is_mere_prose(said: Said, part: Part, line: Line, text: str) -> bool:
    """Whether the text only announces a list, or sends the reader elsewhere."""
    del said, line
    return bool(wording.OPTIONS_FOLLOW.fullmatch(text)) or (
        part == "range" and text.lower().startswith(("for details", "for more", "note"))
    )


def _plain_bounds(said: Said, _part: Part, line: int, text: str) -> bool:
    if found := wording.LEAST_MOST.fullmatch(text):
        return _plain_bounds(said, _part, line, found[1]) and _plain_bounds(said, _part, line, found[3])
    if found := wording.LEAST.fullmatch(text):
        said.plain_least = wording.number(found[1])
    elif found := wording.MOST.fullmatch(text):
        said.plain_most = wording.number(found[1])
    else:
        return False
    said.lines.setdefault("plain", line)
    return True


def _items(said: Said, _part: Part, line: int, text: str) -> bool:
    found = wording.ARRAY_LENGTH.fullmatch(text) or wording.ELEMENTS.fullmatch(text)
    if found:
        least, most = (number for number in found.groups() if number)
        said.items, said.lines["items"] = (wording.number(least), wording.number(most)), line
    return bool(found)


def _length(said: Said, part: Part, line: int, text: str) -> bool:
    if found := wording.LENGTH.fullmatch(text):
        least, most = [group for group in found.groups() if group and group[-1].isdigit()][:2]
        said.length = wording.number(least), wording.number(most)
    elif found := wording.LENGTH_MOST.fullmatch(text):
        said.length = None, wording.number(found[1])
    elif part == "range" and (found := wording.LENGTH_EXACT.fullmatch(text)):
        said.length = wording.number(found[1]), wording.number(found[1])
    else:
        return False
    said.lines["length"] = line
    return True


def _span(said: Said, part: Part, line: int, text: str) -> bool:
    found = wording.RANGE.fullmatch(text) or (wording.SPAN_ONLY.fullmatch(text) if part in ("plain", "range") else None)
    if found:
        least, most = [group for group in found.groups() if group][:2]
        said.span = wording.number(least), wording.number(most)
    elif found := wording.AT_LEAST.fullmatch(text):
        said.span = wording.number(found[1]), said.span[1] if said.span else None
    elif found := wording.AT_MOST.fullmatch(text):
        said.span = said.span[0] if said.span else None, wording.number(found[1])
    else:
        return False
    said.lines["span"] = line
    return True


def _listed(said: Said, part: Part, line: int, text: str) -> bool:
    found = wording.LIST_IN.fullmatch(text)
    options = wording.words(text if part == "range" and wording.LIST.fullmatch(text) else found[1] if found else "")
    if options:
        _add_options(said, options, line)
    return bool(options)


def _default(said: Said, _part: Part, line: int, text: str) -> bool:
    found = wording.DEFAULT.fullmatch(text) or wording.DEFAULT_IN.fullmatch(text)
    if found:
        _take_default(said, line, found[1])
    return bool(found)


def _quoted(text: str) -> str:
    """A few words of the page, so that its reader finds the place."""
    return repr(text if len(text) <= 60 else text[:57] + "...")


_READERS: tuple[Callable[[Said, Part, int, str], bool], ...] = (
    _plain_bounds,
    _items,
    _length,
    _default,
    _span,
    _listed,
)
