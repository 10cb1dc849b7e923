"""Untrusted text made harmless and short, before any dialect escapes it."""

from __future__ import annotations

import unicodedata
from urllib.parse import quote, urlsplit

ELLIPSIS = "…"
ZERO_WIDTH_SPACE = "\u200b"
_UNSEEN = frozenset(
    {"Cc", "Cf", "Cs", "Co", "Cn"}
)  # control, format (bidi, zero width), surrogate, private, unassigned
_BLANKS = frozenset({"Zl", "Zp", "Zs"})
_MARKS = frozenset({"Mn", "Mc", "Me"})
_LONGEST_MARK_RUN = 16  # no writing system stacks more; longer runs are an attack on the layout
_LONGEST_URL = 400


def clean(text: str, limit: int) -> str:
    """One line without control, direction and zero-width characters, at most `limit` code points, cut with `…`."""
    head = text[: limit * 8 + 64]
    kept = head if head.isprintable() else "".join(map(_visible, head))
    return cut(" ".join(kept.split()), limit)


def _visible(char: str) -> str:
    if char in "\t\n\r\v\f\x85":
        return " "
    if " " <= char <= "~":
        return char
    sort = unicodedata.category(char)
    if sort in _UNSEEN:
        return ""
    return " " if sort in _BLANKS else char


def cut(text: str, limit: int) -> str:
    """The text, or its beginning up to a boundary between two characters as people see them, and `…`."""
    if len(text) <= limit:
        return text
    end = max(0, limit - 1)
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


def size_bytes(text: str) -> int:
    """How many bytes of UTF-8 the text takes."""
    return len(text.encode())


def safe_url(url: str) -> str:
    """The http(s) URL with every character percent-encoded that means something in a dialect; else an empty text."""
    if len(url) > _LONGEST_URL or any(unicodedata.category(char) in _UNSEEN for char in url):
        return ""
    try:
        parts = urlsplit(url)
        allowed = parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return ""
    return quote(url, safe=":/?#!$&+,;=%-._~") if allowed else ""
