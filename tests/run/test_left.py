"""Targets that left the file: when they may be forgotten, and what is said where that is not known."""

from __future__ import annotations

import json

import pytest

from handler.clock import Deadline
from handler.errors import StoreConflictError, StoreError
from handler.models import Secret
from handler.models.delivery import Delivery
from handler.run.asked import Asked, Elsewhere, elsewhere, foreign, not_known
from handler.run.indexes import UNASKED
from handler.run.left import UNCHECKED, UNLISTED, tell_left
from handler.run.targets import RunRequest, prepare
from handler.run.unchecked import is_settled
from handler.run.wiring import Wiring
from handler.simulator.fleet import Fleet, Line
from handler.state.content import to_bytes
from handler.state.document import decode, encode
from handler.state.index import Index, IndexEntry, index_document
from handler.state.memory import Batch, Item
from handler.transport.request import Response
from tests.fakes import FakeTransport, MemoryStore, MovingClock, json_response
from tests.run.test_shard import Shard
from tests.world import CLEAN, OK

HOOK = {"WEBHOOK_URL": "https://hooks.example/x"}
MACHINES = {"WEBHOOK_URL": "https://alertmanager.example/api/v2/alerts", "WEBHOOK_KIND": "alertmanager"}
SINKS = """sinks:
  - {name: chat, kind: generic, url: "https://hooks.example/x"}
  - {name: am, kind: alertmanager, url: "https://alertmanager.example/api/v2/alerts"}
"""


def left_by(folder, **sink):
    """A shard whose targets a and b were checked and told of, and whose file then lists a only."""
    shard = Shard(folder, ["a", "b"])
    shard.run(**sink)
    shard.list(["a"])
    shard.world.clock.tick(60)
    return shard


def told(shard, **sink):
    """The bodies that one more run sends, and its result."""
    before = len(shard.world.web.requests)
    outcome = shard.run(**sink)
    return [json.loads(request.body) for request in shard.world.web.requests[before:]], outcome


@pytest.mark.parametrize(
    ("place", "project", "enterprise_project"), [("h|p|e", "p", "e"), ("h|p|", "p", ""), ("h", "", ""), ("", "", "")]
)
def test_of_a_target_that_left_everything_open_ends_because_it_is_no_longer_checked(
    tmp_path, place, project, enterprise_project
):
    shard = left_by(tmp_path, **HOOK)
    entry = shard.index.targets["b"]._replace(place=place)
    shard.write(shard.index._replace(targets={**shard.index.targets, "b": entry}))
    (body,), outcome = told(shard, **HOOK)
    assert (body["run_id"], body["verdict"], body["problems"]) == (outcome.run_id, "inconclusive", [UNCHECKED])
    assert body["started_at"] == body["finished_at"] == "2026-11-22T12:01:00Z"
    assert body["policy"] == {"name": "", "digest": "", "files": []}
    assert body["target"] == {
        "name": "b",
        "cloud": "otc",
        "region": "eu-de",
        "host": place[:1],
        "project_id": project,
        "enterprise_project_id": enterprise_project,
    }
    assert [(one["port"], one["because"]) for one in body["changes"].pop("resolved")] == [(23, "unchecked")]
    assert not any(body["changes"].values())
    known = json.loads((tmp_path / "states/b.json").read_text())["last_run"]
    (_, _, record, _) = known["findings"][0]
    assert (known["run_at"], record[3], record[7], record[8]) == (
        "2026-11-22T12:01:00Z",
        "resolved",
        "2026-11-22T12:01:00Z",
        "unchecked",
    )


def test_what_ended_before_a_target_left_ends_no_second_time(tmp_path):
    shard = Shard(tmp_path, ["a", "b"])
    shard.run(**HOOK)
    shard.become(CLEAN)
    shard.run(request=RunRequest(target="b"), **HOOK)
    shard.list(["a"])
    bodies, _ = told(shard, **HOOK)
    (body,) = [one for one in bodies if one["target"]["name"] == "b"]
    assert body["changes"]["resolved"] == []
    assert set(shard.index.targets) == {"a"}


def test_a_target_that_left_unchecked_is_forgotten_without_a_word(tmp_path):
    shard = left_by(tmp_path, **HOOK)
    shard.write(
        shard.index._replace(targets={**shard.index.targets, "new": IndexEntry(first_seen="2026-11-22T12:00:00Z")})
    )
    bodies, _ = told(shard, **HOOK)
    assert [body["target"]["name"] for body in bodies] == ["b"]
    assert set(shard.index.targets) == {"a"}


@pytest.mark.parametrize(("seconds", "names"), [(1.0, []), (1.1, ["b"])])
def test_who_left_is_told_only_where_more_than_a_second_is_left(tmp_path, seconds, names):
    shard = left_by(tmp_path, **HOOK)
    wiring = Wiring(shard.world.context(in_function=False, **shard.settings, **HOOK))
    run = prepare(wiring, RunRequest())
    left = {"b": shard.index.targets["b"]}
    come = tell_left(left, run, wiring, Deadline.after(seconds, shard.world.clock))
    assert {name: [one.status for one in told.deliveries] for name, told in come.items()} == {
        name: ["delivered"] for name in names
    }


def test_kinds_that_hold_incidents_and_others_are_each_told_once(tmp_path):
    (tmp_path / "sinks.yaml").write_text(SINKS)
    shard = left_by(tmp_path, NOTIFY_CONFIG="sinks.yaml")
    wiring = Wiring(shard.world.context(in_function=False, **shard.settings, NOTIFY_CONFIG="sinks.yaml"))
    run = prepare(wiring, RunRequest())
    before = len(shard.world.web.requests)
    come = tell_left({"b": shard.index.targets["b"]}, run, wiring, Deadline.after(20, shard.world.clock))
    assert sorted((one.sink, one.status) for one in come["b"].deliveries) == [
        ("am", "delivered"),
        ("chat", "delivered"),
    ]
    alerts, report = (json.loads(request.body) for request in shard.world.web.requests[before:])
    assert [one["labels"]["alertname"] for one in alerts] == ["DisallowedPort", "PortComplianceWatchdog"]
    assert (alerts[0]["labels"]["target"], alerts[0]["labels"]["port"]) == ("b", "23")
    assert alerts[0]["endsAt"] == "2026-11-22T12:01:00Z"
    assert report["problems"] == [UNCHECKED]


def test_each_group_of_sinks_has_at_most_half_of_the_time_that_is_left(tmp_path):
    (tmp_path / "sinks.yaml").write_text(SINKS)
    shard = left_by(tmp_path, NOTIFY_CONFIG="sinks.yaml")
    wiring = Wiring(shard.world.context(in_function=False, **shard.settings, NOTIFY_CONFIG="sinks.yaml"))
    run, before = prepare(wiring, RunRequest()), len(shard.world.web.timeouts)
    tell_left({"b": shard.index.targets["b"]}, run, wiring, Deadline.after(8, shard.world.clock))
    assert shard.world.web.timeouts[before:] == pytest.approx([3.2, 3.2])  # four fifths of four seconds


def test_a_fault_of_our_own_is_logged_by_its_kind_and_costs_no_other_target_its_word(tmp_path, caplog):
    shard = left_by(tmp_path, **HOOK)
    wiring = Wiring(shard.world.context(in_function=False, **shard.settings, **HOOK))
    entry, clock = shard.index.targets["b"], shard.world.clock
    left = {"b": entry, "broken": IndexEntry(place=None)}
    shard.path.with_name("broken.json").write_bytes(shard.path.with_name("b.json").read_bytes())
    come = tell_left(left, prepare(wiring, RunRequest()), wiring, Deadline.after(20, clock))
    assert (list(come), "AttributeError" in caplog.text) == (["b"], True)


def test_who_left_is_looked_up_and_told_in_the_state_that_a_door_asked_for(tmp_path):
    shard = Shard(tmp_path, ["a", "b"])
    asked = RunRequest(state_url=Secret(shard.settings.pop("STATE_URL")))
    shard.run(request=asked, **MACHINES)
    shard.list(["a"])
    shard.run(request=asked, **MACHINES)
    alerts = [alert["labels"] for request in shard.world.web.requests for alert in json.loads(request.body)]
    shards = [labels.get("shard", "") for labels in alerts if labels["alertname"] == "PortComplianceWatchdog"]
    assert (set(shard.index.targets), len(shards), len(set(shards)), "" in shards) == ({"a"}, 3, 1, False)


def test_a_chat_hears_of_three_that_left_with_nothing_open_in_one_message(tmp_path):
    chat = {"WEBHOOK_URL": "https://hooks.slack.com/services/x"}
    shard = Shard(tmp_path, ["a", "bee", "cat", "dog"], fleet=CLEAN)
    shard.run(**chat)
    shard.list(["a"])
    shard.world.clock.tick(60)
    (message,), _ = told(shard, **chat)
    text = json.dumps(message)
    assert [word for word in ("bee", "cat", "dog", UNCHECKED) if word not in text] == []
    assert set(shard.index.targets) == {"a"}


def test_the_other_indexes_of_a_fleet_are_read_and_the_own_is_not(tmp_path):
    shard = Shard(tmp_path, ["a"])
    (tmp_path / "other").mkdir()
    known = {"x": IndexEntry(place="h|p|"), "y": IndexEntry(place="h|q|"), "z": IndexEntry()}
    (tmp_path / "other/_index.json").write_bytes(to_bytes(index_document(Index(known))))
    shard.run()
    fleet = f"{shard.settings['STATE_URL']},file://{tmp_path}/other/{{target}}.json"
    wiring = Wiring(shard.world.context(in_function=False, **shard.settings, FLEET_STATE_URLS=fleet))
    assert elsewhere(wiring) == Elsewhere(frozenset({"h|p|", "h|q|"}), ())


@pytest.mark.parametrize("status", ["delivered", "accepted", "quiet", "dry-run"])
def test_a_target_may_be_forgotten_where_every_sink_knows(status):
    assert is_settled([Delivery("a", "slack", status), Delivery("b", "teams", "delivered")])
    assert is_settled([])


@pytest.mark.parametrize("status", ["owed", "failed"])
def test_a_target_is_kept_where_one_sink_does_not_know(status):
    assert not is_settled([Delivery("b", "teams", "delivered"), Delivery("a", "slack", status)])


@pytest.mark.parametrize(
    ("names", "named"),
    [(["a"], "a"), (["a", "b", "c"], "a, b, c"), (["a", "b", "c", "d"], "a, b, c and 1 more")],
)
def test_the_first_targets_that_left_are_named_and_the_others_counted(names, named):
    said = "whether another shard checks them now is not known, because not all of FLEET_STATE_URLS can be read"
    assert not_known(names, ["state 1: x"]) == f"left TARGETS_CONFIG: {named}; {said}: state 1: x"


def test_of_the_indexes_that_cannot_be_read_three_are_named():
    unread = [f"state {number}: x" for number in range(1, 6)]
    assert not_known(["a"], unread).endswith("can be read: state 1: x; state 2: x; state 3: x")


@pytest.mark.parametrize(
    ("known", "listed", "expected"),
    [([], ["a"], False), (["a", "x"], ["a"], False), (["x"], ["a"], True), (["x"], [], True)],
)
def test_an_index_is_of_others_where_it_holds_targets_and_none_of_ours(known, listed, expected):
    assert foreign(known, listed) is expected


class OneState(Wiring):
    """A wiring whose only state is this store."""

    def store(self, *_, **__):
        return self.only


def told_from(shard, store, **sink):
    """What comes of telling that b left, where its state is in this store, with what is sent."""
    wiring = OneState(shard.world.context(in_function=False, **shard.settings, **sink))
    wiring.only = MemoryStore()  # of the target that stays
    run, before = prepare(wiring, RunRequest()), len(shard.world.web.requests)
    wiring.only = store
    left = {"b": shard.index.targets["b"]}
    come = tell_left(left, run, wiring, Deadline.after(20, shard.world.clock))
    return come["b"], [json.loads(request.body) for request in shard.world.web.requests[before:]]


def state_of_b(folder):
    return json.loads((folder / "states/b.json").read_bytes())


class CountingStore(MemoryStore):
    """A store that counts how often it is read and written."""

    loads = saves = 0

    def load(self):
        self.loads += 1
        return super().load()

    def save(self, document, version):
        self.saves += 1
        return super().save(document, version)


def test_the_state_of_a_target_that_left_is_read_once_and_written_before_and_after_telling(tmp_path):
    store = CountingStore(state_of_b(left_by(tmp_path, **HOOK).folder))
    come, (body,) = told_from(Shard(tmp_path, ["a"]), store, **HOOK)
    assert ([one.status for one in come.deliveries], body["verdict"]) == (["delivered"], "inconclusive")
    assert (store.loads, store.saves) == (1, 2)


class SharedStore(MemoryStore):
    """A store into which another run of another place writes right before the first saving."""

    def save(self, document, version):
        if self.count == 0:
            known = decode(self.document)
            elsewhere = known._replace(place="another|place|", others={})
            self.document, self.count = encode(known._replace(others={elsewhere.place: elsewhere})), 1
            raise StoreConflictError("another run was faster")
        return super().save(document, version)


def test_who_left_is_told_of_where_another_place_of_its_state_is_written_meanwhile(tmp_path):
    store = SharedStore(state_of_b(left_by(tmp_path, **HOOK).folder))
    come, (body,) = told_from(Shard(tmp_path, ["a"]), store, **HOOK)
    assert [one.status for one in come.deliveries] == ["delivered"]
    assert [(one["port"], one["because"]) for one in body["changes"]["resolved"]] == [(23, "unchecked")]
    known = decode(store.document)
    assert list(known.others) == ["another|place|"]


class FailingOnce(MemoryStore):
    """A store that cannot be read the first time."""

    failed = False

    def load(self):
        if not self.failed:
            self.failed = True
            raise StoreError("not now")
        return super().load()


def test_a_state_that_cannot_be_read_for_some_sinks_is_read_again_for_the_others(tmp_path):
    (tmp_path / "sinks.yaml").write_text(SINKS)
    shard = left_by(tmp_path, NOTIFY_CONFIG="sinks.yaml")
    come, bodies = told_from(shard, FailingOnce(state_of_b(tmp_path)), NOTIFY_CONFIG="sinks.yaml")
    assert [(one.sink, one.status) for one in come.deliveries] == [("chat", "delivered")]
    assert [body["target"]["name"] for body in bodies] == ["b"]
    assert (come.unread, "b left TARGETS_CONFIG, and what was open there is not known: " in come.trouble) == (
        True,
        True,
    )


def test_a_target_that_left_is_looked_up_in_the_bucket_of_the_region_of_the_others(tmp_path):
    shard = Shard(tmp_path, ["a"])
    shard.world.warm.api = FakeTransport(lambda request: Response(404))
    place = dict.fromkeys(("HSS_AUTH_TOKEN", "HSS_ENDPOINT", "HSS_CLOUD", "HSS_PROJECT_ID"))
    keys = {**place, "HUAWEICLOUD_SDK_AK": "AK", "HUAWEICLOUD_SDK_SK": "SK"}
    shard.settings |= {"STATE_URL": "obs://bucket/states/{target}.json"}
    wiring = Wiring(shard.world.context(in_function=False, **shard.settings, **keys, **HOOK))
    run = prepare(wiring, RunRequest())
    come = tell_left({"b": IndexEntry(place="h|p|")}, run, wiring, Deadline.after(20, shard.world.clock))
    assert list(come) == ["b"]
    asked = {request.url for request in shard.world.warm.api.requests}
    assert asked == {"https://bucket.obs.eu-de.otc.t-systems.com/states/b.json"}


def test_people_do_not_hear_that_a_target_is_seen_again_because_it_left(tmp_path):
    chat = {"WEBHOOK_URL": "https://hooks.slack.com/services/x"}
    shard = Shard(tmp_path, ["a", "b"])
    shard.list(["a", "b"], b="of-another-token")
    shard.run(**chat)
    shard.list(["a"])
    shard.world.clock.tick(3600)
    bodies, _ = told(shard, **chat)
    (text,) = [text for text in map(json.dumps, bodies) if "b: " in text]
    assert (UNCHECKED in text, "again" in text) == (True, False)


def test_by_the_name_of_an_entry_that_says_nothing_a_run_spoke_that_could_not_begin(tmp_path):
    shard = left_by(tmp_path, **HOOK)
    wiring = Wiring(shard.world.context(in_function=False, **shard.settings, **HOOK))
    run, before = prepare(wiring, RunRequest()), len(shard.world.web.requests)
    tell_left({"b": UNASKED}, run, wiring, Deadline.after(20, shard.world.clock))
    (body,) = [json.loads(request.body) for request in shard.world.web.requests[before:]]
    assert body["problems"] == [UNLISTED]
    assert [body["target"][key] for key in ("name", "region", "host", "project_id")] == ["b", "", "", ""]


PAGED = """sinks:
  - {name: pd, kind: pagerduty, url: "https://pd.example/v2/enqueue", routing_key: "${KEY}", group: finding, max_findings: 1}
  - {name: chat, kind: slack, url: "https://hooks.slack.com/services/x", send: always}
"""


def paged(request):
    return json_response({"status": "success"}, 202) if "pd.example" in request.url else OK


def test_a_target_that_left_is_kept_while_another_run_tells_it_and_told_when_that_is_over(tmp_path):
    shard = left_by(tmp_path, **HOOK)
    path = tmp_path / "states/b.json"
    known = decode(json.loads(path.read_text()))
    (record,) = known.findings.values()
    items = (Item("resolved", record.finding.fingerprint, "2026-11-22T12:01:00Z 1 1"),)
    claimed = Batch("1", items, "another", "2026-11-22T12:02:00Z")
    sinks = {name: memory._replace(pending=(claimed,)) for name, memory in known.sinks.items()}
    path.write_bytes(to_bytes(encode(known._replace(sinks=sinks))))
    assert told(shard, **HOOK)[0] == []
    assert set(shard.index.targets) == {"a", "b"}
    shard.world.clock.tick(600)
    assert {body["target"]["name"] for body in told(shard, **HOOK)[0]} == {"b"}
    assert set(shard.index.targets) == {"a"}


THREE_OPEN = Fleet.of(Line(21, "TCP", 1), Line(23, "TCP", 1), Line(3389, "TCP", 1))


def test_a_target_that_left_is_kept_until_its_last_incident_has_ended(tmp_path):
    (tmp_path / "sinks.yaml").write_text(PAGED)
    shard = Shard(tmp_path, ["a", "b", "c"], fleet=THREE_OPEN, clock=MovingClock(), throttle=0)
    shard.world.web.answers = paged
    known = {"NOTIFY_CONFIG": "sinks.yaml", "KEY": "R" * 32, "HSS_CALLS_PER_MINUTE": "0"}

    def of_b():
        """What one more run sends of b: the keys of the incidents, and how many messages of a chat."""
        shard.world.clock.tick(3600)
        bodies, _ = told(shard, **known)
        keys = [one["dedup_key"] for one in bodies if one.get("event_action") and one["payload"]["source"] == "b"]
        return keys, sum(UNCHECKED in json.dumps(one) for one in bodies)

    opened = [of_b() for _ in range(3)]
    shard.list(["a", "c"])
    ended = [of_b() for _ in range(3)]
    assert [sorted(key for keys, _ in runs for key in keys) for runs in (opened, ended)] == [
        sorted(key for keys, _ in opened for key in keys)
    ] * 2
    assert [[len(keys) for keys, _ in runs] for runs in (opened, ended)] == [[1, 1, 1]] * 2
    assert [chats for _, chats in ended] == [1, 0, 0]
    assert set(shard.index.targets) == {"a", "c"}
    assert of_b() == ([], 0)


def test_it_is_not_forgotten_before_the_last_of_them(tmp_path):
    (tmp_path / "sinks.yaml").write_text(PAGED)
    shard = Shard(tmp_path, ["a", "b"], fleet=THREE_OPEN, throttle=0)
    shard.world.web.answers = paged
    known = {"NOTIFY_CONFIG": "sinks.yaml", "KEY": "R" * 32, "HSS_CALLS_PER_MINUTE": "0"}
    for _ in range(2):
        shard.run(**known)
        shard.world.clock.tick(3600)
    shard.list(["a"])
    kept = []
    for _ in range(2):
        shard.run(**known)
        shard.world.clock.tick(3600)
        kept.append("b" in shard.index.targets)
    assert kept == [True, False]


def moved_before(folder, names, **sink):
    """A shard of a and these, which left; each had another place before, and something was open there."""
    shard = Shard(folder, ["a", *names], throttle=0)
    shard.run(HSS_CALLS_PER_MINUTE="0", **sink)
    for name in names:
        path = folder / f"states/{name}.json"
        known = decode(json.loads(path.read_text()))
        place = f"hss.eu-de.otc.t-systems.com|before-{name}|all_granted_eps"
        earlier = known._replace(place=place, others={}, history=())
        path.write_bytes(to_bytes(encode(known._replace(others={place: earlier}))))
    shard.list(["a"])
    shard.world.clock.tick(60)
    return shard


class CountingIndexes(Wiring):
    """A wiring that counts how often it opens an index."""

    opened = 0

    def index_store(self, *args, **how):
        self.opened += 1
        return super().index_store(*args, **how)


def leaving_of(shard, fleet, **sink):
    settings = {**shard.settings, **sink, "FLEET_STATE_URLS": f"{shard.settings['STATE_URL']},{fleet}"}
    wiring = CountingIndexes(shard.world.context(in_function=False, **settings))
    run, before = prepare(wiring, RunRequest()), len(shard.world.web.requests)
    left = {name: entry for name, entry in shard.index.targets.items() if name != "a"}
    come = tell_left(left, run, wiring, Deadline.after(60, shard.world.clock))
    sent = [json.loads(request.body)["target"] for request in shard.world.web.requests[before:]]
    return come, [(one["name"], one["project_id"]) for one in sent], wiring.opened


@pytest.mark.parametrize(("elsewhere", "told"), [("", "bcd"), ("c", "bd")])
def test_the_other_indexes_are_read_once_for_all_that_left(tmp_path, elsewhere, told):
    shard = moved_before(tmp_path, "bcd", **HOOK)
    places = {"x": IndexEntry(place=f"hss.eu-de.otc.t-systems.com|before-{elsewhere}|all_granted_eps")}
    (tmp_path / "other").mkdir()
    (tmp_path / "other/_index.json").write_bytes(to_bytes(index_document(Index(places))))
    come, sent, opened = leaving_of(shard, f"file://{tmp_path}/other/{{target}}.json", **HOOK)
    project = shard.world.simulator.options.project_id
    assert sent == [one for name in "bcd" for one in [(name, project), (name, f"before-{name}")][: 1 + (name in told)]]
    assert opened == 1
    assert [one.is_over(one.deliveries) for one in come.values()] == [True] * 3


def test_where_an_index_cannot_be_read_a_place_that_may_be_there_is_left_to_the_next_run(tmp_path):
    shard = moved_before(tmp_path, "bcd", **HOOK)
    come, sent, _ = leaving_of(shard, f"file://{tmp_path}/nobody/{{target}}.json", **HOOK)
    assert [name for name, _ in sent] == ["b", "c", "d"]
    assert [one.is_over(one.deliveries) for one in come.values()] == [False] * 3


@pytest.mark.parametrize(
    ("place", "held", "surely"),
    [
        ("hss.eu-de.otc.t-systems.com|p|all_granted_eps", True, False),
        ("hss.eu-de.otc.t-systems.com|p|0", False, False),
        ("other.example|p|all_granted_eps", False, False),
        ("hss.eu-de.otc.t-systems.com||all_granted_eps", True, True),
    ],
)
def test_a_target_whose_project_no_login_tells_may_be_any_of_its_host(tmp_path, place, held, surely):
    shard = Shard(tmp_path, ["a"])
    wiring = Wiring(shard.world.context(in_function=False, **shard.settings))
    run = prepare(wiring, RunRequest())
    (each,) = run.targets
    nameless = each._replace(target=each.target._replace(project_id=""))
    asked = Asked(run._replace(targets=(nameless,)), wiring)
    assert (asked.holds(place), asked.surely_holds(place)) == (held, surely)
