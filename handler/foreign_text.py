"""Makes text that somebody else wrote harmless: one short line of characters that can be seen.

Messages, reports, errors and logs all ask here. What a target needs on top of that, escaping or quoting, is done by
whoever writes for that target, and afterwards.
"""

from __future__ import annotations

import unicodedata
from typing import Any, Final
from urllib.parse import quote, urlsplit

ELLIPSIS: Final = "…"
UNSEEN: Final = "\ufffd"  # stands for what cannot be seen, where a reader is to notice that something was there
_MARKS: Final = frozenset({"Mn", "Mc", "Me"})
_LONGEST_URL: Final = 400
_FEW: Final = 8
_LONGEST_MARK_RUN: Final = 16  # no writing system stacks more; longer runs are an attack on the layout


def one_line(text: str, longest: int, *, unseen: str = "") -> str:
    """The text on one line of at most `longest` code points; what is cut ends in `…`.

    White space becomes single blanks. `unseen` stands for each other character that cannot be seen.
    """
    if len(text) <= longest and text.isprintable() and "  " not in text and text.strip() == text:
        return text
    head = text[: 8 * longest + 64]  # much of it may be white space
    line = " ".join(visible(head, unseen=unseen).split())
    return cut(line if len(head) == len(text) else line + ELLIPSIS, longest)


def visible(text: str, *, unseen: str) -> str:
    """The text with blanks as its only white space, and `unseen` for each other character that cannot be seen.

    Those are controls, what turns the direction of text or has no width, lone surrogates, and code points without a
    meaning.
    """
    if text.isprintable():
        return text
    instead = {char: " " if char.isspace() else unseen for char in set(text) if not char.isprintable()}
    if len(instead) > _FEW:
        return text.translate({ord(char): other for char, other in instead.items()})
    for char, other in instead.items():  # a search for one is many times as fast as a look at each
        text = text.replace(char, other)
    return text


def safe_url(url: str) -> str:
    """The http(s) URL with every character percent-encoded that means something in a chat or in Markdown.

    Else an empty text: such an address is no link.
    """
    if len(url) > _LONGEST_URL or not url.isprintable():
        return ""
    try:
        parts = urlsplit(url)
        allowed = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return ""
    return quote(url, safe=":/?#!$&+,;=%-._~") if allowed else ""


def encodable(value: Any) -> Any:
    """The same JSON value with U+FFFD for each half surrogate pair, which JSON can write and no encoding can."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [encodable(one) for one in value]
    if isinstance(value, dict):
        return {encodable(key): encodable(one) for key, one in value.items()}
    return value


def cut(text: str, longest: int) -> str:
    """The text, or its beginning up to a boundary between two characters as people see them, and `…`."""
    if len(text) <= longest:
        return text
    end = max(0, longest - 1)
    lowest = max(0, end - _LONGEST_MARK_RUN)
    while end > lowest and _joins(text, end):
        end -= 1
    return text[:end].rstrip() + ELLIPSIS


def _joins(text: str, at: int) -> bool:
    """Whether the code points before and at this place belong to one visible character."""
    char = text[at]
    if unicodedata.category(char) in _MARKS or "\U0001f3fb" <= char <= "\U0001f3ff":
        return True
    flags = 0
    while at - flags > 0 and _is_flag_half(text[at - flags - 1]):
        flags += 1
    return _is_flag_half(char) and flags % 2 == 1


def _is_flag_half(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"
