"""The simulation of many targets agrees with arithmetic, and keeps the limits that it states."""

import pytest

from bench.many_targets import CALLS_A_MINUTE, INSTANCES, Scenario, main, pace, simulate
from handler.hss.pacing import WINDOW


def test_one_target_needs_its_two_calls_and_no_waiting():
    seen = simulate(Scenario(1, 1, 1, 0))
    assert (seen.calls, seen.checked, seen.late, seen.longest_run) == (2, 1, 0, 1.0)


@pytest.mark.parametrize("targets", [5, 6, 50])
def test_five_targets_a_minute_are_what_one_credential_serves(targets):
    seen = simulate(Scenario(targets, 1, 1, 0, timeout=1e9))
    assert seen.checked == targets
    assert seen.ends == pytest.approx((-(-targets // CALLS_A_MINUTE) - 1) * WINDOW, abs=2)


def test_at_its_pace_nobody_waits():
    seen = simulate(Scenario(100, 1, 1, pace(200)))
    assert (seen.checked, seen.late, seen.longest_run) == (100, 0, pytest.approx(1.0, abs=0.01))


def test_many_credentials_behind_one_address_are_no_faster_than_one():
    one = simulate(Scenario(100, 1, 1, 0, timeout=1e9))
    many = simulate(Scenario(100, 20, 1, 0, timeout=1e9))
    apart = simulate(Scenario(100, 20, 20, 0, timeout=1e9))
    assert many.ends == pytest.approx(one.ends, abs=2)
    assert apart.ends < 60


def test_a_run_that_waits_longer_than_its_time_limit_is_counted():
    seen = simulate(Scenario(100, 1, 1, 0, timeout=300))
    assert seen.checked + seen.late == 100
    assert seen.late > 0
    assert seen.longest_run < 300


def test_never_more_instances_than_the_platform_gives():
    assert simulate(Scenario(300, 300, 300, 0)).busiest == INSTANCES


def test_pages_cost_a_call_each():
    assert simulate(Scenario(2, 2, 2, 0, rows=401)).calls == 8


def test_the_table_is_markdown(capsys):
    assert main(["--targets", "1", "20"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line.count("|") for line in lines} == {9}
    assert len(lines) == 2 + 1 + 5
