"""Content written in a dialect and fitted into a target's limit: the way of every target that takes one text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.named_tuple import NamedTuple
from handler.sinks.message import PLAIN
from handler.sinks.text.dialects import PLAIN_TEXT, Dialect, escape_plain
from handler.sinks.text.fitting import Entry, Fitted, TextBlock, and_more, fit_blocks
from handler.sinks.text.wording import Content, Section, content_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from handler.sinks.sink import Notification, Sink
    from handler.sinks.text.lines import MessageLine

LEAST_ROOM, PLAIN_ROOM = 1000, 700  # below this nothing useful can be said
HEX_COLOURS = {"bad": "#c0392b", "unknown": "#e67e22", "good": "#27ae60"}
ICONS = {"bad": "\U0001f534", "unknown": "\u26a0", "good": "\u2705"}


class Written(NamedTuple):
    """Content in a dialect, cut to size: every part is escaped and ready to be joined."""

    title: str
    summary: str
    sections: tuple[Fitted, ...]
    footer: tuple[str, ...]


def write(
    content: Content,
    dialect: Dialect,
    room: int,
    size: Callable[[str], int] = len,
    gap: int = 2,
    longest: int = 4000,
    *,
    plain: bool = False,
) -> Written:
    """The content within `room`: title, summary and footer first, the lines share what is left.

    Details are left out of a line that would be `longest` or more with them. `plain`: no icon before the title.
    """
    icon = "" if plain else ICONS[content.tone] + " "
    title, summary = icon + dialect.escape(content.title), dialect.escape(content.summary)
    footer = tuple(dialect.escape(line) for line in content.footer)
    fixed = sum(size(part) + gap for part in (title, summary, *footer)) + 8
    blocks = [_block(section, dialect, longest, size) for section in content.sections]
    return Written(title, summary, fit_blocks(blocks, room - fixed, size, _more(dialect), gap), footer)


def _more(dialect: Dialect) -> Callable[[int], str]:
    return lambda count: dialect.bullet + dialect.escape(and_more(count))


def _block(section: Section, dialect: Dialect, longest: int, size: Callable[[str], int]) -> TextBlock:
    entries = tuple(_entry(item, dialect, longest, size) for item in section.items)
    heading = dialect.bold(dialect.escape(section.heading))
    return TextBlock(heading, entries, section.omitted, first=not section.findings, last=section.last)


def _entry(item: MessageLine, dialect: Dialect, longest: int, size: Callable[[str], int]) -> Entry:
    full, short = entry_text(item, dialect), head_text(item, dialect)
    return Entry(full if size(full) < longest else short, short, item.stands_for)


def head_text(item: MessageLine, dialect: Dialect) -> str:
    """The first line of an item."""
    lead = dialect.bold(dialect.escape(item.lead)) + " " if item.lead else ""
    return f"{dialect.bullet}{lead}{dialect.escape(item.text)}"


def entry_text(item: MessageLine, dialect: Dialect) -> str:
    """An item with its details, each on a line of its own."""
    return (dialect.newline + dialect.indent).join((head_text(item, dialect), *detail_texts(item, dialect)))


def detail_texts(item: MessageLine, dialect: Dialect) -> Iterable[str]:
    """Why, what to do, since when, where, and links."""
    links = [dialect.link(label, url) for label, url in item.links]
    return (*(dialect.escape(detail) for detail in item.details), *links)


def one_text(written: Written, dialect: Dialect) -> str:
    """The whole message as one text."""
    return dialect.newline.join((dialect.bold(written.title), body_text(written, dialect)))


def body_text(written: Written, dialect: Dialect) -> str:
    """The message without its title."""
    sections = [dialect.newline.join((section.heading, *section.lines)) for section in written.sections]
    parts = (written.summary, *sections, dialect.newline.join(written.footer))
    return dialect.paragraph.join(part for part in parts if part)


def text_message(
    notification: Notification, sink: Sink, shrink: int, dialect: Dialect, limit: int, size: Callable[[str], int] = len
) -> str:
    """What a target of one text receives, in at most `limit` as `size` counts; `PLAIN` gives it without markup."""
    if shrink >= PLAIN:
        return plain_text(notification, sink, limit, size, dialect.escape)
    written = write(
        content_of(notification, sink, shrink), dialect, room_at(limit, shrink), size, gap=_gap(dialect, size)
    )
    return one_text(written, dialect)


def plain_text(
    notification: Notification,
    sink: Sink,
    limit: int,
    size: Callable[[str], int] = len,
    escape: Callable[[str], str] = escape_plain,
) -> str:
    """The minimal message: few lines and no markup but what `escape` needs to keep text inert."""
    dialect = PLAIN_TEXT._replace(escape=escape)
    return one_text(
        write(content_of(notification, sink, PLAIN), dialect, room_at(limit, PLAIN), size, plain=True), dialect
    )


def room_at(limit: int, shrink: int) -> int:
    """How much a message may hold: half as much at each step."""
    return min(limit, PLAIN_ROOM) if shrink >= PLAIN else max(min(limit, LEAST_ROOM), limit >> shrink)


def _gap(dialect: Dialect, size: Callable[[str], int]) -> int:
    return max(size(dialect.newline), size(dialect.paragraph))
