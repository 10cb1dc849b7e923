"""Targets that left the file: told once as no longer checked, so that their incidents end, and then forgotten."""

from __future__ import annotations

from itertools import chain, repeat
from typing import TYPE_CHECKING

from handler.models import Problem, Target
from handler.named_tuple import NamedTuple
from handler.run.check import load_state
from handler.run.fault import internal_error
from handler.run.indexes import UNASKED, read_indexes
from handler.run.unchecked import ended, groups
from handler.state.memory import at_place, place_of, place_parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from handler.clock import Deadline
    from handler.models.delivery import Delivery
    from handler.notify.together import Together
    from handler.run.job import LoadedState
    from handler.run.targets import PreparedRun
    from handler.run.wiring import Wiring
    from handler.state.index import IndexEntry
    from handler.state.memory import LastRun

UNCHECKED = "it left TARGETS_CONFIG and is no longer checked; what was open may still be"
UNLISTED = "a run that could not begin spoke by this name; now runs begin, and each target speaks for itself"
_NAMED = 3  # targets, and indexes, that are named where there are many


class Leaving(NamedTuple):
    """What came of telling that a target left. `trouble` says why it is not known what was open there.

    `unread`: its state cannot be read just now, so that the next run has to try again.
    """

    deliveries: tuple[Delivery, ...] = ()
    trouble: str = ""
    unread: bool = False

    def and_then(self, later: Leaving) -> Leaving:
        """Both of them."""
        return Leaving(
            (*self.deliveries, *later.deliveries), later.trouble or self.trouble, self.unread or later.unread
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
    try:
        with wiring.redactor.errors():
            for name, entry in left.items():
                if whole.left() <= 1:
                    break
                told[name] = _told(name, entry, run, wiring, whole, together)
    except Exception as error:  # noqa: BLE001 - the targets that were asked have their reports, whatever it is
        internal_error(error)
    return told


def is_settled(deliveries: Iterable[Delivery]) -> bool:
    """Whether every sink knows, so that the target may be forgotten."""
    return not any(delivery.missed for delivery in deliveries)


class Elsewhere(NamedTuple):
    """The places that other indexes of the fleet hold, and which of these cannot be read."""

    places: frozenset[str]
    unread: tuple[str, ...] = ()


def elsewhere(wiring: Wiring) -> Elsewhere:
    """What the other indexes of FLEET_STATE_URLS hold. Raises nothing: a fault of our own is logged."""
    settings = wiring.settings
    try:
        with wiring.redactor.errors():
            indexes, unread = read_indexes(wiring, settings.fleet_state_urls, but=settings.state_url)
    except Exception as error:  # noqa: BLE001 - the targets that were asked have their reports, whatever it is
        return Elsewhere(frozenset(), (internal_error(error).message,))
    places = (entry.place for index in indexes for entry in index.targets.values() if entry.place)
    return Elsewhere(frozenset(places), tuple(unread))


def not_known(names: Sequence[str], unread: Sequence[str]) -> str:
    """What is said of targets that left where it is not known whether another shard checks them."""
    named = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    why = f"not all of FLEET_STATE_URLS can be read: {'; '.join(unread[:_NAMED])}"
    return f"left TARGETS_CONFIG: {named}; whether another shard checks them now is not known, because {why}"


def _told(
    name: str,
    entry: IndexEntry,
    run: PreparedRun,
    wiring: Wiring,
    whole: Deadline,
    together: Callable[[], Together | None] | None,
) -> Leaving:
    """What each sink made of it, for each place that the target's state remembers and nobody asks any more."""
    url = run.request.state_url or wiring.settings.state_url
    store = wiring.store(url, name, run.targets[0].place)
    found = load_state(store)
    states = chain([found], map(load_state, repeat(store)))  # read again after each telling, which writes it
    last, *before = _places_left(found.last_run)
    if before:
        asked = {place_of(each.target) for each in run.targets} | elsewhere(wiring).places
        before = [place for place in before if place not in asked]
    leaving = Leaving()
    for place in (last, *before):
        for verdict, sinks in groups(run.sinks):
            state = next(states)
            mine, others = at_place(state.last_run, place)
            if mine is None:
                leaving = leaving.and_then(_not_read(name, state))
                continue
            notifier = wiring.notifier(sinks, whole.share(2), dry_run=False, state_url=url, together=together)
            named = entry if place == last else entry._replace(place=place)
            known = mine._replace(others=others)
            report, compared = ended(_target(name, named), known, run, verdict, _why(named))
            leaving = leaving.and_then(Leaving(notifier(report, compared, state.store, state.version).deliveries))
    return leaving


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


def foreign(known: Iterable[str], listed: Iterable[str]) -> bool:
    """Whether an index holds targets, and none of them is ours: two shards share it by accident."""
    names = set(known)
    return bool(names) and names.isdisjoint(listed)
