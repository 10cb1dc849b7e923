"""The targets of one run that share an index: which are asked, in which order, and what the others stand for."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from handler.clock import parse_iso
from handler.decide.schedule import UNSET_INTERVAL, Deferred, since, standing, turn
from handler.hss.client import PATHS
from handler.report.verdict import VERDICTS
from handler.run import entries
from handler.run.asked import elsewhere, foreign, not_known
from handler.run.check import load_state
from handler.run.indexes import UNASKED
from handler.run.renamed import taken_along
from handler.state.index import STARTS_KEPT, IndexEntry
from handler.state.memory import place_of
from handler.state.shared_index import SharedIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from handler.clock import Clock
    from handler.hss.client import HssClient
    from handler.hss.pacing import Lane, Pacer
    from handler.models import Report, Secret, Verdict
    from handler.run.asked import Elsewhere
    from handler.run.targets import PreparedRun, PreparedTarget
    from handler.run.wiring import Wiring

_RANKS = {stands: rank for rank, stands in enumerate((*VERDICTS, None))}  # worst first
SAVE_EVERY = 10.0  # seconds between two writes of verdicts; a start is always written before its target is asked


class Shard:
    """The index of a run: `open` gives what to ask, `start` and `finish` note it, `deferred` is what was not asked."""

    def __init__(
        self,
        run: PreparedRun,
        index: SharedIndex,
        clock: Clock,
        interval: timedelta | None,
        listed: frozenset[str],
        moves: Callable[[str, PreparedTarget], bool],
        others: Callable[[], Elsewhere],
    ) -> None:
        self._targets = {each.name: each for each in run.targets}
        self._listed = listed  # every target of the file, asked in this run or not; empty without a file
        self._moves = moves  # takes the state of an earlier name along
        self._others = others  # reads what the other indexes of the fleet hold
        self._index, self._clock, self._interval = index, clock, interval
        self._asked: set[str] = set()
        self._leased = self._dead = False  # we hold the lease; a run before us died with it
        self._saved_at = clock.monotonic()
        self._slowest = 0.0  # seconds that a target took beyond what the pace made it wait
        self._before: dict[tuple[Pacer, Lane], int] = {}  # the turns of the lanes of what is asked, before that
        self._began = self._expected = 0.0

    def open(self, budget: timedelta, *, always: bool) -> tuple[PreparedTarget, ...]:
        """Read the index and lease the shard. Gives what is due, most overdue first; nothing while another run works.

        With `always` every target is due, and nobody's lease matters.
        """
        self._index.load()
        if self._index.damaged:
            self._rebuild()
        self._rename()
        if self._is_foreign():
            self._index.leave("STATE_URL's index holds other targets only: give each shard a STATE_URL of its own")
        self._list()
        self._dead = self._index.known.lease is not None
        self._leased = self._index.take(budget)
        if not self._leased and not always:
            return ()
        lost = self._calls_of_a_killed_run()
        for pacer, lane in self._lanes():
            pacer.recall(lane, (*self._index.known.starts.get(_name(lane), ()), *lost))
        interval = timedelta(0) if always or self._interval is None else self._interval
        due = turn(self._targets, self._index.known.targets, self._clock.now(), interval).due
        return tuple(self._targets[name] for name in due)

    def _list(self) -> None:
        """Enter what the configuration lists."""
        now, known = self._clock.now(), self._index.known.targets
        every = {name: entries.configured(known.get(name), each, now, self._interval) for name, each in self._items()}
        self._index.put({name: entry for name, entry in every.items() if entry != known.get(name)})

    def _calls_of_a_killed_run(self) -> tuple[float, ...]:
        """A run that died did not write the calls of its last target: they count as all that its minute allows."""
        if not self._dead:
            return ()
        last = max(entry.last_run_at for entry in self._index.known.targets.values())
        return (parse_iso(last).timestamp(),) * STARTS_KEPT if last else ()

    def _is_foreign(self) -> bool:
        """Whether another shard lives in this index: it holds targets, none of ours, and they are still asked."""
        known, patience = self._index.known.targets, 2 * (self._interval or UNSET_INTERVAL)
        alive = any(since(entry.last_run_at, self._clock.now()) <= patience for entry in known.values())
        return bool(self._listed) and alive and foreign(known, self._listed)

    def left(self, *, only_unasked: bool = False) -> dict[str, IndexEntry]:
        """The targets that the file no longer lists, of which people must be told; or only the names of no target.

        One whose place another index of the fleet holds moved to another shard: it is forgotten without a word. Where
        such an index cannot be read, the others may have moved there: they are kept, and that is said.
        """
        if not self._leased or not self._listed or self._index.lost:
            return {}
        left = {name: entry for name, entry in self._index.known.targets.items() if name not in self._listed}
        unasked, targets = _parted(left)
        if only_unasked or not targets:
            return unasked
        return unasked | self._staying(targets, self._others())

    def _staying(self, left: dict[str, IndexEntry], others: Elsewhere) -> dict[str, IndexEntry]:
        """Those of them that surely moved nowhere."""
        moved = [name for name, entry in left.items() if entry.place in others.places]
        self.forget(moved)
        staying = {name: entry for name, entry in left.items() if name not in moved}
        if staying and others.unread:
            self._index.troubles.append(not_known(sorted(staying), others.unread))
            return {}
        return staying

    def forget(self, names: Iterable[str]) -> None:
        """Drop the entries of targets that left and of which everybody was told."""
        for name in names:
            self._index.drop(name)

    def note(self, troubles: Iterable[str]) -> None:
        """Say this too with what is wrong with the index."""
        self._index.troubles.extend(troubles)

    def _rename(self) -> None:
        """A place that is asked under another name than before takes its entry and its state along."""
        known = self._index.known.targets
        earlier = {entry.place: name for name, entry in known.items() if entry.place and not self._stays(name, entry)}
        for name, each in self._items():
            before = earlier.get(place_of(each.target))
            if before and not self._stays(name, known.get(name)) and self._moves(before, each):
                self._index.put({name: known[before]})
                if before not in self._targets:
                    self._index.drop(before)

    def _stays(self, name: str, entry: IndexEntry | None) -> bool:
        """Whether a name still stands for the place it stood for, as far as is known of one that is not chosen."""
        each = self._targets.get(name)
        if each is None:
            return name in self._listed
        if entry is None:
            return False
        return not each.target.project_id or entry.place in ("", place_of(each.target))

    def fits(self, each: PreparedTarget, left: float) -> bool:
        """Whether as many calls as its last run made fit into so many seconds. The first target always does."""
        self._expected = 0.0 if each.client is None else self._wait(each, each.client)
        return not self._asked or self._expected + self._slowest < left

    def start(self, each: PreparedTarget) -> None:
        """Note that a target is about to be asked, and write it: if the run dies now, others come first next time."""
        self._asked.add(each.name)
        self._began = self._clock.monotonic()
        self._before = {(pacer, lane): pacer.turns(lane) for pacer, lane in _lanes_of(each)}
        self._put(each, entries.started(self._entry(each.name), self._clock.now()))
        self._save()

    def seen_at(self, each: PreparedTarget) -> str:
        """The start of the last run that saw a target whole; empty where none did."""
        return self._entry(each.name).last_complete_at

    def finish(self, each: PreparedTarget, report: Report) -> None:
        """Note what came of a target; it is written at most every ten seconds."""
        took = self._clock.monotonic() - self._began
        self._slowest = max(self._slowest, took - self._expected)
        calls = max((pacer.turns(lane) - before for (pacer, lane), before in self._before.items()), default=0)
        self._put(each, entries.checked(self._entry(each.name), report, self._clock.now(), calls))
        if self._clock.monotonic() - self._saved_at >= SAVE_EVERY:
            self._save()

    def close(self) -> None:
        """Write what is not written yet, and end the lease."""
        if self._leased or self._asked:
            self._index.release()

    def deferred(self) -> tuple[Deferred, ...]:
        """Every target that was not asked, worst first."""
        patience = self._interval or UNSET_INTERVAL
        now = self._clock.now()
        others = (name for name in self._targets if name not in self._asked)
        found = (self._standing(name, standing(self._entry(name), now, patience)) for name in others)
        return tuple(sorted(found, key=lambda one: (_RANKS[one.stands], one.name)))

    @property
    def is_taken(self) -> bool:
        """Whether another run works on the shard."""
        return not self._leased

    @property
    def troubles(self) -> tuple[str, ...]:
        """What is wrong with the index."""
        return tuple(self._index.troubles)

    def _standing(self, name: str, stands: Verdict | None) -> Deferred:
        entry = self._entry(name)
        return Deferred(
            name, entry.last_run_at, entry.verdict, "inconclusive" if self._index.lost else stands, entry.counts
        )

    def _entry(self, name: str) -> IndexEntry:
        return self._index.known.targets.get(name) or IndexEntry()

    def _items(self) -> Iterable[tuple[str, PreparedTarget]]:
        return self._targets.items()

    def _put(self, each: PreparedTarget, entry: IndexEntry) -> None:
        starts = {_name(lane): pacer.started(lane) for pacer, lane in self._before}
        self._index.put({each.name: entry}, {name: known for name, known in starts.items() if known})

    def _save(self) -> None:
        self._index.save()
        self._saved_at = self._clock.monotonic()

    def _wait(self, each: PreparedTarget, client: HssClient) -> float:
        return client.pacer.forecast(client.lane("port_statistics"), max(1, self._entry(each.name).calls))

    def _lanes(self) -> dict[tuple[Pacer, Lane], None]:
        asking = {id(each.client): each for each in self._targets.values()}
        return {pair: None for each in asking.values() for pair in _lanes_of(each)}

    def _rebuild(self) -> None:
        """Read back from each target's state what a damaged index knew."""
        remembered = {name: load_state(each.store).last_run for name, each in self._items()}
        self._index.put({name: entries.rebuilt(state) for name, state in remembered.items() if state is not None})


def _parted(left: Mapping[str, IndexEntry]) -> tuple[dict[str, IndexEntry], dict[str, IndexEntry]]:
    """The names of no target, by which only a run spoke that could not begin, and the targets."""
    unasked = {name: entry for name, entry in left.items() if entry == UNASKED}
    return unasked, {name: entry for name, entry in left.items() if entry != UNASKED}


def open_shard(run: PreparedRun, wiring: Wiring, url: Secret) -> Shard | None:
    """The shard of a run whose state URL holds `{target}`. Nothing is read yet."""
    clock, dry_run = wiring.context.clock, run.request.dry_run
    store = wiring.index_store(url, run.targets[0].place, read_only=dry_run)
    if store is None:
        return None
    index = SharedIndex(store, run.run_id, clock, read_only=dry_run)
    listed = frozenset(place.name for place in wiring.places()) if wiring.settings.targets_config else frozenset()

    def moves(name: str, each: PreparedTarget) -> bool:
        if dry_run:
            return False
        before, emptied = (wiring.store(url, name, each.place, read_only=only) for only in (True, False))
        return taken_along(before, emptied, each.store, place_of(each.target), whole=name not in listed)

    return Shard(run, index, clock, wiring.settings.run_interval, listed, moves, partial(elsewhere, wiring))


def _lanes_of(each: PreparedTarget) -> tuple[tuple[Pacer, Lane], ...]:
    client = each.client
    return () if client is None else tuple((client.pacer, client.lane(api)) for api in PATHS)


def _name(lane: Lane) -> str:
    return f"{lane.identity}:{lane.api}"
