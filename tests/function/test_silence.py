"""Each row of the table of silence in docs/operations.md, tried on the doors of the function with a clock that is moved.

One function checks a shard; another, of another timer, sends the fleet's digest. HSS, clock and channels are stand-ins.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest

from handler import index as door
from handler.cli import main
from handler.clock import iso, parse_iso
from handler.errors import DeliveryError, PortComplianceError, UnknownError
from handler.state.index import index_of
from handler.transport.request import Response
from tests.fakes import FakeClock
from tests.world import CLEAN, TIMER, World

FLEET = {**TIMER, "user_event": '{"fleet": true}'}
SINKS = """sinks:
  - {name: shard, kind: slack, url: "https://hooks.slack.com/services/shard"}
  - {name: ops, kind: slack, url: "https://hooks.slack.com/services/ops", digest: true, match: {targets: [nobody]}}
"""
REFUSED = Response(401, {}, b'{"error_code": "APIGW.0301", "error_msg": "Incorrect IAM authentication information"}')
DOWN = Response(503, {}, b"service unavailable")


class Estate:
    """A shard of three targets that is due each hour, and what is heard of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.world = folder, World(root=folder, clock=FakeClock(), fleet=CLEAN)
        self.api, self.down = self.world.warm.api, None
        self.world.warm.api = self._answer
        (folder / "sinks.yaml").write_text(SINKS)
        self.settings = {
            "TARGETS_CONFIG": "targets.yaml",
            "STATE_URL": f"file://{folder}/{{target}}.json",
            "RUN_INTERVAL": "1h",
            "NOTIFY_CONFIG": "sinks.yaml",
        }
        self.list("a", "b", "c")

    def list(self, *names: str) -> None:
        """Write the targets file."""
        project = self.world.simulator.options.project_id
        lines = [f"  - {{name: {name}, cloud: otc, region: eu-de, project_id: {project}}}" for name in names]
        (self.folder / "targets.yaml").write_text("\n".join(["targets:", *lines, ""]))

    def _answer(self, request, timeout):
        if self.down is None:
            return self.api(request, timeout)
        self.world.clock.tick(0.3)
        return self.down

    def call(self, event, seconds: float = 300, **settings):
        """One invocation in a fresh instance. Gives its result, or the error that the platform counts as a failure."""
        warm = self.world.warm
        self.world.warm = type(warm)(api=self._answer, web=self.world.web, random=warm.random)
        try:
            context = self.world.context(in_function=False, **{**self.settings, **settings})
            return door.invoke(event, context, seconds, seconds)
        except PortComplianceError as error:
            return error

    def hours(self, count: int, *, runs: bool = True, **settings) -> list[list[str]]:
        """So many hours, each with the shard's run, if it runs, and then the digest; what was told in each."""
        told = []
        for _ in range(count):
            self.world.clock.tick(3600)
            before = len(self.world.web.requests)
            if runs:
                self.call(TIMER, **settings)
            self.call(FLEET)
            told.append([_said(request) for request in self.world.web.requests[before:]])
        return told

    def fleet(self) -> int:
        """The exit code of the command `fleet` over the same index."""
        return main(["fleet", "--state", self.settings["STATE_URL"], "--at", iso(self.world.clock.now())])


def _said(request) -> str:
    """`ops: ` or `shard: `, and the text of the message."""
    text = " ".join(re.findall(r'"text": ?"((?:[^"\\]|\\.)*)"', request.body.decode()))
    return f"{request.url.rpartition('/')[2]}: {text}"


@pytest.fixture
def estate(tmp_path):
    made = Estate(tmp_path)
    assert made.hours(3) == [[], [], []]  # all is well and nobody is told anything
    return made


def test_a_timer_that_is_off_is_told_by_the_digest_once_and_heals_itself(estate):
    told = estate.hours(6, runs=False)
    assert [len(one) for one in told] == [0, 0, 1, 0, 0, 0]  # after twice the interval, and not again
    assert re.search(r"ops: .*\ba: stale, no whole run since 2026-11-22T15:00:0\dZ", told[2][0])
    assert estate.fleet() == 3
    healed, *later = estate.hours(2)
    assert [text.partition(":")[0] for text in healed] == ["shard"] * 3
    assert all("no run for 7 h" in text for text in healed)
    assert (later, estate.fleet()) == ([[]], 0)


def test_a_function_that_was_deleted_stays_stale_and_is_told_again_by_remind_after(estate):
    (estate.folder / "sinks.yaml").write_text(SINKS.replace("digest: true", "digest: true, remind_after: 1d"))
    told = estate.hours(60, runs=False)
    assert [hour for hour, one in enumerate(told) if one] == [2, 26, 50]
    assert all("3 stale" in text for one in told for text in one)


@pytest.mark.parametrize(("answer", "cause"), [(REFUSED, "HTTP 401"), (DOWN, "HTTP 503")])
def test_refused_credentials_and_a_service_that_is_down_are_told_by_the_shard_at_once(estate, answer, cause):
    estate.down = answer
    told = estate.hours(6)
    own = [[text for text in one if text.startswith("shard: ")] for one in told]
    assert all(cause in text for text in own[0])
    assert own[0]
    assert own[1:] == [[]] * 5  # the same reason is told once
    digest = [text for one in told for text in one if text.startswith("ops: ")]
    assert (len(digest), "3 inconclusive" in digest[0], "3 stale" in digest[1]) == (2, True, True)
    estate.down = None
    (healed, *_) = estate.hours(1)
    assert any("Complete again" in text for text in healed)
    assert index_of(json.loads((estate.folder / "_index.json").read_bytes())).targets["a"].verdict == "compliant"


def test_a_shard_that_is_too_slow_defers_until_one_is_stale_and_then_does_not_know(estate):
    estate.list(*"abcdefghij")
    results = []
    for _ in range(4):
        estate.world.clock.tick(3600)
        results.append(estate.call(TIMER, seconds=20, HSS_CALLS_PER_MINUTE="1"))  # one target a run
        estate.call(FLEET)
    assert (results[0]["verdict"], len(results[0]["targets"]), len(results[0]["deferred"])) == ("compliant", 1, 9)
    assert isinstance(results[-1], UnknownError)  # nobody was told by the shard itself, so the platform counts it
    assert "was not asked; " in str(results[-1])
    told = [_said(request) for request in estate.world.web.requests if request.url.endswith("ops")]
    assert any("stale" in text for text in told)
    assert any("j: never checked" in text for text in told)
    assert estate.fleet() == 3


def test_a_sink_that_is_dead_is_the_platform_s_failure_and_is_told_when_it_lives_again(estate):
    estate.down, estate.world.answer = DOWN, Response(404, {}, b"no_service")
    estate.world.clock.tick(3600)
    assert isinstance(estate.call(TIMER), (UnknownError, DeliveryError))
    assert isinstance(estate.call(FLEET), DeliveryError)
    estate.world.answer = Response(200, {}, b"ok")
    (told,) = estate.hours(1)
    assert {text.partition(":")[0] for text in told} == {"shard", "ops"}


def test_an_index_that_cannot_be_read_is_told_and_rebuilt_by_the_next_run(estate):
    (estate.folder / "_index.json").write_text("{")
    told = estate.hours(1, runs=False)
    assert "not read: state 1: " in told[0][0]
    estate.world.clock.tick(1)
    estate.call(TIMER)
    assert set(index_of(json.loads((estate.folder / "_index.json").read_bytes())).targets) == {"a", "b", "c"}


def test_when_every_function_stops_the_watchdog_ends_by_itself(estate):
    """Nothing is sent any more, so only what expects a message notices: an alert that ends three intervals later."""
    (estate.folder / "sinks.yaml").write_text(
        'sinks:\n  - {name: am, kind: alertmanager, url: "https://am.example/api/v2/alerts"}\n'
    )
    estate.world.clock.tick(3600)
    estate.call(TIMER)
    alerts = [one for request in estate.world.web.requests for one in json.loads(request.body)]
    (watchdog,) = {one["endsAt"] for one in alerts if one["labels"]["alertname"] == "PortComplianceWatchdog"}
    assert parse_iso(watchdog) - estate.world.clock.now() <= timedelta(hours=3)
    assert parse_iso(watchdog) - estate.world.clock.now() > timedelta(hours=2, minutes=59)
