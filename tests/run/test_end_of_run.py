"""What a run over several targets tells once: a digest, and a cause of not seeing that more than two share."""

from __future__ import annotations

import json

import pytest

from handler import index
from handler.errors import PolicyError, PortComplianceError
from handler.simulator.fleet import Estate as Known
from handler.simulator.fleet import Fleet, Line
from handler.state.document import decode, encode
from handler.transport.request import Response
from tests.fakes import FakeClock
from tests.world import TIMER, World

GOOD = "version: 1\ndisallowed_ports: [23]\n"
BROKEN = "version: 1\ndisallowed_ports: [99999]\n"
SINKS = """
sinks:
  - {name: chat, kind: slack, url: "https://chat.example/hook", still_open: none, digest: DIGEST}
  - {name: soc, kind: generic, url: "https://soc.example/hook", digest: DIGEST}
  - {name: alerts, kind: alertmanager, url: "https://alerts.example/api/v2/alerts", digest: DIGEST}
"""


FOUR = ["shop-1", "shop-2", "shop-3", "shop-4"]
FLEET = Fleet({(name, "host"): Known((Line(23, "TCP", 3),)) for name in FOUR})


class Estate:
    """A function over some targets of a file, with three sinks; `run` gives the bodies that each sink got."""

    def __init__(self, root, names, *, digest, states=True, **settings):
        self.world = World(root=root, fleet=FLEET, throttle=0, clock=FakeClock())
        self.root, self.down = root, set()
        self.world.web.answers = self.answer
        (root / "sinks.yaml").write_text(SINKS.replace("DIGEST", str(digest).lower()))
        known = {"TARGETS_CONFIG": "targets.yaml", "NOTIFY_CONFIG": "sinks.yaml", "POLICY_PATH": "p.yaml"}
        if states:
            known["STATE_URL"] = f"file://{root}/{{target}}.json"
        self.settings = known | {"HSS_CALLS_PER_MINUTE": "0"} | settings
        self.list(names)

    def list(self, names, **more):
        project = self.world.simulator.options.project_id
        lines = [
            f"  - {{name: {name}, cloud: otc, region: eu-de, project_id: {project}, enterprise_projects: ['{name}']"
            f"{more.get(name, '')}}}\n"
            for name in names
        ]
        (self.root / "targets.yaml").write_text("targets:\n" + "".join(lines))

    def answer(self, request):
        host = request.url.split("/")[2].split(".")[0]
        return Response(503) if host in self.down else Response(200, {}, b"ok")

    def run(self, policy=GOOD, seconds=600):
        (self.root / "p.yaml").write_text(policy)
        self.world.clock.tick(3600)
        self.world.web.requests.clear()
        try:
            self.result = index.invoke(TIMER, self.world.context(in_function=False, **self.settings), seconds, seconds)
        except PortComplianceError as error:
            self.result = error
        got = {"chat": [], "soc": [], "alerts": []}
        for request in self.world.web.requests:
            got[request.url.split("/")[2].split(".")[0]].append(json.loads(request.body))
        self.ids = [request.headers["webhook-id"] for request in self.world.web.requests if "soc." in request.url]
        return got

    def fail(self, answer):
        """From now on HSS answers this."""
        self.world.warm.api = lambda request, timeout: answer

    def mend(self):
        self.world.warm.api = self.world.simulator

    def state(self, name):
        return decode(json.loads((self.root / f"{name}.json").read_bytes()))

    def deliveries(self, sink="chat"):
        return {
            one["target"]["name"]: next(each["status"] for each in one["deliveries"] if each["sink"] == sink)
            for one in self.result["targets"]
        }


def said(body):
    """Everything that a Slack message says."""
    return json.dumps(body, ensure_ascii=False)


DENIED = Response(403, {"content-type": "application/json"}, b'{"error_code": "HSS.0010", "error_msg": "no"}')


@pytest.mark.parametrize("names", [FOUR[:2], FOUR])
@pytest.mark.parametrize("states", [True, False])
def test_a_digest_is_one_message_over_all_targets(tmp_path, names, states):
    estate = Estate(tmp_path, names, digest=True, states=states)
    got = estate.run()
    assert (len(got["chat"]), len(got["soc"]), len(got["alerts"])) == (1, 1, len(names))
    (text,) = map(said, got["chat"])
    assert f"{len(names)} targets: violations" in text
    assert text.count("*23/tcp*") == 1
    assert f"new, high, 3 servers, on {'shop-1, shop-2' if len(names) == 2 else 'shop-1 to shop-4'}" in text
    assert f"Targets {'shop-1, shop-2' if len(names) == 2 else 'shop-1 to shop-4'}: otc, eu-de, project " in text
    assert states is (f"no previous state: showing all {len(names)}" in text)
    (document,) = got["soc"]
    assert [one["target"]["name"] for one in document["targets"]] == names
    assert [len(one["findings"]) for one in document["targets"]] == [1] * len(names)
    assert document["verdict"] == "violations"
    assert set(estate.deliveries().values()) == {"delivered"}


def test_what_a_digest_told_is_told_no_more(tmp_path):
    estate = Estate(tmp_path, FOUR, digest=True)
    estate.run()
    quiet = estate.run()
    assert (quiet["chat"], quiet["soc"]) == ([], [])
    assert set(estate.deliveries().values()) == {"quiet"}
    assert all(estate.state(name).sinks["chat"].pending == () for name in FOUR)


def test_four_targets_that_fail_for_one_reason_are_one_message_to_a_digest_sink(tmp_path):
    estate = Estate(tmp_path, FOUR, digest=True)
    estate.run()
    estate.fail(DENIED)
    got = estate.run()
    (text,) = map(said, got["chat"])
    assert "4 targets: inconclusive" in text
    assert text.count("HTTP 403") == 1
    assert "4 targets (shop-1 to shop-4): host could not be judged whole" in text
    assert len(got["soc"]) == 1
    assert estate.run()["chat"] == []
    estate.mend()
    (text,) = map(said, estate.run()["chat"])
    assert "host of 4 targets (shop-1 to shop-4)" in text


@pytest.mark.parametrize(("names", "messages"), [(FOUR, 1), (FOUR[:3], 1), (FOUR[:2], 2)])
@pytest.mark.parametrize("states", [True, False])
def test_without_a_digest_a_cause_of_more_than_two_is_told_once(tmp_path, names, messages, states):
    estate = Estate(tmp_path, names, digest=False, states=states)
    assert len(estate.run()["chat"]) == len(names)
    estate.fail(DENIED)
    got = estate.run()
    assert (len(got["chat"]), len(got["soc"]), len(got["alerts"])) == (messages, messages, len(names))
    if messages == 1:
        assert f"{len(names)} targets (shop-1 to shop-{len(names)}): host could not" in said(got["chat"][0])
    assert len(set(estate.ids)) == messages
    if states:
        assert all(list(estate.state(name).sinks["chat"].not_seen) == ["host"] for name in names)
        assert estate.run()["chat"] == []
        estate.mend()
        assert len(estate.run()["chat"]) == messages


def test_what_each_target_has_besides_the_shared_cause_is_told_of_each(tmp_path):
    """Four are blind to containers for one reason; one of them has another port open."""
    both = "version: 1\nrules: [{id: telnet, ports: [23], categories: [host, container]}]\n"
    estate = Estate(tmp_path, FOUR, digest=False)
    simulator = estate.world.simulator

    def no_containers(request, timeout):
        return DENIED if "category=container" in request.url else simulator(request, timeout)

    estate.world.warm.api = no_containers
    got = estate.run(both)
    shared, *apart = map(said, got["chat"])
    assert "4 targets (shop-1 to shop-4): container could not be judged whole" in shared
    assert "23/tcp" not in shared.split("Targets")[0]
    assert [f"{name}: inconclusive" in text for name, text in zip(FOUR, apart, strict=True)] == [True] * 4
    assert all("23/tcp" in text for text in apart)
    assert estate.run(both)["chat"] == []


@pytest.mark.parametrize("digest", [True, False])
def test_a_run_that_cannot_begin_is_one_message_for_all_its_targets(tmp_path, digest):
    estate = Estate(tmp_path, FOUR, digest=digest)
    estate.run()
    got = estate.run(BROKEN)
    assert isinstance(estate.result, PolicyError)
    (text,) = map(said, got["chat"])
    assert "4 targets (shop-1 to shop-4): the run could not be judged whole" in text
    assert text.count("99999") == 1
    assert (len(got["soc"]), len(got["alerts"])) == (1, 4)
    assert estate.run(BROKEN)["chat"] == []
    assert len(estate.run()["chat"]) == 1
    assert len(estate.run(BROKEN)["chat"]) == 1


def test_a_broken_policy_of_three_of_four_targets_is_told_once_beside_the_fourth(tmp_path):
    estate = Estate(tmp_path, FOUR, digest=False)
    estate.list(FOUR, **dict.fromkeys(FOUR[:3], ", policy: nowhere.yaml"))
    got = estate.run()
    texts = [said(body) for body in got["chat"]]
    assert ["3 targets (shop-1 to shop-3): the run could not" in text for text in texts] == [False, True]
    assert texts[1].count("nowhere.yaml: cannot be read") == 1
    assert "shop-4: violations" in texts[0]


def test_one_state_that_cannot_be_read_costs_the_digest_nobody_else(tmp_path):
    estate = Estate(tmp_path, FOUR, digest=True)
    estate.run()
    (tmp_path / "shop-2.json").write_text("{damaged")
    (text,) = map(said, estate.run()["chat"])
    assert "shop-2: violations" in text
    assert "no previous state" in text
    assert estate.run()["chat"] == []


def test_a_digest_that_was_not_taken_stays_owed_to_each_target(tmp_path):
    estate = Estate(tmp_path, FOUR, digest=True)
    estate.down = {"chat"}
    estate.run()
    assert set(estate.deliveries().values()) == {"owed"}
    assert set(estate.deliveries("soc").values()) == {"delivered"}
    assert all(estate.state(name).sinks["chat"].pending == () for name in FOUR)
    estate.down = set()
    got = estate.run()
    assert (len(got["chat"]), len(got["soc"])) == (1, 0)
    assert "4 targets: violations" in said(got["chat"][0])


def test_what_the_time_did_not_allow_stays_owed(tmp_path):
    estate = Estate(tmp_path, FOUR, digest=True)

    def slow(request):
        estate.world.clock.tick(700 if "chat." in request.url else 0)
        return estate.answer(request)

    estate.world.web.answers = slow
    got = estate.run()
    assert (len(got["alerts"]), len(got["chat"])) == (4, 1)
    assert set(estate.deliveries("soc").values()) == {"owed"}
    estate.world.web.answers = estate.answer
    got = estate.run()
    assert (len(got["chat"]), len(got["soc"])) == (0, 1)
    assert [one["target"]["name"] for one in got["soc"][0]["targets"]] == FOUR


def test_a_dead_claim_is_told_again_under_the_ids_of_its_events(tmp_path):
    estate = Estate(tmp_path, FOUR[:3], digest=True)
    asked = []

    def dies(request):
        asked.append(request.url)
        if "soc." in request.url:
            raise KeyboardInterrupt
        return estate.answer(request)

    estate.world.web.answers = dies
    with pytest.raises(KeyboardInterrupt):
        estate.run()
    claims = {name: estate.state(name).sinks["soc"].pending for name in FOUR[:3]}
    events = [batch.delivery_id for batches in claims.values() for batch in batches]
    assert len(set(events)) == 3
    estate.world.web.answers = estate.answer
    estate.world.clock.tick(3600)
    got = estate.run()
    assert estate.ids == events
    assert [body["target"]["name"] for body in got["soc"]] == FOUR[:3]
    assert estate.run()["soc"] == []


def test_a_target_that_left_is_in_the_digest_of_the_run_that_saw_it_gone(tmp_path):
    estate = Estate(tmp_path, FOUR[:2], digest=True)
    estate.run()
    estate.list(FOUR[:1])
    got = estate.run()
    (text,) = map(said, got["chat"])
    assert "no longer checked" in text
    assert "shop-2" in text
    known = json.loads((tmp_path / "_index.json").read_text())
    assert "shop-2" not in json.dumps(known)
    assert estate.run()["chat"] == []


def test_a_dry_run_tells_nobody_and_says_what_it_would(tmp_path):
    estate = Estate(tmp_path, FOUR, digest=True)
    (tmp_path / "p.yaml").write_text(GOOD)
    event = {**TIMER, "user_event": '{"dry_run": true}'}
    result = index.invoke(event, estate.world.context(in_function=False, **estate.settings), 60, 60)
    assert estate.world.web.requests == []
    assert {one["status"] for target in result["targets"] for one in target["deliveries"]} == {"dry_run"}


def test_another_run_that_tells_meanwhile_is_not_repeated(tmp_path):
    """The claim of one target is lost to another run: the digest goes out without it, and keeps the other's word."""
    estate = Estate(tmp_path, FOUR, digest=True)

    def meanwhile(request):
        if "alerts." in request.url and len(estate.world.web.requests) == 4:
            path = tmp_path / "shop-1.json"
            known = decode(json.loads(path.read_bytes()))
            sinks = {name: one._replace(last_told="2030-01-01T00:00:00Z") for name, one in known.sinks.items()}
            path.write_text(json.dumps(encode(known._replace(sinks=sinks, run_at="2030-01-01T00:00:00Z"))))
        return estate.answer(request)

    estate.world.web.answers = meanwhile
    got = estate.run()
    assert "3 targets: violations" in said(got["chat"][0])
    assert estate.deliveries()["shop-1"] == "quiet"
    assert estate.state("shop-1").sinks["chat"].last_told == "2030-01-01T00:00:00Z"


def test_a_target_that_left_is_not_forgotten_before_the_digest_was_taken(tmp_path):
    estate = Estate(tmp_path, FOUR[:2], digest=True)
    estate.run()
    estate.list(FOUR[:1])
    estate.down = {"chat"}
    estate.run()
    assert "shop-2" in json.loads((tmp_path / "_index.json").read_text())["targets"]
    estate.down = set()
    (text,) = map(said, estate.run()["chat"])
    assert "no longer checked" in text
    assert "shop-2" not in json.loads((tmp_path / "_index.json").read_text())["targets"]


@pytest.mark.parametrize("targets", [2, 4])
def test_a_digest_that_a_machine_finds_too_large_is_shared_out_and_each_target_told_once(tmp_path, targets):
    estate = Estate(tmp_path, FOUR[:targets], digest=True)
    lines = tuple(Line(port, "TCP", 3) for port in range(100, 120))
    fleet = Fleet({(name, "host"): Known(lines) for name in FOUR})
    estate.world = World(root=tmp_path, fleet=fleet, throttle=0, clock=FakeClock())
    refused, most = [], 6_000

    def answer(request):
        if "soc." in request.url and len(request.body) > most:
            refused.append(len(request.body))
            return Response(413)
        return Response(200, {}, b"ok")

    estate.world.web.answers = answer
    everything = "version: 1\nrules: [{id: all, allowed_ports: [1], title: Nothing may be open, rationale: Because it may not.}]\n"
    estate.run(everything)
    taken = [json.loads(one.body) for one in estate.world.web.requests if "soc." in one.url and len(one.body) <= most]
    reports = [report for body in taken for report in body.get("targets", [body])]
    told = [one["fingerprint"] for report in reports for one in report["findings"]]
    assert refused
    assert len(told) == len(set(told))
    assert {one["rationale"] for report in reports for one in report["findings"]} == {"Because it may not."}
    open_now = {
        name for target in FOUR[:targets] for name, one in estate.state(target).findings.items() if one.status == "open"
    }
    assert set(told) == open_now
    assert set(estate.deliveries("soc").values()) == {"delivered"}
    assert estate.run(everything)["soc"] == []
