"""`${NAME}` in a sinks file, and everything else that looks like a placeholder and would be sent as it stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_WORD = r"[A-Za-z_][A-Za-z0-9_]*"
_PLACEHOLDER = re.compile(r"\$\$|\$\{(?P<name>[A-Za-z][A-Za-z0-9_]*)\}")
# forms of other tools, each with how a message calls it: the text itself may be a part of a secret
_FOREIGN = (
    (re.compile(r"\$\{[^}]*:[-=?+]"), "${NAME:-...}"),
    (re.compile(r"\$\{[A-Za-z]+:"), "${env:NAME}"),
    (re.compile(r"\$\{"), "${...}"),
    (re.compile(rf"\$\({_WORD}\)"), "$(NAME)"),
    (re.compile(rf"\${_WORD}"), "$NAME"),
    (re.compile(r"\{\{.*?\}\}", re.DOTALL), "{{ ... }}"),
    (re.compile(rf"\A%{_WORD}%\Z"), "%NAME%"),
)


def filled(text: str, lookup: Callable[[str], str | None]) -> str:
    """The text with its setting for each `${NAME}` and a dollar for each `$$`; what is put in stays as it is."""
    return _PLACEHOLDER.sub(lambda found: _value(found["name"], lookup), text)


def fill_troubles(text: str, lookup: Callable[[str], str | None]) -> Iterator[str]:
    """What keeps a text from being filled in: settings that are missing, and placeholders of another form."""
    names = dict.fromkeys(found["name"] for found in _PLACEHOLDER.finditer(text) if found["name"])
    yield from (f"the setting {name} is missing" for name in names if not lookup(name))
    form = _foreign_form(_PLACEHOLDER.sub("", text))
    if form:
        yield f"holds {form}, which is not filled in; write ${{NAME}}, and $$ for a dollar"


def plain_troubles(text: str) -> Iterator[str]:
    """What is wrong with a text in which nothing is filled in: a placeholder of any form."""
    if any(found["name"] for found in _PLACEHOLDER.finditer(text)):
        yield "${NAME} is filled in only in url, secret, headers and routing_key; write the value itself"
    form = _foreign_form(_PLACEHOLDER.sub("", text))
    if form:
        yield f"holds {form}, which is not filled in; write the value itself, and $$ for a dollar"


def _foreign_form(text: str) -> str:
    return next((form for shape, form in _FOREIGN if shape.search(text)), "")


def _value(name: str | None, lookup: Callable[[str], str | None]) -> str:
    return "$" if name is None else (lookup(name) or "").strip()
