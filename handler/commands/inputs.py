"""What commands are given: files, and the moment to judge by."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from handler.clock import SystemClock, parse_iso
from handler.errors import UsageError
from handler.run import lazy

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence
    from datetime import date, datetime

    from handler.models import Snapshot

_YEARS = range(1970, 9990)  # what is remembered, or due, some days before or after such a moment is a date too


def read_file(path: str) -> bytes:
    """The bytes of a snapshot or report, one more than allowed at most; `-` is standard input. Raises UsageError."""
    try:
        if path == "-" and sys.stdin is not None:
            return sys.stdin.buffer.read(lazy.MAX_JSON_BYTES + 1)
        with Path(path).open("rb") as file:
            return file.read(lazy.MAX_JSON_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a file name"
        raise UsageError(f"{path}: cannot be read: {reason}") from None


def paths_as_seen_from_here(paths: Sequence[str]) -> list[str]:
    """The paths, those below the working directory relative to it: what reads SARIF knows files by the repository."""
    if not any(Path(path).is_absolute() for path in paths):
        return list(paths)
    root = here()
    return [str(Path(path).relative_to(root)) if Path(path).is_relative_to(root) else path for path in paths]


def here() -> Path:
    """The working directory. Raises UsageError where it was removed, or may not be seen."""
    try:
        return Path.cwd()
    except OSError as error:
        raise UsageError(f"the working directory: {error.strerror}", hint="Change to a folder that exists.") from None


def read_snapshot(path: str) -> Snapshot:
    """The snapshot in that file. Raises UsageError, SnapshotError."""
    return lazy.parse_snapshot(read_file(path), path)


def moment_of(text: str) -> datetime:
    """The time that `--at` names. Raises UsageError."""
    try:
        moment = parse_iso(text)
    except ValueError:
        raise UsageError(f"--at: {text!r:.40} is not a time", hint="For example 2026-12-01T08:00:00Z.") from None
    if moment.year not in _YEARS:
        raise UsageError(f"--at: {text!r:.40} is not in the years {_YEARS[0]} to {_YEARS[-1]}")
    return moment


def today(args: Namespace) -> date:
    """The day of `--at`, else today; UTC. Raises UsageError."""
    return SystemClock().now().date() if args.at is None else moment_of(args.at).date()
