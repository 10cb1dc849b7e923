"""What a run did not ask is named on standard error, the worst first, and in what it prints."""

from __future__ import annotations

from handler.commands.check import say_deferred
from handler.decide.schedule import Deferred
from handler.formats.registry import MERGED
from handler.simulator.options import Options
from handler.simulator.server import SimulatorServer
from handler.simulator.simulator import Simulator
from tests.world import OPEN

AT = "2026-11-22T12:00:00Z"


def test_what_was_not_asked_is_summed_up_and_what_is_not_known_is_named(capsys):
    old = [Deferred(f"old{n:02}", AT, "compliant", "inconclusive") for n in range(12)]
    never = Deferred("never", "", None, "inconclusive")
    say_deferred([never, *old, Deferred("bad", AT, "violations", "violations"), Deferred("new", "", None, None)])
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert out == ""
    assert lines[0] == "not asked in this run, by their last verdicts: 13 inconclusive, 1 violations, 1 not checked yet"
    assert lines[1:3] == [
        "  never counts as inconclusive: it was never checked",
        f"  old00 counts as inconclusive: last compliant at {AT}",
    ]
    assert len(lines) == 11


def test_where_every_target_was_asked_nothing_is_said(capsys):
    say_deferred([])
    assert capsys.readouterr() == ("", "")


def test_a_run_that_finds_nobody_due_prints_what_the_targets_stand_for(port_compliance, tmp_path):
    with SimulatorServer(Simulator(OPEN, Options(cloud="otc", throttle=0))) as server:
        place = f"endpoint: {server.url}, cloud: otc, project_id: {server.simulator.options.project_id}"
        (tmp_path / "targets.yaml").write_text(f"targets:\n  - {{name: prod, {place}}}\n")
        known = {
            "TARGETS_CONFIG": "targets.yaml",
            "STATE_URL": f"file://{tmp_path}/states/{{target}}.json",
            "RUN_INTERVAL": "1h",
            "HSS_AUTH_TOKEN": server.simulator.options.tokens[0],
            "HSS_CALLS_PER_MINUTE": "0",
            "WEBHOOK_URL": "http://127.0.0.1:1/hook",
            "WEBHOOK_ALLOW_HTTP": "true",
        }
        assert port_compliance("check", "--notify", **known).code == 4
        calls = len(server.simulator.calls)
        printed = {format_: port_compliance("check", "--format", format_, **known) for format_ in sorted(MERGED)}
        assert len(server.simulator.calls) == calls
    said = {name: (one.code, "prod" in one.out, "violations" in one.out) for name, one in printed.items()}
    assert said == dict.fromkeys(MERGED, (1, True, True))
