"""Receipts: what a sink that was told something is remembered to know, and of two runs the whole of both."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handler.clock import iso
from handler.models import Severity
from handler.notify.incidents import INCIDENT
from handler.notify.receipts import (
    MOST_REASONS,
    busy,
    merged_memories,
    mirrored,
    pruned,
    with_pending,
    with_presumed,
    with_receipts,
)
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
        (Item("drift", "key y"), {"drift": ("key x", "key y")}),
        (Item("heartbeat", AT), {}),
        (Item("digest", AT), {}),
        (Item("run", "run-1"), {}),
    ],
)  # fmt: skip
def test_each_item_changes_its_own_part_of_what_is_remembered_and_the_time(item, changed):
    assert told(item) == FULL._replace(last_told=iso(NOON), **changed)


@pytest.mark.parametrize(
    ("item", "known", "transition"),
    [
        (Item("new", KEY, f"{AT} 1 3", "low"), None, "open"),
        (Item("reopened", KEY, f"{AT} 2 3", "low"), Receipt("resolved", 1, 3, AT, 3), "open"),
        (Item("raised", KEY, f"{AT} 1 3 low {AT}", "low"), None, "open"),
        (Item("resolved", KEY, f"{AT} 1 3", "closed"), Receipt("open", 1, 3, AT, 1), "same"),
        (Item("resolved", KEY, f"{AT} 1 3", "closed"), None, "same"),
        (Item("missed", KEY, f"{AT} 1 3", "closed"), None, "same"),
        (Item("new", "forgotten", f"{AT} 1 3", "low"), None, "same"),
    ],
)
def test_of_what_a_mirror_may_have_taken_what_ends_is_still_due(item, known, transition):
    before = memory(told={} if known is None else {"soc": known})
    after = with_presumed(before, "soc", [item], NOON)
    assert after.sinks == before.sinks
    if transition == "same":
        assert after == before
    else:
        assert after == with_receipts(before, "soc", [item], NOON)._replace(sinks=before.sinks)
        assert after.findings[KEY].told["soc"].transition == transition


def test_of_a_move_that_a_mirror_may_have_taken_both_severities_may_fire_until_it_takes_one():
    """Before, a severity that moved back, or ended, after a lost answer went on firing under the one between."""
    known = memory(told={"soc": Receipt("open", 1, 3, AT, Severity.LOW), "ops": Receipt("open", 1, 3, AT, 1)})
    after, also = known, []
    for word in ("critical", "medium", "low", "low"):
        after = with_presumed(after, "soc", [Item("raised", KEY, f"{AT} 1 3 x {AT}", word)], NOON)
        also.append(after.findings[KEY].told["soc"].also)
    assert also == [
        (Severity.LOW,),
        (Severity.LOW, Severity.CRITICAL),
        (Severity.CRITICAL, Severity.MEDIUM),
        (Severity.CRITICAL, Severity.MEDIUM),
    ]
    assert after.findings[KEY].told["soc"].severity == Severity.LOW
    taken = mirrored(after, "soc").findings[KEY].told
    assert taken == {"soc": after.findings[KEY].told["soc"]._replace(also=()), "ops": known.findings[KEY].told["ops"]}
    assert mirrored(known, "soc") is known


def test_what_a_mirror_may_have_heard_is_not_seen_is_seen_again_there():
    named = memory()._replace(target=("prod",))
    items = (Item("not_seen", "host", "timeout"), Item("seen_again", "container"), Item("drift", "key y"))
    after = with_presumed(named, "soc", items, NOON)
    reasons = {**FULL.not_seen, "host": ("page # is missing", "timeout")}
    assert after.sinks["soc"] == FULL._replace(not_seen=reasons)
    assert with_presumed(named, "am", items, NOON).sinks["am"] == SinkMemory(
        since=iso(NOON), not_seen={"host": ("timeout",)}
    )


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
    assert after.findings[KEY].told["soc"] == (transition, 1, 2, iso(NOON), ONE.severity, None, "", ())


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


def test_a_sink_is_remembered_to_know_the_target_by_the_name_of_the_run_that_told_it_last():
    before, after = (
        with_receipts(memory()._replace(target=(name,)), "soc", [], now)
        for name, now in (("old", NOON), ("new", NOON + timedelta(hours=1)))
    )
    assert [one.sinks["soc"].told_as for one in (before, after)] == [("old",), ("new",)]
    for one, other in ((before, after), (after, before)):
        assert merged_memories(one, other, {}, "us").sinks["soc"].told_as == ("new",)


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


def test_that_a_rule_begins_soon_is_remembered_by_its_stage():
    assert told(Item("announced", "no-ftp", "2026-12-01 14")) == FULL._replace(
        last_told=iso(NOON), announced={"no-ftp": "2026-12-01 14"}
    )
    after = with_receipts(memory(), "soc", [Item("announced", "a", "1"), Item("announced", "b", "2")], NOON)
    assert after.sinks["soc"].announced == {"a": "1", "b": "2"}


def test_of_two_runs_what_either_told_of_rules_that_begin_soon_is_kept_and_the_later_stage():
    ours, theirs = memory(), memory()
    ours = ours._replace(sinks={"soc": FULL._replace(last_told=LATER, announced={"a": "1", "b": "14"})})
    theirs = theirs._replace(sinks={"soc": FULL._replace(announced={"a": "14", "c": "14"})})
    for one, other in ((ours, theirs), (theirs, ours)):
        assert merged_memories(one, other, {}, "run").sinks["soc"].announced == {"a": "1", "b": "14", "c": "14"}


def test_a_receipt_that_moves_to_another_incident_keeps_all_but_its_key():
    receipt = Receipt("open", 1, 3, AT, 3, 2, "old")
    known = memory(told={"soc": receipt})
    incident = Item("rekeyed", KEY, f"{LATER} 1 9 {INCIDENT}new")
    assert with_receipts(known, "soc", [incident], NOON).findings[KEY].told["soc"] == receipt._replace(key="new")


def test_a_receipt_names_the_incident_where_that_is_another_than_its_own():
    for incident, key in (("other", "other"), (KEY, "")):
        item = Item("new", KEY, f"{AT} 1 3 {INCIDENT}{incident}")
        assert with_receipts(memory(), "soc", [item], NOON).findings[KEY].told["soc"].key == key


def test_a_mark_with_an_empty_part_is_read_by_its_places():
    item = Item("flapping", KEY, f"{AT} 1 3 {AT} ")
    receipt = with_receipts(memory(), "soc", [item], NOON).findings[KEY].told["soc"]
    assert (receipt.episode, receipt.num, receipt.transition) == (1, 3, "flapping")


@pytest.mark.parametrize(
    ("known", "run_id", "is_it"),
    [
        (FULL, "run-1", False),
        (FULL._replace(pending=(Batch("id", (), "run-2", LATER),)), "run-1", True),
        (FULL._replace(pending=(Batch("id", (), "run-2", LATER),)), "run-2", False),
        (FULL._replace(pending=(Batch("id", (), "run-2", iso(NOON)),)), "run-1", False),
    ],
)
def test_another_run_is_telling_a_sink_while_its_lease_lasts(known, run_id, is_it):
    assert busy(known, run_id, NOON) is is_it


def test_of_two_runs_that_began_at_once_ours_saw_last_and_a_sink_that_was_told_knows_more_than_one_that_was_not():
    ours, theirs = memory(num=4), memory(num=5)
    assert merged_memories(theirs, ours, {}, "run").findings[KEY].finding.num == 4
    untold = ours._replace(sinks={"soc": FULL._replace(last_told=None, not_seen={})})
    for one, other in ((untold, theirs), (theirs, untold)):
        assert merged_memories(one, other, {}, "run").sinks["soc"].not_seen == FULL.not_seen
