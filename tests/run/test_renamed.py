"""A place that is asked under another name, and a name that stands for another place."""

from __future__ import annotations

from handler.run.targets import RunRequest
from handler.simulator.options import Options
from tests.run.test_shard import CHAT, Shard
from tests.world import CLEAN, OPEN

HERE = Options().project_id


def an_hour_later(shard, fleet=None, **settings):
    shard.world.clock.tick(3600)
    if fleet is not None:
        shard.become(fleet)
    return shard.run(**CHAT | settings)


def changes(outcome, name):
    (report,) = (one for one in outcome.reports if one.target.name == name)
    return report.changes


def messages(shard):
    return [request.body.decode() for request in shard.world.web.requests]


def test_a_name_that_comes_back_goes_on_with_what_was_told_under_the_other_one(tmp_path):
    shard = Shard(tmp_path, ["a"])
    shard.run(**CHAT)
    shard.list(["b"])
    assert changes(an_hour_later(shard, CLEAN), "b").resolved
    assert len(messages(shard)) == 1
    shard.list(["a"])
    assert changes(an_hour_later(shard), "a").resolved == ()
    assert len(messages(shard)) == 1
    assert changes(an_hour_later(shard, OPEN), "a").reopened, (
        "its end was told, so that it is open again must be told too"
    )


def test_two_targets_that_swap_their_places_take_their_states_along_and_tell_nothing(tmp_path):
    shard = Shard(tmp_path, ["a", "b"])
    shard.list(["a", "b"], b="another")
    first = shard.run(**CHAT)
    told = len(messages(shard))
    for swapped in ({"a": "another"}, {"b": "another"}, {"a": "another"}):
        shard.list(["a", "b"], **swapped)
        outcome = an_hour_later(shard)
        (here,) = {"a", "b"} - set(swapped)
        assert changes(outcome, here).ongoing == changes(first, "a").new
        assert len(messages(shard)) == told
    assert {name: entry.project_id for name, entry in shard.index.targets.items()} == {"a": "another", "b": HERE}


def test_a_place_is_found_though_the_name_that_it_had_stands_for_another_now(tmp_path):
    shard = Shard(tmp_path, ["a"])
    first = shard.run(**CHAT)
    shard.list(["a", "b"], a="another")
    second = an_hour_later(shard)
    assert changes(second, "b").ongoing == changes(first, "a").new
    assert {entry.first_seen for entry in shard.index.targets.values()} == {
        first.reports[0].started_at,
        second.reports[0].started_at,
    }


def test_one_that_is_listed_and_not_asked_keeps_its_state(tmp_path):
    shard = Shard(tmp_path, ["a", "b"])
    shard.list(["a", "b"], b="another")
    shard.run()
    kept = (tmp_path / "states/a.json").read_bytes(), shard.index.targets["a"]
    shard.list(["a", "b"], a="another")
    shard.run(request=RunRequest(target="b"))
    assert ((tmp_path / "states/a.json").read_bytes(), shard.index.targets["a"]) == kept


def test_a_verdict_on_the_place_that_a_name_stood_for_is_none_on_the_place_that_it_stands_for_now(tmp_path):
    shard = Shard(tmp_path, ["a", "b"], fleet=CLEAN)
    assert shard.run().verdict == "compliant"
    shard.list(["a", "b"], b="another")
    shard.world.clock.tick(600)
    outcome = shard.run()
    assert [(one.target.name, one.verdict) for one in outcome.reports] == [("b", "inconclusive")]
    assert [(one.name, one.verdict) for one in outcome.deferred] == [("a", "compliant")]
    assert shard.index.targets["b"].last_complete_at == ""
