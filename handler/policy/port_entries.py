"""One entry of a list of ports: a number, a range or an IANA service name."""

from __future__ import annotations

import re
from typing import Any

from handler.policy.services import services, suggestion

RANGE = r"^(0|[1-9][0-9]{0,4})-(0|[1-9][0-9]{0,4})$"
SERVICE = r"^[A-Za-z0-9-]*[A-Za-z][A-Za-z0-9-]*$"
_RANGE, _SERVICE = re.compile(RANGE[1:-1]), re.compile(SERVICE[1:-1])


def entry_mistake(entry: Any) -> str:
    """What is wrong with the shape of an entry; an empty text if nothing is."""
    if isinstance(entry, bool) or not isinstance(entry, (int, str)):
        return f"a port, a range like 135-139 or a service name is wanted, found {said(entry)}"
    if isinstance(entry, int):
        return "" if 1 <= entry <= 65535 else f"port {entry} is outside 1-65535"
    if _RANGE.fullmatch(entry) or _SERVICE.fullmatch(entry):
        return ""
    if entry.isascii() and entry.isdigit():
        return f"the port {entry[:40]!r} is a text; write it without quotes"
    return f"{entry[:40]!r} is not a port, a range like 135-139 or a service name"


def entry_range(entry: int | str) -> tuple[int, int] | tuple[str, str]:
    """(low, high) of a well-shaped entry; or (code, message) of what only a second look sees."""
    if isinstance(entry, int):
        return entry, entry
    if _RANGE.fullmatch(entry):
        return _bounds(entry)
    service = services().get(entry.lower())
    if service is None:
        return "E303", f"unknown service {entry[:40]!r}{suggestion(entry)}"
    return service.low, service.high


def _bounds(entry: str) -> tuple[int, int] | tuple[str, str]:
    low, high = (int(bound) for bound in entry.split("-"))
    if low > high:
        return "E301", f"the range {entry} is reversed; write {high}-{low}"
    if low < 1 or high > 65535:
        return "E302", f"the range {entry} leaves 1-65535"
    return low, high


def said(value: Any) -> str:
    """A value as a message shows it."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, int):
        return f"the number {value}"
    return f"the text {value[:40]!r}" if isinstance(value, str) else "nothing"
