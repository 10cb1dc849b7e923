"""Targets that left the file: told once as no longer checked, so that their incidents end, and then forgotten."""

from __future__ import annotations

from itertools import chain, repeat
from typing import TYPE_CHECKING

from handler.models import Problem, Target
from handler.named_tuple import NamedTuple
from handler.notify.dispatch import ELSEWHERE
from handler.notify.together import LATER
from handler.run.asked import Asked
from handler.run.check import load_state
from handler.run.fault import internal_error
from handler.run.indexes import UNASKED
from handler.run.unchecked import ended, groups, is_settled, is_told_whole, once
from handler.state.memory import at_place, place_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from handler.clock import Deadline
    from handler.models import Report
    from handler.models.delivery import Delivery
    from handler.notify.dispatch import Dispatched
    from handler.notify.together import Together
    from handler.run.job import LoadedState
    from handler.run.targets import PreparedRun
    from handler.run.wiring import Wiring
    from handler.sinks.sink import Sink
    from handler.state.index import IndexEntry
    from handler.state.memory import LastRun

UNCHECKED = "it left TARGETS_CONFIG and is no longer checked; what was open may still be"
UNLISTED = "a run that could not begin spoke by this name; now runs begin, and each target speaks for itself"


class Leaving(NamedTuple):
    """What came of telling that a target left. `trouble` says why it is not known what was open there.

    `unread`: its state cannot be read just now, or some sink is `owed` more, so that the next run has to go on.
    """

    deliveries: tuple[Delivery, ...] = ()
    trouble: str = ""
    unread: bool = False
    owed: bool = False

    def is_over(self, deliveries: Iterable[Delivery]) -> bool:
        """Whether every sink knows, by what came of it in the end, so that the target may be forgotten."""
        return is_settled(deliveries) and not (self.unread or self.owed)

    def and_then(self, later: Leaving) -> Leaving:
        """Both of them."""
        return Leaving(
            (*self.deliveries, *later.deliveries),
            later.trouble or self.trouble,
            self.unread or later.unread,
            self.owed or later.owed,
        )


def tell_left(
    left: Mapping[str, IndexEntry],
    run: PreparedRun,
    wiring: Wiring,
    whole: Deadline,
    together: Callable[[], Together | None] | None = None,
) -> Mapping[str, Leaving]:
    """Tell of each target that left, within the time. Gives what came of it, by name; `together()` may hold some of it.

    Raises nothing: a fault of our own is logged, and what is not settled is tried again by the next run.
    """
    told: dict[str, Leaving] = {}
    asked = Asked(run, wiring)
    try:
        with wiring.redactor.errors():
            for name, entry in left.items():
                if whole.left() <= 1:
                    break
                told[name] = _told(name, entry, run, wiring, whole, together, asked)
    except Exception as error:  # noqa: BLE001 - the targets that were asked have their reports, whatever it is
        internal_error(error)
    return told


def _told(
    name: str,
    entry: IndexEntry,
    run: PreparedRun,
    wiring: Wiring,
    whole: Deadline,
    together: Callable[[], Together | None] | None,
    asked: Asked,
) -> Leaving:
    """What each sink made of it, for each place that the target's state remembers and nobody asks any more."""
    url = run.request.state_url or wiring.settings.state_url
    store = wiring.store(url, name, run.targets[0].place)
    found = load_state(store)
    states = chain([found], map(load_state, repeat(store)))  # read again after each telling, which writes it
    last, *before = _places_left(found.last_run)
    taken = [place for place in before if asked.holds(place)]
    leaving = Leaving(unread=not all(map(asked.surely_holds, taken)))
    for place in (last, *(place for place in before if place not in taken)):
        for verdict, sinks in groups(once(run.sinks)):
            state = next(states)
            mine, others = at_place(state.last_run, place)
            if mine is None:
                leaving = leaving.and_then(_not_read(name, state))
                continue
            notifier = wiring.notifier(sinks, whole.share(2), dry_run=False, state_url=url, together=together)
            named = entry if place == last else entry._replace(place=place)
            known = mine._replace(others=others)
            report, compared = ended(_target(name, named), known, run, verdict, _why(named))
            came = notifier(report, compared, state.store, state.version)
            leaving = leaving.and_then(Leaving(came.deliveries, owed=_is_owed(sinks, came, report, run)))
    return leaving


def _is_owed(sinks: Iterable[Sink], came: Dispatched, report: Report, run: PreparedRun) -> bool:
    """Whether one of these sinks is due more than it was told, or another run is telling it."""
    if any(one.reason == ELSEWHERE for one in came.deliveries):
        return True
    waiting = [one.sink for one in came.deliveries if one.reason == LATER]
    return not is_told_whole(sinks, came.last_run, report, run, waiting=waiting)


def _places_left(last_run: LastRun | None) -> tuple[str, ...]:
    """The place that was asked last, and each one before it where something was open when it was asked last."""
    if last_run is None:
        return ("",)
    return (last_run.place, *(place for place, one in last_run.others.items() if _has_open(one)))


def _has_open(last_run: LastRun) -> bool:
    return any(record.status == "open" for record in last_run.findings.values())


def _not_read(name: str, state: LoadedState) -> Leaving:
    """Nothing to tell where there is no state. One that is damaged will not heal, because nobody writes it any more."""
    if not state.trouble:
        return Leaving()
    trouble = f"{name} left TARGETS_CONFIG, and what was open there is not known: {state.trouble}"
    return Leaving(trouble=trouble, unread=state.store is None)


def _why(entry: IndexEntry) -> Problem:
    """Why it ends; by the name of an entry that says nothing only a run spoke that could not begin."""
    return Problem(UNLISTED if entry == UNASKED else UNCHECKED)


def _target(name: str, entry: IndexEntry) -> Target:
    """Who it was; by the name of an entry that says nothing only a run spoke that could not begin."""
    if entry == UNASKED:
        return Target(name)
    return Target(name, entry.cloud, entry.region, *place_parts(entry.place))
