"""One check-in a run, over all its targets: in a shard, in the failure path, in a rehearsal, and never a word too many."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from handler import index as door
from handler.clock import iso
from handler.errors import PolicyError, TransportError
from handler.run.targets import RunRequest, prepare
from handler.run.walk import check_targets
from handler.run.wiring import Wiring
from handler.simulator.fleet import Fleet, Line
from handler.state.content import to_bytes
from handler.state.index import Index, Lease, index_document
from handler.transport.request import Response
from tests.fakes import FakeClock, log_records
from tests.world import CLEAN, OPEN, TIMER, World

SECRET = "3f0c9a7e-52bd-4e11-9c5d-8b1e6a2f7d40"
URL = f"https://hc-ping.com/{SECRET}"
SINKS = """
sinks:
  - {name: switch, kind: ping, url: "${PING_URL}"}
  - {name: soc, kind: generic, url: "${SOC_URL}", secret: "${SOC_SECRET}"}
"""


class Runs:
    """A folder with sinks and two targets; `run` gives the pings of one run and what the run says of them."""

    def __init__(self, folder, fleet=CLEAN, sinks=SINKS, targets=("a", "b"), **settings):
        self.world = World(root=folder, clock=FakeClock(), fleet=fleet)
        self.folder, self.answer = folder, Response(200, {}, b"OK")
        self.world.web.answers = self._answer
        project = self.world.simulator.options.project_id
        lines = [f"  - {{name: {name}, cloud: otc, region: eu-de, project_id: {project}}}" for name in targets]
        (folder / "targets.yaml").write_text("\n".join(["targets:", *lines, ""]))
        (folder / "sinks.yaml").write_text(sinks)
        (folder / "p.yaml").write_text("version: 1\ndisallowed_ports: [23]\n")
        known = {
            "TARGETS_CONFIG": "targets.yaml",
            "STATE_URL": f"file://{folder}/states/{{target}}.json",
            "NOTIFY_CONFIG": "sinks.yaml",
            "POLICY_PATH": "p.yaml",
            "PING_URL": URL,
            "SOC_URL": "https://soc.example/hook",
            "SOC_SECRET": "whsec_" + "QQ" * 20,
            "RUN_INTERVAL": "1h",
        }
        self.settings = known | settings

    def _answer(self, request):
        if "soc.example" in request.url:
            return Response(200, {}, b"ok")
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def run(self, request=None, seconds=100.0):
        self.world.web.requests.clear()
        wiring = Wiring(self.world.context(in_function=False, **self.settings))
        checked = check_targets(prepare(wiring, request or RunRequest()), wiring, seconds)
        told = [one for report in checked.reports for one in report.deliveries if one.sink == "switch"]
        return self.pings(), told

    def pings(self):
        return [one.url for one in self.world.web.requests if "soc.example" not in one.url]


@pytest.mark.parametrize("fleet", [CLEAN, OPEN])
def test_one_call_for_two_targets_whether_something_is_found_or_not(tmp_path, fleet):
    pings, told = Runs(tmp_path, fleet).run()
    assert pings == [URL]
    assert [(one.sink, one.kind, one.status) for one in told] == [("switch", "ping", "delivered")]


def test_it_is_the_last_word_of_a_run(tmp_path):
    runs = Runs(tmp_path, OPEN)
    runs.run()
    assert [one.url.split("/")[2] for one in runs.world.web.requests] == ["soc.example", "soc.example", "hc-ping.com"]


def test_one_target_that_is_not_known_makes_the_run_a_failure(tmp_path):
    runs = Runs(tmp_path)
    (tmp_path / "other.yaml").write_text("version: 1\ndisallowed_ports: [23]\nexpect_rows: {host: 999}\n")
    lines = (tmp_path / "targets.yaml").read_text().replace("{name: b,", "{name: b, policy: other.yaml,")
    (tmp_path / "targets.yaml").write_text(lines)
    assert runs.run()[0] == [f"{URL}/fail"]


def test_a_run_in_which_nothing_is_due_checks_in_by_what_the_targets_stand_for(tmp_path):
    runs = Runs(tmp_path)
    runs.run()
    runs.world.clock.tick(600)
    assert runs.run() == ([URL], [])
    assert runs.world.web.requests[-1].body.startswith(b"checked (run ")


def test_a_run_that_finds_its_shard_taken_says_nothing(tmp_path):
    runs = Runs(tmp_path)
    runs.run()
    runs.world.clock.tick(7200)
    until = iso(runs.world.clock.now() + timedelta(seconds=60))
    path = tmp_path / "states" / "_index.json"
    known = path.read_bytes()
    index = Index(lease=Lease("another", until))
    path.write_bytes(to_bytes(index_document(index)))
    assert runs.run() == ([], [])
    path.write_bytes(known)
    assert runs.run()[0] == [URL]


def test_a_rehearsal_sends_nothing_and_says_so(tmp_path):
    pings, told = Runs(tmp_path).run(RunRequest(dry_run=True))
    assert pings == []
    assert [one.status for one in told] == ["dry_run"]


def test_a_broken_policy_is_one_failure_however_many_targets_there_are(tmp_path):
    runs = Runs(tmp_path)
    (tmp_path / "p.yaml").write_text("version: 1\ndisallowed_ports: [99999]\n")
    with pytest.raises(PolicyError):
        door.invoke(TIMER, runs.world.context(in_function=False, **runs.settings), 600, 600)
    assert runs.pings() == [f"{URL}/fail"]
    runs.world.web.requests.clear()
    rehearsal = TIMER | {"user_event": '{"dry_run": true}'}
    with pytest.raises(PolicyError):
        door.invoke(rehearsal, runs.world.context(in_function=False, **runs.settings), 600, 600)
    assert runs.pings() == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Response(404, {}, f"no check {SECRET} at /{SECRET}".encode()), "HTTP 404"),
        (Response(200, {}, b"OK (not found)"), "not found"),
        (TransportError(f"could not reach {URL}", sent=False), "could not reach"),
    ],
)
def test_what_is_not_taken_is_a_failed_delivery_without_the_address(tmp_path, answer, reason):
    runs = Runs(tmp_path)
    runs.answer = answer
    with log_records("WARNING") as records:
        _, told = runs.run()
    assert [one.status for one in told] == ["failed"]
    assert reason in told[0].reason
    logged = "".join(logging.Formatter("%(message)s").format(record) for record in records)
    assert "switch (ping) did not take it" in logged
    assert SECRET not in logged + told[0].reason


def test_without_sinks_that_are_told_once_a_run_nothing_of_it_is_loaded(tmp_path):
    sinks = SINKS.replace('  - {name: switch, kind: ping, url: "${PING_URL}"}\n', "")
    assert Runs(tmp_path, Fleet.of(Line(23, "TCP", 1)), sinks).run() == ([], [])
