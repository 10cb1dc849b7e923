"""Two runs that wrote at once: no mark is lost, and nothing that is settled comes back."""

from __future__ import annotations

import itertools

import pytest

from handler.clock import iso
from handler.notify.receipts import busy, merged_memories, with_receipts
from handler.state.memory import Batch, Item, LastRun, Receipt, Remembered, RunSummary, SinkMemory
from tests.fakes import NOON, finding

AT, LATER = "2026-11-22T12:00:00Z", "2026-11-22T12:05:00Z"
ONE = finding()


def remembered(**told) -> Remembered:
    return Remembered(ONE, AT, AT, AT, told=told)


def memory(run_at=AT, *, pending=(), told=None, **other) -> LastRun:
    records = {ONE.fingerprint: remembered(**(told or {}))}
    return LastRun(run_at, findings=records, sinks={"soc": SinkMemory(AT, pending=pending, **other)})


def batch(number, run_id):
    return Batch(f"id-{number}", (Item("new", ONE.fingerprint, f"{AT} 1 3"),), run_id, LATER)


def test_of_which_kind_a_sink_is_says_the_run_that_writes_last():
    both = merged_memories(memory(kind="slack"), memory(kind="pagerduty"), {}, "us")
    assert both.sinks["soc"].kind == "pagerduty"


def test_the_marks_of_both_are_kept():
    both = merged_memories(
        memory(told={"a": Receipt("open", 1, 3, AT)}), memory(told={"b": Receipt("open", 1, 3, AT)}), {}, "us"
    )
    assert set(both.findings[ONE.fingerprint].told) == {"a", "b"}


@pytest.mark.parametrize(
    ("less", "more"),
    [
        (Receipt("open", 1, 3, AT), Receipt("resolved", 1, 3, AT)),
        (Receipt("resolved", 1, 3, LATER), Receipt("open", 2, 3, AT)),
        (Receipt("open", 1, 3, AT), Receipt("open", 1, 6, LATER)),
    ],
)
def test_of_two_marks_the_one_that_says_more_is_kept(less, more):
    for one, other in itertools.permutations((less, more)):
        both = merged_memories(memory(told={"soc": one}), memory(told={"soc": other}), {}, "us")
        assert both.findings[ONE.fingerprint].told["soc"] == more


@pytest.mark.parametrize(
    ("was", "since"),
    [
        (Receipt("resolved", 1, 3, AT, 1), Receipt("open", 1, 3, LATER, 4)),  # raised again
        (Receipt("open", 3, 3, AT), Receipt("flapping", 3, 3, LATER)),
        (Receipt("open", 1, 3, AT, 4, also=(1,)), Receipt("open", 1, 3, AT, 4)),
        (Receipt("open", 1, 3, LATER), Receipt("open", 1, 6, AT)),  # by a clock that was set back
    ],
)
def test_of_a_mark_that_only_one_of_two_runs_changed_the_change_is_kept(was, since):
    before = memory(told={"soc": was})
    for told in ((was, since), (since, was)):
        theirs, ours = (memory(told={"soc": one}) for one in told)
        both = merged_memories(theirs, ours, {}, "us", before)
        assert both.findings[ONE.fingerprint].told["soc"] == since


def test_a_finding_that_only_one_knows_is_kept():
    assert merged_memories(LastRun(LATER), memory(), {}, "us").findings.keys() == {ONE.fingerprint}
    assert merged_memories(memory(), LastRun(LATER), {}, "us").findings.keys() == {ONE.fingerprint}


def test_what_we_finished_is_gone_what_we_keep_is_ours_and_what_they_finished_does_not_come_back():
    ours = memory(pending=(batch(2, "us"), batch(3, "them")))
    theirs = memory(pending=(batch(1, "us"), batch(2, "us"), batch(4, "them")))
    both = merged_memories(theirs, ours, {"soc": {"id-1", "id-2"}}, "us")
    assert [one.delivery_id for one in both.sinks["soc"].pending] == ["id-2", "id-4"]


def test_what_was_told_beside_findings_is_kept_of_both():
    ours = memory(exemptions={"a": AT}, drift=("x",), last_told=LATER, not_seen={"host": ("r",)})
    theirs = memory(exemptions={"b": AT}, drift=("y",), last_told=AT)
    both = merged_memories(theirs, ours, {}, "us").sinks["soc"]
    assert (both.exemptions.keys(), set(both.drift), both.last_told) == ({"a", "b"}, {"x", "y"}, LATER)
    assert both.not_seen == {"host": ("r",)}


def test_since_when_nothing_was_seen_is_as_the_run_that_told_last_knew_it_and_the_latest_gap_and_policy_are_kept():
    ours = memory(last_told=LATER, blind_since={"host": AT}, gap=AT, policy=LATER)
    theirs = memory(last_told=AT, blind_since={"container": AT}, gap=LATER, policy=AT)
    for one, other in itertools.permutations((ours, theirs)):
        both = merged_memories(one, other, {}, "us").sinks["soc"]
        assert (both.blind_since, both.gap, both.policy) == ({"host": AT}, LATER, LATER)


def test_what_both_say_of_drift_is_kept_once_in_the_order_of_telling():
    both = merged_memories(memory(drift=("x", "y")), memory(drift=("y", "z")), {}, "us").sinks["soc"]
    assert both.drift == ("x", "y", "z")


def test_a_sink_that_only_one_knows_is_kept():
    ours, theirs = memory(), LastRun(AT, sinks={"ops": SinkMemory(LATER)})
    for one, other in itertools.permutations((ours, theirs)):
        assert merged_memories(one, other, {}, "us").sinks == {"soc": SinkMemory(AT), "ops": SinkMemory(LATER)}


def test_of_two_places_each_keeps_its_own_and_the_history_is_of_both():
    lines = {
        name: RunSummary(name, f"2026-11-22T{hour:02}:00:00Z", "compliant", (0,) * 5, 0, 0, 0)
        for hour, name in enumerate(("other", "old", "mine"))
    }
    ours = memory()._replace(
        place="mine", history=(lines["old"], lines["mine"]), others={"old": LastRun(AT, place="old")}
    )
    theirs = LastRun(LATER, place="other", history=(lines["other"],), others={"old": LastRun(LATER, place="old")})
    both = merged_memories(theirs, ours, {}, "us")
    assert (both.place, both.run_at, both.findings) == ("mine", AT, ours.findings)
    assert {place: one.run_at for place, one in both.others.items()} == {"old": LATER, "other": LATER}
    assert [line.run_id for line in both.history] == ["other", "old", "mine"]
    same = merged_memories(ours._replace(run_at=LATER), ours, {}, "us")
    assert (same.place, set(same.others), same.history) == ("mine", {"old"}, ours.history)


def test_history_has_each_run_once_in_order():
    def ran(*numbers):
        lines = tuple(
            RunSummary(f"run-{n}", f"2026-11-22T{n:02}:00:00Z", "compliant", (0,) * 5, 0, 0, 0) for n in numbers
        )
        return LastRun(AT, history=lines)

    assert [line.run_id for line in merged_memories(ran(1, 3), ran(1, 2), {}, "us").history] == [
        "run-1",
        "run-2",
        "run-3",
    ]


def test_what_was_announced_is_known_of_both_and_of_one_rule_the_stage_that_was_told_last():
    ours = memory(last_told=AT, announced={"mysql": "2026-12-06 14", "redis": "2026-12-01 1"})
    theirs = memory(last_told=LATER, announced={"mysql": "2026-12-06 1", "ftp": "2026-12-01 1"})
    for one, other in itertools.permutations((ours, theirs)):
        both = merged_memories(one, other, {}, "us").sinks["soc"]
        assert both.announced == {"mysql": "2026-12-06 1", "redis": "2026-12-01 1", "ftp": "2026-12-01 1"}


def test_a_run_that_told_a_sink_knows_more_than_one_that_never_did():
    told, silent = memory(last_told=AT, not_seen={"host": ("refused",)}), memory()
    for one, other in itertools.permutations((told, silent)):
        both = merged_memories(one, other, {}, "us").sinks["soc"]
        assert (both.last_told, both.not_seen) == (AT, {"host": ("refused",)})


def test_of_two_runs_of_the_same_second_the_one_that_writes_last_has_its_view_kept():
    ours, theirs = memory(), memory()
    ours = ours._replace(findings={ONE.fingerprint: remembered()._replace(status="resolved", resolved_at=AT)})
    assert merged_memories(theirs, ours, {}, "us").findings[ONE.fingerprint].status == "resolved"
    assert merged_memories(ours, theirs, {}, "us").findings[ONE.fingerprint].status == "open"


@pytest.mark.parametrize(
    ("run_id", "lease", "is_busy"), [("them", LATER, True), ("us", LATER, False), ("them", AT, False)]
)
def test_a_sink_is_busy_while_another_runs_lease_lasts(run_id, lease, is_busy):
    known = SinkMemory(AT, pending=(Batch("id", (), run_id, lease),))
    assert busy(known, "us", NOON) is is_busy


def test_a_mark_speaks_of_the_item_and_not_of_what_the_finding_became():
    told = with_receipts(memory(), "soc", (Item("new", ONE.fingerprint, f"{AT} 1 2"),), NOON)
    assert told.findings[ONE.fingerprint].told["soc"] == Receipt("open", 1, 2, iso(NOON), ONE.severity)
