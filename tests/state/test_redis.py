"""State in a real Redis."""

from __future__ import annotations

import pytest
import redis

from handler.errors import StoreConflictError, StoreDamagedError, StoreError
from handler.state.document import decode, encode
from handler.state.memory import LastRun
from handler.state.redis import DEFAULT_KEY, RedisStore, split_url
from tests.fakes import FakeClock
from tests.faults.redis_server import RedisServer
from tests.real_servers import free_port, program, running

AT = "2026-11-22T12:00:00Z"


def document(run_at: str = AT) -> dict:
    return encode(LastRun(run_at))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    port = free_port()
    folder = str(tmp_path_factory.mktemp("redis"))
    command = (program("REDIS_SERVER", "redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", "")
    with running((*command, "--dir", folder), port):
        yield f"redis://127.0.0.1:{port}/0"


@pytest.fixture
def url(server, request):
    return f"{server}/{request.node.name}"


@pytest.mark.parametrize(
    ("url", "server", "key"),
    [
        ("redis://h:6379", "redis://h:6379/0", DEFAULT_KEY),
        ("redis://h:6379/2", "redis://h:6379/2", DEFAULT_KEY),
        ("rediss://u:p@h/0/ports:prod", "rediss://u:p@h/0", "ports:prod"),
        ("redis://h/ports", "redis://h/0", "ports"),
    ],
)
def test_the_key_follows_the_database(url, server, key):
    assert split_url(url) == (server, key)


def test_a_server_that_is_not_there_is_an_error_without_its_password():
    store = RedisStore(f"redis://:hunter2@127.0.0.1:{free_port()}/0", FakeClock(), decode, timeout=0.5)
    with pytest.raises(StoreError) as caught:
        store.load()
    assert "hunter2" not in str(caught.value) + repr(caught.value)


@pytest.mark.real
def test_what_is_saved_is_loaded(url):
    store = RedisStore(url, FakeClock(), decode)
    assert store.load() == (None, None)
    version = store.save(document(), None)
    assert RedisStore(url, FakeClock(), decode).load() == (decode(document()), version)


@pytest.mark.real
def test_the_second_writer_of_a_version_loses(url):
    store = RedisStore(url, FakeClock(), decode)
    version = store.save(document(), None)
    store.save(document("2026-11-22T13:00:00Z"), version)
    for stale in (version, None):
        with pytest.raises(StoreConflictError):
            store.save(document("2026-11-22T14:00:00Z"), stale)
    assert store.load()[0].run_at == "2026-11-22T13:00:00Z"


@pytest.mark.real
def test_a_write_between_watch_and_exec_is_noticed(server, url):
    store = RedisStore(url, FakeClock(), decode)
    version = store.save(document(), None)
    client = redis.Redis.from_url(server)

    class Meddling:
        """The client, with another writer in between."""

        def pipeline(self):
            pipe = client.pipeline()
            execute = pipe.execute
            pipe.execute = lambda: (client.set(split_url(url)[1], b"theirs"), execute())[1]
            return pipe

    store._redis = Meddling()
    with pytest.raises(StoreConflictError):
        store.save(document("2026-11-22T14:00:00Z"), version)
    assert client.get(split_url(url)[1]) == b"theirs"
    client.close()


@pytest.mark.real
def test_a_damaged_document_is_kept_and_may_then_be_replaced(server, url):
    client, key = redis.Redis.from_url(server), split_url(url)[1]
    client.set(key, b"{broken")
    store = RedisStore(url, FakeClock(), decode)
    with pytest.raises(StoreDamagedError):
        store.load()
    store.save(document(), None)
    assert client.get(f"{key}.damaged-20261122T120000Z") == b"{broken"
    assert store.load()[0].run_at == AT
    client.close()


# against a small server of our own, which speaks the protocol


@pytest.fixture
def small():
    with RedisServer("secret") as server:
        yield server


def store_on(small, **other) -> RedisStore:
    return RedisStore(f"redis://:secret@127.0.0.1:{small.port}/0/k", FakeClock(), decode, timeout=60, **other)


def test_a_document_is_saved_over_the_version_that_was_loaded_and_no_other(small):
    one, other = store_on(small), store_on(small)
    assert one.load() == (None, None)
    version = one.save(document(), None)
    assert other.load() == (decode(document()), version)
    later = other.save(document("2026-11-22T13:00:00Z"), version)
    for wrong in (version, None, "0" * 64):
        with pytest.raises(StoreConflictError) as beaten:
            one.save(document(), wrong)
        assert beaten.value.message == "redis key k: another run wrote it"
    assert one.load() == (decode(document("2026-11-22T13:00:00Z")), later)


@pytest.mark.parametrize("read_only", [True, False])
def test_what_is_damaged_is_copied_and_may_then_be_replaced_but_where_it_is_only_read(small, read_only):
    small.data[b"k"] = b"oops"
    store = store_on(small, read_only=read_only)
    with pytest.raises(StoreDamagedError) as damaged:
        store.load()
    assert damaged.value.message == "redis key k: the state is not JSON"
    if read_only:
        assert small.data == {b"k": b"oops"}
        with pytest.raises(StoreConflictError):
            store.save(document(), None)
    else:
        assert small.data == {b"k": b"oops", b"k.damaged-20261122T120000Z": b"oops"}
        store.save(document(), None)
        assert store.load()[0] == decode(document())


@pytest.mark.parametrize(
    ("command", "act", "what"),
    [
        (b"GET", lambda store: store.load(), "read"),
        (b"WATCH", lambda store: store.save(document(), None), "write"),
        (b"SET", lambda store: store.load(), "set aside"),
    ],
)
def test_what_a_server_refuses_is_named_by_what_was_asked(small, command, act, what):
    small.data[b"k"] = b"oops"
    small.broken = lambda name, answer: b"-ERR no\r\n" if name.upper() == command else answer
    with pytest.raises(StoreError) as refused:
        act(store_on(small))
    assert refused.value.message == f"redis: cannot {what} the state (ResponseError)"


def test_an_answer_that_is_no_text_is_no_state(small):
    small.broken = lambda name, answer: b":5\r\n" if name.upper() == b"GET" else answer
    with pytest.raises(StoreError, match="redis key k: the server answered with something that is no text"):
        store_on(small).load()


def test_a_write_that_another_one_overtakes_is_beaten(small):
    small.broken = lambda name, answer: b"*-1\r\n" if name.upper() == b"EXEC" else answer
    with pytest.raises(StoreConflictError):
        store_on(small).save(document(), None)


@pytest.mark.parametrize(
    ("url", "key"), [("redis://h/X/keyX/", "X/keyX"), ("redis://h//X", "X"), ("redis://h/0/X/", "X/")]
)
def test_a_key_keeps_all_its_letters(url, key):
    assert split_url(url) == ("redis://h/0", key)


@pytest.mark.parametrize(("other", "seconds"), [({}, 5.0), ({"timeout": 7.0}, 7.0)])
def test_a_server_may_take_so_long_for_each_thing(other, seconds):
    known = RedisStore("redis://h:1/0/k", FakeClock(), decode, **other)._redis.connection_pool.connection_kwargs
    assert (known["socket_timeout"], known["socket_connect_timeout"]) == (seconds, seconds)
