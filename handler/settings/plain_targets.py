"""The short way to read a long targets file: one written plainly, a key and a value to a line or an entry to a line.

A file of 5,000 targets takes a YAML reader most of a second, in every new instance of a function. Whatever is not
plain beyond doubt is left to that reader, so both ways give the same entries (a test compares them) or this one none.
"""

from __future__ import annotations

import re

# Texts that no YAML reader takes for anything else: words, 32 hexadecimal digits, UUIDs, what stands in quotes.
_SCALAR = (
    r"[A-Za-z](?:[A-Za-z0-9_./@:-]*[A-Za-z0-9_./@-])?"
    r"|(?!0b[01]{30})(?=[0-9e]*[a-df])[0-9a-f]{32}"
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"""|"[ !#-\[\]-~]*"|'[ -&(-~]*'"""
)
_VALUE = rf"{_SCALAR}|\[(?:{_SCALAR})(?:, *(?:{_SCALAR}))*\]"
_LINE = re.compile(rf"( *)(- )?([a-z_]+): ({_VALUE}) *")
_FLOW_LINE = re.compile(r"( *)- \{(.*)\} *")
_FLOW_ITEM = re.compile(rf"([a-z_]+): ({_VALUE})(?:, *|$)")
_ITEM = re.compile(_SCALAR)
_SURPRISING = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null"))

PlainEntry = dict[str, "str | list[str]"]


class _OtherwiseError(Exception):
    """This file is not plain."""


def plain_entries(content: bytes) -> list[PlainEntry] | None:
    """The entries of `targets:`; None where the file is not plain."""
    try:
        return _Reader().read(content.decode("ascii"))
    except (UnicodeError, _OtherwiseError):
        return None


class _Reader:
    """Reads line by line; `_inside` is the column of an entry's keys."""

    def __init__(self) -> None:
        self._entries: list[PlainEntry] = []
        self._dash = self._inside = -1
        self._known: dict[str, tuple[int, bool, str, str | list[str]]] = {}  # most lines stand there many times

    def read(self, text: str) -> list[PlainEntry]:
        lines = iter(text.split("\n"))
        if next((line for line in lines if not _is_blank(line)), "").rstrip(" ") != "targets:":
            raise _OtherwiseError
        known = self._known
        for line in lines:
            read = known.get(line)
            if read is None:
                found = _LINE.fullmatch(line)
                if found is None:
                    self._other(line)
                    continue
                read = known[line] = (len(found[1]), found[2] is not None, found[3], _value(found[4]))
            self._put(*read)
        return self._entries

    def _put(self, column: int, begins: bool, key: str, value: str | list[str]) -> None:
        if begins:
            self._begin(column)
            self._inside = column + 2
        elif column != self._inside:
            raise _OtherwiseError
        if key in self._entries[-1]:
            raise _OtherwiseError
        self._entries[-1][key] = value

    def _other(self, line: str) -> None:
        """A line that is no key and value: blank, a comment, or an entry of its own."""
        if _is_blank(line):
            return
        self._flow(line)

    def _flow(self, line: str) -> None:
        found = _FLOW_LINE.fullmatch(line)
        if found is None:
            raise _OtherwiseError
        self._begin(len(found[1]))
        self._inside = -1  # no key may follow
        at, inside = 0, found[2]
        while at < len(inside):
            item = _FLOW_ITEM.match(inside, at)
            if item is None:
                raise _OtherwiseError
            if item[1] in self._entries[-1]:
                raise _OtherwiseError
            self._entries[-1][item[1]] = _value(item[2])
            at = item.end()

    def _begin(self, column: int) -> None:
        if self._dash not in (-1, column):
            raise _OtherwiseError
        self._dash = column
        self._entries.append({})


def _is_blank(line: str) -> bool:
    return line.lstrip(" ")[:1] in ("", "#")


def _value(text: str) -> str | list[str]:
    return [_scalar(item) for item in _ITEM.findall(text[1:-1])] if text[0] == "[" else _scalar(text)


def _scalar(text: str) -> str:
    if text[0] in "\"'":
        return text[1:-1]
    if text.lower() in _SURPRISING:
        raise _OtherwiseError
    return text
