"""Numbers and ranges as the pages write them: `2,147,483,647`, `-1`, `0 to 10`, `[1, 100]`."""

from __future__ import annotations

import re

Number = int | float
Bounds = tuple[Number | None, Number | None]
# A comma stands before three digits, or it parts two numbers; nothing that goes on as a number or a power is one.
_PLAIN = r"[-\u2212]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\w^]|[.,]\d|\*\*)"
NUMBER = rf"(?<![\w.,])({_PLAIN})"
_TO = r"\s*(?:to|through|-|\u2013|\u2014|~|\uff5e|\u2212)\s*"
_WHOLE = r"([-\u2212]?\d+)"
SPAN = (
    rf"\[?\s*(?<![\w.,])([-\u2212]?(?:\d{{1,3}}(?:,\d{{3}})+|\d+)(?:\.\d+)?){_TO}({_PLAIN})\s*\]?"
    rf"|\[\s*{NUMBER}\s*,\s+({_PLAIN})\s*\]|\[\s*{_WHOLE}\s*,\s*{_WHOLE}\s*\]"
)
_NUMBER = re.compile(NUMBER)
_THOUSANDS = re.compile(r"[-\u2212]?\d{1,3}(?:,\d{3})+")


def number(text: str) -> Number:
    """The number that a text is. Raises ValueError."""
    plain = text.replace(",", "").replace("\u2212", "-")
    return float(plain) if "." in plain else int(plain)


def numbers(text: str) -> list[Number]:
    """All numbers of a text, in its order."""
    return [number(found) for found in _NUMBER.findall(text)]


def has_thousands(text: str) -> bool:
    """Whether a text is one number with thousands separators: `10,240`."""
    return bool(_THOUSANDS.fullmatch(text))
