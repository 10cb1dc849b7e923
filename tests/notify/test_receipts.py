"""Receipts: what a sink that was told something is remembered to know, and of two runs the whole of both."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handler.clock import iso
from handler.models import Severity
from handler.notify.receipts import MOST_REASONS, merged_memories, pruned, with_pending, with_receipts
from handler.state.memory import HISTORY_LENGTH, Batch, Item, LastRun, Receipt, Remembered, RunSummary, SinkMemory
from tests.desk import SOC
from tests.fakes import NOON, finding

AT, LATER = "2026-11-22T12:00:00Z", "2026-11-22T13:00:00Z"
ONE = finding()
KEY = ONE.fingerprint
FULL = SinkMemory(
    since="2026-11-01T00:00:00Z",
    last_told=AT,
    pending=(Batch("id", (Item("new", KEY, f"{AT} 1 3"),)),),
    not_seen={"host": ("page # is missing",), "container": ("refused",)},
    exemptions={"lifts 2026-12-01 ending": AT},
    drift=("key x",),
    announced={"mysql": "2026-12-06 14", "redis": "2026-12-01 1"},
)


def memory(run_at=AT, num=3, **other) -> LastRun:
    record = Remembered(ONE._replace(num=num), AT, run_at, AT, **other)
    return LastRun(run_at, findings={KEY: record}, sinks={"soc": FULL})


def told(*items: Item, now=NOON) -> SinkMemory:
    return with_receipts(memory(), "soc", items, now).sinks["soc"]


def test_what_is_seen_again_is_forgotten_as_unseen_and_nothing_else_is():
    after = told(Item("seen_again", "host"))
    assert after == FULL._replace(not_seen={"container": ("refused",)}, last_told=iso(NOON))


@pytest.mark.parametrize(
    ("item", "changed"),
    [
        (Item("not_seen", "host", "timeout"), {"not_seen": FULL.not_seen | {"host": ("page # is missing", "timeout")}}),
        (Item("not_seen", "host", "page # is missing"), {}),
        (Item("exemption", "lifts", "2026-12-01 ended"), {"exemptions": FULL.exemptions | {"lifts 2026-12-01 ended": iso(NOON)}}),
        (Item("announced", "mysql", "2026-12-06 1", "mysql forbids 3306"), {"announced": FULL.announced | {"mysql": "2026-12-06 1"}}),
        (Item("drift", "key y"), {"drift": ("key x", "key y")}),
        (Item("heartbeat", AT), {}),
        (Item("digest", AT), {}),
        (Item("run", "run-1"), {}),
    ],
)  # fmt: skip
def test_each_item_changes_its_own_part_of_what_is_remembered_and_the_time(item, changed):
    assert told(item) == FULL._replace(last_told=iso(NOON), **changed)


def test_since_when_something_was_not_seen_is_remembered_until_it_is_seen_again():
    blind = with_receipts(memory(), "soc", [Item("not_seen", "host", f"timeout\n@{AT}")], NOON)
    blind = with_receipts(blind, "soc", [Item("not_seen", "container", f"timeout\n@{LATER}")], NOON)
    assert blind.sinks["soc"].not_seen == {
        "host": ("page # is missing", "timeout"),
        "container": ("refused", "timeout"),
    }
    assert blind.sinks["soc"].blind_since == {"host": AT, "container": LATER}
    seen = with_receipts(blind, "soc", [Item("seen_again", "host"), Item("seen_again", "", "")], NOON).sinks["soc"]
    assert (seen.not_seen, seen.blind_since) == ({"container": ("refused", "timeout")}, {"container": LATER})


def test_the_last_gap_and_the_last_policy_that_were_told_are_remembered():
    after = told(Item("gap", AT, LATER, "5"), Item("policy", LATER, "sha256:ab"))
    assert (after.gap, after.policy) == (AT, LATER)
    assert told(Item("gap", AT, LATER, "5")) == FULL._replace(gap=AT, last_told=iso(NOON))
    assert told(Item("policy", LATER, "sha256:ab")) == FULL._replace(policy=LATER, last_told=iso(NOON))


def test_of_reasons_that_never_repeat_the_last_hundred_are_remembered():
    after = told(*(Item("not_seen", "host", f"reason {letter}{more}") for letter in "abcdef" for more in range(20)))
    assert len(after.not_seen["host"]) == MOST_REASONS
    assert after.not_seen["host"][-1] == "reason f19"


@pytest.mark.parametrize(
    ("what", "flapping", "before", "after"),
    [
        ("flapping", AT, None, "flapping"),
        ("raised", AT, "flapping", "flapping"),
        ("grown", AT, "flapping", "flapping"),
        ("raised", AT, "open", "open"),
        ("raised", AT, None, "open"),
        ("raised", None, "flapping", "open"),
        ("steady", AT, "flapping", "open"),
        ("lowered", AT, "flapping", "open"),
    ],
)
def test_a_sink_that_knows_that_a_finding_flaps_knows_it_until_it_hears_otherwise(what, flapping, before, after):
    known = {} if before is None else {"soc": Receipt(before, 1, 3, AT)}
    flaps = memory(flapping_since=flapping, told=known)
    assert (
        with_receipts(flaps, "soc", [Item(what, KEY, f"{AT} 1 3")], NOON).findings[KEY].told["soc"].transition == after
    )


def test_a_receipt_is_of_no_episode_that_has_not_begun():
    told_of = with_receipts(memory(episode=2), "soc", [Item("new", KEY, f"{AT} 5 3")], NOON).findings[KEY].told["soc"]
    assert told_of.episode == 2
    told_of = with_receipts(memory(episode=2), "soc", [Item("new", KEY, f"{AT} 1 3")], NOON).findings[KEY].told["soc"]
    assert told_of.episode == 1


def test_drift_that_was_told_is_remembered_for_the_last_hundred_forms():
    after = told(*(Item("drift", f"key {number}") for number in range(150)))
    assert after.drift == tuple(f"key {number}" for number in range(50, 150))


@pytest.mark.parametrize(
    ("what", "transition"),
    [("new", "open"), ("grown", "open"), ("reopened", "open"), ("reminded", "open"), ("resolved", "resolved"), ("missed", "resolved")],
)  # fmt: skip
def test_a_finding_that_was_told_gets_a_receipt_of_what_was_said(what, transition):
    after = with_receipts(memory(), "soc", [Item(what, KEY, f"{AT} 1 2")], NOON)
    assert after.findings[KEY].told["soc"] == (transition, 1, 2, iso(NOON), ONE.severity, None, "")


def test_a_receipt_keeps_the_severity_that_was_told_and_not_what_it_became():
    after = with_receipts(memory(), "soc", [Item("new", KEY, f"{AT} 1 2", "medium")], NOON)
    assert after.findings[KEY].told["soc"].severity == Severity.MEDIUM


def test_a_receipt_leaves_those_of_other_sinks_alone():
    first = with_receipts(memory(), "ops", [Item("new", KEY, f"{AT} 1 3")], NOON)
    assert set(with_receipts(first, "soc", [Item("new", KEY, f"{AT} 1 3")], NOON).findings[KEY].told) == {"ops", "soc"}


def test_a_finding_that_is_forgotten_meanwhile_needs_no_receipt():
    after = with_receipts(LastRun(AT), "soc", [Item("resolved", "gone", f"{AT} 1 3")], NOON)
    assert (after.findings, after.sinks["soc"].last_told) == ({}, iso(NOON))


def test_a_sink_that_was_not_known_is_known_from_its_first_receipt_on():
    assert with_receipts(LastRun(AT), "late", [], NOON).sinks["late"].since == iso(NOON)
    assert with_pending(LastRun(AT), "late", (), NOON).sinks["late"].since == iso(NOON)


@pytest.mark.parametrize("theirs_is_later", [True, False])
def test_of_two_runs_the_later_view_of_a_finding_stays(theirs_is_later):
    older, newer = memory(AT, num=3), memory(LATER, num=9, status="resolved", resolved_at=LATER)
    theirs, ours = (newer, older) if theirs_is_later else (older, newer)
    both = merged_memories(theirs, ours, {}, "us")
    assert both.run_at == LATER
    assert (both.findings[KEY].finding.num, both.findings[KEY].status) == (9, "resolved")


def test_a_sink_is_known_since_it_was_first_known_and_was_told_last_when_either_told_it():
    theirs = LastRun(AT, sinks={"soc": SinkMemory(since=AT, last_told=LATER)})
    ours = LastRun(LATER, sinks={"soc": SinkMemory(since=LATER, last_told=AT)})
    for one, other in ((theirs, ours), (ours, theirs)):
        both = merged_memories(one, other, {}, "us").sinks["soc"]
        assert (both.since, both.last_told) == (AT, LATER)


def test_what_could_not_be_seen_is_remembered_as_the_run_that_told_last_knew_it():
    ours = LastRun(AT, sinks={"soc": SinkMemory(AT, last_told=AT, not_seen={"host": ("old",)})})
    theirs = LastRun(AT, sinks={"soc": SinkMemory(AT, last_told=LATER)})
    assert merged_memories(theirs, ours, {}, "us").sinks["soc"].not_seen == {}
    assert merged_memories(ours, theirs, {}, "us").sinks["soc"].not_seen == {}


def test_a_finding_that_ended_long_ago_stays_while_a_batch_under_way_speaks_of_it():
    ended = iso(NOON - timedelta(days=31))
    old = memory(status="resolved", resolved_at=ended)
    under_way = pruned(old, (), NOON)
    assert KEY in under_way.findings
    idle = old._replace(sinks={"soc": FULL._replace(pending=())})
    assert KEY not in pruned(idle, (), NOON).findings


def test_a_finding_that_ended_long_ago_stays_while_a_sink_is_due_its_end():
    ended = iso(NOON - timedelta(days=31))
    idle = memory(status="resolved", resolved_at=ended)._replace(sinks={"soc": FULL._replace(pending=())})
    believing = with_receipts(idle, "soc", [Item("new", KEY, f"{AT} 1 3")], NOON)
    assert KEY in pruned(believing, (SOC,), NOON).findings
    assert KEY not in pruned(believing, (SOC._replace(send_resolved=False),), NOON).findings


def test_history_has_an_end():
    lines = tuple(RunSummary(f"run-{n}", AT, "compliant", (0,) * 5, 0, 0, 0) for n in range(HISTORY_LENGTH + 5))
    assert pruned(LastRun(AT, history=lines), (), NOON).history == lines[5:]


def test_a_receipt_says_how_many_servers_had_been_seen():
    after = with_receipts(memory(), "soc", [Item("grown", KEY, f"{AT} 1 2 servers=4")], NOON)
    assert after.findings[KEY].told["soc"].servers == 4


def test_a_receipt_names_the_incident_under_which_a_finding_was_told_if_that_is_not_its_own():
    after = with_receipts(memory(), "soc", [Item("new", KEY, f"{AT} 1 3 servers=4 incident=rule-ab")], NOON)
    assert after.findings[KEY].told["soc"] == ("open", 1, 3, iso(NOON), ONE.severity, 4, "rule-ab")
    after = with_receipts(memory(), "soc", [Item("new", KEY, f"{AT} 1 3 incident={KEY}")], NOON)
    assert after.findings[KEY].told["soc"].key == ""


@pytest.mark.parametrize(("mark", "key"), [(f"{AT} 2 9 incident=rule-ab", "rule-ab"), (f"{AT} 2 9", "")])
def test_one_that_only_moved_to_another_incident_is_known_as_it_was_but_for_the_incident(mark, key):
    was = Receipt("open", 1, 3, AT, int(Severity.LOW), 4, "rule-cd")
    moved = memory(num=9, episode=2, told={"soc": was, "ops": was})
    after = with_receipts(moved, "soc", [Item("rekeyed", KEY, mark, "critical")], NOON)
    assert after.findings[KEY].told == {"soc": was._replace(key=key), "ops": was}
