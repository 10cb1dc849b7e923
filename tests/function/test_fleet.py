"""A timer with {"fleet": true}: a digest from the indexes, told once, and HSS is asked nothing."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from handler import index as door
from handler.clock import iso
from handler.errors import DeliveryError, SettingsError, UsageError
from handler.state.content import to_bytes
from handler.state.index import Index, IndexEntry, index_document, index_of
from handler.transport.request import Response
from tests.fakes import FakeClock
from tests.world import TIMER, World

FLEET = {**TIMER, "user_event": '{"fleet": true}'}
SINKS = """sinks:
  - {name: ops, kind: slack, url: "https://hooks.slack.com/services/x", digest: true}
  - {name: soc, kind: slack, url: "https://hooks.slack.com/services/y"}
"""


@pytest.fixture
def world(tmp_path):
    made = World(root=tmp_path, clock=FakeClock())
    (tmp_path / "sinks.yaml").write_text(SINKS)
    return made


def write(world, number=0, **hours):
    """An index whose targets had their last whole run so many hours ago."""
    targets = {}
    for name, age in hours.items():
        at = iso(world.clock.now() - timedelta(hours=age))
        targets[name] = IndexEntry("compliant", {}, at, at, interval_seconds=3600)
    (world.root / f"{number}-_index.json").write_bytes(to_bytes(index_document(Index(targets))))


def called(world, event=FLEET, **settings):
    known = {
        "NOTIFY_CONFIG": "sinks.yaml",
        "FLEET_STATE_URLS": f"file://{world.root}/0-{{target}}.json,file://{world.root}/1-{{target}}.json",
    }
    return door.invoke(event, world.context(in_function=False, **(known | settings)), 60, 60)


def test_one_message_to_each_digest_sink_and_the_same_is_not_told_twice(world):
    write(world, 0, good=1, lost=9)
    write(world, 1, gone=30)
    result = called(world)
    assert result["counts"] == {
        "targets": 3, "compliant": 1, "violations": 0, "inconclusive": 0, "stale": 2, "never": 0,
    }  # fmt: skip
    assert [(one["sink"], one["status"]) for one in result["deliveries"]] == [("ops", "delivered")]
    (request,) = world.web.requests
    assert (request.url[-1], world.simulator.calls) == ("x", [])
    text = request.body.decode()
    assert "gone: stale, no whole run since 2026-11-21T06:00:00Z" in text
    assert "lost: stale" in text
    assert "good" not in text
    assert [one["status"] for one in called(world)["deliveries"]] == ["quiet"]
    known = index_of(json.loads((world.root / "0-_index.json").read_text()))
    assert known.fleet_told == {f"ops/{name}": "stale 2026-11-22T12:00:00Z" for name in ("lost", "gone")}
    assert set(known.targets) == {"good", "lost"}


def test_the_message_says_the_sums_first_and_machines_read_every_line(world):
    (world.root / "sinks.yaml").write_text(
        SINKS + '  - {name: soar, kind: generic, url: "https://soar.example/hook", digest: true}\n'
    )
    write(world, 0, good=1, **{f"lost-{n:02}": 9 for n in range(20)})
    called(world)
    chat, machine = (json.loads(request.body) for request in world.web.requests)
    sums = "0 never checked, 20 stale, 0 inconclusive, 0 with violations, 1 compliant"
    assert chat["text"] == f"fleet of 21 targets: inconclusive. {sums}."
    line = "20 targets stale, no whole run since 2026-11-22T03:00:00Z: lost-00, lost-01, lost-02 and 17 more"
    assert line in json.dumps(chat)
    assert machine["problems"] == ["not read: state 2: there is no index yet", line]
    assert machine["warnings"] == [sums]


def test_what_no_sink_took_is_told_next_time_under_the_same_id(world):
    write(world, 0, lost=9)
    write(world, 1, good=1)
    world.answer = Response(404, {}, b"no_service")
    with pytest.raises(DeliveryError):
        called(world)
    world.clock.tick(3600)
    world.answer = Response(200, {}, b"ok")
    called(world)
    first, *_, again = (re.search(r"message (\w+)", request.body.decode())[1] for request in world.web.requests)
    assert first == again


def test_what_no_sink_took_is_told_next_time_and_and_the_platform_counts_a_failure(world):
    write(world, 0, lost=9)
    write(world, 1, good=1)
    world.answer = Response(404, {}, b"no_service")
    with pytest.raises(DeliveryError, match="no sink accepted the fleet's digest: ops: "):
        called(world)
    world.answer = Response(200, {}, b"ok")
    assert called(world)["deliveries"][0]["status"] == "delivered"


def test_a_dry_run_sends_and_keeps_nothing(world):
    write(world, 0, lost=9)
    write(world, 1, good=1)
    before = (world.root / "0-_index.json").read_bytes()
    result = called(world, {**TIMER, "user_event": '{"fleet": true, "dry_run": true}'})
    assert [one["status"] for one in result["deliveries"]] == ["dry_run"]
    assert (world.web.requests, (world.root / "0-_index.json").read_bytes()) == ([], before)


def test_a_missing_index_is_told(world):
    write(world, 0, good=1)
    called(world)
    assert "not read: state 2: there is no index yet" in world.web.requests[0].body.decode()


def test_without_a_digest_sink_or_a_state_it_is_a_settings_error(world):
    write(world, 0, good=1)
    with pytest.raises(SettingsError, match="a fleet digest needs a sink with `digest: true`"):
        called(world, FLEET_STATE_URLS=None)
    (world.root / "sinks.yaml").write_text(SINKS.replace(", digest: true", ""))
    with pytest.raises(SettingsError, match="a fleet digest needs"):
        called(world)


def test_fleet_is_true_or_false(world):
    with pytest.raises(UsageError, match=r"user_event\.fleet: must be true or false"):
        called(world, {**TIMER, "user_event": '{"fleet": "yes"}'})


INCIDENTS = """
  - {name: duty, kind: pagerduty, url: "https://duty.example/v2/enqueue", routing_key: "${KEY}", digest: true}
  - {name: alerts, kind: alertmanager, url: "https://alerts.example/api/v2/alerts", digest: true}
"""


def posted(world, host):
    """What one sink was sent since it was looked at last."""
    found = [json.loads(one.body) for one in world.web.requests if f"//{host}." in one.url]
    world.web.requests[:] = [one for one in world.web.requests if f"//{host}." not in one.url]
    return found


def test_what_the_digest_opened_ends_once_everything_is_known_again(world):
    """The incident and the alert on silent targets; a target joins meanwhile, and others are told nothing of the end."""
    (world.root / "sinks.yaml").write_text(
        "sinks:\n  - {name: soar, kind: generic, url: 'https://soar.example/', digest: true}" + INCIDENTS
    )
    world.answer = Response(202, {}, b'{"status": "success"}')
    write(world, 0, good=1, lost=9)
    write(world, 1, well=1)
    called(world, KEY="K" * 32)
    (opened,), ((alert,),) = posted(world, "duty"), posted(world, "alerts")
    write(world, 1, well=1, joined=1)
    called(world, KEY="K" * 32)
    assert (posted(world, "duty"), posted(world, "alerts")) == ([], [])
    known = index_of(json.loads((world.root / "0-_index.json").read_text()))
    at = iso(world.clock.now())
    waiting = IndexEntry(first_seen=at, interval_seconds=3600)
    healed = {"waiting": waiting} | {
        name: entry._replace(last_run_at=at, last_complete_at=at) for name, entry in known.targets.items()
    }
    (world.root / "0-_index.json").write_bytes(to_bytes(index_document(known._replace(targets=healed))))
    world.web.requests.clear()
    world.clock.tick(60)
    assert [one["status"] for one in called(world, KEY="K" * 32)["deliveries"]] == ["quiet", "delivered", "delivered"]
    (ended,), ((over,),) = posted(world, "duty"), posted(world, "alerts")
    assert (opened["event_action"], ended["event_action"]) == ("trigger", "resolve")
    assert opened["dedup_key"] == ended["dedup_key"]
    assert over["labels"] == alert["labels"]
    assert over["endsAt"] == iso(world.clock.now()) < alert["endsAt"]
    assert [one["status"] for one in called(world, KEY="K" * 32)["deliveries"]] == ["quiet"] * 3
