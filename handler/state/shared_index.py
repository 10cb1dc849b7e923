"""The index as one run reads and writes it beside others: what they wrote meanwhile is merged in, never overwritten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from handler.clock import iso
from handler.errors import StoreConflictError, StoreDamagedError, StoreError
from handler.state.index import Index, Lease, believed, index_document, leased, line_of, merged_index

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from handler.clock import Clock
    from handler.state.index import IndexEntry
    from handler.state.interface import Document, DocumentStore

SAVE_TRIES: Final = 5  # of one change, while others write in between
LINES_KEPT: Final = 1_000  # targets whose lines are kept, for the index is written again before each of them is asked
FAILURES_BORNE: Final = 2  # in a row, after which a run asks its store no more


class SharedIndex:
    """One run's hold on the index. `known` is all that is known; `troubles` says what could not be read or written.

    A store that fails costs nobody a verdict: the run goes on, and what it could not write is asked once more.
    """

    def __init__(self, store: DocumentStore[Index], run_id: str, clock: Clock, *, read_only: bool = False) -> None:
        self._store, self._run_id, self._clock, self._read_only = store, run_id, clock, read_only
        self._version: str | None = None
        self._own = Index()  # what this run wrote, which is merged into what others wrote
        self._lease: Lease | None = None
        self._failures = 0
        self._dropped: set[str] = set()
        self._told_fleet = False  # then what it knows to be told rules, be it nothing
        self._lines: dict[str, tuple[IndexEntry, bytes]] = {}  # the lines of what is known, as it was last written
        self.known = Index()
        self.damaged = self.lost = False  # it must be rebuilt; it could not be read
        self.troubles: list[str] = []

    def load(self) -> None:
        """Read it. One that is damaged counts as empty (`damaged`), and so does one that cannot be read (`lost`)."""
        try:
            found, self._version = self._store.load()
            self.known = believed(found or Index(), self._clock.now())
        except StoreDamagedError as error:
            self.damaged = True
            self.troubles.append(f"the index is rebuilt from the states: {error.message}")
        except StoreError as error:
            self.lost = True
            self._failures = FAILURES_BORNE
            self.troubles.append(f"the index is not known: {error.message}")

    def leave(self, why: str) -> None:
        """Neither believe nor write it: it is not ours."""
        self.known, self.lost, self._failures = Index(), True, FAILURES_BORNE
        self.troubles.append(why)

    def take(self, budget: timedelta) -> bool:
        """Lease the shard for one budget. False: another run works on it."""
        for _ in range(SAVE_TRIES):
            now = self._clock.now()
            if leased(self.known, now, budget):
                break
            self._lease = Lease(self._run_id, iso(now + budget))
            if self._saved():
                return True
        self._lease = None
        return False

    def put(self, entries: Mapping[str, IndexEntry], starts: Mapping[str, tuple[float, ...]] | None = None) -> None:
        """Know these entries and call starts; they are written with the next `save`."""
        news = Index(entries, starts or {})
        self._own = merged_index(self._own, news)
        self.known = merged_index(self.known, news)

    def drop(self, name: str) -> None:
        """Forget a target; written with the next `save`."""
        self._dropped.add(name)
        self.known = self._without_dropped(self.known)

    def fleet_told(self, sink: str) -> dict[str, str]:
        """What a fleet digest told that sink, by target: a standing and when."""
        start = f"{sink}/"
        return {key.removeprefix(start): what for key, what in self.known.fleet_told.items() if key.startswith(start)}

    def tell_fleet(self, sink: str, told: Mapping[str, str]) -> None:
        """Know what that sink was told instead of what it was told before; written with the next `save`."""
        others = {key: what for key, what in self.known.fleet_told.items() if not key.startswith(f"{sink}/")}
        news = {**others, **{f"{sink}/{name}": what for name, what in told.items()}}
        self._own, self._told_fleet = self._own._replace(fleet_told=news), True
        self.known = self.known._replace(fleet_told=news)

    def save(self) -> None:
        """Write it, together with what others wrote meanwhile."""
        for _ in range(SAVE_TRIES):
            if self._saved():
                return
        self.troubles.append(f"the index could not be written: other runs wrote it {SAVE_TRIES} times in between")

    def release(self) -> None:
        """Write it for the last time, without this run's lease."""
        self._lease = None
        self.save()

    def _saved(self) -> bool:
        """One try; False where another run was faster, whose index is then known too."""
        if self._read_only or self._failures >= FAILURES_BORNE:
            return True
        there = self.known.lease
        if self._lease is not None or (there is not None and there.run_id == self._run_id):
            self.known = self.known._replace(lease=self._lease)
        try:
            self._version = self._store.save(self._document(), self._version)
            self._failures = 0
        except StoreConflictError:
            return self._reread()
        except StoreError as error:
            self._failed(error)
        return True

    def _without_dropped(self, index: Index) -> Index:
        kept = {name: entry for name, entry in index.targets.items() if name not in self._dropped}
        return index._replace(targets=kept)

    def _document(self) -> Document:
        return index_document(self.known, line_of if len(self.known.targets) > LINES_KEPT else self._line)

    def _line(self, name: str, entry: IndexEntry) -> bytes:
        kept = self._lines.get(name)
        if kept is None or kept[0] is not entry:
            kept = self._lines[name] = entry, line_of(name, entry)
        return kept[1]

    def _reread(self) -> bool:
        try:
            theirs, self._version = self._store.load()
            merged = merged_index(believed(theirs or Index(), self._clock.now()), self._own)
            self.known = self._without_dropped(merged)
            if self._told_fleet:
                self.known = self.known._replace(fleet_told=self._own.fleet_told)
        except StoreError as error:
            self._failed(error)
            return True
        return False

    def _failed(self, error: StoreError) -> None:
        self._failures += 1
        if self._failures == 1:
            self.troubles.append(f"the index could not be written: {error.message}")
