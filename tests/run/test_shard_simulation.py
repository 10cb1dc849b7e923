"""A company of shards for days, with everything that goes wrong: nobody is forgotten, nobody is asked twice."""

from __future__ import annotations

import json
import math
from datetime import timedelta
from types import SimpleNamespace

import pytest

from handler.hss.pacing import Lane, Pacer
from handler.run.asked import Elsewhere
from handler.run.shard import Shard
from handler.state.content import to_bytes
from handler.state.index import Index, index_of
from tests.fakes import NOON, TARGET, FakeClock, MemoryStore
from tests.run.shard_simulation import Company, Direct, Kept, Silence
from tests.run.shard_week import opened, plain, said

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
    assert company.wrong == []  # at every hour, but for what a killed run had no time to write
    assert company.happened["target and hour"] >= 23 * 295
    assert company.happened["unwritten verdict"] <= company.happened["killed run"]


def test_a_clock_that_jumps_costs_a_turn_and_no_more() -> None:
    company = Company(shards=1, size=60, days=2, seed=3, jumps=[0]).run()
    assert company.happened["clock jump"] > 2
    assert max(company.gaps()) <= 4.2 * HOUR  # a clock two hours behind calls nobody due; then two intervals
    last = max(max(truth.starts) for truth in company.truths.values())
    assert all(last - truth.starts[-1] <= 4.2 * HOUR for truth in company.truths.values())
    assert company.most_calls_in_a_minute() <= 10  # starts of a clock that was ahead are not believed, once a jump


@pytest.mark.parametrize("kind", ["file", "redis"])
def test_the_same_in_real_stores(kind: str) -> None:
    silences = {0: Silence("off", 2, 6)}
    with opened(kind) as store:
        company = Company(shards=1, size=8, days=0.4, seed=4, silences=silences, store=store).run()
    assert min(company.gaps()) >= 0.9 * HOUR - 1
    assert company.told[0, "stale"] == 8
    assert company.wrong == []


def silent(kind: str, begins: float = 4, ends: float = 12, size: int = 40) -> Company:
    """A company of two shards for a day, the first of which falls silent."""
    silences = {0: Silence(kind, begins, ends)}
    company = Company(shards=2, size=size, days=1, seed=2, faults=False, silences=silences).run()
    assert plain(company) == [1]
    assert company.wrong == []
    assert company.told[1, "stale"] == 0
    return company


def test_a_shard_whose_timer_is_off_is_told_once_by_the_digest_of_another() -> None:
    company = silent("off")
    assert company.told[0, "stale"] == 40
    assert all(truth.starts[-1] > 23 * HOUR for truth in company.of(0))  # it heals itself


def test_a_shard_whose_function_was_deleted_is_told_once_and_stays_stale() -> None:
    company = silent("off", ends=math.inf)
    assert company.told[0, "stale"] == 40
    assert {truth.standing(24 * HOUR) for truth in company.of(0)} == {"stale"}


def test_a_shard_that_is_refused_is_told_as_inconclusive_and_then_as_stale() -> None:
    company = silent("denied")
    assert company.told[0, "stale"] == 40
    assert 0 < company.told[0, "inconclusive"] <= 40  # some are stale by the hour at which the digest comes
    assert max(company.gaps([0])) <= 2 * HOUR  # it is asked all the same


def test_a_shard_that_is_too_slow_asks_as_many_as_it_can_and_the_others_are_told_as_stale() -> None:
    company = silent("slow", size=120)
    assert company.told[0, "stale"] > 60
    asked = [start for truth in company.of(0) for start in truth.starts if 4 * HOUR <= start < 12 * HOUR]
    assert len(asked) > 8 * 30  # in each hour about six runs of six
    assert max(company.gaps([0])) < 5 * HOUR  # the most overdue comes first: nobody is left behind for good


def test_the_calls_of_earlier_runs_count_for_each_credential_and_for_targets_that_share_one() -> None:
    clock, store, who = FakeClock(), Kept(), ("me", "you")
    store.save(Index(starts={f"{each}:port_statistics": (NOON.timestamp(),) * 5 for each in who}), None)
    pacer = Pacer(clock)
    clients = [SimpleNamespace(pacer=pacer, lane=lambda api, each=each: Lane(api, each)) for each in who]
    targets = [
        SimpleNamespace(name=f"t{number}", target=TARGET, place=None, client=client, store=None)
        for number, client in enumerate((*clients, clients[0]))
    ]
    index = Direct(store, "run", clock)
    nothing = Elsewhere(frozenset())
    shard = Shard(SimpleNamespace(targets=targets), index, clock, None, frozenset(), lambda *_: False, lambda: nothing)
    assert [each.name for each in shard.open(timedelta(seconds=60), always=True)] == ["t0", "t1", "t2"]
    assert [pacer.forecast(Lane("port_statistics", each), 1) for each in (*who, "they")] == [61, 61, 0]


class Lying(MemoryStore):
    """A store in which one target is always compliant."""

    def save(self, document, version):
        plain = json.loads(to_bytes(document))
        plain["targets"]["s00-t007"]["verdict"] = "compliant"
        return super().save(plain, version)


def test_a_fleet_that_is_wrong_is_seen() -> None:
    store = Lying(read=index_of)
    company = Company(shards=1, size=12, days=0.5, faults=False, store=lambda clock, number: store).run()
    assert {line.split()[1] for line in company.wrong} == {"s00-t007:", "shard"}
    assert f"wrong in the fleet, its digest or a run's deferred: {len(company.wrong)}" in list(said(company))
