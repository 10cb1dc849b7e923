"""The wordings by which a cell says: these are the values, all of them.

Each stands here with an example that a test reads: an opening before a list of bullets, or a whole sentence. What is
worded otherwise may name values too; `doubtful` finds such places, so that they become gaps and are not guessed.
"""

from __future__ import annotations

import re

from handler.derive import words
from handler.named_tuple import NamedTuple


class Wording(NamedTuple):
    """A way to announce values: the words before them, whether nothing else can follow, and an example of our own."""

    opening: re.Pattern[str]
    is_certain: bool
    example: str


def _wording(pattern: str, example: str, *, is_certain: bool = True) -> Wording:
    return Wording(re.compile(pattern, re.IGNORECASE), is_certain, example)


_BELOW = r"(?: as follows| listed below| one of the following| any of the following| either of the following)?"
_POSSIBLE = r"(?:possible|valid|available|supported|allowed)"
_SUBJECT = r"(?:it|(?:its|the|this) values?|this (?:parameter|field))"
WORDINGS = (
    _wording(rf"(?:(?:the|its) )?options?(?: are| is)?{_BELOW}", "The options are as follows: host, container"),
    _wording(rf"the following (?:options|values) are {_POSSIBLE}", "The following values are supported: up, down"),
    _wording(rf"{_SUBJECT} (?:can|must) (?:only )?be(?: either)?{_BELOW}", "It can be red or blue.", is_certain=False),
    _wording(r"(?:it|(?:its|the) values?) (?:is|are)(?: either| one of| one of the following| as follows)",
             "The value is either on or off.", is_certain=False),
    _wording(r"(?:its|the) values(?: are| and (?:their|its) meanings? are as follows)", "The values are 0, 1, and 2."),
    _wording(rf"enumerat(?:ed|ion) values?(?: are)?{_BELOW}", "Enumerated values: warm, cold"),
    _wording(rf"(?:(?:the|its) )?{_POSSIBLE} (?:values|options)(?: are)?{_BELOW}", "Possible values are asc and desc."),
    _wording(r"(?:(?:the|its) )?value range(?: is)?(?: as follows)?", "Value range: 0, 1"),
)  # fmt: skip
# `Port type: TCP or UDP`: only as the first words of a cell, and only where the noun says that there are few kinds.
_KINDS = "type|types|status|state|mode|level|category|kind|protocol|direction|severity|colour|color|method|action"
_LABELLED = re.compile(rf"(?:[A-Za-z-]+ ){{0,4}}(?:{_KINDS}):\s+(.+)", re.IGNORECASE)
LABELLED_EXAMPLE = "Port type: TCP or UDP."
CONDITIONAL = re.compile(
    r"\b(?:if|when|whenever|unless|in case|otherwise|except|depend(?:s|ing)|var(?:y|ies)|differs?|only (?:in|for|on))\b"
    r"|^for (?!(?:details|more|example|instance)\b)[^,]{1,80},",
    re.IGNORECASE,
)
OPEN = re.compile(
    r"\b(?:for example|for instance|such as|e\.g\.|etc\b|and so on|and more|includ(?:es?|ing)|currently|at present|"
    r"among others)|\.\.\.|\u2026",
    re.IGNORECASE,
)
_WORD = r"[\w.+@/-]+"
_COMMAS = rf"{_WORD}(?:\s*,\s+{_WORD})+|[A-Za-z][\w.+@-]*(?:,[A-Za-z][\w.+@-]*)+"
_ANY = rf"{_WORD}(?:\s*,\s*(?:and |or )?{_WORD})*,?\s+(?:or|and)\s+{_WORD}|{_COMMAS}"
_OR = rf"{_WORD}(?:\s*,\s*(?:or )?{_WORD})*,?\s+or\s+{_WORD}|{_COMMAS}"
_DOUBTFUL = re.compile(
    r"\b(?:(?:can(?: only)?|must|may|should) be|either|one of|supports?"
    rf"|set (?:(?:it|(?:this|the) parameter) )?to)\s*:?\s+(?:{_OR})"
    rf"|\b(?:it|values?|parameter|field) (?:can(?: only)?|must|may|should) be\s*:?\s+(?:{_ANY})"
    rf"|\b(?:values?(?: is| are)?|options?(?: are)?|includ(?:es?|ing)|such as|for example,?)\s*:?\s+(?:{_ANY})"
    rf"|^[A-Za-z][\w -]{{0,60}}:\s+(?:{_OR})$|\bonly be [\w.+@-]+$|\bfixed to [\w.+@-]+$",
    re.IGNORECASE,
)
_OPENINGS = re.compile(r"\b(?:be|either|of|to|are|is|values?|options?|as)\b:?\s+|:\s+", re.IGNORECASE)
_ENUMERATION = re.compile(r"[\w -]{1,40}(?:, [\w-]{1,30}){1,20},? or [\w-]{1,30}")
_SINGLE = re.compile(r"\b(?:can|must|may|should) (?:only )?be ([\w.+@-]+)|\bvalues? is ([\w.+@-]+)", re.IGNORECASE)


def opens_list(sentence: str) -> bool:
    """Whether a sentence says that the values follow it, and nothing else."""
    plain = sentence.strip().rstrip(":\uff1a.").strip()
    return any(wording.opening.fullmatch(plain) for wording in WORDINGS)


def values_in(sentence: str, *, first: bool) -> tuple[str, ...]:
    """The values of a sentence that says: these are the values. `first`: it stands at the beginning of its cell."""
    after = _announced(sentence, WORDINGS)
    if after is None and first and (found := _LABELLED.fullmatch(sentence.strip())) and " or " in sentence:
        after = found[1]
    return words.listed(after) if after else ()


def has_list(sentence: str) -> bool:
    """Whether a sentence has a list of words where values would be."""
    found = _DOUBTFUL.search(sentence)
    return bool(found) and not words.are_no_values(found[0] if found else "")


def doubtful(sentence: str) -> bool:
    """Whether a sentence may name the values and we cannot take them: it announces some, or has a list of such."""
    if has_list(sentence) or _announced(sentence, [wording for wording in WORDINGS if wording.is_certain]):
        return True
    return bool(_ENUMERATION.fullmatch(sentence.strip(" ."))) and not words.are_no_values(sentence)


def doubtful_values(sentence: str) -> tuple[str, ...]:
    """The values that a doubtful sentence seems to name; empty if that is not clear."""
    found = _DOUBTFUL.search(sentence)
    rest = sentence[found.start() :] if found else ""
    found_lists = (words.listed(rest[opening.end() :]) for opening in _OPENINGS.finditer(rest))
    return next((values for values in found_lists if values), ())


def single_values(sentence: str) -> tuple[str, ...]:
    """What a sentence says that a value can be: `If the kind is ip, the value can be equal`."""
    return tuple(found[1] or found[2] for found in _SINGLE.finditer(sentence))


def _announced(sentence: str, wordings: list[Wording] | tuple[Wording, ...]) -> str | None:
    """What stands behind the words that announce values."""
    plain = sentence.strip()
    for wording in wordings:
        found = re.match(rf"(?:{wording.opening.pattern})(?:\s*[:\uff1a]\s*|\s+)(?=\S)", plain, re.IGNORECASE)
        if found:
            return plain[found.end() :]
    return None
