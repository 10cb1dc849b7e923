"""Whole lines packed into as few texts as a limit allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def pack(lines: Iterable[str], limit: int, size: Callable[[str], int] = len, newline: str = "\n") -> list[str]:
    """Texts of at most `limit`, each of one or more whole lines; a line that is longer alone stays alone."""
    texts: list[str] = []
    for line in lines:
        joined = f"{texts[-1]}{newline}{line}" if texts else line
        if texts and size(joined) <= limit:
            texts[-1] = joined
        else:
            texts.append(line)
    return texts
