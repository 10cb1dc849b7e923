"""The context of a run that a terminal starts: settings from the environment, progress on standard error."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from handler.clock import FixedClock, SystemClock
from handler.commands.inputs import moment_of
from handler.commands.progress import ProgressLines
from handler.logs import set_up
from handler.run import lazy
from handler.run.context import Context, Warm

if TYPE_CHECKING:
    from collections.abc import Mapping


def terminal_context(at: str | None = None, environment: Mapping[str, str] | None = None) -> Context:
    """The terminal's context; with `at` the run's clock stands still there. Raises UsageError, SettingsError."""
    environment = os.environ if environment is None else environment
    from_cloud: Mapping[str, str] = {}
    if environment.get("OS_CLOUD"):
        named = environment.get("OS_CLIENT_CONFIG_FILE")
        paths = lazy.search_paths(Path.cwd(), Path.home(), Path("/etc/openstack"), Path(named) if named else None)
        from_cloud = lazy.read_cloud(environment["OS_CLOUD"], paths)
    set_up(_level(environment), environment.get("LOG_FORMAT", "text"))
    running = SystemClock()
    return Context(
        lookup=lambda name: environment.get(name) or from_cloud.get(name),
        root=Path.cwd(),
        warm=Warm(),
        clock=FixedClock(moment_of(at), running) if at else running,
        on_progress=ProgressLines(sys.stderr, running),
    )


def _level(environment: Mapping[str, str]) -> str:
    level = environment.get("LOG_LEVEL", "warning").lower()
    return level if level in ("debug", "info", "warning", "error") else "warning"
