"""Makes untrusted text harmless before any format escapes it: no control, no direction change, no endless line."""

from __future__ import annotations

import unicodedata

LONGEST = 500
_REPLACED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # control, format, surrogate, unassigned, separators


def inert(text: str, longest: int = LONGEST) -> str:
    """One line of at most `longest` characters.

    White space becomes single blanks, what steers a terminal or the direction of text becomes U+FFFD,
    and what is cut ends in an ellipsis.
    """
    head = " ".join(text[: 4 * longest].split())
    shown = "".join("\ufffd" if unicodedata.category(letter) in _REPLACED else letter for letter in head)
    whole = len(shown) <= longest and len(text) <= 4 * longest
    return shown if whole else shown[: longest - 1] + "…"


def cells(text: str) -> int:
    """The columns that a terminal needs for `text`: wide letters take two, combining marks none."""
    return sum(_cell(letter) for letter in text)


def _cell(letter: str) -> int:
    if unicodedata.combining(letter):
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1
