"""The test of the configured sinks, for both doors: from settings to what each sink made of its message."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from handler.clock import Deadline
from handler.errors import SettingsError
from handler.run import lazy

if TYPE_CHECKING:
    from handler.models.delivery import Delivery
    from handler.run.wiring import Wiring


def check_sinks(wiring: Wiring, seconds: float, name: str = "") -> tuple[Delivery, ...]:
    """Send a test to every configured sink, or to the named one. Raises SettingsError, also where there is none."""
    problems = list(wiring.problems)
    sinks = wiring.sinks(problems, with_state=bool(wiring.context.lookup("STATE_URL")))
    chosen = tuple(sink for sink in sinks if name in ("", sink.name))
    if not chosen and not problems:
        names = ", ".join(sink.name for sink in sinks)
        problems.append(f"there is no sink {name!r:.60}; there are: {names}" if names else "there is no sink to test")
    if problems:
        raise SettingsError(problems)
    deadline = Deadline.after(seconds, wiring.context.clock)
    context = lazy.DeliveryContext(wiring.context.warm.web, deadline, wiring.context.warm.random)
    told = lazy.try_sinks(chosen, context, f"test-{os.urandom(8).hex()}")
    return wiring.redactor.deliveries(told)
