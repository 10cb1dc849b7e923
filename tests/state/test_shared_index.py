"""The index beside other runs: nothing that another run wrote is lost, in every store."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import ClassVar

import pytest

from handler.clock import iso
from handler.errors import StoreDamagedError, StoreError
from handler.models import Secret
from handler.state.content import to_bytes
from handler.state.file import FileStore
from handler.state.index import Index, IndexEntry, Lease, index_document, index_of
from handler.state.obs import ObsStore
from handler.state.obs_objects import ObsKeys, ObsObjects
from handler.state.redis import RedisStore
from handler.state.shared_index import SharedIndex
from tests.fakes import NOON, FakeClock, MemoryStore
from tests.faults.redis_server import RedisServer
from tests.state.test_obs import ENDPOINT, Bucket

BUDGET = timedelta(seconds=900)


def entry(minutes_ago: float, **more) -> IndexEntry:
    at = iso(NOON - timedelta(minutes=minutes_ago))
    return IndexEntry(verdict="compliant", last_run_at=at, last_complete_at=at, **more)


class InMemory(MemoryStore):
    """An index in memory."""

    def __init__(self, index: Index | None = None) -> None:
        super().__init__(None if index is None else json.loads(to_bytes(index_document(index))), read=index_of)

    def save(self, document, version):
        return super().save(json.loads(to_bytes(document)), version)


@pytest.fixture(params=["file", "redis", "obs", "obs without conditions", "memory"])
def place(request, tmp_path):
    """Makes stores of one and the same index."""
    if request.param == "redis":
        with RedisServer("secret") as server:
            yield lambda: RedisStore(f"redis://:secret@127.0.0.1:{server.port}/0/i", FakeClock(), index_of, timeout=60)
        return
    if request.param == "memory":
        shared = InMemory()
        yield lambda: shared
        return
    if request.param == "file":
        yield lambda: FileStore(tmp_path / "i.json", FakeClock(), index_of)
        return
    bucket = Bucket(request.param == "obs")
    objects = ObsObjects("state", ENDPOINT, "eu-de", lambda: ObsKeys("A", Secret("s")), bucket, FakeClock())
    yield lambda: ObsStore(objects, "i", index_of)


def opened(store, run_id: str, clock=None) -> SharedIndex:
    index = SharedIndex(store, run_id, clock or FakeClock())
    index.load()
    return index


def test_two_runs_that_write_at_once_keep_what_both_know(place):
    one, other = opened(place(), "one"), opened(place(), "other")
    one.put({"a": entry(2), "both": entry(5)}, {"lane": (1.0, 3.0)})
    one.save()
    other.put({"b": entry(1), "both": entry(4, run_id="later")}, {"lane": (2.0,)})
    other.save()
    one.put({"c": entry(0)})
    one.save()
    known = opened(place(), "third").known
    assert set(known.targets) == {"a", "b", "c", "both"}
    assert known.targets["both"].run_id == "later"
    assert known.starts == {"lane": (1.0, 2.0, 3.0)}
    assert one.known == known
    assert one.troubles == other.troubles == []


def test_only_one_of_two_runs_gets_the_lease_and_its_end_is_written(place):
    one, other = opened(place(), "one"), opened(place(), "other")
    assert (one.take(BUDGET), other.take(BUDGET)) == (True, False)
    other.put({"b": entry(1)})
    other.save()
    assert opened(place(), "third").known.lease.run_id == "one"
    one.release()
    assert opened(place(), "third").known.lease is None
    assert other.known.targets["b"] == opened(place(), "third").known.targets["b"]


def test_a_stale_copy_of_another_run_never_takes_back_a_verdict():
    store = InMemory(Index({"a": entry(60)}))
    one, other = opened(store, "one"), opened(store, "other")
    begun = entry(60)._replace(last_run_at=iso(NOON))
    one.put({"a": begun})
    one.save()
    other.load()
    one.put({"a": begun._replace(verdict="inconclusive", problem="HTTP 503")})
    one.save()
    other.put({"b": entry(0)})
    other.save()
    assert opened(store, "third").known.targets["a"].problem == "HTTP 503"


def test_times_that_lie_ahead_count_as_never_and_do_not_win():
    ahead = IndexEntry("violations", last_run_at="2036-01-01T00:00:00Z", last_complete_at="2036-01-01T00:00:00Z")
    store = InMemory(Index({"a": ahead, "b": entry(1)}))
    index = opened(store, "one")
    assert (index.known.targets["a"].last_run_at, index.known.targets["a"].last_complete_at) == ("", "")
    assert index.known.targets["b"] == entry(1)
    index.put({"a": entry(0)})
    index.save()
    assert opened(store, "two").known.targets["a"] == entry(0)


class Failing(InMemory):
    """A store that cannot be written; `asked` counts the tries."""

    asked = 0

    def save(self, document, version):
        self.asked += 1
        raise StoreError("the disk is full")


def test_a_store_that_cannot_be_written_is_said_once_and_left_alone():
    store = Failing()
    index = opened(store, "one")
    assert index.take(BUDGET)
    for number in range(5):
        index.put({"a": entry(number)})
        index.save()
    assert index.troubles == ["the index could not be written: the disk is full"]
    assert store.asked == 2


class Restless(InMemory):
    """A store that another run writes right before each of ours."""

    def save(self, document, version):
        self.count += 1
        return super().save(document, version)


def test_a_store_that_others_write_all_the_time_is_said():
    index = opened(Restless(Index()), "one")
    index.put({"a": entry(0)})
    index.save()
    assert index.troubles == ["the index could not be written: other runs wrote it 5 times in between"]
    assert not index.take(BUDGET)


def test_a_lease_of_a_run_that_died_is_over_after_its_budget():
    store, clock = (
        InMemory(Index(lease=Lease("dead", iso(NOON + BUDGET)))),
        FakeClock(),
    )
    assert not opened(store, "one", clock).take(BUDGET)
    clock.tick(900)
    assert opened(store, "one", clock).take(BUDGET)


def test_what_a_digest_forgets_stays_forgotten_where_another_run_wrote_first():
    """A target that was silent is well again; a relapse is told only if that is known."""
    store = InMemory(Index({"a": entry(30)}, fleet_told={"ops/a": f"stale {iso(NOON)}"}))
    digest, run = opened(store, "digest"), opened(store, "run")
    run.known = run.known._replace(targets={"a": entry(1)})
    run.save()
    digest.tell_fleet("ops", {})
    digest.save()
    assert (opened(store, "later").fleet_told("ops"), store.load()[0].targets["a"]) == ({}, entry(1))


def test_an_index_that_is_not_ours_is_neither_believed_nor_written():
    store = InMemory(Index({"a": entry(1)}))
    index = opened(store, "one")
    index.leave("it is of another policy")
    index.put({"b": entry(0)})
    index.save()
    assert (index.lost, index.troubles, store.count) == (True, ["it is of another policy"], 0)


def test_a_first_failure_is_said_and_what_works_again_is_not_a_trouble():
    store = InMemory(Index())
    index = opened(store, "one")
    save, fails = store.save, iter([True, False, True, False])

    def now_and_then(document, version):
        if next(fails):
            raise StoreError("busy")
        return save(document, version)

    store.save = now_and_then
    for minutes in range(4):
        index.put({"a": entry(minutes)})
        index.save()
    assert index.troubles == ["the index could not be written: busy"] * 2
    assert store.count == 2


def test_before_anything_was_read_nothing_is_known_and_nothing_is_wrong():
    index = SharedIndex(InMemory(), "one", FakeClock())
    assert (index.known, index.damaged, index.lost, index.troubles) == (Index(), False, False, [])


class Unreadable(InMemory):
    """An index that cannot be read, for this reason."""

    def __init__(self, error):
        super().__init__()
        self.error, self.reads = error, 0

    def load(self):
        self.reads += 1
        raise self.error


@pytest.mark.parametrize(
    ("error", "damaged", "trouble", "written"),
    [
        (StoreDamagedError("no JSON"), True, "the index is rebuilt from the states: no JSON", 1),
        (StoreError("no answer"), False, "the index is not known: no answer", 0),
    ],
)
def test_an_index_that_is_damaged_is_rebuilt_and_one_that_cannot_be_read_is_left_alone(
    error, damaged, trouble, written
):
    store = Unreadable(error)
    index = opened(store, "one")
    assert (index.known, index.damaged, index.lost, index.troubles) == (Index(), damaged, not damaged, [trouble])
    index.put({"a": entry(0)})
    index.save()
    assert store.count == written


def test_what_cannot_be_read_again_after_another_run_wrote_is_said_and_not_asked_again():
    store = InMemory(Index())
    index = opened(store, "one")
    store.count += 1  # another run
    reads = []

    def load():
        reads.append(1)
        raise StoreError("no answer")

    store.load = load
    index.put({"a": entry(0)})
    index.save()
    assert (index.troubles, len(reads)) == (["the index could not be written: no answer"], 1)


def test_a_target_that_is_dropped_stays_so_where_another_run_wrote_first():
    store = InMemory(Index({"a": entry(2), "b": entry(2)}))
    one, other = opened(store, "one"), opened(store, "other")
    one.drop("a")
    assert list(one.known.targets) == ["b"]
    other.put({"c": entry(1)})
    other.save()
    one.save()
    assert set(store.load()[0].targets) == {"b", "c"}


def test_each_sink_knows_what_a_digest_told_it_and_what_other_runs_told_is_kept():
    store = InMemory(Index(fleet_told={"soc/a": "1", "ops/b": "2", "soc/soc/": "3"}))
    index = opened(store, "one")
    assert (index.fleet_told("soc"), index.fleet_told("ops")) == ({"a": "1", "soc/": "3"}, {"b": "2"})
    other = opened(store, "other")
    other.put({"a": entry(0)})
    other.save()
    index.put({"b": entry(0)})
    index.save()
    assert store.load()[0].fleet_told == {"soc/a": "1", "ops/b": "2", "soc/soc/": "3"}


class Counted(IndexEntry):
    """An entry that counts how often it was made into a line."""

    made: ClassVar[list[int]] = []

    def _asdict(self):
        self.made.append(1)
        return super()._asdict()


@pytest.mark.parametrize(("targets", "made"), [(1, 1), (1_000, 1), (1_001, 3)])
def test_the_lines_of_up_to_a_thousand_targets_are_made_once(targets, made):
    store = InMemory()
    index = opened(store, "one")
    Counted.made.clear()
    same = Counted("compliant", problem="none")
    index.put({"a": same, **{str(number): IndexEntry() for number in range(targets - 1)}})
    for _ in range(3):
        index.save()
    assert (len(Counted.made), store.count) == (made, 3)
    index.put({"a": entry(0)})
    index.save()
    assert opened(store, "two").known.targets["a"] == entry(0)
