"""Reads single settings and collects every problem, so that all of them are reported together."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from handler.models import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_DURATION = r"(\d{1,6})\s*([smhdw])"
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


class Reader:
    """Looks settings up by name, with an optional prefix; an empty value counts as not set."""

    def __init__(self, lookup: Callable[[str], str | None], prefix: str = "") -> None:
        self._lookup = lookup
        self.prefix = prefix
        self.problems: list[str] = []

    def text(self, name: str, default: str = "") -> str:
        """The setting's text, stripped."""
        value = self._lookup(self.prefix + name)
        return value.strip() if isinstance(value, str) and value.strip() else default

    def secret(self, name: str) -> Secret | None:
        """The setting's text, never shown."""
        value = self.text(name)
        return Secret(value) if value else None

    def choice(self, name: str, choices: Iterable[str], default: str) -> str:
        """One of the choices, in any case; the default where none is set."""
        value, allowed = self.text(name).lower(), tuple(choices)
        if not value or value in allowed:
            return value or default
        self.problem(name, f"must be one of {', '.join(allowed)}, not {value!r:.40}")
        return default

    def number(self, name: str, default: float, *, least: float, most: float) -> float:
        """A number within the bounds, both allowed."""
        text = self.text(name)
        if not text:
            return default
        if _is_plain_number(text) and least <= float(text) <= most:
            return float(text)
        self.problem(name, f"must be a number from {least:g} to {most:g}, not {text!r:.40}")
        return default

    def duration(self, name: str) -> timedelta | None:
        """A length of time such as `30m`, `1h`, `7d`."""
        text = self.text(name)
        if not text:
            return None
        try:
            return parse_duration(text)
        except ValueError as error:
            self.problem(name, str(error))
            return None

    def url(self, name: str, schemes: Iterable[str] = ("https", "http")) -> str:
        """A URL without user or password; plain http only on a loopback address."""
        text = self.text(name)
        trouble = url_trouble(text, tuple(schemes)) if text else None
        if trouble is not None:
            self.problem(name, trouble)
            return ""
        return text.rstrip("/")

    def flag(self, name: str) -> bool:
        """Whether the setting says yes."""
        return self.choice(name, ("true", "false", "1", "0", "yes", "no"), "false") in ("true", "1", "yes")

    def problem(self, name: str, what: str) -> None:
        """Note a problem with a setting, by its full name."""
        self.problems.append(f"{self.prefix}{name}: {what}")


def _is_plain_number(text: str) -> bool:
    """At most nine digits, and three behind a point; a pattern would be compiled for this alone in most runs."""
    whole, point, part = text.partition(".")
    return (whole.isdecimal() and len(whole) <= 9) and (not point or (part.isdecimal() and len(part) <= 3))


def _is_space_or_control(char: str) -> bool:
    return char.isspace() or char < " " or char == "\x7f"


def parse_duration(text: str) -> timedelta:
    """`90s`, `30m`, `1h`, `7d`, `2w` as a length of time above zero. Raises ValueError."""
    found = re.fullmatch(_DURATION, text.strip())
    if found is None or int(found[1]) == 0:
        raise ValueError(f"must be a length of time such as 30m, 1h or 7d, not {text!r:.40}")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def url_trouble(text: str, schemes: tuple[str, ...], *, query: bool = False) -> str | None:
    """What is wrong with a URL, without showing it; None where nothing is. Without `query` it must end at its path."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not a URL"
    troubles = (
        (parts.scheme not in schemes or not host, f"must be a full URL ({' or '.join(schemes)})"),
        (parts.username is not None or parts.password is not None, "must not hold a user name or password"),
        (any(map(_is_space_or_control, text)), "must not hold white space or control characters"),
        (not query and ("?" in text or "#" in text), "must not hold a query or fragment"),
        (
            parts.scheme == "http" and not _is_this_machine(host or ""),
            "must be https (plain http only on a loopback address)",
        ),
    )
    return next((trouble for found, trouble in troubles if found), None)


def _is_this_machine(host: str) -> bool:
    from handler.addresses import is_this_machine  # noqa: PLC0415 - ipaddress, only where a URL is plain http

    return is_this_machine(host)
