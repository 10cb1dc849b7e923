"""Text of others as the formats show it, and how wide a terminal shows it."""

from __future__ import annotations

import unicodedata

from handler.foreign_text import UNSEEN, one_line

LONGEST = 500


def inert(text: str, longest: int = LONGEST) -> str:
    """One line of at most `longest` characters, U+FFFD for each that cannot be seen; each format escapes it."""
    return one_line(text, longest, unseen=UNSEEN)


def cells(text: str) -> int:
    """The columns that a terminal needs for `text`: wide letters take two, combining marks none."""
    return sum(_cell(letter) for letter in text)


def _cell(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1
