"""A company of shards for days, with everything that goes wrong: nobody is forgotten, nobody is asked twice."""

from __future__ import annotations

import pytest

from handler.state.file import FileStore
from handler.state.index import index_of
from handler.state.redis import RedisStore
from tests.faults.redis_server import RedisServer
from tests.run.shard_simulation import Company

HOUR = 3600


def test_without_faults_every_target_is_asked_once_an_hour() -> None:
    company = Company(shards=1, size=60, days=1, faults=False).run()
    gaps = company.gaps()
    assert all(truth.starts for truth in company.truths.values())
    assert (min(gaps) >= 0.9 * HOUR, max(gaps) <= 1.35 * HOUR, company.wrong) == (True, True, [])
    assert company.most_calls_in_a_minute() == 5


@pytest.mark.parametrize("seed", [1])
def test_with_missed_timers_killed_slow_and_second_runs_the_promises_hold(seed: int) -> None:
    company = Company(shards=1, size=295, days=1, seed=seed).run()
    gaps = company.gaps()
    assert {"missed timer", "killed run", "slow run", "second run", "failed check"} <= set(+company.happened)
    assert all(truth.starts for truth in company.truths.values())
    assert min(gaps) >= 0.9 * HOUR - 1
    assert max(gaps) <= 2 * HOUR
    assert company.most_calls_in_a_minute() <= 5
    assert len(company.wrong) <= company.happened["killed run"]  # the last verdict of a killed run is not written


def test_a_clock_that_jumps_costs_a_turn_and_no_more() -> None:
    company = Company(shards=1, size=60, days=2, seed=3, jumps=True).run()
    assert company.happened["clock jump"] > 2
    assert max(company.gaps()) <= 4.2 * HOUR  # a clock two hours behind calls nobody due; then two intervals
    last = max(max(truth.starts) for truth in company.truths.values())
    assert all(last - truth.starts[-1] <= 4.2 * HOUR for truth in company.truths.values())
    assert company.most_calls_in_a_minute() <= 10  # starts of a clock that was ahead are not believed, once a jump


@pytest.mark.parametrize("kind", ["file", "redis"])
def test_the_same_in_real_stores(kind: str, tmp_path) -> None:
    with RedisServer("secret") as server:
        redis = f"redis://:secret@127.0.0.1:{server.port}/0/index"
        stores = {
            "file": lambda clock: FileStore(tmp_path / "i.json", clock, index_of, flush=lambda descriptor: None),
            "redis": lambda clock: RedisStore(redis, clock, index_of, timeout=60),
        }
        company = Company(shards=1, size=8, days=0.3, seed=4, store=stores[kind]).run()
    gaps = company.gaps()
    assert (min(gaps) >= 0.9 * HOUR - 1, max(gaps) <= 2 * HOUR) == (True, True)
    assert len(company.wrong) <= company.happened["killed run"]
