"""State in a file."""

from __future__ import annotations

import errno
import json
import os
import stat
import threading
import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest

from handler.clock import SystemClock
from handler.errors import MissingExtraError, SettingsError, StoreConflictError, StoreDamagedError, StoreError
from handler.state.content import to_bytes, version_of
from handler.state.document import decode, encode
from handler.state.file import FileStore
from handler.state.interface import ObjectStorage
from handler.state.lock import STALE, locked
from handler.state.memory import LastRun
from handler.state.obs import ObsStore
from handler.state.open import open_store
from tests.fakes import NOON, FakeClock, FakeTransport

AT = "2026-11-22T12:00:00Z"


def document(run_at: str = AT) -> dict:
    return encode(LastRun(run_at))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "last.json"


@pytest.fixture
def store(path):
    return FileStore(path, FakeClock(), decode)


def names(path: Path) -> set[str]:
    return {one.name for one in path.parent.iterdir()}


def test_there_is_nothing_at_first(store):
    assert store.load() == (None, None)


def test_what_is_saved_is_loaded_and_only_its_owner_may_read_it(store, path):
    version = store.save(document(), None)
    assert FileStore(path, FakeClock(), decode).load() == (decode(document()), version)
    assert path.stat().st_mode & 0o777 == 0o600


def test_folders_that_are_missing_are_made(tmp_path):
    deep = tmp_path / "a" / "b" / "state.json"
    FileStore(deep, FakeClock(), decode).save(document(), None)
    assert FileStore(deep, FakeClock(), decode).load()[0] == decode(document())


class Flushes:
    """Notes what was in the folder whenever something was made to last: a file, or the folder itself."""

    def __init__(self, path, broken=False):
        self.path, self.broken, self.seen = path, broken, []

    def __call__(self, descriptor):
        folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        assert os.fstat(descriptor).st_size > 0  # nothing of it is in a buffer
        there = self.path.read_bytes() if self.path.exists() else None
        self.seen.append(("folder" if folder else "file", there))
        if folder and self.broken:
            raise OSError(errno.EINVAL, "this share cannot flush a folder")
        os.fsync(descriptor)


def test_what_is_written_is_flushed_before_the_rename_and_its_folder_after(path):
    flush = Flushes(path)
    first, second = to_bytes(document()), to_bytes(document("2026-11-22T13:00:00Z"))
    store = FileStore(path, FakeClock(), decode, flush=flush)
    version = store.save(document(), None)
    assert flush.seen == [("file", None), ("folder", first)]
    store.save(document("2026-11-22T13:00:00Z"), version)
    beside = [("file", first), ("folder", first)]  # the copy before
    assert flush.seen[2:] == [*beside, ("file", first), ("folder", second)]


def test_a_share_that_cannot_flush_a_folder_is_taken_as_it_is(path):
    flush = Flushes(path, broken=True)
    FileStore(path, FakeClock(), decode, flush=flush).save(document(), None)
    assert flush.seen[-1][0] == "folder"
    assert FileStore(path, FakeClock(), decode).load()[0] == decode(document())


def test_a_file_that_cannot_be_flushed_is_not_put_in_place(path):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(StoreError, match=r"last\.json: cannot be written \(No space left on device\)"):
        FileStore(path, FakeClock(), decode, flush=full).save(document(), None)
    assert names(path) == {"last.json.lock"}


def test_what_is_gone_before_it_is_in_place_is_a_store_error(path):
    def swept(descriptor):
        for beside in path.parent.glob(".last.json.*"):
            beside.unlink()

    with pytest.raises(StoreError, match=r"last\.json: cannot be written \(No such file or directory\)"):
        FileStore(path, FakeClock(), decode, flush=swept).save(document(), None)
    assert names(path) == {"last.json.lock"}


def test_a_large_file_is_copied_and_replaced_without_being_in_memory_whole(store, path):
    content = bytes(4 << 20)
    path.parent.mkdir()
    path.write_bytes(content)
    tracemalloc.start()
    try:
        store.save(document(), version_of(content))
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
    assert path.with_name("last.json.prev").read_bytes() == content


def test_the_second_writer_of_a_version_loses(store, path):
    version = store.save(document(), None)
    store.save(document("2026-11-22T13:00:00Z"), version)
    for stale in (version, None):
        with pytest.raises(StoreConflictError, match=r"state/last\.json: another run wrote it$"):
            store.save(document("2026-11-22T14:00:00Z"), stale)
    assert store.load()[0].run_at == "2026-11-22T13:00:00Z"


def test_a_version_of_a_file_that_is_gone_is_a_conflict(store, path):
    version = store.save(document(), None)
    path.unlink()
    with pytest.raises(StoreConflictError):
        store.save(document(), version)


def test_the_copy_before_is_kept_and_nothing_else_is_left(store, path):
    store.save(document("2026-11-22T13:00:00Z"), store.save(document(), None))
    assert decode(json.loads(path.with_name("last.json.prev").read_text())).run_at == AT
    assert names(path) == {"last.json", "last.json.prev", "last.json.lock"}


@pytest.mark.parametrize(
    "content", [b"", b"{broken", b"[]", b"\xff\xfe", b'{"schema": 3, "last_run": {}}', b"[" * 99999]
)
def test_what_is_damaged_or_newer_is_kept_beside_what_replaces_it(store, path, content):
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(StoreDamagedError, match=r"last\.json"):
        store.load()
    store.save(document(), None)
    assert path.with_name("last.json.damaged-20261122T120000Z").read_bytes() == content
    assert store.load()[0] == decode(document())


def test_a_file_that_is_damaged_for_many_runs_is_copied_once(path):
    path.parent.mkdir()
    path.write_bytes(b"broken")
    for hour in range(3):
        with pytest.raises(StoreDamagedError):
            FileStore(path, FakeClock(NOON + timedelta(hours=hour)), decode).load()
    assert names(path) == {"last.json", "last.json.damaged-20261122T120000Z"}


def test_another_damage_at_the_same_second_does_not_hide_the_first(path):
    path.parent.mkdir()
    for content in (b"one", b"two"):
        path.write_bytes(content)
        with pytest.raises(StoreDamagedError):
            FileStore(path, FakeClock(), decode).load()
    kept = {one.read_bytes() for one in path.parent.glob("*damaged*")}
    assert kept == {b"one", b"two"}


def test_a_write_that_came_after_the_damage_was_read_is_not_overwritten(store, path):
    path.parent.mkdir()
    path.write_bytes(b"broken")
    with pytest.raises(StoreDamagedError):
        store.load()
    path.write_bytes(json.dumps(document()).encode())
    with pytest.raises(StoreConflictError):
        store.save(document("2026-11-22T13:00:00Z"), None)


def test_a_folder_in_place_of_the_file_is_a_store_error(store, path):
    path.mkdir(parents=True)
    with pytest.raises(StoreError, match="cannot be read"):
        store.load()
    with pytest.raises(StoreError, match="cannot be written"):
        store.save(document(), None)


def test_a_lock_that_another_machine_holds_is_waited_for_within_the_limit(path):
    clock = FakeClock()
    path.parent.mkdir()
    busy = path.with_name("last.json.busy")

    class Living(FakeClock):
        """Another machine takes the lock again and again."""

        def sleep(self, seconds):
            busy.write_bytes(str(self.seconds).encode())
            super().sleep(seconds)

    clock = Living()
    busy.write_bytes(b"theirs")
    with pytest.raises(StoreError, match="another run keeps it"):
        FileStore(path, clock, decode, lock_limit=30).save(document(), None)
    assert 30 <= sum(clock.slept) < 31


def test_a_lock_that_a_crash_left_is_broken_after_ten_seconds(path):
    clock = FakeClock()
    path.parent.mkdir()
    path.with_name("last.json.busy").write_bytes(b"dead")
    FileStore(path, clock, decode).save(document(), None)
    assert STALE <= sum(clock.slept) < STALE + 1
    assert names(path) == {"last.json", "last.json.lock"}


def test_flock_is_waited_for_too(path):
    path.parent.mkdir()
    with locked(path, FakeClock(), 1), pytest.raises(StoreError), locked(path, FakeClock(), 1):
        pass


def test_many_writers_at_once_lose_no_count(path):
    def add() -> None:
        own = FileStore(path, SystemClock(), decode)
        for _ in range(10):
            while True:
                known, version = own.load()
                count = int(known.place) if known else 0
                try:
                    own.save(encode(LastRun(AT, place=str(count + 1))), version)
                except StoreConflictError:
                    continue
                break

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert FileStore(path, SystemClock(), decode).load()[0].place == "40"


def test_a_url_opens_its_store(tmp_path):
    assert open_store("", FakeClock(), decode) is None
    assert isinstance(open_store(f"file://{tmp_path}/a%20b", FakeClock(), decode), FileStore)
    obs = {"transport": FakeTransport([]), "storage": ObjectStorage("https://obs.eu-de.x", "eu-de", object)}
    assert isinstance(open_store("obs://bucket/a/key", FakeClock(), decode, **obs), ObsStore)


@pytest.mark.parametrize(
    "url", ["file://host/x", "file:///", "file:x", "ftp://x/y", "obs://bucket/key", "s3://b/k", "state.json"]
)
def test_a_url_that_opens_nothing_is_refused(url):
    with pytest.raises((SettingsError, MissingExtraError)):
        open_store(url, FakeClock(), decode)


@pytest.mark.parametrize("url", ["obs://bucket", "obs:///key", "obs://bucket/folder/"])
def test_an_object_needs_bucket_and_key(url):
    obs = {"transport": FakeTransport([]), "storage": ObjectStorage("https://obs.eu-de.x", "eu-de", object)}
    with pytest.raises(SettingsError):
        open_store(url, FakeClock(), decode, **obs)


@pytest.mark.parametrize(("left", "waited"), [(9.0, 3.0), (0.0, 0.0), (45.0, 15.0), (900.0, 15.0)])
def test_a_lock_of_another_is_waited_for_a_third_of_the_time_left(tmp_path, left, waited):
    path, clock = tmp_path / "s.json", FakeClock()
    with locked(path, FakeClock(), 1), pytest.raises(StoreError, match="another run keeps it"):
        FileStore(path, clock, decode, left=lambda: left).save(document(), None)
    assert waited - 0.01 <= sum(clock.slept) < waited + 0.1
