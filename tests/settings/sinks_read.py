"""NOTIFY_CONFIG read as a test of its file wants it: the sinks, or all that is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.errors import SettingsError
from handler.settings.sinks_file import sinks_and_problems

if TYPE_CHECKING:
    from collections.abc import Callable

    from handler.sinks.sink import Sink


def read_sinks(name: str, content: bytes, lookup: Callable[[str], str | None], *, with_state: bool) -> tuple[Sink, ...]:
    sinks, problems = sinks_and_problems(name, content, lookup, with_state=with_state)
    if problems:
        raise SettingsError(problems)
    return sinks
