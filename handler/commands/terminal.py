"""What the commands of the terminal share: surroundings from the environment, output to a file or standard output."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from handler.clock import FixedClock, SystemClock, parse_iso
from handler.commands.progress import ProgressLines
from handler.errors import UsageError
from handler.hss.clouds_yaml import read_cloud, search_paths
from handler.logs import set_up
from handler.run.context import Surroundings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


def surroundings(at: str | None = None, environment: Mapping[str, str] | None = None) -> Surroundings:
    """The terminal's surroundings; with `at` the run's clock stands still there. Raises UsageError, SettingsError."""
    environment = os.environ if environment is None else environment
    from_cloud: Mapping[str, str] = {}
    if environment.get("OS_CLOUD"):
        named = environment.get("OS_CLIENT_CONFIG_FILE")
        places = search_paths(Path.cwd(), Path.home(), Path("/etc/openstack"), Path(named) if named else None)
        from_cloud = read_cloud(environment["OS_CLOUD"], places)
    set_up(_level(environment), environment.get("LOG_FORMAT", "text"))
    running = SystemClock()
    return Surroundings(
        lookup=lambda name: environment.get(name) or from_cloud.get(name),
        root=Path.cwd(),
        clock=FixedClock(moment(at), running) if at else running,
        on_progress=ProgressLines(sys.stderr, running),
    )


def moment(text: str) -> datetime:
    """The time that `--at` names. Raises UsageError."""
    try:
        return parse_iso(text)
    except ValueError:
        raise UsageError(f"--at: {text!r:.40} is not a time", hint="For example 2026-12-01T08:00:00Z.") from None


def read_file(path: str, most: int) -> bytes:
    """A file's bytes, one more than `most` at most. Raises UsageError."""
    try:
        with Path(path).open("rb") as file:
            return file.read(most + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a file name"
        raise UsageError(f"{path}: cannot be read: {reason}") from None


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


def _level(environment: Mapping[str, str]) -> str:
    level = environment.get("LOG_LEVEL", "warning").lower()
    return level if level in ("debug", "info", "warning", "error") else "warning"
