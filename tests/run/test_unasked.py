"""Places that nobody asks any more: told once as no longer checked, and forgotten when every sink knows."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from handler.clock import Deadline, iso
from handler.errors import StoreError
from handler.models import Secret, Target
from handler.run import lazy
from handler.run.targets import RunRequest, prepare
from handler.run.unasked import ADVICE, _target, _why, forget_unasked, tell_unasked
from handler.run.walk import check_targets
from handler.run.wiring import Wiring
from handler.simulator.options import Options
from handler.simulator.simulator import Simulator
from handler.state.content import to_bytes
from handler.state.document import decode, encode
from handler.state.index import Index, IndexEntry, index_document
from handler.transport.request import Response
from tests.fakes import FakeClock, MovingClock, category, json_response, snapshot
from tests.run.test_shard import Shard
from tests.world import CLEAN, OK, OPEN, World

OLD, NEW, THIRD = "1a" * 16, "2b" * 16, "3c" * 16
HOST = "hss.eu-de.otc.t-systems.com"
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LATEST = 30 * DAY + 2 * HOUR  # with an interval of an hour
HOOK = {"WEBHOOK_URL": "https://hooks.example/x"}
CHAT = {"WEBHOOK_URL": "https://hooks.slack.com/services/x"}
MIRROR = {"WEBHOOK_URL": "https://alertmanager.example/api/v2/alerts", "WEBHOOK_KIND": "alertmanager"}
PAGER = {"NOTIFY_CONFIG": "pager.yaml", "WEBHOOK_URL": None}
ANSWERS = {"pd.example": json_response({"status": "success"}, 202)}
SINKS = {
    "pager.yaml": "sinks: [{name: pd, kind: pagerduty, url: 'https://pd.example/v2/enqueue', routing_key: '${KEY}'}]\n",
    "mirror.yaml": "sinks: [{name: am, kind: alertmanager, url: 'https://alertmanager.example/api/v2/alerts'}]\n",
    "both.yaml": """sinks:
  - {name: soc, kind: generic, url: "https://soc.example/x", send: always}
  - {name: dead, kind: generic, url: "https://dead.example/x"}
""",
}


class Estate:
    """One state file, asked for one project after another; `run` is one run of a function with a single target."""

    def __init__(self, folder, fleet=OPEN):
        self.folder, self.path = folder, folder / "state.json"
        self.world = World(root=folder, clock=FakeClock(), fleet=fleet, throttle=0)
        for name, text in SINKS.items():
            (folder / name).write_text(text)
        self.dead = set()
        self.world.web.answers = self.answer
        self.become(fleet)

    def become(self, fleet):
        options = Options(cloud="otc", project_id="", throttle=0)
        self.world.simulator = self.world.warm.api = Simulator(fleet, options, clock=self.world.clock)

    def answer(self, request):
        host = request.url.split("/")[2]
        return Response(503) if host in self.dead else ANSWERS.get(host, OK)

    def wiring(self, project, **settings):
        known = {"STATE_URL": f"file://{self.path}", "RUN_INTERVAL": "1h", "HSS_CALLS_PER_MINUTE": "0", "KEY": "R" * 32}
        return Wiring(self.world.context(in_function=False, **{**known, "HSS_PROJECT_ID": project, **HOOK, **settings}))

    def run(self, project, request=None, seconds=60.0, **settings):
        """What one run sends, as (host, body)."""
        wiring = self.wiring(project, **settings)
        before = len(self.world.web.requests)
        check_targets(prepare(wiring, request or RunRequest()), wiring, seconds)
        sent = self.world.web.requests[before:]
        return [(request.url.split("/")[2], json.loads(request.body)) for request in sent]

    def tick(self, time):
        self.world.clock.tick(time.total_seconds())

    def later(self, time, **settings):
        """Let that time pass, with a run of NEW an hour before its end that tells of the time without runs."""
        self.tick(time - HOUR)
        self.run(NEW, **settings)
        self.tick(HOUR)

    @property
    def state(self):
        return decode(json.loads(self.path.read_text()))

    @property
    def others(self):
        return [place.split("|")[1] for place in self.state.others]


def moved(folder, after=LATEST + timedelta(seconds=1), **settings):
    """An estate whose function asked OLD, then NEW at once, and that long later is about to run again."""
    estate = Estate(folder)
    estate.run(OLD, **settings)
    estate.run(NEW, **settings)
    estate.later(after, **settings)
    return estate


def tell_and_forget(stores, run, wiring, deadline):
    """What a run does with places that nobody asked for long."""
    forget_unasked(tell_unasked(stores, run, wiring, deadline), run, wiring)


def of_project(sent, project):
    return [body for _, body in sent if body["target"]["project_id"] == project]


def test_a_place_that_nobody_asked_for_30_days_and_two_intervals_is_told_once_and_forgotten(tmp_path):
    estate = moved(tmp_path)
    ((_, body),) = estate.run(NEW)
    said = "was last asked at 2026-11-22T12:00:00Z and is no longer checked; what was open may still be"
    assert body["problems"] == [f"project {OLD} at {HOST} {said}"]
    assert (body["verdict"], body["target"]["project_id"], body["target"]["name"]) == (
        "inconclusive",
        OLD,
        f"eu-de {OLD[:8]}",
    )
    assert [(one["port"], one["because"]) for one in body["changes"]["resolved"]] == [(23, "unchecked")]
    assert estate.others == []
    for _ in range(3):
        estate.later(LATEST + DAY)
        assert estate.run(NEW) == []


def test_the_place_that_is_asked_keeps_its_findings_and_the_history_its_lines(tmp_path):
    estate = moved(tmp_path)
    before = estate.state
    estate.run(NEW)
    after = estate.state
    assert (after.place, list(after.findings)) == (before.place, list(before.findings))
    assert after.history[:-1] == before.history
    assert (len(after.history), after.history[-1].verdict) == (4, "violations")


@pytest.mark.parametrize(("after", "told"), [(LATEST, 0), (LATEST + timedelta(seconds=1), 1)])
def test_it_is_told_when_both_are_over_and_no_sooner(tmp_path, after, told):
    estate = moved(tmp_path, after)
    assert len(estate.run(NEW)) == told
    assert len(estate.others) == 1 - told


@pytest.mark.parametrize(("seconds", "told"), [(0, 0), (1, 1)])
def test_an_interval_that_is_not_set_counts_as_a_day(tmp_path, seconds, told):
    estate = moved(tmp_path, 32 * DAY + timedelta(seconds=seconds), RUN_INTERVAL=None)
    assert len(estate.run(NEW, RUN_INTERVAL=None)) == told


@pytest.mark.parametrize(("after", "told"), [(33 * DAY, 0), (110 * DAY, 0), (110 * DAY + timedelta(seconds=1), 1)])
def test_a_place_that_another_function_asks_more_seldom_is_not_told_before_that(tmp_path, after, told):
    """Both share a state; that one is due each 40 days, this one each hour."""
    estate = Estate(tmp_path)
    estate.run(OLD, RUN_INTERVAL="40d")
    estate.run(NEW)
    estate.later(after)
    assert len(of_project(estate.run(NEW), OLD)) == told
    assert len(estate.others) == 1 - told


def test_a_run_that_cannot_begin_keeps_the_interval_of_its_place(tmp_path):
    estate = Estate(tmp_path)
    estate.run(OLD, RUN_INTERVAL="40d")
    estate.run(OLD, HSS_AUTH_TOKEN="refused", RUN_INTERVAL="40d")
    assert estate.state.interval_seconds == 40 * 86400


def test_a_place_that_comes_back_within_that_time_goes_on_as_before(tmp_path):
    estate = moved(tmp_path, LATEST)
    estate.run(NEW)
    ((_, body),) = estate.run(OLD)  # that there was no run for so long
    assert not any(body["changes"].values())
    estate.become(CLEAN)
    (body,) = of_project(estate.run(OLD), OLD)
    assert [(one["port"], one["because"]) for one in body["changes"]["resolved"]] == [(23, "closed")]


def test_a_place_that_comes_back_after_it_was_forgotten_is_told_as_new(tmp_path):
    estate = moved(tmp_path)
    estate.run(NEW)
    (body,) = of_project(estate.run(OLD), OLD)
    assert len(body["changes"]["new"]) == 1


def test_a_chat_reads_which_place_it_is_and_what_to_do(tmp_path):
    estate = moved(tmp_path, **CHAT)
    ((_, message),) = estate.run(NEW, **CHAT)
    text = json.dumps(message)
    assert [words for words in (OLD, HOST, "no longer checked", ADVICE) if words not in text] == []


def test_an_incident_ends_under_the_key_under_which_it_began(tmp_path):
    estate = Estate(tmp_path)
    ((_, opened),) = estate.run(OLD, **PAGER)
    ((_, other),) = estate.run(NEW, **PAGER)
    estate.later(LATEST + HOUR / 2, **PAGER)
    ((_, ended),) = estate.run(NEW, **PAGER)
    assert (opened["event_action"], ended["event_action"]) == ("trigger", "resolve")
    assert ended["dedup_key"] == opened["dedup_key"] != other["dedup_key"]
    assert estate.others == []


def test_alerts_end_under_the_labels_under_which_they_began(tmp_path):
    estate = Estate(tmp_path)
    ((_, alerts),) = estate.run(OLD, **MIRROR)
    estate.run(NEW, **MIRROR)
    estate.later(LATEST + HOUR / 2, **MIRROR)
    _, (_, ended) = estate.run(NEW, **MIRROR)
    assert ended[0]["labels"] == alerts[0]["labels"]
    assert ended[0]["endsAt"] == iso(estate.world.clock.now())
    assert estate.others == []


def test_a_finding_that_flapped_when_it_was_asked_last_ends_too(tmp_path):
    estate = Estate(tmp_path)
    for fleet in (OPEN, CLEAN) * 3 + (OPEN,):
        estate.become(fleet)
        estate.run(OLD, **PAGER)
        estate.tick(HOUR)
    assert [one.flapping_since is not None for one in estate.state.findings.values()] == [True]
    estate.run(NEW, **PAGER)
    estate.later(LATEST - HOUR / 2, **PAGER)  # OLD was asked an hour ago
    ((_, ended),) = estate.run(NEW, **PAGER)
    assert ended["event_action"] == "resolve"


def test_a_sink_that_does_not_take_it_is_told_by_the_next_run_and_the_others_no_second_time(tmp_path):
    both = {"NOTIFY_CONFIG": "both.yaml", "WEBHOOK_URL": None}
    estate = moved(tmp_path, **both)
    estate.dead = {"dead.example"}
    hosts = [host for host, body in estate.run(NEW, **both) if body["target"]["project_id"] == OLD]
    assert (hosts[0], set(hosts[1:]), estate.others) == ("soc.example", {"dead.example"}, [OLD])
    assert estate.state.others[f"{HOST}|{OLD}|all_granted_eps"].run_at == "2026-11-22T12:00:00Z"
    estate.dead = set()
    estate.tick(HOUR)
    sent = [(host, body) for host, body in estate.run(NEW, **both) if body["target"]["project_id"] == OLD]
    assert [(host, len(body["changes"]["resolved"])) for host, body in sent] == [("dead.example", 1)]
    assert estate.others == []
    assert of_project(estate.run(NEW, **both), OLD) == []


def test_a_pager_that_does_not_take_it_is_told_by_the_next_run_and_people_no_second_time(tmp_path):
    mixed = {"NOTIFY_CONFIG": "pager.yaml"}  # beside the webhook
    estate = moved(tmp_path, **mixed)
    estate.dead = {"pd.example"}
    first = [host for host, body in estate.run(NEW, **mixed)]
    assert (set(first), first.count("hooks.example"), estate.others) == ({"pd.example", "hooks.example"}, 1, [OLD])
    estate.dead = set()
    estate.tick(HOUR)
    sent = [(host, body["event_action"]) for host, body in estate.run(NEW, **mixed)]
    assert (sent, estate.others) == ([("pd.example", "resolve")], [])


def test_while_an_alertmanager_does_not_take_it_the_place_is_kept_and_people_hear_no_second_time(tmp_path):
    both = {"NOTIFY_CONFIG": "mirror.yaml"}  # beside the webhook
    estate = moved(tmp_path, **both)
    estate.dead = {"alertmanager.example"}
    first = [host for host, body in estate.run(NEW, **both) if OLD in json.dumps(body)]
    assert (first.count("hooks.example"), estate.others) == (1, [OLD])
    estate.dead = set()
    estate.tick(HOUR)
    sent = [(host, OLD in json.dumps(body)) for host, body in estate.run(NEW, **both)]
    assert ("alertmanager.example", True) in sent
    assert ("hooks.example", True) not in sent
    assert estate.others == []


def test_of_more_incidents_than_a_run_may_end_the_next_one_ends_the_others_before_the_place_is_forgotten(tmp_path):
    few = SINKS["pager.yaml"].replace("pagerduty,", "pagerduty, group: finding, max_findings: 1,")
    (tmp_path / "policy.yaml").write_text("version: 1\ndisallowed_ports: [22, 23]\n")
    sink = {"NOTIFY_CONFIG": "few.yaml", "WEBHOOK_URL": None, "POLICY_PATH": "policy.yaml"}
    estate = Estate(tmp_path)
    (tmp_path / "few.yaml").write_text(few)
    opened = {body["dedup_key"] for _ in range(2) for _, body in estate.run(OLD, **sink)}
    estate.run(NEW, **sink)
    estate.run(NEW, **sink)
    estate.later(LATEST + HOUR / 2, **sink)
    first, left = estate.run(NEW, **sink), estate.others
    second = estate.run(NEW, **sink)
    assert (len(first), left, len(second), estate.others) == (1, [OLD], 1, [])
    assert {body["dedup_key"] for _, body in first + second} == opened


@pytest.mark.parametrize("request_", [RunRequest(dry_run=True), RunRequest(tell=False)])
def test_a_run_that_tells_nobody_forgets_nothing(tmp_path, request_):
    estate = moved(tmp_path)
    assert estate.run(NEW, request_) == []
    assert estate.others == [OLD]


def test_a_check_of_a_recording_forgets_nothing(tmp_path):
    estate = moved(tmp_path)
    sent = estate.run(NEW, RunRequest(snapshot=snapshot(category())))
    assert (of_project(sent, OLD), OLD in estate.others) == ([], True)


def test_where_there_is_nobody_to_tell_it_is_forgotten(tmp_path):
    estate = moved(tmp_path, WEBHOOK_URL=None)
    assert (estate.run(NEW, WEBHOOK_URL=None), estate.others) == ([], [])


def test_several_places_are_each_told_once(tmp_path):
    estate = Estate(tmp_path)
    for project in (OLD, THIRD, NEW):
        estate.run(project)
    estate.later(LATEST + HOUR / 2)
    sent = estate.run(NEW)
    assert [body["target"]["project_id"] for _, body in sent] == [OLD, THIRD]
    assert (estate.others, estate.run(NEW)) == ([], [])


class Counting(Wiring):
    """A wiring that counts how often its states are read and written."""

    def store(self, *what, **how):
        store = super().store(*what, **how)
        load, save = store.load, store.save
        store.load = lambda: self.did.append("load") or load()
        store.save = lambda *document: self.did.append("save") or save(*document)
        return store


def test_a_run_with_other_places_that_were_asked_lately_reads_and_writes_as_often_as_one_without(tmp_path):
    did = {}
    for name, projects in (("with", (OLD, NEW)), ("without", (NEW,))):
        (tmp_path / name).mkdir()
        estate = Estate(tmp_path / name)
        for project in projects:
            estate.run(project)
        estate.tick(LATEST)
        wiring = Counting(estate.wiring(NEW).context)
        wiring.did = did[name] = []
        vars(lazy).pop("tell_unasked", None)
        check_targets(prepare(wiring, RunRequest()), wiring, 60.0)
        assert "tell_unasked" not in vars(lazy)  # nor is what tells of them loaded
    assert did["with"] == did["without"] != []


class Twice(Wiring):
    """A wiring in which another run does all its work after this one has read what it is to tell."""

    def notifier(self, sinks, deadline, **how):
        tells = super().notifier(sinks, deadline, **how)

        def notify(report, compared, store, version):
            other, self.other = self.other, None
            if other is not None and report.target.project_id == OLD:
                other()
            return tells(report, compared, store, version)

        return notify


def test_of_two_runs_at_once_one_tells_it(tmp_path):
    estate = moved(tmp_path)
    wiring = Twice(estate.wiring(NEW).context)
    wiring.other = lambda: estate.run(NEW)
    run = prepare(wiring, RunRequest())
    before = len(estate.world.web.requests)
    tell_and_forget([run.targets[0].store], run, wiring, Deadline.after(60, estate.world.clock))
    told = [json.loads(request.body)["target"]["project_id"] for request in estate.world.web.requests[before:]]
    assert (told, estate.others) == ([OLD], [])


@pytest.mark.parametrize("sink", [HOOK, MIRROR])
def test_while_another_run_tells_it_it_is_neither_told_nor_forgotten(tmp_path, sink):
    estate = moved(tmp_path, **sink)
    second = []

    def answer(request):
        if OLD.encode() in request.body and not second:
            second.append("running")
            second[:] = [estate.run(NEW, **sink), estate.others]
        return OK

    estate.world.web.answers = answer
    sent = estate.run(NEW, **sink)
    assert (OLD in json.dumps(sent), estate.others) == (True, [])
    assert (OLD in json.dumps(second[0]), second[1]) == (False, [OLD])


@pytest.mark.parametrize(("seconds", "left"), [(1.0, [OLD]), (1.1, [])])
def test_it_is_told_only_where_more_than_a_second_is_left(tmp_path, seconds, left):
    estate = moved(tmp_path)
    wiring = estate.wiring(NEW)
    run = prepare(wiring, RunRequest())
    tell_and_forget([run.targets[0].store], run, wiring, Deadline.after(seconds, estate.world.clock))
    assert estate.others == left


def fleet_of(folder, *entries):
    (folder / "other").mkdir()
    index = Index({str(number): entry for number, entry in enumerate(entries)})
    (folder / "other/_index.json").write_bytes(to_bytes(index_document(index)))
    return {"FLEET_STATE_URLS": f"file://{folder}/other/{{target}}.json"}


def test_a_place_that_another_index_of_the_fleet_holds_is_neither_told_nor_forgotten(tmp_path):
    estate = moved(tmp_path)
    fleet = fleet_of(tmp_path, IndexEntry(place=f"{HOST}|{OLD}|all_granted_eps"))
    assert (estate.run(NEW, **fleet), estate.others) == ([], [OLD])


def test_where_an_index_of_the_fleet_cannot_be_read_it_is_kept_and_that_is_logged(tmp_path, caplog):
    estate = moved(tmp_path)
    fleet = {"FLEET_STATE_URLS": f"file://{tmp_path}/none/{{target}}.json"}
    assert (estate.run(NEW, **fleet), estate.others) == ([], [OLD])
    assert f"whether another shard checks {HOST}|{OLD}|all_granted_eps is not known" in caplog.text


class Unwritable:
    """A store that can be read and not written."""

    def __init__(self, store):
        self.load = store.load

    def save(self, document, version):
        raise StoreError("the disk is full")


def test_a_state_that_cannot_be_written_now_is_logged_and_keeps_the_others_from_nothing(tmp_path, caplog):
    estate = moved(tmp_path, WEBHOOK_URL=None)
    wiring = estate.wiring(NEW, WEBHOOK_URL=None)
    run = prepare(wiring, RunRequest())
    store = run.targets[0].store
    tell_and_forget([Unwritable(store), store], run, wiring, Deadline.after(60, estate.world.clock))
    assert estate.others == []
    assert "places that nobody asks any more are told by the next run: the disk is full" in caplog.text


def with_other(shard, name, project, at):
    """Let the state of a target remember that it stood for another project, which was asked then."""
    path = shard.folder / f"states/{name}.json"
    known = decode(json.loads(path.read_text()))
    place = "|".join([known.place.split("|")[0], project, "all_granted_eps"])
    other = known._replace(place=place, run_at=at, history=(), target=())
    path.write_bytes(to_bytes(encode(known._replace(others={place: other}))))
    return path


@pytest.mark.parametrize(("project", "told"), [(THIRD, False), (OLD, True)])
def test_the_place_of_another_target_of_the_file_is_not_told(tmp_path, project, told):
    shard = Shard(tmp_path, ["a"], throttle=0)
    shard.run(**HOOK)
    path = with_other(shard, "a", project, "2026-10-01T12:00:00Z")
    shard.list(["a", "b"], b=THIRD)
    shard.world.clock.tick(3600)
    before = len(shard.world.web.requests)
    shard.run(request=RunRequest(target="a"), **HOOK)
    sent = [json.loads(request.body) for request in shard.world.web.requests[before:]]
    assert [body["target"]["name"] for body in sent] == ([OLD[:8]] if told else [])
    assert bool(decode(json.loads(path.read_text())).others) is not told


LOGIN = {
    "HSS_AUTH_TOKEN": None,
    "HSS_PROJECT_ID": None,
    "OS_AUTH_URL": "https://iam.eu-de.otc.t-systems.com/v3",
    "OS_USERNAME": "reader",
    "OS_PASSWORD": "no longer this one",
    "OS_USER_DOMAIN_NAME": "OTC00000000001000000000",
    "OS_PROJECT_NAME": "eu-de",
}


def test_while_the_login_fails_that_would_name_the_project_no_place_is_told_that_it_may_be(tmp_path):
    estate = moved(tmp_path)
    elsewhere = f"other.example|{OLD}|all_granted_eps"
    known = estate.state
    others = {**known.others, elsewhere: next(iter(known.others.values()))._replace(place=elsewhere)}
    estate.path.write_bytes(to_bytes(encode(known._replace(others=others))))
    estate.run(None, **LOGIN)
    assert set(estate.state.others) == {f"{HOST}|{project}|all_granted_eps" for project in (OLD, NEW)}


def test_several_targets_with_one_digest_forget_it_after_they_were_told(tmp_path):
    (tmp_path / "sinks.yaml").write_text(
        "sinks: [{name: chat, kind: generic, url: 'https://hooks.example/x', digest: true}]\n"
    )
    shard = Shard(tmp_path, ["a", "b"], throttle=0)
    shard.run(NOTIFY_CONFIG="sinks.yaml")
    path = with_other(shard, "a", OLD, "2026-10-01T12:00:00Z")
    shard.become(CLEAN)
    shard.world.clock.tick(3600)
    shard.run(NOTIFY_CONFIG="sinks.yaml")
    (body,) = [json.loads(request.body) for request in shard.world.web.requests]
    parts = [(one["target"]["name"], one["target"]["project_id"], one["verdict"]) for one in body["targets"]]
    own = shard.world.simulator.options.project_id
    assert parts == [(OLD[:8], OLD, "inconclusive"), ("a", own, "compliant"), ("b", own, "compliant")]
    known = decode(json.loads(path.read_text()))
    assert (known.others, {one.status for one in known.findings.values()}) == ({}, {"resolved"})


DIGEST = """sinks:
  - {name: chat, kind: generic, url: "https://chat.example/x", digest: true}
  - {name: ops, kind: slack, url: "https://ops.example/x", digest: true}
  - {name: pd, kind: pagerduty, url: "https://pd.example/v2/enqueue", routing_key: "${KEY}"}
"""


class Moved:
    """A shard of three targets with two digests and a pager; each of the first `count` had another place before."""

    def __init__(self, folder, count, named=False):
        self.folder = folder
        (folder / "sinks.yaml").write_text(DIGEST)
        self.shard = Shard(folder, ["a", "b", "c"], clock=MovingClock(), throttle=0)
        self.shard.world.web.answers = self.answer
        self.dead = set()
        self.run()
        self.places = "abc"[:count]
        for number, name in enumerate(self.places):
            path = with_other(self.shard, name, f"old-{number}", "2026-10-01T12:00:00Z")
            if named:  # it had the name of the one that is asked now
                known = decode(json.loads(path.read_text()))
                others = {
                    place: one._replace(target=(name, "otc", "eu-de", *place.split("|")))
                    for place, one in known.others.items()
                }
                path.write_bytes(to_bytes(encode(known._replace(others=others))))

    def answer(self, request):
        host = request.url.split("/")[2]
        return Response(503) if host in self.dead else ANSWERS.get(host, OK)

    def run(self):
        """The bodies that one more run sends to each host, and its reports."""
        self.shard.world.clock.tick(3600)
        before = len(self.shard.world.web.requests)
        done = self.shard.run(60.0, NOTIFY_CONFIG="sinks.yaml", KEY="R" * 32, HSS_CALLS_PER_MINUTE="0")
        sent = {}
        for request in self.shard.world.web.requests[before:]:
            sent.setdefault(request.url.split("/")[2], []).append(json.loads(request.body))
        return sent, done.reports

    @property
    def remembered(self):
        states = (decode(json.loads((self.folder / f"states/{name}.json").read_text())) for name in "abc")
        return sum(len(one.others) for one in states)


@pytest.mark.parametrize("named", [False, True])
@pytest.mark.parametrize("count", [1, 3])
def test_a_digest_holds_the_places_too_in_one_message(tmp_path, count, named):
    estate = Moved(tmp_path, count, named)
    sent, reports = estate.run()
    projects = [one["target"]["project_id"] for body in sent["chat.example"] for one in body.get("targets", [body])]
    assert (len(sent["chat.example"]), sorted(projects)) == (1, [f"old-{number}" for number in range(count)])
    (message,) = sent["ops.example"]
    assert [number for number in range(count) if f"project old-{number} at" not in json.dumps(message)] == []
    assert {body["event_action"] for body in sent["pd.example"]} == {"resolve"}
    assert estate.remembered == 0
    assert {one.status for report in reports for one in report.deliveries} == {"quiet"}  # of the targets themselves
    for _ in range(3):
        assert not {"chat.example", "ops.example"} & set(estate.run()[0])


def test_a_digest_that_one_sink_does_not_take_is_repeated_to_that_one(tmp_path):
    estate = Moved(tmp_path, 2)
    estate.dead = {"ops.example"}
    sent, _ = estate.run()
    assert (len(sent["chat.example"]), estate.remembered) == (1, 2)
    estate.run()
    estate.dead = set()
    sent, _ = estate.run()
    assert (set(sent), estate.remembered) == ({"ops.example"}, 0)
    for _ in range(3):
        assert estate.run()[0] == {}


def test_a_door_s_own_state_is_the_one_in_which_it_is_forgotten(tmp_path):
    estate = Estate(tmp_path)
    asked = RunRequest(state_url=Secret(f"file://{estate.path}"))
    for project in (OLD, NEW):
        estate.run(project, asked, STATE_URL=None)
    estate.later(LATEST + HOUR / 2)
    ((_, body),) = estate.run(NEW, asked, STATE_URL=None)
    assert (body["target"]["project_id"], estate.others) == (OLD, [])


def test_a_fault_of_our_own_is_logged_and_costs_the_run_nothing(tmp_path, caplog):
    estate = moved(tmp_path)
    known = estate.state
    (place,) = known.others
    broken = known._replace(others={place: known.others[place]._replace(target=("too", *"many values for a target"))})
    estate.path.write_bytes(to_bytes(encode(broken)))
    assert (estate.run(NEW), estate.others) == ([], [OLD])
    assert "TypeError" in caplog.text


KNOWN = ("prod", "otc", "eu-de", HOST, OLD, "shop")


@pytest.mark.parametrize(
    ("place", "remembered", "who"),
    [
        (f"{HOST}|{OLD}|shop", KNOWN, Target(*KNOWN)),
        (f"{HOST}|{NEW}|shop", KNOWN, Target(NEW[:8], "", "", HOST, NEW, "shop")),
        (f"{HOST}|{OLD}|", KNOWN, Target(OLD[:8], "", "", HOST, OLD, "")),
        (f"{HOST}|{OLD}|shop", (), Target(OLD[:8], "", "", HOST, OLD, "shop")),
        (f"{HOST}||", (), Target(HOST, "", "", HOST, "", "")),
    ],
)
def test_a_place_is_called_as_it_was_last_or_by_its_project(place, remembered, who):
    assert _target(place, remembered) == who


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (Target(*KNOWN), f"project {OLD} at {HOST}, enterprise project shop, was"),
        (Target(*KNOWN)._replace(enterprise_project_id=""), f"project {OLD} at {HOST} was"),
        (Target(*KNOWN[:5]), f"project {OLD} at {HOST} was"),
        (Target(*KNOWN)._replace(project_id=""), f"{HOST}, enterprise project shop, was"),
    ],
)
def test_a_place_is_said_by_what_is_known_of_it(target, words):
    assert _why(target, "2026-10-01T12:00:00Z").message.startswith(f"{words} last asked at 2026-10-01T12:00:00Z")
