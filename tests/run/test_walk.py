"""How a run goes through its targets: the time that each has, what is kept for telling, and what is told when."""

from __future__ import annotations

import json

import pytest

from handler.models import Problem, Row, Secret
from handler.run.targets import RunRequest, prepare
from handler.run.walk import check_targets
from handler.run.wiring import Wiring
from handler.transport.request import Response
from tests.fakes import FakeClock, category, snapshot
from tests.world import CLEAN, OPEN, World

PING = "sinks: [{name: switch, kind: ping, url: 'https://hc-ping.com/3f0c9a7e-52bd-4e11-9c5d-8b1e6a2f7d40'}]\n"
HOOK = {"WEBHOOK_URL": "https://hooks.example/x"}
TOKEN = "correct-horse-battery-staple"


class Listening(Wiring):
    """A wiring that writes down what is asked of it for telling; with `mute`, to tell anybody is an error."""

    mute = False

    def notifier(self, sinks, deadline, **how):
        if self.mute:
            return self.nobody
        self.asked.append(how | {"sinks": [sink.name for sink in sinks], "seconds": deadline.left()})
        return super().notifier(sinks, deadline, **how)

    def nobody(self, *_):
        raise AssertionError("there is nobody to tell and nothing to remember")


def world_of(folder, names, fleet=CLEAN):
    world = World(root=folder, clock=FakeClock(), fleet=fleet)
    place = f"cloud: otc, region: eu-de, project_id: {world.simulator.options.project_id}"
    lines = "".join(f"  - {{name: {name}, {place}}}\n" for name in names)
    (folder / "targets.yaml").write_text(f"targets:\n{lines}")
    return world


def checked(world, seconds, request=None, **settings):
    """The reports of a run, and what was asked for telling of each."""
    known = {"TARGETS_CONFIG": "targets.yaml", "HSS_CALLS_PER_MINUTE": "0", **settings}
    wiring = Listening(world.context(in_function=False, **known))
    wiring.asked = []
    return check_targets(prepare(wiring, request or RunRequest()), wiring, seconds).reports, wiring.asked


def test_without_an_index_each_target_has_its_share_of_the_time_that_is_left(tmp_path):
    _, asked = checked(world_of(tmp_path, "abc"), 90)
    assert [one["seconds"] for one in asked] == [30, 45, 90]
    assert [one["at_least"] for one in asked] == [3, 4.5, 9]


def test_with_an_index_each_target_has_all_the_time_that_is_left(tmp_path):
    state = f"file://{tmp_path}/{{target}}.json"
    _, asked = checked(world_of(tmp_path, "ab"), 300, STATE_URL=state)
    assert [(one["seconds"], one["at_least"], one["together"]()) for one in asked] == [(300, 10, None)] * 2


@pytest.mark.parametrize("state", [None, "file://{folder}/{{target}}.json"])
def test_where_several_may_be_told_at_once_a_tenth_of_the_time_is_left_for_that(tmp_path, state):
    url = None if state is None else state.format(folder=tmp_path)
    _, asked = checked(world_of(tmp_path, "a"), 60, STATE_URL=url, **HOOK)
    assert [(one["sinks"], one["seconds"], one["at_least"]) for one in asked] == [(["default"], 54, 5.4)]
    assert asked[0]["together"]() is not None


@pytest.mark.parametrize("request_", [RunRequest(target="a"), RunRequest(tell=False)])
def test_one_target_that_is_asked_for_and_what_nobody_hears_of_wait_for_no_other(tmp_path, request_):
    _, asked = checked(world_of(tmp_path, "a"), 60, request_, **HOOK)
    assert [(one["seconds"], one["together"]()) for one in asked] == [(60, None)]


def test_without_a_file_of_targets_nothing_waits_for_another(tmp_path):
    _, asked = checked(World(clock=FakeClock(), fleet=CLEAN), 60, TARGETS_CONFIG=None, **HOOK)
    assert [(one["seconds"], one["together"]()) for one in asked] == [(60, None)]


@pytest.mark.parametrize(("seconds", "left"), [(10, 9), (30, 27), (100, 97)])
def test_a_tenth_of_the_time_at_most_three_seconds_is_kept_for_the_call_at_the_end(tmp_path, seconds, left):
    (tmp_path / "sinks.yaml").write_text(PING)
    world = World(root=tmp_path, clock=FakeClock(), fleet=CLEAN)
    _, asked = checked(world, seconds, TARGETS_CONFIG=None, NOTIFY_CONFIG="sinks.yaml")
    assert [one["seconds"] for one in asked] == [left]
    assert len(world.web.requests) == 1


def test_what_a_door_asks_for_reaches_what_tells(tmp_path):
    url = Secret(f"file://{tmp_path}/{{target}}.json")
    _, asked = checked(world_of(tmp_path, "a"), 60, RunRequest(dry_run=True, state_url=url), **HOOK)
    _, plain = checked(world_of(tmp_path, "a"), 60, **HOOK)
    assert [(one["dry_run"], one["state_url"]) for one in (*asked, *plain)] == [(True, url), (False, None)]


@pytest.mark.parametrize("recorded", [None, snapshot(category())])
def test_where_nobody_hears_and_nothing_is_remembered_nothing_is_made_ready_for_it(tmp_path, recorded):
    wiring = Listening(World(clock=FakeClock(), fleet=CLEAN).context())
    wiring.mute = True
    (report,) = check_targets(prepare(wiring, RunRequest(snapshot=recorded)), wiring, 60).reports
    assert (report.verdict, report.problems) == ("compliant", ())


def test_a_recording_is_told_and_remembered_like_what_was_asked(tmp_path):
    world = World(root=tmp_path, clock=FakeClock())
    taken = snapshot(category([Row(23, "tcp", 3)]))
    settings = {"TARGETS_CONFIG": None, "STATE_URL": f"file://{tmp_path}/state.json", **HOOK}
    (first,), _ = checked(world, 60, RunRequest(snapshot=taken), **settings)
    world.clock.tick(3600)
    (second,), _ = checked(world, 60, RunRequest(snapshot=taken), **settings)
    assert [one.status for one in (*first.deliveries, *second.deliveries)] == ["delivered", "quiet"]
    assert (len(first.changes.new), len(second.changes.new), len(second.changes.ongoing)) == (1, 0, 1)
    assert (first.finished_at, second.finished_at) == ("2026-11-22T12:00:00Z", "2026-11-22T13:00:00Z")


def test_what_was_sent_as_a_credential_is_in_no_report_recorded_or_asked(tmp_path):
    world = World(root=tmp_path, clock=FakeClock())
    secret = {"TARGETS_CONFIG": None, "HSS_AUTH_TOKEN": TOKEN}
    taken = snapshot(category(complete=False, problems=(Problem(f"refused {TOKEN}"),)))
    (report,), _ = checked(world, 60, RunRequest(snapshot=taken), WEBHOOK_SECRET=TOKEN, **HOOK | secret)
    assert (report.verdict, "refused ***" in str(report), TOKEN in str(report)) == ("inconclusive", True, False)
    refusal = json.dumps({"error_code": "HSS.0010", "error_msg": f"refused {TOKEN}"}).encode()
    world.warm.api = lambda *_: Response(403, {"content-type": "application/json"}, refusal)
    (report,), _ = checked(world, 60, **secret)
    assert (report.verdict, "refused ***" in str(report), TOKEN in str(report)) == ("inconclusive", True, False)


def test_a_target_whose_policy_is_broken_keeps_what_was_open_and_says_why(tmp_path):
    world = world_of(tmp_path, "ab", fleet=OPEN)
    state = {"STATE_URL": f"file://{tmp_path}/{{target}}.json"}
    checked(world, 60, **state)
    lines = (tmp_path / "targets.yaml").read_text()
    (tmp_path / "targets.yaml").write_text(lines.replace("{name: a,", "{name: a, policy: nowhere.yaml,"))
    world.clock.tick(3600)
    (first, second), _ = checked(world, 60, **state)
    assert [(one.target.name, one.verdict) for one in (first, second)] == [("a", "inconclusive"), ("b", "violations")]
    assert (first.run_id, first.started_at) == (second.run_id, "2026-11-22T13:00:00Z")
    assert [past.finding.port for past in first.changes.unseen] == [23]
    assert str(first.problems[0]).startswith("target a: nowhere.yaml: cannot be read")


def test_that_a_policy_is_broken_is_told_once_as_long_as_it_is(tmp_path):
    world = world_of(tmp_path, "ab")
    lines = (tmp_path / "targets.yaml").read_text()
    (tmp_path / "targets.yaml").write_text(lines.replace("{name: a,", "{name: a, policy: nowhere.yaml,"))
    told = []
    for _ in range(3):
        (first, *_), _ = checked(world, 60, STATE_URL=f"file://{tmp_path}/{{target}}.json", **HOOK)
        told += [one.status for one in first.deliveries]
        world.clock.tick(3600)
    assert told == ["delivered", "quiet", "quiet"]


def test_what_is_wrong_with_an_index_is_logged_as_it_is(tmp_path, caplog):
    (tmp_path / "_index.json").write_text("damaged")
    (report,), _ = checked(world_of(tmp_path, "a"), 60, STATE_URL=f"file://{tmp_path}/{{target}}.json")
    assert caplog.messages == [report.warnings[-1]]
    assert report.warnings[-1].startswith("the index is rebuilt from the states: ")
