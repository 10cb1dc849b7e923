"""The ways in which the pages write bounds, options and defaults, as patterns over one sentence."""

from __future__ import annotations

import re

NUMBER = r"([-\u2212]?\d[\d,]*(?:\.\d+)?)"
_TO = r"\s*(?:to|through|and|-|\u2013|\u2014|~|\uff5e|\u2212)\s*"
_COUNTED = r"(characters?|chars?|bytes|letters|digits|letters and digits)"
SPAN = re.compile(rf"\[?\s*{NUMBER}{_TO}{NUMBER}\s*\]?|\[\s*{NUMBER}\s*,\s*{NUMBER}\s*\]")
SPAN_ONLY = re.compile(rf"(?:{SPAN.pattern})(?: \(.*\))?", re.IGNORECASE)
ARRAY_LENGTH = re.compile(rf"(?:Array|List) length\s*:?\s*{NUMBER}{_TO}{NUMBER}", re.IGNORECASE)
ELEMENTS = re.compile(
    rf".*\b(?:number|quantity) of (?:array |list )?(?:elements|items|records)\b.*?{NUMBER}{_TO}{NUMBER}"
    rf"|.*?{NUMBER}{_TO}{NUMBER} (?:elements|items|records)\b.*",
    re.IGNORECASE,
)
LEAST = re.compile(rf"Min(?:imum)?\.?(?: value| length)?\s*(?::|is|of|=)?\s*{NUMBER}", re.IGNORECASE)
MOST = re.compile(rf"Max(?:imum)?\.?(?: value| length)?\s*(?::|is|of|=)?\s*{NUMBER}", re.IGNORECASE)
LEAST_MOST = re.compile(rf"({LEAST.pattern})[\s,;.]*(?:and )?({MOST.pattern})", re.IGNORECASE)
LENGTH = re.compile(
    rf".*?\b(?:contains?|consists? of|has|have|is|be|length|lengths?:|length ranges from|from|between|range:?)\s*:?\s*"
    rf"(?:from |between )?{NUMBER}{_TO}{NUMBER}\s*(?:{_COUNTED})(?: long| in length)?\b.*"
    rf"|{NUMBER}{_TO}{NUMBER}\s*{_COUNTED}\b.*",
    re.IGNORECASE,
)
LENGTH_MOST = re.compile(
    rf".*?\b(?:max(?:imum)?\.?(?: length)?(?: of|:| is)?|up to|at most|no more than|cannot exceed|not exceed)\s*"
    rf"{NUMBER}\s*{_COUNTED}\b.*",
    re.IGNORECASE,
)
LENGTH_EXACT = re.compile(
    rf"(?:.*\b(?:contains?|length(?: of|:| is)?|consists? of)\s+)?{NUMBER} {_COUNTED}\b.*", re.IGNORECASE
)
RANGE = re.compile(
    rf".*?\b(?:(?:value )?range(?: is|:| of)?(?: from| between)?|ranges from|ranging from|(?:from|between))\s*:?\s*"
    rf"(?:{SPAN.pattern})(?: \(.*\))?",
    re.IGNORECASE,
)
AT_LEAST = re.compile(
    rf".*?\b(?:greater than or equal to|not less than|no less than|at least|>=|\u2265)\s*{NUMBER}", re.IGNORECASE
)
AT_MOST = re.compile(
    rf".*?\b(?:less than or equal to|not greater than|no more than|at most|cannot exceed|<=|\u2264)\s*{NUMBER}",
    re.IGNORECASE,
)
NOTHING = re.compile(r"n/?a|none|-+|\u2014|not applicable|no constraints?|null|not involved|unlimited|", re.IGNORECASE)
BOUND_WORDS = re.compile(r"\b(characters?|minimum|maximum|min|max|value range|ranges? from|length)\b", re.IGNORECASE)

_MEDIA = r"[\w.+-]+/[\w.+-]+;\s*[\w-]+=[\w-]+"
WORD = r"[A-Za-z0-9_][\w./+:@-]*|-\d+"  # no text fits both halves: a list of numbers would be tried in 2^n ways
QUOTED = r"[\"'\u201c\u2018]?(" + _MEDIA + "|" + WORD + r")[\"'\u201d\u2019]?"
OPTION = re.compile(rf"{QUOTED}(?:\s*(?::|\uff1a|,|\(|\s-|\u2013|\u2014|=)\s*.*|[.;](?:\s.*)?)?", re.DOTALL)
OPTION_EXPLAINED = re.compile(rf"{QUOTED}\s*(?::(?=\s)|\uff1a|\s-\s|\s\u2013\s|=(?=\s)).+", re.DOTALL)
OPTIONS_FOLLOW = re.compile(
    r".*\b(?:options?(?: are)?(?: as follows)?"
    r"|(?:values?|it|its value) can be(?: (?:one of|any of|as follows|either).*)?"
    r"|(?:value|values)(?: are| is)?(?: as follows| one of the following)?|enumerat(?:ion|ed)(?: values?)?|value range"
    r"|following(?: values| options)?|includes?|including|possible values(?: are)?|valid values(?: are)?)\s*:?",
    re.IGNORECASE,
)
LIST = re.compile(rf"(?:{QUOTED})(?:(?:\s*,\s*(?:and |or )?|\s+(?:or|and)\s+|\s+/\s+)(?:{QUOTED}))+")
LIST_IN = re.compile(
    r"(?:.*\b(?:options?(?: are)?(?: as follows)?|can be(?: either)?|must be(?: either)?|enumerat(?:ion|ed) values?"
    r"|(?:possible|valid|supported) values(?: are)?|value range)\s*:?\s+|[^:.,]{1,60}:\s*)(.+)",
    re.IGNORECASE,
)
DEFAULT = re.compile(r"(?:default(?: value)?)\s*(?::|\uff1a|is)\s*(.*)", re.IGNORECASE)
DEFAULT_IN = re.compile(r".*\bdefault value(?: of [^.]{1,80}?)? is (.*)", re.IGNORECASE)
DEFAULT_WORD = re.compile(rf"{QUOTED}(?:\s*(?::|,|\(|\s-).*)?", re.DOTALL)
HEADING = re.compile(
    r"(Definition|Parameter description|Constraints?|(?:Value )?Range|Options?|Default(?: value)?)"
    r"\s*(?:[:\uff1a]\s*(.*))?",
    re.IGNORECASE | re.DOTALL,
)
INLINE_HEADING = re.compile(
    r"(?<=[.\w)])\s+(?=(?:Definition|Parameter description|Constraints?|(?:Value )?[Rr]ange|Default [Vv]alue)"
    r"\s*[:\uff1a])"
)
_SENTENCE_END = re.compile(r"(?<=[.;\u3002\uff1b])(?<!Max\.)(?<!Min\.)(?<!max\.)(?<!min\.)(?<!e\.g\.)(?<!i\.e\.)\s+")


def sentences(text: str) -> list[str]:
    """The sentences of a paragraph; a full stop after `Min`, `Max`, or inside a number or word ends none."""
    parts = re.split(
        r"(?<=[.;\u3002\uff1b])(?<!Max\.)(?<!Min\.)(?<!max\.)(?<!min\.)(?<!e\.g\.)(?<!i\.e\.)\s+", text.strip()
    )
    return [part.strip().rstrip(".;\u3002\uff1b").strip() for part in parts if part.strip(" .;")]


def number(text: str) -> int | float:
    """A number as pages write it: `2,147,483,647`, `-1`, a minus sign of any kind. Raises ValueError."""
    plain = text.replace(",", "").replace("\u2212", "-")
    return float(plain) if "." in plain else int(plain)


def words(text: str) -> list[str]:
    """The words of `A, B or C`; empty if the text is not such a list."""
    if not LIST.fullmatch(text):
        return []
    return [found[1].rstrip(".") for found in re.finditer(QUOTED, re.sub(r"\s(?:or|and)\s", " , ", text))]
