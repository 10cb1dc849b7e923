"""A state machine over runs: ports open and close, calls and sinks fail, the state is lost; the promises hold throughout."""

from __future__ import annotations

import json
from contextlib import ExitStack

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from handler.simulator.fleet import Line
from tests.examples import examples
from tests.faults.answers import faults_of
from tests.faults.scene import Striking, scene

PORTS = (7, 13, 17, 19)  # none is on the allow list of 1000-1999
API = [fault for fault in faults_of("api") if "clock" not in fault.name and "time limit" not in fault.name]
WEB = [fault for fault in faults_of("sink") if not fault.taken and "200" not in fault.name]


class Runs(RuleBasedStateMachine):
    """`believed` is what the sink must think is open, going by the messages that it took."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.world = self.stack.enter_context(scene())
        self.open = {23, 445, 3389, 5900}
        self.forgot = False

    def teardown(self) -> None:
        self.stack.close()

    @rule(port=st.sampled_from(PORTS))
    def toggle(self, port: int) -> None:
        if port in self.open:
            self.world.simulator.close_port(port)
        else:
            self.world.simulator.open_port(Line(port, "TCP", 1, "danger"))
        self.open ^= {port}

    @rule(allowed=st.sampled_from(["1000-1999", "1000-1999, 23", "1000-1999, 7-19"]))
    def policy(self, allowed: str) -> None:
        text = f"version: 1\nrules:\n  - {{id: only-ours, allowed_ports: [{allowed}]}}\n"
        (self.world.folder / "policy.yaml").write_text(text)

    @rule(fault=st.sampled_from(API), times=st.sampled_from([1, None]))
    def cloud_fails(self, fault, times) -> None:
        self.world.striking = Striking(fault, lambda request: "/asset/" in request.url, times)

    @rule(fault=st.sampled_from(WEB), times=st.sampled_from([1, None]))
    def sink_fails(self, fault, times) -> None:
        self.world.striking = Striking(fault, lambda request: "soc.sink" in request.url, times)

    @rule()
    def all_is_well(self) -> None:
        self.world.striking = None

    @precondition(lambda self: (self.world.folder / "state.json").exists())
    @rule(content=st.sampled_from([b"", b"{", b"null"]))
    def lose_state(self, content: bytes) -> None:
        (self.world.folder / "state.json").write_bytes(content)
        self.forgot = True

    @rule()
    def run(self) -> None:
        report = self.world.run().report
        assert report is not None  # the witness is always told
        found, truth = {one["port"] for one in report["findings"]}, self.truth()
        assert found <= truth
        if report["verdict"] != "inconclusive":
            assert found == truth
            assert report["verdict"] == ("violations" if truth else "compliant")

    @rule()
    def recover(self) -> None:
        """After two good runs the sink knows exactly what is open, unless what it must unlearn was forgotten."""
        self.world.striking = None
        self.run()
        self.run()
        believed = self.believed()
        assert self.truth() <= believed
        if not self.forgot:
            assert believed == self.truth()

    @invariant()
    def no_secret_left(self) -> None:
        assert list(self.world.leaks()) == []
        self.world.outputs.clear()

    def truth(self) -> set[int]:
        text = (self.world.folder / "policy.yaml").read_text()
        exempt = {23} if ", 23]" in text else set(PORTS) if "7-19" in text else set()
        return self.open - exempt

    def believed(self) -> set[int]:
        known: set[int] = set()
        for body in map(json.loads, self.world.receivers["soc"].taken):
            known |= {one["port"] for one in body["findings"]}
            known -= {one["port"] for one in (body["changes"] or {}).get("resolved", [])}
        return known


Runs.TestCase.settings = settings(max_examples=examples(12), stateful_step_count=15, deadline=None)
TestRuns = Runs.TestCase
