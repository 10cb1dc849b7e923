"""Which words of a page are values: a bullet such as `host: a server`, a list such as `A, B, or C`."""

from __future__ import annotations

import re

from handler.derive.numbers import has_thousands, number

_QUOTES = "\"'\u201c\u201d\u2018\u2019"
_MEDIA = r"(?:application|audio|image|multipart|text|video)/[\w.+*-]+(?:;\s*[\w-]+=[\w-]+)?"
_WORD = rf"(?:{_MEDIA}|[A-Za-z0-9_][\w.+@-]*|-\d+(?:\.\d+)?)"
_VALUE = rf"[{_QUOTES}]?({_WORD})[{_QUOTES}]?"
_MEANING = (
    r"\s*[:\uff1a]\s+.+|\s*\uff1a.+"  # host: a server
    r"|\s+[-\u2013\u2014]\s+.+|\s+=\s+.+"  # host - a server; 0 = off
    r"|\s*\([^()]*\)(?:\s*[:\uff1a.,;-]\s*.*)?"  # host (a server); 0 (off): never
    r"|,\s+(?:which|that|indicating|meaning|representing)\b.+"
    r"|\s+(?:indicates?|means?|represents?)\s.+"
    r"|\.\s+[A-Z].*"
)
_OPTION = re.compile(rf"(?:(?P<many>-?\d{{1,3}}(?:,\d{{3}})+)|{_VALUE})(?:{_MEANING}|[.,;\uff1b]?)", re.DOTALL)
_EXPLAINED = re.compile(rf"{_VALUE}(?:\s*:\s+|\s*\uff1a\s*|\s+[-\u2013\u2014]\s+|\s+=\s+).+", re.DOTALL)
_ITEM = re.compile(rf"{_VALUE}(\s*\((?:the )?default(?: value)?\))?")
_NUMBER_ITEM = re.compile(r"[-\u2212]?\d[\d,]*(?:\.\d+)?")
_PARTING = re.compile(r"\s*[,\uff0c;\uff1b]\s+(?:and\s+|or\s+)?|\s*\u3001\s*|\s+(?:or|and)\s+|\s+/\s+")
_INTERVAL = re.compile(r"[-\u2212]?\d[\d.]*\s*[-\u2013\u2014~]\s*\d.*|[A-Za-z]\s*[-\u2013\u2014~]\s*[A-Za-z](?:\W.*)?")
_FIRST = re.compile(rf"{_VALUE}(?:\s*[:\uff1a]\s.*|\s*\uff1a.*|,\s.*|\s*\(.*|\s-\s.*)?", re.DOTALL)
_LONE = re.compile(r"([^\s:,;\"']+)")  # an address, a date: one word of any kind
_DEFAULT = re.compile(
    r".*?\((?:the )?default(?: value)?\).*|.*[.;,:]\s+(?:(?:this|it|which) is )?(?:the )?default(?: value)?\.?",
    re.IGNORECASE | re.DOTALL,
)
# What a list holds beside values: kinds of characters or texts, and what keeps it open.
_KINDS = frozenset(
    "letter letters digit digits character characters number numbers integer integers string strings uppercase "  # noqa: SIM905 - a list of words is read as words
    "lowercase underscore underscores hyphen hyphens space spaces period periods dot dots symbol symbols uuid url uri "
    "urls cidr ip timestamp regex id ids".split()
)
_NO_VALUES = _KINDS | {"empty", "blank", "null", "n/a", "na", "other", "others", "etc", "reserved"}
_NO_ITEMS = _NO_VALUES | {"any", "both", "neither", "either", "so"}  # in a sentence these speak of the other words
# Words before a colon that head a remark about the value, and name none.
_LABELS = frozenset(
    "caution comment condition conditions constraint constraints default definition description enumeration example "  # noqa: SIM905 - as above
    "examples explanation format function length limit max maximum min minimum note notes notice option options "
    "parameter pattern precaution precautions prerequisite prerequisites range remark remarks requirement requirements "
    "restriction restrictions rule rules scenario syntax tip unit units usage value values warning".split()
)


def option(text: str) -> str | None:
    """The value that a bullet names, with or without its meaning; None if it names none, or we cannot tell."""
    found = _OPTION.fullmatch(text.strip())
    is_opening = text.rstrip().endswith((":", "\uff1a"))  # something stands below it, or did
    if found is None or is_opening or _INTERVAL.fullmatch(text.strip()) or is_label(text):
        return None
    return found["many"] or _kept(found[2])


def explained(text: str) -> str | None:
    """The value of `host: a server`, where a meaning is given; None of anything else."""
    return option(text) if _EXPLAINED.fullmatch(text.strip()) else None


def is_label(text: str) -> bool:
    """Whether a text is a remark behind its heading: `Unit: Mbit/s`, `Note: see below`."""
    head, colon, _ = text.replace("\uff1a", ":").partition(":")
    return bool(colon) and bool(head.strip()) and all(word in _LABELS for word in head.lower().split())


def is_number(word: str) -> bool:
    """Whether a value is a number: alone it is a special one rather than the only one."""
    return bool(_NUMBER_ITEM.fullmatch(word))


def is_default(text: str) -> bool:
    """Whether a bullet marks its value as the default one: `host (default)`."""
    return bool(_DEFAULT.fullmatch(text))


def listed(text: str) -> tuple[str, ...]:
    """The values of a list that is nothing else: `A, B, or C`. Empty where an item is no value, or we cannot tell."""
    plain = text.strip().rstrip(".").strip()
    items = _PARTING.split(plain)
    if len(items) == 1:
        items = _tight(plain)
    else:
        items = [part for item in items for part in (_tight(item) if not _NUMBER_ITEM.fullmatch(item) else [item])]
    values = [_item(item) for item in items]
    kept = tuple(value for value in values if value is not None)
    return kept if len(kept) == len(items) > 1 and _is_even(kept) else ()


def default_in(text: str) -> str | None:
    """The item of a list that is marked as the default one, if there is exactly one."""
    marked = [found[1] for item in _PARTING.split(text) if (found := _ITEM.fullmatch(item.strip())) and found[2]]
    return marked[0] if len(marked) == 1 else None


def are_no_values(text: str) -> bool:
    """Whether a list is one of kinds of characters or texts: `letters, digits, and hyphens`."""
    return any(item.strip(" .").lower().split(" ")[-1] in _KINDS for item in _PARTING.split(text))


def _tight(text: str) -> list[str]:
    """The items of `A,B`; digits are left together, since their comma may be one of thousands."""
    parts = text.split(",")
    return [text] if all(part.strip().isdigit() and len(part) >= 3 for part in parts[1:]) else parts


def _item(text: str) -> str | None:
    if _NUMBER_ITEM.fullmatch(text):
        return text if "," not in text or has_thousands(text) else None
    found = _ITEM.fullmatch(text.strip())
    is_item = found and not _INTERVAL.fullmatch(text.strip()) and found[1].lower() not in _NO_ITEMS
    return _kept(found[1]) if found and is_item else None


def _kept(word: str) -> str | None:
    plain = word.rstrip(".")
    return None if plain.lower() in _NO_VALUES or _INTERVAL.fullmatch(plain) else plain


def _is_even(values: tuple[str, ...]) -> bool:
    """Where a number has thousands separators, whether all are numbers that rise: else the comma may part two."""
    if not any(has_thousands(value) for value in values):
        return True
    if not all(_NUMBER_ITEM.fullmatch(value) for value in values):
        return False
    sizes = [number(value) for value in values]
    return sizes == sorted(sizes)


def first(text: str) -> str | None:
    """The word that a default is: `0`, `0: the first one`, `asc, which means upwards`; None if it is none."""
    found = _FIRST.fullmatch(text) or _LONE.fullmatch(text)
    word = found[1].rstrip(".") if found else text if has_thousands(text) else None
    return word if word and word.lower() not in _NO_VALUES else None
