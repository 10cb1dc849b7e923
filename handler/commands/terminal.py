"""The context of a run that a terminal starts: settings from the environment, progress on standard error."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from handler.clock import FixedClock, SystemClock
from handler.commands.inputs import here, moment_of
from handler.commands.progress import ProgressLines
from handler.logs import set_up
from handler.run import lazy
from handler.run.context import Context, Warm

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def terminal_context(at: str | None = None, environment: Mapping[str, str] | None = None) -> Context:
    """The terminal's context; with `at` the run's clock stands still there. Raises UsageError, SettingsError."""
    environment = os.environ if environment is None else environment
    from_cloud: Mapping[str, str] = {}
    if environment.get("OS_CLOUD"):
        named = environment.get("OS_CLIENT_CONFIG_FILE")
        paths = lazy.search_paths(here(), _home(), Path("/etc/openstack"), Path(named) if named else None)
        from_cloud = lazy.read_cloud(environment["OS_CLOUD"], paths)
    set_up(_level(environment), environment.get("LOG_FORMAT", "text"))
    running = SystemClock()
    return Context(
        lookup=lookup_of(environment, from_cloud),
        root=here(),
        warm=Warm(),
        clock=running if at is None else FixedClock(moment_of(at), running),
        on_progress=ProgressLines(sys.stderr, running),
    )


def lookup_of(environment: Mapping[str, str], from_cloud: Mapping[str, str]) -> Callable[[str], str | None]:
    """Settings by name; a named cloud is asked whole.

    What is left over in the environment of another login, OS_* or half an access key, is not mixed into it.
    """
    left_over = frozenset[str]()
    if from_cloud:
        left_over = frozenset(name for name in environment if name.startswith("OS_"))
        keys = frozenset(name for name in environment if name.startswith("HUAWEICLOUD_SDK_"))
        left_over |= keys if "HUAWEICLOUD_SDK_AK" in from_cloud else frozenset()
    return lambda name: from_cloud.get(name) if name in left_over else environment.get(name) or from_cloud.get(name)


def _home() -> Path | None:
    """The user's home; None where HOME is not set and the system does not know the user."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def _level(environment: Mapping[str, str]) -> str:
    level = environment.get("LOG_LEVEL", "warning").lower()
    return level if level in ("debug", "info", "warning", "error") else "warning"
