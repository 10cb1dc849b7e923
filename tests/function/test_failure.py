"""A run that could not begin is a run: the same targets, states and identities, told each time that it happens."""

from __future__ import annotations

import json
from contextlib import nullcontext

import pytest

from handler import index
from handler.errors import PolicyError, SettingsError
from handler.function.failure import CLOSE_BY_HAND, tell_failure
from handler.run.wiring import Wiring
from handler.simulator.fleet import Fleet, Line
from handler.state.document import decode
from handler.transport.request import Response
from tests.world import TIMER, World

GOOD = "version: 1\ndisallowed_ports: [23]\n"
BROKEN = "version: 1\ndisallowed_ports: [99999]\n"
SINKS = """
sinks:
  - {name: chat, kind: slack, url: "${CHAT_URL}"}
  - {name: soc, kind: generic, url: "${SOC_URL}"}
  - {name: duty, kind: pagerduty, url: "${DUTY_URL}", routing_key: "${DUTY_KEY}"}
  - {name: alerts, kind: alertmanager, url: "${ALERTS_URL}"}
"""
CHAT = "https://chat.example/hook"
URLS = {
    "CHAT_URL": CHAT,
    "SOC_URL": "https://soc.example/hook",
    "DUTY_URL": "https://duty.example/v2/enqueue",
    "DUTY_KEY": "R" * 32,
    "ALERTS_URL": "https://alerts.example/api/v2/alerts",
}


class Web(World):
    """A web in which PagerDuty answers as it does."""

    def _answer(self, request):
        duty = request.url.startswith("https://duty.")
        return Response(202, {}, b'{"status": "success"}') if duty else super()._answer(request)


class Estate:
    """A function with four sinks whose policy breaks and is mended; `run` gives what each sink got, by its host."""

    def __init__(self, root, **settings):
        self.world = Web(root=root, fleet=Fleet.of(Line(23, "TCP", 3)), throttle=0)
        (root / "sinks.yaml").write_text(SINKS)
        known = {"NOTIFY_CONFIG": "sinks.yaml", "POLICY_PATH": "p.yaml", "HSS_CALLS_PER_MINUTE": "0", **URLS}
        self.settings = known | settings
        self.root = root

    def run(self, policy=GOOD):
        (self.root / "p.yaml").write_text(policy)
        self.world.clock.tick(3600)
        self.world.web.requests.clear()
        context = self.world.context(in_function=False, **self.settings)
        try:
            index.invoke(TIMER, context, 600, 600)
        except PolicyError:
            assert policy == BROKEN
        return self.heard()

    def run_with(self, targets, good):
        """What each sink got of a run with that TARGETS_CONFIG, which begins if the file is `good`."""
        (self.root / "targets.yaml").write_text(targets)
        try:
            return self.run()
        except SettingsError:
            assert targets != good
        return self.heard()

    def heard(self):
        got = {}
        for request in self.world.web.requests:
            host = request.url.split("/")[2].split(".")[0]
            got.setdefault(host, []).append((json.loads(request.body), request.headers))
        return got


@pytest.fixture(params=[True, False])
def estate(request, tmp_path):
    """With one target of the settings, and with two of a file."""
    if request.param:
        return Estate(tmp_path, STATE_URL=f"file://{tmp_path}/state.json")
    project = World().simulator.options.project_id
    entries = "".join(
        f"  - {{name: {name}, cloud: otc, region: eu-de, project_id: {project}, enterprise_projects: ['{which}']}}\n"
        for name, which in (("one", "0"), ("two", "all_granted_eps"))
    )
    (tmp_path / "targets.yaml").write_text("targets:\n" + entries)
    return Estate(tmp_path, STATE_URL=f"file://{tmp_path}/{{target}}.json", TARGETS_CONFIG="targets.yaml")


def test_broken_mended_and_broken_again_is_told_three_times_under_three_ids(estate):
    estate.run()
    targets = 2 if "TARGETS_CONFIG" in estate.settings else 1
    rounds = [estate.run(BROKEN), estate.run(), estate.run(BROKEN)]
    for host in ("chat", "soc", "duty"):
        assert [len(got.get(host, ())) for got in rounds] == [targets] * 3, host
    ids = [headers["webhook-id"] for got in rounds for _, headers in got["soc"]]
    assert len(set(ids)) == 3 * targets
    assert estate.run(BROKEN).get("chat") is None


def test_the_incident_of_a_broken_policy_is_resolved_under_its_own_key(estate):
    estate.run()
    broken, mended = estate.run(BROKEN), estate.run()
    opened = {event["dedup_key"] for event, _ in broken["duty"] if event["event_action"] == "trigger"}
    assert opened == {event["dedup_key"] for event, _ in mended["duty"] if event["event_action"] == "resolve"}


def test_alerts_have_the_same_labels_in_a_run_that_could_not_begin(estate):
    def labels(got):
        alerts = [alert for body, _ in got["alerts"] for alert in body]
        return {json.dumps(one["labels"], sort_keys=True) for one in alerts if "fingerprint" in one["labels"]}

    good = labels(estate.run())
    assert good
    assert labels(estate.run(BROKEN)) == good


def test_a_broken_setting_speaks_of_the_target_that_the_state_remembers(tmp_path):
    estate = Estate(tmp_path, STATE_URL=f"file://{tmp_path}/state.json")
    estate.run()
    known = decode(json.loads((tmp_path / "state.json").read_bytes()))
    wiring = Wiring(estate.world.context(in_function=False, **{**estate.settings, "HSS_ENDPOINT": "ftp://x"}))
    (report,) = tell_failure(PolicyError(["no"]), wiring, 60)
    assert tuple(report.target) == known.target
    assert report.target.host
    assert len(report.changes.unseen) == 1


def test_a_target_that_is_named_is_told_alone(tmp_path):
    project = World().simulator.options.project_id
    entries = "".join(f"  - {{name: t{n}, cloud: otc, region: eu-de, project_id: {project}}}\n" for n in range(3))
    (tmp_path / "targets.yaml").write_text("targets:\n" + entries)
    estate = Estate(tmp_path, TARGETS_CONFIG="targets.yaml")
    wiring = Wiring(estate.world.context(**estate.settings))
    assert [one.target.name for one in tell_failure(PolicyError(["no"]), wiring, 60, "t1")] == ["t1"]
    assert len(tell_failure(PolicyError(["no"]), wiring, 60)) == 3


def test_a_broken_targets_file_is_told_for_the_targets_of_the_index_and_its_end_too(tmp_path):
    """Nothing else is known of them; what is opened is closed by the next good run, and told again the next time."""
    place = f"cloud: otc, region: eu-de, project_id: {World().simulator.options.project_id}"
    entries = (f"  - {{name: t{n}, {place}, enterprise_projects: ['{n}']}}\n" for n in range(2))
    good = "targets:\n" + "".join(entries)
    estate = Estate(tmp_path, TARGETS_CONFIG="targets.yaml", STATE_URL=f"file://{tmp_path}/{{target}}.json")
    estate.run_with(good, good)
    broken, mended, again = (
        estate.run_with(text, good) for text in ("targets: [{name: T}]", good, "targets: [{name: T}]")
    )
    keys = {event["dedup_key"] for event, _ in broken["duty"]}
    assert [event["event_action"] for event, _ in broken["duty"]] == ["trigger"] * 2
    assert sorted((event["event_action"], event["dedup_key"]) for event, _ in mended["duty"]) == sorted(
        ("resolve", key) for key in keys
    )
    assert len(broken["chat"]) == len(mended["chat"]) == len(again["chat"]) == 2
    assert not (tmp_path / "default.json").exists()


def test_what_broke_before_there_was_an_index_is_over_with_the_first_run_that_begins(tmp_path):
    """It was told under the name of no target; nobody would end what was opened by it."""
    project = World().simulator.options.project_id
    entries = "".join(f"  - {{name: t{n}, cloud: otc, region: eu-de, project_id: {project}}}\n" for n in range(2))
    estate = Estate(tmp_path, TARGETS_CONFIG="targets.yaml", STATE_URL=f"file://{tmp_path}/{{target}}.json")
    good = f"targets:\n{entries}"
    broken, still, mended, after = (estate.run_with(text, good) for text in ("no", "no", good, good))
    ((opened, _),) = broken["duty"]
    assert opened["event_action"] == "trigger"
    assert "duty" not in still
    assert "chat" not in still
    told = [event for event, _ in mended["duty"] if event["dedup_key"] == opened["dedup_key"]]
    assert [event["event_action"] for event in told] == ["resolve"]
    (words,) = [json.dumps(body) for body, _ in mended["chat"] if "default" in json.dumps(body)]
    assert "now runs begin, and each target speaks for itself" in words
    assert "default" not in json.dumps([after.get("chat", []), after.get("duty", [])])


class Shard:
    """Three targets of a file with an index; `call` is one event, and gives what each sink got."""

    def __init__(self, root, names="abc"):
        self.project = World().simulator.options.project_id
        state = f"file://{root}/states/{{target}}.json"
        self.estate = Estate(root, TARGETS_CONFIG="targets.yaml", STATE_URL=state)
        self.root = root
        entries = "".join(f"  - {{name: {n}, cloud: otc, region: eu-de, project_id: {self.project}}}\n" for n in names)
        (root / "targets.yaml").write_text("targets:\n" + entries)
        (root / "p.yaml").write_text(GOOD)

    def call(self, user_event="", **settings):
        world = self.estate.world
        world.clock.tick(3600)
        world.web.requests.clear()
        event = {**TIMER, "user_event": user_event}
        with pytest.raises(SettingsError, match="no target 'x'") if "x" in user_event else nullcontext():
            index.invoke(event, world.context(in_function=False, **{**self.estate.settings, **settings}), 600, 600)
        return self.estate.heard()

    @property
    def known(self):
        return set(json.loads((self.root / "states/_index.json").read_text())["targets"])


UNKNOWN = '{"target": "x"}'


@pytest.mark.parametrize("good", ["", '{"target": "a"}'])
def test_what_an_event_with_an_unknown_target_opened_is_over_with_the_next_good_run(tmp_path, good):
    shard = Shard(tmp_path)
    shard.call()
    ((opened, _),) = shard.call(UNKNOWN)["duty"]
    assert (opened["event_action"], opened["payload"]["source"]) == ("trigger", "default")
    for _ in range(2):
        assert not {"duty", "chat"} & set(shard.call(UNKNOWN))  # told once
    assert shard.known == {"a", "b", "c", "default"}
    mended = shard.call(good)
    ended = [event["event_action"] for event, _ in mended["duty"] if event["dedup_key"] == opened["dedup_key"]]
    assert ended == ["resolve"]
    assert "each target speaks for itself" in json.dumps([body for body, _ in mended["chat"]])
    assert shard.known == {"a", "b", "c"}
    for event in (good, "", ""):
        assert "default" not in json.dumps([body for body, _ in shard.call(event).get("duty", [])])
    assert [event["event_action"] for event, _ in shard.call(UNKNOWN)["duty"]] == ["trigger"]  # and told again


def test_a_dry_run_for_an_unknown_target_enters_nobody_in_the_index(tmp_path):
    shard = Shard(tmp_path)
    shard.call()
    assert shard.call('{"target": "x", "dry_run": true}') == {}
    assert shard.known == {"a", "b", "c"}


def test_an_unknown_target_that_the_index_knows_is_told_by_its_name(tmp_path):
    shard = Shard(tmp_path, "abcx")
    shard.call()
    Shard(tmp_path)
    ((opened, _),) = shard.call(UNKNOWN)["duty"]
    assert opened["payload"]["source"] == "x"
    assert shard.known == {"a", "b", "c", "x"}


def test_a_run_for_one_target_leaves_those_that_left_to_a_run_for_all(tmp_path):
    shard = Shard(tmp_path, "abcd")
    shard.call()
    Shard(tmp_path)
    shard.call(UNKNOWN)
    shard.call('{"target": "a"}')
    assert shard.known == {"a", "b", "c", "d"}
    shard.call()
    assert shard.known == {"a", "b", "c"}


def test_a_name_of_no_target_moved_to_no_other_shard_that_cannot_be_read(tmp_path):
    shard = Shard(tmp_path)
    shard.call()
    shard.call(UNKNOWN)
    fleet = f"{shard.estate.settings['STATE_URL']},file://{tmp_path}/nobody/{{target}}.json"
    shard.call(FLEET_STATE_URLS=fleet)
    assert shard.known == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("state", "broken", "said"),
    [
        ("ftp://x/{target}", {}, True),
        ("file://FOLDER/state.json", {}, True),
        ("file://FOLDER/{target}.json", {"RUN_INTERVAL": "soon"}, False),
        ("", {"RUN_INTERVAL": "soon"}, False),
        ("ftp://x/{target}", {"NOTIFY_CONFIG": None, "WEBHOOK_URL": CHAT, "WEBHOOK_KIND": "slack"}, False),
    ],
)
def test_an_incident_that_no_run_remembers_to_end_says_so(tmp_path, state, broken, said):
    project = World().simulator.options.project_id
    entries = "".join(f"  - {{name: {n}, cloud: otc, region: eu-de, project_id: {project}}}\n" for n in "abc")
    (tmp_path / "targets.yaml").write_text("targets:\n" + entries)
    estate = Estate(tmp_path, TARGETS_CONFIG="targets.yaml", STATE_URL=state.replace("FOLDER", str(tmp_path)), **broken)
    with pytest.raises(SettingsError):
        estate.run()
    got = estate.heard()
    assert [CLOSE_BY_HAND in event["payload"]["summary"] for event, _ in got.get("duty", [])] == [said] * 3 * (
        "duty" in got
    )
    assert (CLOSE_BY_HAND in json.dumps([body for body, _ in got["chat"]])) is said


@pytest.mark.parametrize("left", [0.03, None, 60.0])
def test_a_platform_that_miscounts_the_time_left_does_not_silence_a_failure(tmp_path, left):
    estate = Estate(tmp_path)
    (tmp_path / "p.yaml").write_text(BROKEN)
    with pytest.raises(PolicyError):
        index.invoke(TIMER, estate.world.context(**estate.settings), left, 60.0)
    assert len(estate.world.web.requests) >= 3
