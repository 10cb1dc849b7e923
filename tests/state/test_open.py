"""Which store a URL names, and what is wrong with one that names none."""

from __future__ import annotations

import json

import pytest

from handler.errors import MissingExtraError, SettingsError, StoreConflictError, StoreDamagedError, StoreError
from handler.models import Secret
from handler.state.document import decode, encode
from handler.state.file import FileStore
from handler.state.interface import ObjectStorage
from handler.state.lock import locked
from handler.state.memory import LastRun
from handler.state.obs import ObsStore
from handler.state.obs_objects import ObsKeys
from handler.state.open import open_store
from handler.transport.request import Response
from tests.fakes import FakeClock, FakeTransport
from tests.faults.redis_server import RedisServer


def opened(url, **other):
    return open_store(url, FakeClock(), decode, **other)


def test_without_a_url_there_is_no_store():
    assert opened("") is None


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://x", "STATE_URL must start with file:///, obs://, redis:// or rediss://"),
        ("file:state.json", "STATE_URL file: must be file:///absolute/path"),
        ("file:///", "STATE_URL file: must be file:///absolute/path"),
        ("redis://host:port/0/key", "STATE_URL redis: must be redis://host:port/database/key"),
        ("rediss://host:port/0/key", "STATE_URL redis: must be redis://host:port/database/key"),
        ("obs://bucket/key", "STATE_URL obs:// needs OBS_ENDPOINT (or a region) and an access key"),
    ],
)
def test_a_url_that_names_no_store_says_what_one_looks_like(url, said):
    with pytest.raises(SettingsError, match="STATE_URL") as refused:
        opened(url)
    assert said in str(refused.value)


def test_a_file_is_that_of_its_path(tmp_path):
    store = opened(f"file://{tmp_path}/a%20b.json")
    assert isinstance(store, FileStore)
    store.save({"schema": 2}, None)
    assert (tmp_path / "a b.json").exists()


def test_the_lock_of_a_file_is_waited_for_a_third_of_the_time_that_is_left(tmp_path):
    path, clock = tmp_path / "s.json", FakeClock()
    store = open_store(f"file://{path}", clock, decode, left=lambda: 9.0)
    with locked(path, FakeClock(), 1), pytest.raises(StoreError, match="another run keeps it"):
        store.save({"schema": 2}, None)
    assert 2.99 <= sum(clock.slept) < 3.1


def test_an_object_is_asked_for_in_its_bucket_with_the_time_that_is_left():
    transport = FakeTransport(lambda _: Response(404))
    storage = ObjectStorage("https://obs.example", "r", lambda: ObsKeys("AK", Secret("SK")))
    store = opened("obs://bucket/a/b.json", transport=transport, storage=storage, left=lambda: 4.0)
    assert isinstance(store, ObsStore)
    assert store.load() == (None, None)
    assert [one.url for one in transport.requests] == ["https://bucket.obs.example/a/b.json"]
    assert transport.timeouts == [4.0]


@pytest.mark.parametrize(
    ("storage", "transport"),
    [
        (None, True),
        (ObjectStorage("", "r", None), True),
        (ObjectStorage("https://obs.example", "", None), True),
        (ObjectStorage("https://obs.example", "r", None), False),
    ],
)
def test_a_bucket_needs_an_endpoint_a_region_and_something_to_ask_with(storage, transport):
    with pytest.raises(SettingsError, match="needs OBS_ENDPOINT"):
        opened("obs://bucket/key", storage=storage, transport=FakeTransport([]) if transport else None)


@pytest.mark.parametrize("url", ["obs://bucket", "obs://bucket/", "obs:///key", "obs://bucket/key/"])
def test_a_bucket_and_a_key_must_be_named(url):
    storage = ObjectStorage("https://obs.example", "r", None)
    with pytest.raises(SettingsError, match="must be obs://bucket/key"):
        opened(url, storage=storage, transport=FakeTransport([]))


@pytest.mark.parametrize("how", [{"read_only": True}, {"read_only": False}, {}])
@pytest.mark.parametrize("kind", ["file", "redis", "obs"])
def test_what_is_damaged_is_copied_as_of_the_clock_but_where_it_is_only_read(kind, how, tmp_path):
    with RedisServer("secret") as server:
        (tmp_path / "k").write_bytes(b"oops")
        server.data[b"k"] = b"oops"
        transport = FakeTransport(lambda request: Response(200, {}, b"oops"))
        url = {
            "file": f"file://{tmp_path}/k",
            "redis": f"redis://:secret@127.0.0.1:{server.port}/0/k",
            "obs": "obs://b/k",
        }
        storage = ObjectStorage("https://obs.example", "r", lambda: ObsKeys("AK", Secret("SK")))
        store = opened(url[kind], storage=storage, transport=transport, **how)
        with pytest.raises(StoreDamagedError):
            store.load()
        seen = {
            "file": {one.name for one in tmp_path.iterdir()},
            "redis": {name.decode() for name in server.data},
            "obs": {one.url.rpartition("/")[2] for one in transport.requests},
        }[kind]
    assert seen == ({"k"} if how.get("read_only") else {"k", "k.damaged-20261122T120000Z"})


@pytest.mark.parametrize("kind", ["file", "obs"])
def test_a_document_means_what_its_reader_makes_of_it(kind, tmp_path):
    known = json.dumps(encode(LastRun("2026-11-22T12:00:00Z"))).encode()
    (tmp_path / "k").write_bytes(known)
    url = {"file": f"file://{tmp_path}/k", "obs": "obs://b/k"}[kind]
    storage = ObjectStorage("https://obs.example", "r", lambda: ObsKeys("AK", Secret("SK")))
    answer = FakeTransport(lambda _: Response(200, {"etag": '"1"'}, known))
    store = open_store(url, FakeClock(), sorted, storage=storage, transport=answer)
    assert store.load()[0] == sorted(json.loads(known))


def test_a_file_may_have_any_name():
    assert isinstance(opened("file:///X"), FileStore)


def test_another_run_that_wrote_a_file_is_named_with_it(tmp_path):
    store = opened(f"file://{tmp_path}/k")
    store.save({"schema": 2}, None)
    with pytest.raises(StoreConflictError) as beaten:
        store.save({"schema": 2}, None)
    assert beaten.value.message == f"{tmp_path}/k: another run wrote it"


def test_redis_may_take_ten_seconds_and_reads_what_it_is_told_to():
    with RedisServer("secret") as server:
        store = opened(f"redis://:secret@127.0.0.1:{server.port}/0/k")
        known = store._redis.connection_pool.connection_kwargs
        assert (known["socket_timeout"], known["socket_connect_timeout"]) == (10.0, 10.0)
        store.save(encode(LastRun("2026-11-22T12:00:00Z")), None)
        assert store.load()[0] == LastRun("2026-11-22T12:00:00Z")


def test_without_the_extra_there_is_no_redis(uninstalled):
    uninstalled("redis", "handler.state.redis")
    with pytest.raises(MissingExtraError) as missing:
        opened("redis://h:1/0/k")
    assert missing.value.message == MissingExtraError("STATE_URL redis://", "redis").message
