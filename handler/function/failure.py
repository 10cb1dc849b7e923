"""A run that could not begin is told too: as inconclusive, to whatever sinks can be built."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from handler.clock import Deadline
from handler.errors import PortComplianceError, UsageError
from handler.models import Target
from handler.run import lazy
from handler.run.check import load_state

if TYPE_CHECKING:
    from handler.models import Report
    from handler.run.wiring import Wiring
    from handler.state.interface import Store


def tell_failure(error: UsageError, wiring: Wiring, seconds: float, *, dry_run: bool = False) -> tuple[Report, ...]:
    """Tell a broken policy or setting; gives the report of that. Raises nothing: what cannot be built is left out."""
    sinks = wiring.sinks([], with_state=True)
    notifier = wiring.notifier(sinks, Deadline.after(seconds, wiring.context.clock), dry_run=dry_run)
    run_id, now = os.urandom(16).hex(), wiring.context.clock.now()
    return (lazy.run_failure(run_id, now, Target(), error, notifier, load_state(_store(wiring))),)


def _store(wiring: Wiring) -> Store | None:
    """The store of the settings, where it can be built without a target."""
    try:
        return wiring.store(wiring.settings.state_url, "default", None)
    except PortComplianceError:
        return None
