"""A shard: the most overdue first, as many as the time allows, the rest deferred; the index over runs."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest

from handler import index as door
from handler.clock import iso
from handler.errors import UnknownError
from handler.models import Changes, Secret
from handler.run import entries
from handler.run.result import RunResult
from handler.run.targets import RunRequest, prepare
from handler.run.walk import check_targets
from handler.run.wiring import Wiring
from handler.simulator.fleet import Line
from handler.simulator.options import ACCESS_KEY, SECRET_KEY
from handler.state.content import to_bytes
from handler.state.index import Index, IndexEntry, Lease, index_document, index_of
from handler.state.memory import place_of
from handler.transport.request import Response
from tests.fakes import FakeClock, FakeTransport, MovingClock, category, snapshot
from tests.world import CLEAN, TIMER, World

HOUR = timedelta(hours=1)
CHAT = {"WEBHOOK_URL": "https://hooks.slack.com/services/x"}


class Shard:
    """A folder with a targets file, states and an index; `run` is one run on the simulator."""

    def __init__(self, folder, names, **world):
        self.folder = folder
        self.world = World(root=folder, **{"clock": FakeClock(), **world})
        self.settings = {
            "TARGETS_CONFIG": "targets.yaml",
            "STATE_URL": f"file://{folder}/states/{{target}}.json",
            "RUN_INTERVAL": "1h",
        }
        self.list(names)

    def list(self, names, **more):
        project = self.world.simulator.options.project_id
        lines = [
            f"  - {{name: {name}, cloud: otc, region: eu-de, project_id: {more.get(name, project)}}}" for name in names
        ]
        (self.folder / "targets.yaml").write_text("\n".join(["targets:", *lines, ""]))

    def run(self, seconds=20.0, request=None, **settings):
        wiring = Wiring(self.world.context(in_function=False, **self.settings | settings))
        prepared = prepare(wiring, request or RunRequest())
        checked = check_targets(prepared, wiring, seconds)
        return RunResult(checked.reports, True, prepared.error, checked.deferred, prepared.run_id)

    @property
    def path(self):
        return self.folder / "states" / "_index.json"

    @property
    def index(self):
        return index_of(json.loads(self.path.read_text()))

    def write(self, index):
        self.path.parent.mkdir(exist_ok=True)
        self.path.write_bytes(to_bytes(index_document(index)))

    def become(self, fleet):
        self.world = World(root=self.folder, fleet=fleet, clock=self.world.clock)

    def cold(self):
        """Another instance: nothing is kept in memory."""
        self.world.warm = type(self.world.warm)(self.world.simulator, self.world.web, self.world.warm.random)


def names(reports):
    return [report.target.name for report in reports]


class RunningClock(FakeClock):
    """Both its times pass at each look at either."""

    def now(self):
        self.tick(0.02)
        return self.moment

    def monotonic(self):
        self.tick(0.02)
        return self.seconds


@pytest.mark.parametrize("clock", [FakeClock, MovingClock, RunningClock])
def test_ten_targets_at_five_calls_a_minute_with_a_budget_of_twenty_seconds_five_now_five_next_time(tmp_path, clock):
    shard = Shard(tmp_path, [f"t{n}" for n in range(10)], fleet=CLEAN, clock=clock())
    first = shard.run()
    assert names(first.reports) == ["t0", "t1", "t2", "t3", "t4"]
    assert [one.name for one in first.deferred] == ["t5", "t6", "t7", "t8", "t9"]
    assert {(one.last_run_at, one.verdict) for one in first.deferred} == {("", None)}
    assert (first.verdict, first.exit_code) == ("compliant", 0)
    shard.world.clock.tick(600)
    shard.cold()
    second = shard.run()
    assert names(second.reports) == ["t5", "t6", "t7", "t8", "t9"]
    assert {one.verdict for one in second.deferred} == {"compliant"}
    assert shard.world.clock.slept == []
    shard.world.clock.tick(600)
    assert shard.run().reports == ()


def test_the_pace_holds_over_runs_of_different_instances(tmp_path):
    shard = Shard(tmp_path, [f"t{n}" for n in range(10)], fleet=CLEAN)
    shard.run()
    shard.cold()
    shard.world.clock.tick(30)
    shard.run(seconds=120)
    assert sum(shard.world.clock.slept) == pytest.approx(31)
    assert [call.status for call in shard.world.simulator.calls] == [200] * 20


def test_what_is_asked_again_is_the_most_overdue(tmp_path):
    shard = Shard(tmp_path, ["a", "b", "c"], fleet=CLEAN)
    shard.run(request=RunRequest(target="b"))
    shard.world.clock.tick(3000)
    assert names(shard.run().reports) == ["a", "c"]
    shard.world.clock.tick(3300)
    assert names(shard.run().reports) == ["b", "a", "c"]


def test_a_document_names_the_deferred_and_the_worst_of_both_is_the_verdict(tmp_path):
    shard = Shard(tmp_path, ["a", "b"])
    shard.run()
    shard.become(CLEAN)
    shard.list(["a", "b", "c"])
    shard.world.clock.tick(60)
    second = shard.run()
    assert (names(second.reports), second.reports[0].verdict) == (["c"], "compliant")
    document = second.document()
    at = "2026-11-22T12:00:00Z"
    assert document["deferred"] == [{"name": n, "last_run_at": at, "verdict": "violations"} for n in ("a", "b")]
    assert (document["verdict"], second.exit_code) == ("violations", 1)


def test_a_stale_target_counts_as_inconclusive_and_so_does_one_that_was_never_checked(tmp_path):
    shard = Shard(tmp_path, [f"t{n}" for n in range(6)], fleet=CLEAN)
    shard.run()
    shard.world.clock.tick(2 * 3600 + 61)
    second = shard.run(HSS_CALLS_PER_MINUTE="1")
    assert names(second.reports) == ["t5"]
    assert {(one.verdict, one.stands) for one in second.deferred} == {("compliant", "inconclusive")}
    assert (second.verdict, second.exit_code) == ("inconclusive", 3)
    assert "t0 was not asked; last compliant at 2026-11-22T12:00:00Z" in second.not_known


def test_the_start_is_written_before_the_target_is_asked_and_the_verdict_after(tmp_path):
    shard = Shard(tmp_path, ["a", "b"], fleet=CLEAN)
    seen = []

    def asked(request, timeout):
        seen.append({name: (bool(entry.last_run_at), entry.verdict) for name, entry in shard.index.targets.items()})
        return shard.world.simulator(request, timeout)

    shard.world.warm.api = asked
    shard.run()
    assert seen[0] == {"a": (True, None), "b": (False, None)}
    assert seen[-1] == {"a": (True, "compliant"), "b": (True, None)}
    entry = shard.index.targets["b"]
    assert (entry.verdict, entry.calls, entry.interval_seconds) == ("compliant", 1, 3600)
    assert entry.last_complete_at == entry.last_run_at == iso(shard.world.clock.now())
    assert shard.index.lease is None
    assert {len(starts) for starts in shard.index.starts.values()} == {2}


def test_verdicts_are_written_at_least_every_ten_seconds(tmp_path):
    shard = Shard(tmp_path, ["a", "b"], fleet=CLEAN)
    written = []

    def slow(request, timeout):
        shard.world.clock.tick(6)
        written.append(shard.index.targets["a"].verdict)
        return shard.world.simulator(request, timeout)

    shard.world.warm.api = slow
    shard.run(seconds=12)  # the second does not fit: the first needed twelve seconds
    assert (written, shard.index.targets["a"].verdict) == ([None, None], "compliant")


def test_a_killed_run_leaves_the_target_that_killed_it_for_last(tmp_path):
    shard = Shard(tmp_path, ["a", "b", "c"], fleet=CLEAN)

    def killed(request, timeout):
        raise KeyboardInterrupt

    shard.world.warm.api = killed
    with pytest.raises(KeyboardInterrupt):
        shard.run()
    shard.world.clock.tick(600)
    shard.cold()
    shard.run()
    assert sorted(names(shard.run(request=RunRequest(always=True)).reports)) == ["a", "b", "c"]
    starts = sorted((entry.last_run_at, name) for name, entry in shard.index.targets.items())
    assert {name for _, name in starts} == {"a", "b", "c"}


def test_a_second_run_on_a_live_lease_asks_nobody_and_gives_the_index_s_verdicts(tmp_path):
    shard = Shard(tmp_path, ["a", "b"], fleet=CLEAN)
    shard.run()
    shard.world.clock.tick(3600)
    lease = Lease("other", iso(shard.world.clock.now() + timedelta(seconds=15)))
    shard.write(shard.index._replace(lease=lease))
    before = shard.path.read_bytes()
    second = shard.run()
    assert (second.reports, [(one.name, one.verdict) for one in second.deferred]) == (
        (),
        [("a", "compliant"), ("b", "compliant")],
    )
    assert shard.path.read_bytes() == before
    assert names(shard.run(request=RunRequest(always=True)).reports) == ["a", "b"]
    assert shard.index.lease == lease
    assert names(shard.run(request=RunRequest(target="b")).reports) == ["b"]


@pytest.mark.parametrize("seconds", [-1, 21, 315_000_000])
def test_a_lease_that_is_over_or_of_a_wrong_clock_stops_nobody(tmp_path, seconds):
    shard = Shard(tmp_path, ["a"], fleet=CLEAN)
    shard.write(Index(lease=Lease("other", iso(shard.world.clock.now() + timedelta(seconds=seconds)))))
    assert names(shard.run().reports) == ["a"]
    assert shard.index.lease is None


def test_an_index_written_by_a_clock_ten_years_ahead_is_healed(tmp_path):
    shard = Shard(tmp_path, ["a", "b"], fleet=CLEAN)
    shard.world.clock.tick(315_000_000)
    shard.run()
    shard.world.clock.moment -= timedelta(seconds=315_000_000)
    shard.cold()
    assert names(shard.run().reports) == ["a", "b"]
    assert {entry.last_complete_at for entry in shard.index.targets.values()} == {iso(shard.world.clock.now())}
    assert shard.run().exit_code == 0
    assert shard.world.clock.slept == []


def test_a_damaged_index_is_rebuilt_from_the_states(tmp_path):
    shard = Shard(tmp_path, ["a", "b", "c"])
    shard.run()
    shard.path.write_text('{"version": "1", "targ')
    shard.world.clock.tick(60)
    shard.list(["a", "b", "c", "d"])
    second = shard.run()
    assert names(second.reports) == ["d"]
    assert {(one.name, one.verdict) for one in second.deferred} == {(n, "violations") for n in "abc"}
    assert shard.index.targets["a"].counts["critical"] == 1
    assert "the index is rebuilt from the states" in second.reports[0].warnings[-1]
    assert len(list(shard.path.parent.glob("_index.json.damaged-*"))) == 1


def test_an_index_that_cannot_be_read_leaves_nobody_compliant_who_was_not_asked(tmp_path):
    shard = Shard(tmp_path, [f"t{n}" for n in range(6)], fleet=CLEAN)
    shard.run()
    shard.path.unlink()
    shard.path.mkdir()
    second = shard.run(seconds=5)
    assert second.exit_code == 3
    assert all(one.stands == "inconclusive" for one in second.deferred)


def test_beside_the_first_run_of_a_shard_nothing_is_known_and_that_is_the_reason(tmp_path):
    shard = Shard(tmp_path, ["a"], fleet=CLEAN)
    until = iso(shard.world.clock.now() + timedelta(seconds=10))
    shard.write(Index(lease=Lease("another", until)))
    beside = shard.run()
    assert (beside.reports, [one.name for one in beside.deferred], beside.exit_code) == ((), ["a"], 3)
    assert beside.not_known == ("no target was asked, and none was ever checked",)


def test_a_dry_run_writes_no_index(tmp_path):
    shard = Shard(tmp_path, ["a"], fleet=CLEAN)
    assert names(shard.run(request=RunRequest(dry_run=True)).reports) == ["a"]
    assert not shard.path.exists()


def test_one_target_with_a_broken_policy_stops_nobody_and_the_run_ends_with_two(tmp_path):
    shard = Shard(tmp_path, ["a", "b"], fleet=CLEAN)
    project = shard.world.simulator.options.project_id
    place = f"cloud: otc, region: eu-de, project_id: {project}"
    (tmp_path / "targets.yaml").write_text(
        f"targets:\n  - {{name: a, {place}, policy: nowhere.yaml}}\n  - {{name: b, {place}}}\n"
    )
    outcome = shard.run()
    assert [(one.target.name, one.verdict) for one in outcome.reports] == [("a", "inconclusive"), ("b", "compliant")]
    assert "target a: nowhere.yaml: cannot be read" in str(outcome.reports[0].problems[0])
    assert (outcome.exit_code, "target a:" in str(outcome.error)) == (2, True)
    assert shard.index.targets["a"].problem.startswith("target a: nowhere.yaml")


def test_one_target_of_the_settings_is_always_asked_and_in_the_index(tmp_path):
    world = World(fleet=CLEAN, root=tmp_path)
    state = Secret(f"file://{tmp_path}/{{target}}.json")
    for _ in range(2):
        wiring = Wiring(world.context(RUN_INTERVAL="1h"))
        checked = check_targets(prepare(wiring, RunRequest(state_url=state)), wiring, 60)
        assert [one.verdict for one in checked.reports] == ["compliant"]
    known = index_of(json.loads((tmp_path / "_index.json").read_text()))
    assert list(known.targets) == ["default"]


def test_the_function_returns_the_deferred_of_a_timer_and_a_gateway_call_asks_all(tmp_path):
    shard = Shard(tmp_path, ["a", "b"], fleet=CLEAN)
    settings = {**shard.settings, "APIG_TOKEN": "gateway"}

    def called(event):
        return door.invoke(event, shard.world.context(in_function=False, **settings), 20, 20)

    first = called(TIMER)
    assert ([one["target"]["name"] for one in first["targets"]], first["deferred"]) == (["a", "b"], [])
    second = called(TIMER)
    assert (second["targets"], [one["name"] for one in second["deferred"]]) == ([], ["a", "b"])
    assert second["run_id"] not in ("", first["run_id"])
    answer = json.loads(called({"httpMethod": "GET", "headers": {}})["body"])
    assert [one["target"]["name"] for one in answer["targets"]] == ["a", "b"]
    chosen = called({**TIMER, "user_event": '{"target": "b"}'})
    assert ([one["target"]["name"] for one in chosen["targets"]], chosen["deferred"]) == (["b"], [])


def test_the_platform_counts_a_failure_where_only_what_was_not_asked_is_inconclusive(tmp_path):
    shard = Shard(tmp_path, ["a"], fleet=CLEAN)
    shard.world.warm.api = lambda *_: Response(401)
    shard.run()
    with pytest.raises(UnknownError, match="a was not asked; last inconclusive at"):
        door.invoke(TIMER, shard.world.context(in_function=False, **shard.settings), 20, 20)


def test_a_place_under_another_name_takes_its_state_along_and_tells_nothing(tmp_path):
    shard = Shard(tmp_path, ["a", "b"])
    shard.list(["a", "b"], b="another")
    sink = {"WEBHOOK_URL": "https://hooks.example/x"}
    shard.run(request=RunRequest(target="a"), **sink)
    told = len(shard.world.web.requests)
    shard.list(["renamed", "b"], b="another")
    shard.world.clock.tick(60)
    second = shard.run(request=RunRequest(), HSS_CALLS_PER_MINUTE="1", **sink)
    assert [(one.name, one.verdict) for one in second.deferred if one.name == "renamed"] == [("renamed", "violations")]
    assert set(shard.index.targets) == {"renamed", "b"}
    shard.world.clock.tick(3600)
    third = shard.run(request=RunRequest(target="renamed"), **sink)
    assert third.reports[0].changes.new == ()
    assert len(third.reports[0].changes.ongoing) == 1
    assert [one.status for one in third.reports[0].deliveries] == ["quiet"]
    heard = [json.loads(request.body)["target"]["name"] for request in shard.world.web.requests]
    assert (heard[:told], set(heard[told:])) == (["a"], {"b"})


def test_two_targets_of_one_place_keep_their_own_states(tmp_path):
    shard = Shard(tmp_path, ["a", "a-strict"])
    shard.run(request=RunRequest(target="a"))
    shard.run(request=RunRequest(target="a-strict"))
    assert set(shard.index.targets) == {"a", "a-strict"}
    assert shard.index.targets["a"].last_run_at


def test_a_dry_run_renames_nothing(tmp_path):
    shard = Shard(tmp_path, ["a"])
    shard.run(**CHAT)
    files = {path: path.read_bytes() for path in (tmp_path / "states").iterdir()}
    shard.list(["renamed"])
    shard.run(request=RunRequest(dry_run=True), **CHAT)
    assert set(shard.index.targets) == {"a"}
    assert {path: path.read_bytes() for path in (tmp_path / "states").iterdir()} == files


def test_a_target_that_left_the_file_is_told_once_as_no_longer_checked_and_forgotten(tmp_path):
    shard = Shard(tmp_path, ["a", "b"])
    shard.run(**CHAT)
    told = len(shard.world.web.requests)
    shard.list(["a"])
    shard.world.clock.tick(60)
    second = shard.run(**CHAT)
    (message,) = shard.world.web.requests[told:]
    assert "b: inconclusive" in message.body.decode()
    assert "23" in message.body.decode()
    assert "it left TARGETS_CONFIG and is no longer checked; what was open may still be" in message.body.decode()
    assert "not known why" not in message.body.decode()
    assert (set(shard.index.targets), second.exit_code) == ({"a"}, 1)
    record = next(iter(json.loads((tmp_path / "states/b.json").read_text())["last_run"]["findings"]))
    assert "unchecked" in json.dumps(record)
    shard.world.clock.tick(60)
    shard.run(**CHAT)
    assert len(shard.world.web.requests) == told + 1


def test_where_nobody_can_be_told_the_target_is_kept_until_somebody_is(tmp_path):
    shard = Shard(tmp_path, ["a", "b"])
    shard.run(**CHAT)
    shard.list(["a"])
    shard.world.answer = Response(500)
    shard.run(**CHAT)
    assert set(shard.index.targets) == {"a", "b"}
    shard.world.answer = Response(200, {}, b"ok")
    shard.run(**CHAT)
    assert set(shard.index.targets) == {"a"}


INCIDENTS = {"WEBHOOK_URL": "https://alertmanager.example/api/v2/alerts", "WEBHOOK_KIND": "alertmanager"}


@pytest.mark.parametrize("sink", [CHAT, INCIDENTS], ids=["chat", "incidents"])
def test_a_target_that_left_is_kept_while_its_state_cannot_be_read(tmp_path, sink):
    shard = Shard(tmp_path, ["a", "b"])
    shard.run(**sink)
    told, state = len(shard.world.web.requests), tmp_path / "states/b.json"
    kept = state.read_bytes()
    state.unlink()
    state.mkdir()
    shard.list(["a"])
    shard.world.clock.tick(3600)
    (report,) = shard.run(**sink).reports
    assert "b left TARGETS_CONFIG, and what was open there is not known: " in report.warnings[-1]
    assert set(shard.index.targets) == {"a", "b"}
    state.rmdir()
    state.write_bytes(kept)
    shard.world.clock.tick(3600)
    shard.run(**sink)
    assert set(shard.index.targets) == {"a"}
    assert any(b'"b' in one.body or b"b: " in one.body for one in shard.world.web.requests[told:])


def test_of_a_target_that_left_with_a_damaged_state_it_is_said_that_nothing_is_known(tmp_path):
    shard = Shard(tmp_path, ["a", "b"])
    shard.run(**CHAT)
    (tmp_path / "states/b.json").write_bytes(b"damaged")
    shard.list(["a"])
    shard.world.clock.tick(3600)
    (report,) = shard.run(**CHAT).reports
    assert "b left TARGETS_CONFIG, and what was open there is not known: no previous state: " in report.warnings[-1]
    assert set(shard.index.targets) == {"a"}


def test_a_target_that_left_is_forgotten_unread_where_nobody_is_to_be_told(tmp_path):
    shard = Shard(tmp_path, ["a", "b"])
    shard.run()
    (tmp_path / "states/b.json").unlink()
    (tmp_path / "states/b.json").mkdir()
    shard.list(["a"])
    shard.world.clock.tick(3600)
    (report,) = shard.run().reports
    assert (set(shard.index.targets), [line for line in report.warnings if "left" in line]) == ({"a"}, [])


def test_alertmanager_hears_that_its_alerts_end(tmp_path):
    shard = Shard(tmp_path, ["a", "b"])
    shard.run(**INCIDENTS)
    shard.list(["a"])
    shard.run(**INCIDENTS)
    alerts = json.loads(shard.world.web.requests[-1].body)
    now = iso(shard.world.clock.now())
    found = [one for one in alerts if one["labels"].get("target") == "b" and "port" in one["labels"]]
    assert [one["labels"]["port"] for one in found] == ["23"]
    assert all(one["endsAt"] <= now for one in found)


def active_alerts(shard):
    """What Alertmanager holds as firing now, after all POSTs so far: the name of the alert and its target."""
    posted = [alert for one in shard.world.web.requests for alert in json.loads(one.body)]
    held = {tuple(sorted(alert["labels"].items())): alert for alert in posted}
    firing = [one["labels"] for one in held.values() if one["endsAt"] > iso(shard.world.clock.now())]
    return sorted((labels["alertname"], labels["target"]) for labels in firing if "target" in labels)


def test_alertmanager_ends_what_fires_under_the_name_that_a_target_had(tmp_path):
    shard = Shard(tmp_path, ["a"])
    shard.run(**INCIDENTS)
    assert active_alerts(shard) == [("DisallowedPort", "a")]
    shard.list(["renamed"])
    shard.world.clock.tick(3600)
    shard.world.answer = Response(500)
    shard.run(**INCIDENTS)
    shard.world.web.requests[1:] = []  # none of them was taken
    shard.world.answer = Response(200)
    shard.world.clock.tick(3600)
    shard.run(**INCIDENTS)
    assert active_alerts(shard) == [("DisallowedPort", "renamed")]
    shard.world.simulator.close_port(23)
    shard.list(["again"])
    shard.world.clock.tick(3600)
    shard.run(**INCIDENTS)
    assert active_alerts(shard) == []


def test_alertmanager_ends_what_a_run_that_died_told_under_the_name_that_a_target_had(tmp_path):
    def taken_by(request):
        raise KeyboardInterrupt

    shard = Shard(tmp_path, ["a"])
    shard.run(**INCIDENTS)
    shard.world.simulator.open_port(Line(21, "TCP", 1))
    shard.world.clock.tick(3600)
    answers, shard.world.web.answers = shard.world.web.answers, taken_by
    with pytest.raises(KeyboardInterrupt):
        shard.run(**INCIDENTS)
    assert active_alerts(shard) == [("DisallowedPort", "a")] * 2
    shard.world.web.answers = answers
    shard.list(["renamed"])
    shard.world.clock.tick(3600)
    shard.run(**INCIDENTS)
    assert active_alerts(shard) == [("DisallowedPort", "renamed")] * 2


def test_alertmanager_ends_what_says_that_a_renamed_target_was_not_seen(tmp_path):
    shard = Shard(tmp_path, ["a"])
    shard.run(HSS_AUTH_TOKEN="wrong", **INCIDENTS)
    assert active_alerts(shard) == [("PortComplianceInconclusive", "a")]
    shard.list(["renamed"])
    shard.world.clock.tick(3600)
    shard.run(HSS_AUTH_TOKEN="wrong", **INCIDENTS)
    assert active_alerts(shard) == [("PortComplianceInconclusive", "renamed")]


def test_that_a_target_was_not_seen_ends_once_it_left_the_file(tmp_path):
    shard = Shard(tmp_path, ["a", "b"])
    shard.list(["a", "b"], b="of-another-token")
    shard.run(**INCIDENTS)
    assert ("PortComplianceInconclusive", "b") in active_alerts(shard)
    shard.list(["a"])
    shard.world.clock.tick(3600)
    shard.run(**INCIDENTS)
    assert {target for _, target in active_alerts(shard)} == {"a"}


def test_the_incident_of_a_target_that_was_not_seen_is_resolved_once_it_left_the_file(tmp_path):
    sinks = "sinks: [{name: duty, kind: pagerduty, url: '${PD}', routing_key: '${KEY}'}]"
    (tmp_path / "sinks.yaml").write_text(sinks)
    duty = {"NOTIFY_CONFIG": "sinks.yaml", "PD": "https://events.pagerduty.com/v2/enqueue", "KEY": "0" * 32}
    shard = Shard(tmp_path, ["a", "b"], answer=Response(202, {}, b'{"status": "success"}'))
    shard.list(["a", "b"], b="of-another-token")
    shard.run(**duty)
    shard.list(["a"])
    shard.world.clock.tick(3600)
    shard.run(**duty)
    events = [json.loads(one.body) for one in shard.world.web.requests]
    unseen = [one["event_action"] for one in events if one["dedup_key"].startswith("unseen-")]
    assert unseen == ["trigger", "resolve"]


def test_one_target_asked_by_name_forgets_nobody(tmp_path):
    shard = Shard(tmp_path, ["a", "b"])
    shard.run()
    shard.list(["a"])
    shard.run(request=RunRequest(target="a"))
    shard.run(request=RunRequest(dry_run=True))
    assert set(shard.index.targets) == {"a", "b"}


def test_a_place_that_another_shard_of_the_fleet_holds_is_dropped_silently(tmp_path):
    shard = Shard(tmp_path, ["a", "b"])
    shard.list(["a", "b"], b="another")
    shard.run(**CHAT)
    told = len(shard.world.web.requests)
    (tmp_path / "other").mkdir()
    entry = shard.index.targets["b"]
    (tmp_path / "other/_index.json").write_bytes(to_bytes(index_document(Index({"moved": entry}))))
    shard.list(["a"])
    shard.run(FLEET_STATE_URLS=f"{shard.settings['STATE_URL']},file://{tmp_path}/other/{{target}}.json", **CHAT)
    assert (set(shard.index.targets), len(shard.world.web.requests)) == ({"a"}, told)


@pytest.mark.parametrize("found", [None, b"damaged", "folder"])
def test_where_another_index_cannot_be_read_it_is_not_known_whether_a_target_moved_there(tmp_path, found):
    shard = Shard(tmp_path, ["a", "b"])
    shard.list(["a", "b"], b="another")
    shard.run(**CHAT)
    told, entry = len(shard.world.web.requests), shard.index.targets["b"]
    other = tmp_path / "other/_index.json"
    other.parent.mkdir()
    if found == "folder":
        other.mkdir()
    elif found:
        other.write_bytes(found)
    shard.list(["a"])
    shard.world.clock.tick(3600)
    fleet = {"FLEET_STATE_URLS": f"{shard.settings['STATE_URL']},file://{tmp_path}/other/{{target}}.json", **CHAT}
    (report,) = shard.run(**fleet).reports
    assert "left TARGETS_CONFIG: b; whether another shard checks them now is not known" in report.warnings[-1]
    assert ": state 2: " in report.warnings[-1]
    assert (set(shard.index.targets), len(shard.world.web.requests)) == ({"a", "b"}, told)
    if found == "folder":
        other.rmdir()
    other.write_bytes(to_bytes(index_document(Index({"moved": entry}))))
    shard.world.clock.tick(3600)
    assert not any("b;" in line for report in shard.run(**fleet).reports for line in report.warnings)
    assert (set(shard.index.targets), len(shard.world.web.requests)) == ({"a"}, told)


def test_two_shards_that_share_a_state_by_accident_are_told_apart(tmp_path):
    shard = Shard(tmp_path, ["a", "b"])
    shard.run()
    before = shard.path.read_bytes()
    shard.list(["x"], x="another")
    other = shard.run()
    assert names(other.reports) == ["x"]
    assert "give each shard a STATE_URL of its own" in " ".join(other.reports[0].warnings)
    assert shard.path.read_bytes() == before
    shard.world.clock.tick(2 * 3600 + 60)
    shard.run()
    assert set(shard.index.targets) == {"x"}


def test_a_fault_while_telling_who_left_costs_nobody_a_report(tmp_path):
    shard = Shard(tmp_path, ["a", "b"])
    shard.run(**CHAT)
    shard.list(["a"])
    shard.world.clock.tick(3600)
    broken = shard.run(FLEET_STATE_URLS="redis://localhost:99999/{target}", **CHAT)
    assert names(broken.reports) == ["a"]
    assert (set(shard.index.targets), shard.index.lease) == ({"a", "b"}, None)


def test_what_is_wrong_with_an_index_is_said_without_secrets(tmp_path, caplog):
    shard = Shard(tmp_path, ["a"])
    shard.settings |= {"STATE_URL": f"file://{tmp_path}/wellkeptsecret/{{target}}.json"}
    (tmp_path / "wellkeptsecret").mkdir()
    (tmp_path / "wellkeptsecret/_index.json").write_text("damaged")
    (report,) = shard.run(WEBHOOK_SECRET="wellkeptsecret", **CHAT).reports
    assert "the index is rebuilt" in str(report.warnings)
    assert "the index is rebuilt" in caplog.text
    assert "wellkeptsecret" not in f"{report} {caplog.text}"


def test_what_is_newly_forbidden_is_new_in_the_index_s_day(tmp_path):
    changes = Changes(new=("1",), newly_forbidden=("2", "3"), reopened=("4",))
    report = Shard(tmp_path, ["a"]).run().reports[0]._replace(changes=changes)
    entry = entries.checked(IndexEntry(), report, datetime(2026, 11, 26, tzinfo=timezone.utc), 1)
    assert entry.days[0].new == 4


def test_a_project_that_a_login_does_not_tell_today_stays_in_the_index(tmp_path):
    shard = Shard(tmp_path, ["a"])
    each = prepare(Wiring(shard.world.context(in_function=False, **shard.settings)), RunRequest()).targets[0]
    now = datetime(2026, 11, 26, tzinfo=timezone.utc)
    known = entries.configured(None, each, now, HOUR)
    unknown = each._replace(target=each.target._replace(project_id=""))
    assert known.project_id
    assert entries.configured(known, unknown, now, HOUR) == known


def test_the_calls_of_a_killed_run_count_as_all_that_its_minute_allows(tmp_path):
    shard = Shard(tmp_path, ["a", "b"], fleet=CLEAN)

    def killed(request, timeout):
        raise KeyboardInterrupt

    shard.world.warm.api = killed
    with pytest.raises(KeyboardInterrupt):
        shard.run()
    shard.world.clock.tick(25)  # its lease is over
    shard.cold()
    assert names(shard.run(seconds=120).reports) == ["b"]
    assert sum(shard.world.clock.slept) == pytest.approx(61 - 25)


@pytest.mark.parametrize(("interval", "patience"), [("1h", 2 * 3600), (None, 2 * 86_400)])
def test_an_index_of_others_is_theirs_until_they_are_silent_for_two_intervals(tmp_path, interval, patience):
    shard = Shard(tmp_path, ["a"], fleet=CLEAN)
    shard.run(RUN_INTERVAL=interval)
    shard.list(["x"], x="another")
    shard.world.clock.tick(patience)
    shard.run(RUN_INTERVAL=interval)
    assert set(shard.index.targets) == {"a"}
    shard.world.clock.tick(1)
    shard.run(RUN_INTERVAL=interval)
    assert set(shard.index.targets) == {"x"}


def test_what_was_not_asked_is_told_worst_first_and_then_by_name(tmp_path):
    clock = FakeClock()
    shard = Shard(tmp_path, ["new", "good", "bad-b", "bad-a", "unknown", "old"], fleet=CLEAN, clock=clock)
    at = iso(clock.now())

    def entry(verdict, **rest):
        return IndexEntry(**{"verdict": verdict, "last_run_at": at, "last_complete_at": at, **rest})

    known = {"bad-b": entry("violations"), "good": entry("compliant", counts={"low": 0}), "bad-a": entry("violations"),
             "unknown": entry("inconclusive"), "old": entry("compliant", last_complete_at="")}  # fmt: skip
    shard.write(Index(known, lease=Lease("other", iso(clock.now() + timedelta(seconds=20)))))
    deferred = shard.run().deferred
    assert [(one.name, one.verdict, one.stands) for one in deferred] == [
        ("old", "compliant", "inconclusive"),
        ("unknown", "inconclusive", "inconclusive"),
        ("bad-a", "violations", "violations"),
        ("bad-b", "violations", "violations"),
        ("good", "compliant", "compliant"),
        ("new", None, None),
    ]
    assert [one.last_run_at for one in deferred] == [at] * 5 + [""]
    assert deferred[4].counts == {"low": 0}


@pytest.mark.parametrize(("seconds", "written"), [(10.0, "inconclusive"), (9.9, None)])
def test_a_verdict_is_written_before_the_end_only_ten_seconds_after_the_last_writing(tmp_path, seconds, written):
    shard = Shard(tmp_path, ["a"])
    seen = []

    def refused(request, timeout):
        shard.world.clock.tick(seconds)
        return Response(401)

    def told(request, timeout):  # of what is inconclusive, after the last target
        seen.append(shard.index.targets["a"].verdict)
        return Response(200, {}, b"ok")

    shard.world.warm.api, shard.world.warm.web = refused, told
    shard.run(seconds=60, **CHAT)
    assert seen == [written]
    assert shard.index.targets["a"].verdict == "inconclusive"


@pytest.mark.parametrize(("seconds", "asked"), [(210.0, ["a"]), (210.5, ["a", "b"])])
def test_a_target_is_asked_only_where_more_than_the_slowest_took_is_left(tmp_path, seconds, asked):
    """Each takes a hundred seconds, and ten are kept for telling."""
    shard = Shard(tmp_path, ["a", "b"], fleet=CLEAN)

    def slow(request, timeout):
        shard.world.clock.tick(50)
        return shard.world.simulator(request, timeout)

    shard.world.warm.api = slow
    assert names(shard.run(seconds=seconds).reports) == asked


def test_what_a_target_waited_for_its_pace_does_not_make_it_slow(tmp_path):
    shard = Shard(tmp_path, [f"t{n}" for n in range(7)], fleet=CLEAN)
    assert len(shard.run(seconds=100).reports) == 7
    assert sum(shard.world.clock.slept) == pytest.approx(61)


@pytest.mark.parametrize("found", ["folder", "damaged"])
def test_a_state_that_cannot_be_taken_along_now_stays_where_it_was(tmp_path, found):
    shard = Shard(tmp_path, ["a", "b"], fleet=CLEAN)
    shard.list(["a", "b"], b="another")
    shard.run()
    state = tmp_path / "states/a.json"
    state.unlink()
    if found == "folder":
        state.mkdir()
    else:
        state.write_bytes(b"damaged")
    shard.list(["renamed", "b"], b="another")
    shard.world.clock.tick(60)
    shard.run(request=RunRequest(target="renamed"))
    assert set(shard.index.targets) == {"a", "b", "renamed"}
    assert shard.index.targets["renamed"].first_seen == iso(shard.world.clock.now())
    assert list(state.parent.glob("a.json.damaged-*")) == []


def test_what_is_wrong_with_an_index_is_said_once_after_what_else_is(tmp_path):
    shard = Shard(tmp_path, ["a", "b"], fleet=CLEAN)
    shard.path.parent.mkdir()
    shard.path.write_bytes(b"damaged")
    first, second = shard.run(WEBHOOK_URL="https://hooks.example/x").reports
    assert [("without a secret" in line, "index is rebuilt" in line) for line in first.warnings] == [
        (True, False),
        (False, True),
    ]
    assert ["without a secret" in line for line in second.warnings] == [True]


def test_a_dry_run_leaves_a_damaged_index_or_state_as_it_is(tmp_path):
    shard = Shard(tmp_path, ["a"], fleet=CLEAN)
    shard.path.parent.mkdir()
    for path in (shard.path, shard.path.with_name("a.json")):
        path.write_bytes(b"damaged")
    shard.run(request=RunRequest(dry_run=True))
    there = {path.name: path.read_bytes() for path in shard.path.parent.iterdir()}
    assert there == {"_index.json": b"damaged", "a.json": b"damaged"}


def test_an_index_and_a_state_in_obs_are_looked_for_in_the_region_of_the_targets(tmp_path):
    world = World(clock=FakeClock(), root=tmp_path)
    world.warm.api = FakeTransport(lambda request: Response(404))
    (tmp_path / "targets.yaml").write_text("targets: [{name: a, cloud: otc, region: eu-de, project_id: p}]\n")
    place = dict.fromkeys(("HSS_AUTH_TOKEN", "HSS_ENDPOINT", "HSS_CLOUD", "HSS_PROJECT_ID"))
    keys = {**place, "HUAWEICLOUD_SDK_AK": "AK", "HUAWEICLOUD_SDK_SK": "SK"}
    url = "obs://bucket/states/{target}.json"
    wiring = Wiring(world.context(in_function=False, TARGETS_CONFIG="targets.yaml", STATE_URL=url, **keys))
    check_targets(prepare(wiring, RunRequest()), wiring, 60)
    asked = {request.url.removesuffix(".probe") for request in world.warm.api.requests if "bucket" in request.url}
    bucket = "https://bucket.obs.eu-de.otc.t-systems.com/states"
    assert asked == {f"{bucket}/_index.json", f"{bucket}/a.json"}


def test_a_run_leases_its_shard_under_its_own_id(tmp_path):
    shard = Shard(tmp_path, ["a"], fleet=CLEAN)
    leases = []

    def asked(request, timeout):
        leases.append(shard.index.lease)
        return shard.world.simulator(request, timeout)

    shard.world.warm.api = asked
    outcome = shard.run(seconds=20)
    until = iso(shard.world.clock.now() + timedelta(seconds=20))
    assert set(leases) == {Lease(outcome.run_id, until)}


def test_without_a_file_other_targets_of_an_index_are_nobody_s_and_stay(tmp_path):
    world = World(fleet=CLEAN, root=tmp_path, clock=FakeClock())
    path, at = tmp_path / "_index.json", iso(world.clock.now())
    other = IndexEntry(verdict="compliant", last_run_at=at, last_complete_at=at, place="h|p|")
    path.write_bytes(to_bytes(index_document(Index({"other": other}))))
    wiring = Wiring(world.context(in_function=False, STATE_URL=f"file://{tmp_path}/{{target}}.json"))
    (report,) = check_targets(prepare(wiring, RunRequest()), wiring, 60).reports
    assert (report.verdict, report.warnings) == ("compliant", ())
    known = index_of(json.loads(path.read_text())).targets
    assert (set(known), known["other"]) == ({"other", "default"}, other)


def test_a_recording_has_an_entry_in_the_index_without_calls(tmp_path):
    taken = snapshot(category())
    wiring = Wiring(World(root=tmp_path).context(in_function=False, STATE_URL=f"file://{tmp_path}/{{target}}.json"))
    (report,) = check_targets(prepare(wiring, RunRequest(snapshot=taken)), wiring, 60).reports
    entry = index_of(json.loads((tmp_path / "_index.json").read_text())).targets[taken.target.name]
    assert (report.verdict, entry.verdict, entry.calls) == ("compliant", "compliant", 0)


def test_targets_that_take_no_time_all_fit_into_the_last_second(tmp_path):
    shard = Shard(tmp_path, ["a", "b"], fleet=CLEAN)
    assert names(shard.run(seconds=1).reports) == ["a", "b"]


def test_a_target_whose_last_run_needed_more_calls_than_the_time_allows_is_deferred(tmp_path):
    shard = Shard(tmp_path, ["a", "b", "c"], fleet=CLEAN)
    shard.write(Index({"b": IndexEntry(calls=5), "c": IndexEntry(calls=4)}))
    outcome = shard.run()
    assert (names(outcome.reports), [one.name for one in outcome.deferred]) == (["a", "c"], ["b"])


def test_what_the_file_says_anew_of_a_target_is_in_the_index(tmp_path):
    shard = Shard(tmp_path, ["a"], fleet=CLEAN)
    shard.run()
    known = shard.index.targets["a"]
    lines = (tmp_path / "targets.yaml").read_text()
    (tmp_path / "targets.yaml").write_text(lines.replace("{name: a,", "{name: a, owner: shop,"))
    shard.world.clock.tick(60)
    assert shard.run(RUN_INTERVAL="2h").reports == ()
    assert shard.index.targets["a"] == known._replace(owner="shop", interval_seconds=7200)


def test_what_another_run_writes_of_a_target_that_stayed_as_it_was_is_kept(tmp_path):
    shard = Shard(tmp_path, ["a", "b"], fleet=CLEAN)
    shard.run(request=RunRequest(target="b"))
    asked = []

    def meanwhile(request, timeout):
        if not asked:
            entry = shard.index.targets["b"]._replace(owner="of another run")
            shard.write(shard.index._replace(targets={**shard.index.targets, "b": entry}))
        asked.append(request)
        return shard.world.simulator(request, timeout)

    shard.world.warm.api = meanwhile
    assert names(shard.run().reports) == ["a"]
    assert shard.index.targets["b"].owner == "of another run"


def test_a_target_under_a_new_name_takes_along_the_state_of_the_name_that_is_gone(tmp_path):
    """Another target of the same place keeps its name, its state and its turn."""
    shard = Shard(tmp_path, ["gone", "stays"])
    shard.run()
    before = shard.index.targets["gone"]
    shard.list(["renamed", "stays"])
    shard.world.clock.tick(60)
    assert shard.run().reports == ()
    assert set(shard.index.targets) == {"renamed", "stays"}
    assert shard.index.targets["renamed"].last_run_at == before.last_run_at


def test_the_other_indexes_of_a_fleet_are_read_only_where_a_target_left(tmp_path):
    shard = Shard(tmp_path, ["a", "b"], fleet=CLEAN)
    world, asked = shard.world, []

    def api(request, timeout):
        if "obs." not in request.url:
            return world.simulator(request, timeout)
        asked.append(request.url)
        return Response(404)

    world.warm.api = api
    keys = {
        "HUAWEICLOUD_SDK_AK": ACCESS_KEY,
        "HUAWEICLOUD_SDK_SK": SECRET_KEY,
        "OBS_ENDPOINT": "https://obs.eu-de.otc.t-systems.com",
    }
    fleet = {"HSS_AUTH_TOKEN": None, "FLEET_STATE_URLS": "obs://bucket/{target}.json", **keys}
    shard.run(**fleet)
    assert asked == []
    shard.list(["a"])
    shard.run(**fleet)
    assert asked == ["https://bucket.obs.eu-de.otc.t-systems.com/_index.json"]


def test_an_earlier_name_is_looked_up_in_the_bucket_of_the_region(tmp_path):
    world, at = World(clock=FakeClock(), root=tmp_path), "2026-11-22T11:59:00Z"
    (tmp_path / "targets.yaml").write_text("targets: [{name: a, cloud: otc, region: eu-de, project_id: p}]\n")
    place = dict.fromkeys(("HSS_AUTH_TOKEN", "HSS_ENDPOINT", "HSS_CLOUD", "HSS_PROJECT_ID"))
    keys = {**place, "HUAWEICLOUD_SDK_AK": "AK", "HUAWEICLOUD_SDK_SK": "SK"}
    url = "obs://bucket/states/{target}.json"
    wiring = Wiring(world.context(in_function=False, TARGETS_CONFIG="targets.yaml", STATE_URL=url, **keys))
    run = prepare(wiring, RunRequest())
    known = Index({"earlier": IndexEntry(place=place_of(run.targets[0].target), last_run_at=at)})
    index = Response(200, {"etag": '"1"'}, to_bytes(index_document(known)))
    world.warm.api = FakeTransport(lambda request: index if request.url.endswith("/_index.json") else Response(404))
    check_targets(run, wiring, 60)
    asked = [request.url for request in world.warm.api.requests if "earlier" in request.url]
    assert asked[0] == "https://bucket.obs.eu-de.otc.t-systems.com/states/earlier.json"


@pytest.mark.parametrize(("refused", "said"), [(False, [False] * 3), (True, [True] * 3)])
def test_a_run_whose_states_could_not_be_saved_is_no_time_without_runs(tmp_path, refused, said):
    """The index tells of it, if it saw the target whole; a run that saw nothing leaves the time as it is."""
    shard = Shard(tmp_path, ["a", "b", "c"], fleet=CLEAN, clock=MovingClock())
    for _ in range(3):
        shard.run()
        shard.world.clock.tick(3600)
    kept = {one: (tmp_path / f"states/{one}.json").read_bytes() for one in "abc"}
    shard.world.clock.tick(3600)
    shard.run(HSS_AUTH_TOKEN="refused" if refused else shard.world.simulator.options.tokens[0])
    for one, content in kept.items():
        (tmp_path / f"states/{one}.json").write_bytes(content)
    shard.world.clock.tick(3600)
    outcome = shard.run()
    assert names(outcome.reports) == ["a", "b", "c"]
    assert [any("no run for 3 h" in warning for warning in one.warnings) for one in outcome.reports] == said
