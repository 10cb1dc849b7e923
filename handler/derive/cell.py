"""A description cell cut into its parts: what stands below Definition, Constraints, Range and Default Value.

A page writes these headings as lines, as bullets, before a colon, or, in some Markdown, run into the text without one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from handler.derive import words
from handler.derive.page import Gap, Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Part = Literal["plain", "definition", "constraints", "range", "default"]
_NAMES = r"(Definition|Parameter description|Constraints?|(?:Value )?Range|Options?|Default(?: value)?)"
_HEADING = re.compile(rf"{_NAMES}\s*(?:[:\uff1a]\s*(.*))?", re.IGNORECASE | re.DOTALL)
_PARTS: dict[str, Part] = {"d": "definition", "p": "definition", "c": "constraints", "o": "range"}
# A heading, or a bound of its own, that follows text on the same line.
_INSIDE = re.compile(
    r"(?<=\S)\s+(?:-\s+)?(?=(?:Definition|Parameter description|Constraints?|Options|Value [Rr]ange|Range"
    r"|Default(?: [Vv]alue)?|Min(?:imum)?(?: value| length)?|Max(?:imum)?(?: value| length)?|(?:Array|List) [Ll]ength"
    r"|Enumerat(?:ed|ion) [Vv]alues?)\s*[:\uff1a])"
)
_RUN = re.compile(r"(?<!\S)(Definition|Parameter description|Constraints|Range|Default Value)(?!\S)")
_ORDER = ("Definition", "Parameter description", "Constraints", "Range", "Default Value")
# Where a page was run into one line, a sentence may begin without a full stop before it.
BEGINNING = re.compile(
    r"(?<=[\w)])\s+(?=(?:The (?:options|values?|value range|default value)|Its values?|Options (?:are|include)|"
    r"It can be|Possible values|Enumerat(?:ed|ion) values|Value range|The following (?:values|options)|"
    r"If |When |For example)\b)"
)
_MEANING_ENDS = re.compile(r"(?<=[.;])\s+(?=[A-Z])")
_MARK = re.compile(r"(?:^|\s+)[*\u2022\u25cf\u25aa\u25e6\u00b7\u25cb\u25a0]\s+")
_MOST_DASHES = 2  # one may stand in a sentence
_DASH = re.compile(r"\s+-\s+")


@dataclass
class Block:
    """The lines below one heading. `line` is where the heading stands; 0 for what comes before the first."""

    part: Part
    line: int = 0
    lines: list[Line] = field(default_factory=list)


def blocks(lines: Sequence[Line], gaps: list[Gap]) -> list[Block]:
    """The parts of a cell in their order; what cannot be cut goes to `gaps`."""
    made = [Block("plain")]
    pieces = list(_pieces(lines, gaps))
    has_bullet_headings = any(line.bullet and _bullet_heading(line, certain=False) for line in pieces)
    depth, is_open = 0, False
    for line in pieces:
        found = _heading(line, certain=has_bullet_headings)
        if found:
            made.append(Block(_part(found[1]), line.number))
            depth, is_open = line.depth, not (line.bullet and found[2])
            line = Line(line.number, (found[2] or "").strip())  # noqa: PLW2901 - what follows it on its line
        elif line.bullet and line.depth <= depth and made[-1].line and not is_open:
            made.append(Block("plain"))
        else:
            is_open = is_open and (not made[-1].line or line.depth <= depth)
        if line.text or line.bullet:
            made[-1].lines.append(line)
    return _merged(made)


def _part(heading: str) -> Part:
    word = heading.lower()
    if "default" in word:
        return "default"
    return "range" if "range" in word else _PARTS[word[0]]


def _heading(line: Line, *, certain: bool) -> re.Match[str] | None:
    """`Default: 10` and `Range: 1-5` say it on one line; `Options` only heads a list when nothing follows."""
    if line.bullet:
        return _bullet_heading(line, certain=certain)
    found = _HEADING.fullmatch(line.text) if line.text[:1].isupper() else None
    return found if found and (found[2] is None or not found[1].lower().startswith("option")) else None


def _bullet_heading(line: Line, *, certain: bool) -> re.Match[str] | None:
    """A bullet that is a heading; `Default` and `Options` are values as well, so others must show what is meant."""
    found = _HEADING.fullmatch(line.text) if line.text[:1].isupper() else None
    if found is None or certain:
        return found
    is_value_too = found[1].lower() in ("default", "option", "options")
    return None if is_value_too else found


def _merged(made: list[Block]) -> list[Block]:
    """Blocks of one part that follow each other are one: `Options:` above `Value range: 0-5`."""
    kept: list[Block] = []
    for block in made:
        if kept and kept[-1].part == block.part != "default":
            kept[-1].lines += block.lines
        elif block.lines or block.part != "plain":
            kept.append(block)
    return kept


def _pieces(lines: Iterable[Line], gaps: list[Gap]) -> Iterator[Line]:
    """The lines, where one holds several things each of them."""
    for line in lines:
        for part in _run(line, gaps):
            for item in _bullets(part):
                for place, text in enumerate(_INSIDE.split(item.text)):
                    inner = Line(line.number, text, item.bullet and place == 0, item.depth * (place == 0))
                    yield from _dashes(inner, gaps)


def _run(line: Line, gaps: list[Gap]) -> list[Line]:
    """`Definition A thing. Constraints N/A Range 1 to 5 Default Value 1`: each heading once and in this order."""
    found = list(_RUN.finditer(line.text))
    if line.bullet or not found or line.text in _ORDER:
        return [line]
    places = [_ORDER.index(heading[1]) for heading in found]
    if found[0].start() or places != sorted(set(places)):
        gaps.append(Gap(line.number, f"headings that cannot be told from the text: {line.text[:60]!r}"))
        return []
    ends = [heading.start() for heading in found[1:]] + [len(line.text)]
    cut = zip(found, ends, strict=True)
    return [Line(line.number, f"{head[1]}: {line.text[head.end() : end].strip()}") for head, end in cut]


def _bullets(line: Line) -> Iterator[Line]:
    """A list on one line, `as follows: * host * container`, bullet by bullet."""
    first, *items = _MARK.split(line.text)
    if not items or not (first.rstrip().endswith((":", "\uff1a")) or len(items) > 1 or line.bullet):
        yield line
        return
    if first.strip():
        yield Line(line.number, first.strip(), line.bullet, line.depth)
    for place, item in enumerate(items, 1):
        yield from _item(
            Line(line.number, item.strip(), bullet=True, depth=line.depth + 1), is_last=place == len(items)
        )


def _item(item: Line, *, is_last: bool) -> Iterator[Line]:
    """A bullet inside of a line; nothing tells where its text ends, so what begins like a sentence is one."""
    text, *rest = [
        part for whole in BEGINNING.split(item.text) for part in (_MEANING_ENDS.split(whole) if is_last else [whole])
    ]
    yield Line(item.number, text, item.bullet, item.depth)
    yield from (Line(item.number, more) for more in rest)


def _dashes(line: Line, gaps: list[Gap]) -> Iterator[Line]:
    """`as follows: - host - container`. A dash may stand before a meaning too: then nothing of it is sure."""
    first, colon, rest = line.text.partition(": - ")
    items = _DASH.split(rest)
    if line.bullet or (not colon and len(_DASH.findall(line.text)) < _MOST_DASHES):
        yield line
    elif colon and ((len(items) % 2 and len(items) > 1) or all(words.explained(item) for item in items)):
        yield Line(line.number, first + ":")
        for place, item in enumerate(items, 1):
            yield from _item(Line(line.number, item.strip(), bullet=True, depth=1), is_last=place == len(items))
    else:
        gaps.append(Gap(line.number, f"dashes that may begin a value or its meaning: {line.text[:60]!r}"))
        yield Line(line.number, first if colon else "")
