"""What one sentence of a description says: a bound, the values, the default, a value that is special."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from handler.derive import announce, words
from handler.derive.bounds import Bound, bound_in, hints_at_bounds
from handler.derive.cell import BEGINNING
from handler.derive.numbers import numbers
from handler.derive.page import Gap, TextLine
from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from handler.derive.cell import Part

_LONGEST = 2000  # characters of one sentence; those of real pages stay below 600
_SENTENCE_END = re.compile(r"(?<=[.;\u3002\uff1b])(?<!Max\.)(?<!Min\.)(?<!max\.)(?<!min\.)(?<!e\.g\.)(?<!i\.e\.)\s+")
NOTHING = re.compile(r"n/?a|none|-+|\u2014|not applicable|no constraints?|null|not involved|unlimited|", re.IGNORECASE)
_ELSEWHERE = re.compile(r"(?:for (?:details|more)|see|note|refer to)\b.*", re.IGNORECASE | re.DOTALL)
_ASIDE = re.compile(r"(?:units?|examples?|example value)\s*:[^:]{1,60}", re.IGNORECASE)
_DEFAULT = re.compile(r"(?:the )?default(?: value)?(?: of [^.\d]{1,80}?)?\s*(?::|\uff1a|\bis\b)\s*(.*)", re.IGNORECASE)
_HINT_OF_DEFAULT = re.compile(r"\bby default\b|\bdefaults to\b|\bdefault (?:value|is)\b", re.IGNORECASE)
_VALUE = r"[\"'\u201c]?(-?[\w.+@-]*\w)[\"'\u201d]?"
_SPECIAL = re.compile(
    rf"\bvalues? (?:of |is )?{_VALUE},? (?:indicates?|means?|represents?|specifies)\b"
    rf"|\bset (?:it|this parameter|the parameter) to {_VALUE}(?=$|[\s,.])",
    re.IGNORECASE,
)
_SPECIAL_NUMBER = re.compile(
    r"\b(?:values?|set|use|unlimited|limit|limited|indicat\w+|means?|represents?)\b|^-?\d+ ?[:=]", re.IGNORECASE
)


class Claim(NamedTuple):
    """Values that a place of the cell names; none where they cannot be told.

    `says`: it says that these, and only these, are the values. `list`: it does not, and they may be. `mention`: one of
    several, no list. `text` is what a gap says of it.
    """

    kind: Literal["says", "list", "mention"]
    values: tuple[str, ...]
    line: int
    text: str


@dataclass
class Said:
    """Everything that a description says, in the order of the cell."""

    bounds: list[Bound] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    defaults: list[tuple[str, int]] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    def extent(self) -> tuple[int, int, int]:
        """How many bounds, claims and gaps there are; defaults do not count."""
        return len(self.bounds), len(self.claims), len(self.gaps)

    def gap(self, line: int, message: str) -> None:
        """Take note of something that could not be read."""
        self.gaps.append(Gap(line, message))

    def unclear(self, line: int, message: str) -> None:
        """Take note of values that cannot be told: no others are the enumeration either."""
        self.claims.append(Claim("list", (), line, message))

    def hint_of_default(self, line: int, text: str) -> None:
        """Name a text that seems to say which value is the default, without saying it so that we can read it."""
        if _HINT_OF_DEFAULT.search(text):
            self.gap(line, f"may name a default: {quoted(text)}")

    def take_default(self, line: int, text: str) -> None:
        """A default as it is written: the word, with or without its meaning."""
        plain = text.strip().rstrip(".").strip()
        if NOTHING.fullmatch(plain):
            return
        word = words.first(plain)
        if word is None:
            self.gap(line, f"default value not understood: {quoted(plain)}")
        else:
            self.defaults.append((word, line))


def sentences(text: str) -> list[str]:
    """The sentences of a paragraph; a full stop after `Min`, `Max`, or inside a number or word ends none."""
    parts = [part for whole in _SENTENCE_END.split(text.strip()) for part in _begun(whole)]
    return [part.strip().rstrip(".;\u3002\uff1b").strip() for part in parts if part.strip(" .;")]


def _begun(text: str) -> list[str]:
    """What was run together without a full stop; a condition keeps what it is about."""
    parts: list[str] = []
    for part in BEGINNING.split(text):
        if parts and announce.CONDITIONAL.search(parts[-1]):
            parts[-1] += " " + part
        else:
            parts.append(part)
    return parts


def read_sentence(said: Said, part: Part, line: TextLine, *, is_first: bool) -> None:
    """Add what a sentence says; what it may say and we are not sure of becomes a gap, or a claim that is none yet."""
    text = line.text.rstrip(":\uff1a").strip()
    if len(text) > _LONGEST:
        said.gap(line.number, f"too long to be read: {quoted(text)}")
    elif says_nothing(text, part) or _is_aside(text):
        return
    elif announce.CONDITIONAL.search(text) or not _is_understood(said, part, line.number, text, is_first=is_first):
        _doubt(said, part, line.number, text)


def says_nothing(text: str, part: Part) -> bool:
    """Whether a text says that there is nothing, or below a heading of range, sends its reader elsewhere."""
    return bool(NOTHING.fullmatch(text) or (part == "range" and _ELSEWHERE.fullmatch(text)))


def _is_aside(text: str) -> bool:
    """Whether a text is a unit or an example, and nothing that was run into the same line."""
    return bool(_ASIDE.fullmatch(text)) and not hints_at_bounds(text) and not _HINT_OF_DEFAULT.search(text)


def quoted(text: str) -> str:
    """A few words of the page, so that its reader finds the place."""
    return repr(text if len(text) <= 60 else text[:57] + "...")


def _is_understood(said: Said, part: Part, line: int, text: str, *, is_first: bool) -> bool:
    """Add what the sentence surely says; whether there was anything."""
    if bound := bound_in(text, line, in_range=part == "range"):
        if announce.has_list(text):
            return False
        said.bounds.append(bound)
    elif found := _DEFAULT.fullmatch(text):
        said.take_default(line, found[1])
    elif values := _values(part, text, is_first=is_first):
        said.claims.append(Claim("says", values, line, quoted(text)))
        if marked := words.default_in(text):
            said.defaults.append((marked, line))
    else:
        return False
    return True


def _values(part: Part, text: str, *, is_first: bool) -> tuple[str, ...]:
    if announce.OPEN.search(text):
        return ()
    return (words.listed(text) if part == "range" else ()) or announce.values_in(text, first=is_first)


def _doubt(said: Said, part: Part, line: int, text: str) -> None:
    """What a sentence that is not understood may have said."""
    mentioned = _mentioned(text)
    if announce.doubtful(text):
        values = announce.doubtful_values(text)
        said.claims.append(Claim("list", values, line, f"may name values: {quoted(text)}"))
    elif hints_at_bounds(text) or (part == "range" and not mentioned):
        said.gap(line, f"not understood: {quoted(text)}")
    else:
        said.hint_of_default(line, text)
    if mentioned:
        said.claims.append(Claim("mention", mentioned, line, f"speaks of another value: {quoted(text)}"))


def _mentioned(text: str) -> tuple[str, ...]:
    """The values that a sentence explains, one by one."""
    named = tuple(found[1] or found[2] for found in _SPECIAL.finditer(text))
    if announce.CONDITIONAL.search(text):
        named += announce.single_values(text)
    is_special = _SPECIAL_NUMBER.search(text)
    return named or (tuple(str(number) for number in numbers(text)) if is_special else ())
