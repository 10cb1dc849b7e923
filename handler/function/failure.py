"""A run that could not begin is told too: as inconclusive, to whatever sinks can be built."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from handler.clock import Deadline
from handler.errors import PolicyError, PortComplianceError, UsageError
from handler.models import Target
from handler.run import lazy
from handler.run.check import load_state
from handler.run.job import RESERVED_FOR_CHECK_INS, AtOnce
from handler.run.wiring import attempt

if TYPE_CHECKING:
    from handler.models import Report
    from handler.run.wiring import Wiring
    from handler.settings.run_settings import Place
    from handler.state.interface import Store


def tell_failure(
    error: UsageError, wiring: Wiring, seconds: float, name: str = "", *, dry_run: bool = False
) -> tuple[Report, ...]:
    """Tell a broken policy or setting for every target, or the one that is named; gives their reports.

    It is a run like any other: the same targets, states and identities, each with its share of the time. Raises
    nothing: what cannot be built is left out, and without any target it is told for the one that the state remembers.
    """
    sinks = wiring.sinks([], with_state=True)
    clock = wiring.context.clock
    run_id, started_at, whole = os.urandom(16).hex(), clock.now(), Deadline.after(seconds, clock)
    places = attempt(lambda: wiring.places(name), []) or (None,)
    end = lazy.EndOfRun(wiring) if len(places) > 1 else AtOnce()
    asking = end.until(whole)
    reports: list[Report] = []
    for place in places:
        share = asking.share(len(places) - len(reports))
        notifier = wiring.notifier(sinks, share, dry_run=dry_run, together=end.together)
        target = Target() if place is None else place.target
        state = load_state(_store(wiring, target.name if place is None else place.name, place))
        own = error.for_target(target.name) if isinstance(error, PolicyError) else error
        reports.append(lazy.run_failure(run_id, started_at, target, own, notifier, state))
    end.tell(whole)
    finished = tuple(map(end.finished, reports))
    if not any(sink.kind.once_a_run for sink in sinks):
        return finished
    last = whole.no_sooner_than(RESERVED_FOR_CHECK_INS)
    return lazy.check_in(sinks, run_id, started_at, finished, wiring, last, dry_run=dry_run)


def _store(wiring: Wiring, name: str, place: Place | None) -> Store | None:
    """The store of the target of that name, where it can be built."""
    try:
        return wiring.store(wiring.settings.state_url, name, place)
    except PortComplianceError:
        return None
