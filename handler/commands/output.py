"""Where a command's result goes: a file, or standard output."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from handler.errors import UsageError


def may_write(output: str | None) -> None:
    """Refuse an output file that cannot be written before anything is asked or told. Raises UsageError."""
    if output is None:
        return
    path = Path(output)
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise UsageError(f"{output}: cannot be written", hint="Give a file in a folder that exists and may be written.")


def write_result(text: str, output: str | None) -> None:
    """The result to a file, whole or not at all, or to standard output. Raises UsageError."""
    if output is None:
        sys.stdout.write(text if text.endswith("\n") or not text else text + "\n")
        sys.stdout.flush()
        return
    path = Path(output)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        partial.write_text(text if text.endswith("\n") or not text else text + "\n", encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise UsageError(f"{output}: cannot be written: {error.strerror}") from None


def wants_color() -> bool:
    """Whether standard output is a terminal that may show colours."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
