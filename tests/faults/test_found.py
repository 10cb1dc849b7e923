"""Bugs that the matrix found, each as a test of its own."""

from __future__ import annotations

import json

import pytest

from handler.errors import StoreDamagedError, StoreError
from handler.state.content import from_bytes
from handler.state.document import decode
from handler.state.redis import RedisStore
from handler.transport.request import Response
from tests.fakes import FakeClock
from tests.faults.disk import full
from tests.faults.redis_server import RedisServer
from tests.faults.scene import SECRETS, scene
from tests.faults.store_edges import _sealed


def test_a_token_that_a_refusal_repeats_is_not_told():
    with scene() as world:
        said = {"error_code": "APIG.0301", "error_msg": f"token {SECRETS['token']} is bad"}
        world.warm.api = lambda *_: Response(401, {"x-request-id": SECRETS["token"]}, json.dumps(said).encode())
        report = world.run().report
        assert "token *** is bad" in json.dumps(report)
        assert list(world.leaks()) == []


def test_a_state_with_the_right_checksum_and_a_wrong_content_is_damaged():
    with pytest.raises(StoreDamagedError, match="does not read as a last run"):
        from_bytes(_sealed({"findings": 7}), decode)


def test_a_server_that_knows_only_the_second_redis_protocol_is_understood():
    with RedisServer("secret") as server:
        store = RedisStore(f"redis://:secret@127.0.0.1:{server.port}/0", FakeClock(), decode, timeout=2)
        assert store.load() == (None, None)


@pytest.mark.parametrize("reply", [b":7\r\n", b"*1\r\n$1\r\na\r\n"])
def test_a_redis_reply_of_another_type_is_a_store_error(reply):
    with RedisServer("secret") as server:
        server.broken = lambda name, answer: reply if name == b"GET" else answer
        with pytest.raises(StoreError, match="no text"):
            RedisStore(f"redis://:secret@127.0.0.1:{server.port}/0", FakeClock(), decode, timeout=2).load()


def test_a_dead_lock_on_a_full_disk_silences_nobody_in_a_short_run():
    with scene() as world:
        world.settings["RUN_BUDGET_SECONDS"] = "20"
        world.run()
        world.change()
        (world.folder / "state.json.busy").write_bytes(b"a process that is no more")
        with full():
            ran = world.run()
        assert ran.seconds <= 20
        assert [one["status"] for one in ran.report["deliveries"]] == ["delivered", "delivered"]


def test_one_target_whose_answer_breaks_us_is_told_as_inconclusive():
    with scene() as world:
        world.warm.api = lambda *_: None
        report = world.run().report
        assert report["verdict"] == "inconclusive"
        assert "internal error AttributeError at hss/refusals.py:" in str(report["problems"])
        assert [one["status"] for one in report["deliveries"]] == ["delivered", "delivered"]
