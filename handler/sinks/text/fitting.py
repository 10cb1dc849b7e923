"""Fitting a message into a target's limit by whole lines; nothing is ever cut inside a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from handler.sinks.message import SinkMessage

_LEAST_LINES = 5


class Entry(NamedTuple):
    """A line, ready to send, in its full and its short form; `stands_for` counts the findings it tells."""

    full: str
    short: str
    stands_for: int = 1


class TextBlock(NamedTuple):
    """A heading with its lines. `omitted` are told by number only.

    `first` blocks are served before the others, `last` ones after them.
    """

    heading: str
    entries: tuple[Entry, ...]
    omitted: int = 0
    first: bool = False
    last: bool = False


class Fitted(NamedTuple):
    """What is left of a block: its lines, the last of them `and N more` where some are missing."""

    heading: str
    lines: tuple[str, ...]


def fit_blocks(
    blocks: Sequence[TextBlock], room: int, size: Callable[[str], int], more: Callable[[int], str], gap: int = 1
) -> tuple[Fitted, ...]:
    """The blocks, in order, within `room` as `size` counts it; each line and heading costs `gap` on top.

    Headings and their numbers come before any line, so that what is cut is still counted; a heading without room is
    left out. Then every line gets its short form while there is room, `first` blocks before the others but with no
    more than half of it; what is left goes to full forms, from the top. `last` blocks share what is left after that.
    """
    order = sorted(range(len(blocks)), key=lambda at: (blocks[at].last, not blocks[at].first))
    left, kept = room, []
    for at in order:
        cost = size(blocks[at].heading) + size(more(_weight(blocks[at]))) + 2 * gap
        if cost <= left:
            left -= cost
            kept.append(at)
    shown: dict[int, list[str]] = {}
    for last in (False, True):
        served = {at: blocks[at] for at in kept if blocks[at].last is last}
        left = _serve(served, shown, left, size, gap)
    return tuple(_fitted(blocks[at], shown[at], more) for at in sorted(kept))


def _serve(
    blocks: Mapping[int, TextBlock], shown: dict[int, list[str]], left: int, size: Callable[[str], int], gap: int
) -> int:
    """Give each block its lines, short ones first; what is left of the room."""
    for at, block in blocks.items():
        shown[at] = _short_forms(block.entries, left // 2 if block.first else left, size, gap)
        left -= sum(size(line) + gap for line in shown[at])
    for at in sorted(blocks):
        left = _lengthen(shown[at], blocks[at].entries, left, size)
    return left


def _short_forms(entries: Sequence[Entry], room: int, size: Callable[[str], int], gap: int) -> list[str]:
    lines: list[str] = []
    for entry in entries:
        room -= size(entry.short) + gap
        if room < 0:
            break
        lines.append(entry.short)
    return lines


def _lengthen(lines: list[str], entries: Sequence[Entry], room: int, size: Callable[[str], int]) -> int:
    """Give lines their full form, in order, as far as the room goes; what is left of it."""
    for at, entry in enumerate(entries[: len(lines)]):
        extra = size(entry.full) - size(entry.short)
        if extra > room:
            return 0
        lines[at] = entry.full
        room -= extra
    return room


def _weight(block: TextBlock) -> int:
    return block.omitted + sum(entry.stands_for for entry in block.entries)


def _fitted(block: TextBlock, lines: list[str], more: Callable[[int], str]) -> Fitted:
    missing = block.omitted + sum(entry.stands_for for entry in block.entries[len(lines) :])
    return Fitted(block.heading, (*lines, more(missing)) if missing else tuple(lines))


def size_bytes(text: str) -> int:
    """How many bytes of UTF-8 the text takes."""
    return len(text.encode())


def and_more(count: int) -> str:
    """`and 12 more`."""
    return f"and {count} more"


def lines_at(most: int, shrink: int) -> int:
    """How many lines a step of `shrink` lists: half as many each time, but not below five."""
    return max(min(_LEAST_LINES, most), most >> shrink)


def pack(lines: Iterable[str], limit: int, size: Callable[[str], int] = len, newline: str = "\n") -> list[str]:
    """Texts of at most `limit`, each of one or more whole lines; a line that is longer alone stays alone."""
    texts: list[str] = []
    for line in lines:
        joined = f"{texts[-1]}{newline}{line}" if texts else line
        if texts and size(joined) <= limit:
            texts[-1] = joined
        else:
            texts.append(line)
    return texts


def smallest_that_fits(render: Callable[[int], SinkMessage], limit: int) -> SinkMessage:
    """The first of `render(room)` whose body has at most `limit` bytes, with ever less room for the lines."""
    room = limit
    message = render(room)
    while len(message.body) > limit and room > 0:
        room = room * 3 // 4
        message = render(room)
    return message
