"""What a sentence says about how great a value, how long a text, or how many an array may be."""

from __future__ import annotations

import re
from typing import Literal

from handler.derive.numbers import NUMBER, SPAN, Bounds, number
from handler.named_tuple import NamedTuple

About = Literal["plain", "span", "length", "items"]


class Bound(NamedTuple):
    """One statement. `plain` is a bare `Minimum: 1`, whose meaning depends on the type."""

    about: About
    bounds: Bounds
    line: int


class _Pattern(NamedTuple):
    """A wording whose groups are one or two numbers, and which of the ends they are."""

    about: About
    ends: Literal["both", "least", "most", "exact"]
    text: re.Pattern[str]
    only_in_range: bool = False


def _pattern(
    about: About, ends: Literal["both", "least", "most", "exact"], text: str, *, only_in_range: bool = False
) -> _Pattern:
    return _Pattern(about, ends, re.compile(text, re.IGNORECASE), only_in_range)


_BEFORE = r"(?:[^\d]{0,300}?\b)?"  # a number before the bound would belong to another statement
_IS = r"(?: value| length)?\s*(?::|is|of|=)?\s*"
_AT_MOST = r"up to|at most|no more than|(?:cannot|not) exceed"
_LEAST, _MOST = rf"Min(?:imum)?\.?{_IS}{NUMBER}", rf"Max(?:imum)?\.?{_IS}{NUMBER}"
_COUNTED = r"(?:characters?|chars?|letters and digits|letters|digits)\b"
# What may stand behind a length without changing it: no number, no exception, no second case.
_MORE = r"(?!.*(?:\d|\b(?:except|empty|blank|null|by default)\b)).*"
_ASIDE = r"(?: \((?!.*(?:\d|\bor\b|\bexcept)).*\))?"
_PARTS = r"(?:elements|items|records)\b"
_PATTERNS = (
    _pattern("plain", "both", rf"{_LEAST}[\s,;.]*(?:and )?{_MOST}"),
    _pattern("plain", "least", _LEAST),
    _pattern("plain", "most", _MOST),
    _pattern("items", "both", rf"(?:Array|List) length\s*:?\s*(?:{SPAN})"),
    _pattern("items", "both", rf"{_BEFORE}(?:number|quantity) of (?:array |list )?{_PARTS}[^\d]{{0,60}}?(?:{SPAN})"),
    _pattern("items", "both", rf"{_BEFORE}(?:{SPAN}) {_PARTS}"),
    _pattern(
        "length",
        "both",
        rf"(?:{_BEFORE}(?:contains?|consists? of|has|have|is|be|length|lengths?:|from|between|range:?)\s*:?\s*)?"
        rf"(?:from |between )?(?:{SPAN})\s*{_COUNTED}{_MORE}",
    ),
    _pattern(
        "length",
        "most",
        rf"{_BEFORE}(?:max(?:imum)?\.?(?: length)?(?: of|:| is)?|{_AT_MOST})\s*"
        rf"{NUMBER}\s*{_COUNTED}{_MORE}",
    ),
    _pattern(
        "length",
        "exact",
        rf"(?:{_BEFORE}(?:contains?|length(?: of|:| is)?|consists? of)\s+)?{NUMBER} {_COUNTED}{_MORE}",
        only_in_range=True,
    ),
    _pattern(
        "span",
        "both",
        rf"{_BEFORE}(?:(?:value )?range(?: is|:| of)?(?: from| between)?|ranges from|ranging from|from|between)\s*:?\s*"
        rf"(?:{SPAN}){_ASIDE}",
    ),
    _pattern("span", "both", rf"{_BEFORE}between {NUMBER} and {NUMBER}"),
    _pattern("span", "both", rf"(?:{SPAN}){_ASIDE}"),
    _pattern(
        "span",
        "least",
        rf"(?:{_BEFORE}(?:greater than or equal to|not less than|no less than|at least)|>=|\u2265)\s*{NUMBER}",
    ),
    _pattern(
        "span",
        "most",
        rf"(?:{_BEFORE}(?:less than or equal to|not greater than|{_AT_MOST})|<=|\u2264)\s*{NUMBER}",
    ),
)
_HINTS = re.compile(
    r"\b(?:characters?|bytes|minimum|maximum|min|max|ranges?|length|exceed|at least|at most|"
    r"(?:more|less|greater|fewer|larger|smaller|shorter|longer) than|up to|between)\b|[<>\u2264\u2265]",
    re.IGNORECASE,
)
_INTERVAL = re.compile(
    r"\d\s*(?:to|through|\u2013|\u2014|~|\uff5e)\s*[-\u2212]?\d|(?<![\d-])\d+\s?-\s?\d+(?![\d-])"
    r"|[\[(]\s*[-\u2212]?\d[\d\s]*,[-\u2212\d\s,]*[\])]"
)


def bound_in(sentence: str, line: int, *, in_range: bool) -> Bound | None:
    """What a sentence says; None if it says nothing that we are sure of. `in_range`: it stands below `Range`."""
    for pattern in _PATTERNS:
        found = pattern.text.fullmatch(sentence) if in_range or not pattern.only_in_range else None
        if found:
            ends = [number(group) for group in found.groups() if group]
            return Bound(pattern.about, _bounds(pattern, ends), line)
    return None


def hints_at_bounds(sentence: str) -> bool:
    """Whether a sentence seems to speak of a bound."""
    has_digit = any(char.isdigit() for char in sentence)
    return has_digit and bool(_HINTS.search(sentence) or _INTERVAL.search(sentence))


def _bounds(pattern: _Pattern, ends: list[int | float]) -> Bounds:
    if pattern.ends in ("both", "exact"):
        return ends[0], ends[-1]
    return (ends[0], None) if pattern.ends == "least" else (None, ends[0])
