"""Lines of a terminal: wrapped to 80 columns, coloured only when asked."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from handler.formats.inert import cells
from handler.models import Severity
from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handler.models import Verdict

WIDTH = 79  # a wide letter cut from its second cell may still need the 80th
_SECOND_CELL = "\0"  # stands behind a wide letter while lines are measured
_RED, _GREEN, _YELLOW, _BLUE, _BOLD = "31", "32", "33", "34", "1"
_SEVERITIES = {
    Severity.CRITICAL: f"{_BOLD};{_RED}",
    Severity.HIGH: _RED,
    Severity.MEDIUM: _YELLOW,
    Severity.LOW: _BLUE,
    Severity.INFO: "0",
}
_VERDICTS: dict[Verdict, str] = {"inconclusive": _YELLOW, "violations": _RED, "compliant": _GREEN}


def wrapped(text: str, *, first: str = "", indent: str = "") -> list[str]:
    """The text in lines of at most 80 columns, however wide its letters are; never an empty list."""
    start = _measured(first)
    lines = textwrap.wrap(
        _measured(text), WIDTH, initial_indent=start, subsequent_indent=indent, break_on_hyphens=False
    )
    return [line.replace(_SECOND_CELL, "") for line in lines] or [first.rstrip()]


def _measured(text: str) -> str:
    return "".join(letter + _SECOND_CELL * (cells(letter) - 1) for letter in text)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as columns of equal width; empty columns vanish."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True) if width).rstrip() for row in rows
    ]


class Ink(NamedTuple):
    """Colours for whole lines, or none."""

    color: bool

    def severity(self, severity: Severity, line: str) -> str:
        """The line in the severity's colour."""
        return self._painted(_SEVERITIES[severity], line)

    def verdict(self, verdict: Verdict, line: str) -> str:
        """The line in the verdict's colour, bold."""
        return self._painted(f"{_BOLD};{_VERDICTS[verdict]}", line)

    def bold(self, line: str) -> str:
        """The line in bold."""
        return self._painted(_BOLD, line)

    def _painted(self, code: str, line: str) -> str:
        return f"\x1b[{code}m{line}\x1b[0m" if self.color else line
