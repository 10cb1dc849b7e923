"""How a run goes through its targets: what of the time each may use, what is kept for telling, and who is told when."""

from __future__ import annotations

import pytest

from handler.errors import TransportError
from handler.run.targets import RunRequest, prepare
from handler.run.walk import check_targets
from handler.run.wiring import Wiring
from handler.transport.request import Response
from tests.fakes import FakeClock
from tests.world import World

SINKS = "sinks:\n  - {name: switch, kind: ping, url: 'https://hc-ping.com/3f0c9a7e-52bd-4e11-9c5d-8b1e6a2f7d40'}\n"


def silent(root, **settings):
    """A world whose cloud never answers, with a run over it."""
    world = World(root=root, clock=FakeClock())

    def hangs(request, timeout):
        world.clock.tick(timeout)
        raise TransportError("no whole answer")

    world.warm.api = hangs
    wiring = Wiring(world.context(in_function=False, HSS_CALLS_PER_MINUTE="0", **settings))
    return world, wiring, prepare(wiring, RunRequest())


@pytest.mark.parametrize(("seconds", "kept"), [(10.0, 1.0), (30.0, 3.0), (100.0, 3.0)])
def test_a_tenth_of_the_time_at_most_three_seconds_is_kept_for_the_call_at_the_end(tmp_path, seconds, kept):
    (tmp_path / "sinks.yaml").write_text(SINKS)
    world, wiring, run = silent(tmp_path, NOTIFY_CONFIG="sinks.yaml")
    called = []

    def answered(request, timeout):
        called.append(world.clock.seconds)
        return Response(200, {}, b"OK")

    world.warm.web = answered
    end = world.clock.seconds + seconds
    check_targets(run, wiring, seconds)
    assert len(called) == 1
    assert called[0] <= end - kept + 1e-6


@pytest.mark.parametrize(("seconds", "kept"), [(60.0, 6.0), (200.0, 10.0)])
def test_asking_ends_a_tenth_of_the_time_before_the_end_at_most_ten_seconds(tmp_path, seconds, kept):
    world, wiring, run = silent(tmp_path)
    end = world.clock.seconds + seconds
    (report,) = check_targets(run, wiring, seconds).reports
    assert report.verdict == "inconclusive"
    assert world.clock.seconds <= end - kept + 1e-6
