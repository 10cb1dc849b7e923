"""A run that could not begin is told too: as inconclusive, to whatever sinks can be built."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from handler.clock import Deadline
from handler.errors import PortComplianceError, UsageError
from handler.models import Target
from handler.run.check import run_failure
from handler.run.wiring import outlet_of, settings_only, sinks_of, store_at
from handler.settings.run_settings import Settings, read_settings

if TYPE_CHECKING:
    from handler.models import Report
    from handler.run.context import Surroundings
    from handler.sinks.sink import Sink
    from handler.state.interface import Store

_TELLING = ("WEBHOOK_", "NOTIFY_CONFIG", "RUN_INTERVAL")
_REMEMBERING = ("STATE_URL", "OBS_ENDPOINT", "HUAWEICLOUD_SDK_")


def tell_failure(
    error: UsageError, around: Surroundings, seconds: float, *, dry_run: bool = False
) -> tuple[Report, ...]:
    """Tell a broken policy or setting; gives the report of that. Raises nothing: what cannot be built is left out."""
    settings, sinks, store = _what_can_be_built(around)
    outlet = outlet_of(sinks, Deadline.after(seconds, around.clock), settings, around, dry_run=dry_run)
    return (run_failure(uuid.uuid4().hex, around.clock.now(), Target(), error, outlet, store),)


def _what_can_be_built(around: Surroundings) -> tuple[Settings, tuple[Sink, ...], Store | None]:
    for names in ((*_TELLING, *_REMEMBERING), _TELLING, ("WEBHOOK_",), ("NOTIFY_CONFIG",)):
        try:
            settings = settings_only(around, names)
            store = store_at(settings.state_url, "default", None, settings, around)
            sinks = sinks_of(settings, around, with_state=True)
        except PortComplianceError:
            continue
        return settings, sinks, store
    return read_settings(lambda _: None, needs_place=False), (), None
