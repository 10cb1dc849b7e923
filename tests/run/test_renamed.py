"""A place that is asked under another name, and a name that stands for another place."""

from __future__ import annotations

import pytest

from handler.errors import PolicyError, StoreError
from handler.function.failure import tell_failure
from handler.run.renamed import taken_along
from handler.run.targets import RunRequest, prepare
from handler.run.wiring import Wiring
from handler.simulator.fleet import Fleet, Line
from handler.simulator.options import Options
from handler.simulator.simulator import Simulator
from handler.state.document import decode, encode
from handler.state.index import IndexEntry
from handler.state.memory import LastRun, RunSummary
from tests.fakes import MemoryStore
from tests.run.test_shard import CHAT, Shard
from tests.world import CLEAN, OPEN

HERE = Options().project_id
TELNET, SMB = Fleet.of(Line(23, "TCP", 1)), Fleet.of(Line(445, "TCP", 1))


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


def test_a_name_whose_place_was_not_known_yet_is_asked_as_its_own(tmp_path):
    shard = Shard(tmp_path, ["old"])
    shard.run()
    shard.list(["a"])
    shard.write(
        shard.index._replace(targets={**shard.index.targets, "a": IndexEntry(first_seen="2026-11-22T12:00:00Z")})
    )
    shard.world.clock.tick(60)
    assert [report.target.name for report in shard.run().reports] == ["a"]


class TwoClouds:
    """Answers for each project with a simulator of its own."""

    def __init__(self, world, **fleets):
        self.clouds = {
            project: Simulator(fleet, Options(cloud="otc", project_id=project), clock=world.clock)
            for project, fleet in fleets.items()
        }

    def __call__(self, request, timeout):
        return next(cloud for project, cloud in self.clouds.items() if f"/{project}/" in request.url)(request, timeout)


def moved_and_left(shard, **stays):
    """A target found telnet open in one project, SMB in another, and left the file; gives what was told then."""
    shard.world.warm.api = TwoClouds(shard.world, here=TELNET, there=SMB, elsewhere=CLEAN)
    shard.list(["a", "z"], a="here", z="elsewhere")
    shard.run(**CHAT)
    shard.list(["a", "z"], a="there", z="elsewhere")
    an_hour_later(shard)
    told = len(messages(shard))
    shard.list(["z", *stays], z="elsewhere", **stays)
    an_hour_later(shard)
    return messages(shard)[told:]


def test_a_target_that_left_ends_what_was_told_of_the_places_that_it_stood_for_before(tmp_path):
    shard = Shard(tmp_path, ["a"])
    last, before = moved_and_left(shard)
    assert ("445/tcp" in last, "project there" in last, "23/tcp" in last) == (True, True, False)
    assert ("23/tcp" in before, "project here" in before, "445/tcp" in before) == (True, True, False)
    assert set(shard.index.targets) == {"z"}


def test_of_places_before_one_that_another_target_asks_now_is_not_told(tmp_path):
    shard = Shard(tmp_path, ["a"])
    told = moved_and_left(shard, b="here")
    assert ["445/tcp" in text for text in told if "no longer checked" in text] == [True]


def test_what_was_taken_along_and_ended_is_not_found_open_under_the_name_that_it_had_first(tmp_path):
    shard = Shard(tmp_path, ["a"])
    shard.world.warm.api = TwoClouds(shard.world, here=TELNET, there=CLEAN)
    shard.list(["a"], a="here")
    shard.run(**CHAT)
    shard.list(["b", "c"], b="here", c="there")
    an_hour_later(shard)
    shard.list(["c"], c="there")
    an_hour_later(shard)
    assert "no longer checked" in messages(shard)[-1]
    shard.list(["a", "c"], a="here", c="there")
    assert changes(an_hour_later(shard), "a").new, "it was told that this ended"
    assert "*23/tcp* new" in messages(shard)[-1]


def line(run_id):
    return RunSummary(run_id, "2026-11-22T12:00:00Z", "compliant", (0, 0, 0, 0, 0), 3, 1, 1)


OLD_LINE, NEW_LINE = line("old-name"), line("new-name")


def one(place, hour, mark=""):
    return LastRun(f"2026-11-26T{hour:02}:00:00Z", place=place, policy_digest=mark)


def memory(main, *others, history=()):
    return main._replace(others={other.place: other for other in others}, history=history)


def after_moving(known, there=None, *, whole=False):
    """What the state of the old name and that of the new one hold after place p moved; None where nothing is saved."""
    before, after = (MemoryStore() if each is None else MemoryStore(encode(each)) for each in (known, there))
    assert taken_along(before, before, after, "p", whole=whole)
    return tuple(None if store.document is None else decode(store.document) for store in (before, after))


def test_the_place_that_was_asked_last_moves_with_its_history_and_the_latest_of_the_others_takes_its_turn():
    known = memory(one("p", 9, "x"), one("q", 7), one("r", 8), one("s", 6), history=(OLD_LINE,))
    stays, moved = after_moving(known)
    assert stays == memory(one("r", 8), one("q", 7), one("s", 6))
    assert moved == memory(one("p", 9, "x"), history=(OLD_LINE,))


def test_one_of_the_other_places_moves_and_the_history_of_what_is_asked_stays_too():
    a_clock_that_was_ahead = 23
    known = memory(one("q", 9), one("p", 8), one("r", a_clock_that_was_ahead), history=(OLD_LINE,))
    stays, moved = after_moving(known)
    assert stays == memory(one("q", 9), one("r", a_clock_that_was_ahead), history=(OLD_LINE,))
    assert moved == memory(one("p", 8), history=(OLD_LINE,))


def test_of_a_name_that_is_gone_every_place_moves_and_a_memory_of_nothing_stays():
    known = memory(one("q", 9), one("p", 8), history=(OLD_LINE,))
    stays, moved = after_moving(known, whole=True)
    assert moved == memory(one("p", 8), one("q", 9), history=(OLD_LINE,))
    assert (stays.run_at, stays.others, stays.history) == ("", {}, ())
    assert after_moving(stays, memory(one("p", 1)), whole=True) == (stays, memory(one("p", 1))), "no place moves of it"
    assert after_moving(known, stays)[1] == memory(one("p", 8), history=(OLD_LINE,)), "nothing of what is there stays"


def test_a_place_that_is_not_remembered_moves_nothing():
    known = memory(one("q", 9), history=(OLD_LINE,))
    assert after_moving(known) == (known, None)
    assert after_moving(None) == (None, None)
    assert after_moving(None, known) == (None, known)


@pytest.mark.parametrize(("hour", "wins"), [(7, True), (8, False), (9, False)])
def test_of_a_place_that_both_remember_the_later_memory_stays_and_at_one_time_the_one_that_is_there(hour, wins):
    there = memory(one("p", hour, "there"), one("q", 6), history=(NEW_LINE,))
    stays, joined = after_moving(memory(one("p", 8, "moved"), one("r", 5), history=(OLD_LINE,)), there)
    assert stays == memory(one("r", 5))
    assert joined == (memory(one("p", 8, "moved"), one("q", 6), history=(OLD_LINE,)) if wins else there)


@pytest.mark.parametrize("whole", [False, True])
def test_what_is_there_keeps_its_history_where_it_remembers_the_place_later(whole):
    there = memory(one("q", 4), one("p", 9), history=(NEW_LINE,))
    stays, joined = after_moving(memory(one("p", 8), one("r", 7), history=(OLD_LINE,)), there, whole=whole)
    if whole:
        assert joined == memory(one("p", 9), one("q", 4), one("r", 7), history=(NEW_LINE,))
        assert stays.others == {}
    else:
        assert (stays, joined) == (memory(one("r", 7)), there)


@pytest.mark.parametrize("missing", [(None, 1, 1), (1, None, 1), (1, 1, None), (None, None, 1), (1, None, None)])
def test_without_one_of_the_states_nothing_moves_now(missing):
    stores = [store and MemoryStore(encode(memory(one("p", 9)))) for store in missing]
    assert taken_along(*stores, "p", whole=True) is False
    assert {store.count for store in stores if store is not None} == {0}


class Broken(MemoryStore):
    def save(self, document, version):
        raise StoreError("cannot be written")


def test_where_the_new_state_cannot_be_written_the_old_one_keeps_what_it_has():
    before = MemoryStore(encode(memory(one("p", 9))))
    assert taken_along(before, before, Broken(), "p", whole=False) is False
    assert before.count == 0


def test_a_function_that_goes_back_to_the_settings_one_target_goes_on_with_what_was_told(tmp_path):
    """And so does the targets file, when it comes back."""
    shard = Shard(tmp_path, ["a"])
    first = shard.run(**CHAT)
    told = len(messages(shard))
    alone = an_hour_later(shard, TARGETS_CONFIG=None)
    assert alone.reports[0].changes.ongoing == first.reports[0].changes.new
    assert list(shard.index.targets) == ["default"]
    again = an_hour_later(shard)
    assert again.reports[0].changes.ongoing == first.reports[0].changes.new
    assert list(shard.index.targets) == ["a"]
    assert len(messages(shard)) == told


def test_a_dry_run_of_one_target_takes_nothing_along(tmp_path):
    shard = Shard(tmp_path, ["a"])
    shard.run(**CHAT)
    kept = (tmp_path / "states/a.json").read_bytes(), shard.path.read_bytes()
    shard.world.clock.tick(3600)
    shard.run(request=RunRequest(dry_run=True), TARGETS_CONFIG=None, **CHAT)
    assert ((tmp_path / "states/a.json").read_bytes(), shard.path.read_bytes()) == kept
    assert not (tmp_path / "states/default.json").exists()


@pytest.mark.parametrize("after", [["b"], None])
def test_a_name_that_changes_while_the_policy_is_broken_goes_on_with_what_was_told(tmp_path, after):
    """What could not begin says so from the state that the place has, and the good run takes that along."""
    shard = Shard(tmp_path, ["a"])
    first = shard.run(**CHAT)
    later = {} if after else {"TARGETS_CONFIG": None}
    if after:
        shard.list(after)
    (tmp_path / "broken.yaml").write_text("version: 1\nrules: [")
    wiring = Wiring(
        shard.world.context(in_function=False, **shard.settings | CHAT | later | {"POLICY_PATH": "broken.yaml"})
    )
    with pytest.raises(PolicyError) as broken:
        prepare(wiring, RunRequest())
    shard.world.clock.tick(3600)
    (failed,) = tell_failure(broken.value, wiring, 60.0)
    assert {one.finding.fingerprint for one in failed.changes.unseen} == set(first.reports[0].changes.new)
    outcome = an_hour_later(shard, **later)
    assert outcome.reports[0].changes.ongoing == first.reports[0].changes.new
    assert list(shard.index.targets) == [after[0] if after else "default"]
    assert len(messages(shard)) == 3, "what was open, that nothing is seen, that it is seen again"
