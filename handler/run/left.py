"""Targets that left the file: told once as no longer checked, so that their incidents end, and then forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.clock import Deadline, iso
from handler.decide.diff import Compared
from handler.models import CategorySnapshot, Changes, Problem, Report, Target
from handler.named_tuple import NamedTuple
from handler.run.check import load_state
from handler.run.fault import internal_error
from handler.run.indexes import UNASKED, read_indexes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from handler.models import Verdict
    from handler.models.delivery import Delivery
    from handler.notify.together import Together
    from handler.run.job import LoadedState
    from handler.run.targets import PreparedRun
    from handler.run.wiring import Wiring
    from handler.sinks.sink import Sink
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
    """What each sink made of it; kinds that hold incidents are told apart: they end nothing where a run saw nothing."""
    url = run.request.state_url or wiring.settings.state_url
    store = wiring.store(url, name, run.targets[0].place)
    ending = tuple(sink for sink in run.sinks if sink.kind.holds_incidents)
    others = tuple(sink for sink in run.sinks if not sink.kind.holds_incidents)
    groups: tuple[tuple[Verdict, tuple[Sink, ...]], ...] = (("compliant", ending), ("inconclusive", others))
    leaving = Leaving()
    for verdict, sinks in groups:
        if not sinks:
            continue
        state = load_state(store)
        if state.last_run is None:
            leaving = leaving.and_then(_not_read(name, state))
            continue
        share = whole.share(2)
        notifier = wiring.notifier(sinks, share, dry_run=False, state_url=url, together=together)
        report, compared = _ended(name, entry, run, state, verdict)
        leaving = leaving.and_then(Leaving(notifier(report, compared, state.store, state.version).deliveries))
    return leaving


def _not_read(name: str, state: LoadedState) -> Leaving:
    """Nothing to tell where there is no state. One that is damaged will not heal, because nobody writes it any more."""
    if not state.trouble:
        return Leaving()
    trouble = f"{name} left TARGETS_CONFIG, and what was open there is not known: {state.trouble}"
    return Leaving(trouble=trouble, unread=state.store is None)


def _ended(
    name: str, entry: IndexEntry, run: PreparedRun, state: LoadedState, verdict: Verdict
) -> tuple[Report, Compared]:
    """A run in which nothing was asked and everything that was open ends, because it is no longer checked."""
    at, last_run = iso(run.started_at), state.last_run
    assert last_run is not None
    ended = {
        fingerprint: record._replace(status="resolved", resolved_at=at, because="unchecked")
        for fingerprint, record in last_run.findings.items()
        if record.status == "open"
    }
    changes = Changes()  # what ended is told from the memory
    report = Report(
        run_id=run.run_id,
        started_at=at,
        finished_at=at,
        verdict=verdict,
        policy_name="",
        policy_digest="",
        policy_files=(),
        target=_target(name, entry),
        coverage=_nothing_left_unseen(last_run) if verdict == "compliant" else (),
        changes=changes,
        problems=() if verdict == "compliant" else (Problem(UNLISTED if entry == UNASKED else UNCHECKED),),
    )
    memory = last_run._replace(run_at=at, findings={**last_run.findings, **ended})
    return report, Compared(changes=changes, findings=(), last_run=memory, previous_run_at=last_run.run_at)


def _target(name: str, entry: IndexEntry) -> Target:
    """Who it was; by the name of an entry that says nothing only a run spoke that could not begin."""
    if entry == UNASKED:
        return Target(name)
    host, project_id, enterprise_project_id = (*entry.place.split("|"), "", "")[:3]
    return Target(name, entry.cloud, entry.region, host, project_id, enterprise_project_id)


def _nothing_left_unseen(last_run: LastRun) -> tuple[CategorySnapshot, ...]:
    """Each category that some sink was told is not seen, as whole: nobody is to see it any more, so that ends too."""
    told = {category for memory in last_run.sinks.values() for category in memory.not_seen if category}
    return tuple(CategorySnapshot(category, complete=True) for category in sorted(told))


def foreign(known: Iterable[str], listed: Iterable[str]) -> bool:
    """Whether an index holds targets, and none of them is ours: two shards share it by accident."""
    names = set(known)
    return bool(names) and names.isdisjoint(listed)
