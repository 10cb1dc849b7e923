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
from handler.settings.run_settings import has_index

if TYPE_CHECKING:
    from collections.abc import Sequence

    from handler.models import Report
    from handler.run.wiring import Wiring
    from handler.settings.run_settings import Place
    from handler.sinks.sink import Sink
    from handler.state.interface import Store


CLOSE_BY_HAND = "Close the incident by hand once runs begin: with STATE_URL broken, no run remembers to end it."


def tell_failure(
    error: UsageError, wiring: Wiring, seconds: float, name: str = "", *, dry_run: bool = False
) -> tuple[Report, ...]:
    """Tell a broken policy or setting for every target, or the one that is named; gives their reports.

    It is a run like any other: the same targets, states and identities, each with its share of the time. Raises
    nothing: what cannot be built is left out. Where it is not known which targets there are, it is told for those of
    the index, so that the next good run of each says that it is over; without any of them, or of that name, for the one
    that the state remembers, which joins the index, so that a run that has other targets says that.
    """
    sinks = wiring.sinks([], with_state=True)
    clock = wiring.context.clock
    run_id, started_at, whole = os.urandom(16).hex(), clock.now(), Deadline.after(seconds, clock)
    whom = _whom(wiring, name)
    end = lazy.EndOfRun(wiring) if len(whom) > 1 else AtOnce()
    by_hand = _by_hand(sinks, wiring, several=len(whom) > 1)
    asking = end.until(whole)
    reports: list[Report] = []
    for kept_as, target, place in whom:
        share = asking.share(len(whom) - len(reports))
        notifier = wiring.notifier(sinks, share, dry_run=dry_run, together=end.together)
        state = load_state(_store(wiring, kept_as, place))
        own = error.for_target(target.name) if isinstance(error, PolicyError) else error
        own = _advised(own, by_hand) if by_hand else own
        reports.append(lazy.run_failure(run_id, started_at, target, own, notifier, state))
    end.tell(whole)
    finished = tuple(map(end.finished, reports))
    if not dry_run:
        _remember_nobody(whom, wiring, run_id)
    if not any(sink.kind.once_a_run for sink in sinks):
        return finished
    last = whole.no_sooner_than(RESERVED_FOR_CHECK_INS)
    return lazy.check_in(sinks, run_id, started_at, finished, wiring, last, dry_run=dry_run)


def _whom(wiring: Wiring, name: str) -> Sequence[tuple[str, Target, Place | None]]:
    """For whom it is told: how the state calls each, its target, and its place where the settings tell it.

    A target that got another name is told from the state that it has, which the next good run takes along.
    """
    places = attempt(lambda: wiring.places(name), [])
    if places:
        kept_as = lazy.name_kept(wiring)
        return [(kept_as(one.name, one.target), one.target, one) for one in places]
    names = lazy.targets_known(wiring, name) or (Target().name,)
    return [(known, Target(known), None) for known in names]


def _remember_nobody(whom: Sequence[tuple[str, Target, Place | None]], wiring: Wiring, run_id: str) -> None:
    """Where it was told under the name of no target, enter that in the index."""
    if [known for known, _, place in whom if place is None] == [Target().name]:
        lazy.enter_unlisted(wiring, Target().name, run_id)


def _by_hand(sinks: Sequence[Sink], wiring: Wiring, *, several: bool) -> str:
    """What is to be done where STATE_URL itself is broken, so that no later run ends what this one opens."""
    url = wiring.settings.state_url
    usable = url is not None and (not several or has_index(url.reveal()))
    lost = not usable and bool(wiring.context.lookup("STATE_URL"))
    return CLOSE_BY_HAND if lost and any(sink.kind.event_per_finding for sink in sinks) else ""


def _advised(error: UsageError, advice: str) -> UsageError:
    """The error with one more piece of advice."""
    return UsageError(error.message, hint=f"{error.hint} {advice}".strip())


def _store(wiring: Wiring, name: str, place: Place | None) -> Store | None:
    """The store of the target of that name, where it can be built."""
    try:
        return wiring.store(wiring.settings.state_url, name, place)
    except PortComplianceError:
        return None
