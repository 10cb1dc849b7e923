"""What a run has to send: claimed before, remembered afterwards, whatever another run or the store does."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from handler.clock import Deadline, iso
from handler.errors import StoreConflictError, StoreError
from handler.models import Severity
from handler.notify.notification import Situation
from handler.notify.outbox import (
    LEASE_MARGIN,
    SAVE_AGAIN,
    SAVES,
    Outbox,
    claim,
    keeps,
    remember,
    stateless,
    summarised,
)
from handler.notify.receipts import with_receipts
from handler.notify.send import DeliveryContext
from handler.state.document import decode, encode
from handler.state.memory import (
    HISTORY_LENGTH,
    Batch,
    Item,
    LastRun,
    Receipt,
    Remembered,
    RunSummary,
    SinkMemory,
    place_of,
)
from tests.desk import SOC
from tests.fakes import NOON, TARGET, FakeClock, FakeTransport, MemoryStore, category, finding, report

NEW = Item("new", "telnet-23-tcp-host", f"{iso(NOON)} 1 3")
CHANGE = Batch("change", (NEW,))
HEARTBEAT = Batch("heartbeat", (Item("heartbeat", iso(NOON)), Item("run", "run-1")))


def outbox(*batches: Batch, memory: LastRun | None = None, seconds: float = 30.0) -> Outbox:
    """The outbox of run-1 with these batches for the sink `soc`."""
    clock = FakeClock()
    memory = memory or LastRun(iso(NOON), sinks={"soc": SinkMemory(since=iso(NOON))})
    context = DeliveryContext(FakeTransport([]), Deadline.after(seconds, clock), Random(1))
    made = Outbox(Situation(report(), memory, clock.now()), (SOC,), context, stateful=True)
    made.batches["soc"] = batches
    return made


def saved(store: MemoryStore) -> SinkMemory:
    return decode(store.document).sinks["soc"]


def test_a_claim_names_the_run_and_lasts_until_its_end_and_a_minute():
    store = MemoryStore()
    claim(outbox(CHANGE), store, None)
    (batch,) = saved(store).pending
    assert (batch.delivery_id, batch.items, batch.claimed_by) == ("change", (NEW,), "run-1")
    assert batch.lease_until == iso(NOON + timedelta(seconds=30) + LEASE_MARGIN)


def test_only_what_is_worth_repeating_is_claimed():
    store = MemoryStore()
    claim(outbox(CHANGE, HEARTBEAT), store, None)
    assert [one.delivery_id for one in saved(store).pending] == ["change"]


def test_a_run_that_has_nothing_to_claim_saves_nothing_and_keeps_its_version():
    store = MemoryStore()
    assert claim(outbox(HEARTBEAT), store, "7") == "7"
    assert claim(outbox(), store, "7") == "7"
    assert store.count == 0


def test_a_claim_gives_the_version_to_save_over():
    store = MemoryStore()
    version = claim(outbox(CHANGE), store, None)
    assert store.save(encode(LastRun(iso(NOON))), version) == "2"


def test_a_claim_that_another_run_beat_is_told_as_such():
    store = MemoryStore(encode(LastRun(iso(NOON))), 5)
    with pytest.raises(StoreConflictError):
        claim(outbox(CHANGE), store, "4")


def test_a_state_that_somebody_deleted_before_the_claim_is_a_claim_that_another_run_beat():
    store = MemoryStore()
    with pytest.raises(StoreConflictError):
        claim(outbox(CHANGE, memory=LastRun(iso(NOON))), store, "4")
    assert store.document is None


@pytest.mark.parametrize(
    ("whats", "worth"),
    [
        (("new",), True), (("resolved", "drift"), True), (("heartbeat", "not_seen"), True), (("digest",), True),
        (("heartbeat",), False), (("run",), False), (("drift", "run"), False), ((), False),
    ],
)  # fmt: skip
def test_a_batch_is_worth_repeating_if_anything_in_it_is(whats, worth):
    assert keeps(Batch("id", tuple(Item(what, "x") for what in whats))) is worth


class Flaky(MemoryStore):
    """A store whose first saves raise these errors."""

    def __init__(self, *errors: Exception) -> None:
        super().__init__()
        self.errors = list(errors)

    def save(self, document, version):
        if self.errors:
            raise self.errors.pop(0)
        return super().save(document, version)


def test_one_hiccup_of_the_store_costs_half_a_second():
    store, box = Flaky(StoreError("busy")), outbox(CHANGE)
    claim(box, store, None)
    assert box.clock.slept == [SAVE_AGAIN]
    assert saved(store).pending


def test_a_second_hiccup_is_an_error():
    with pytest.raises(StoreError):
        claim(outbox(CHANGE), Flaky(StoreError("busy"), StoreError("busy")), None)


def test_what_was_told_is_saved_and_is_what_the_run_remembers():
    store, box = MemoryStore(), outbox(CHANGE)
    box.memory = with_receipts(box.memory, "soc", [Item("exemption", "lifts", "2026-12-01 ended")], NOON)
    remember(box, store, None)
    assert saved(store) == box.memory.sinks["soc"]
    assert box.problems == []


def test_what_another_run_wrote_meanwhile_is_kept_beside_ours():
    store, box = MemoryStore(), outbox()
    theirs = LastRun(iso(NOON), sinks={"other": SinkMemory(since=iso(NOON), drift=("theirs",))})
    store.save(encode(theirs), None)
    remember(box, store, None)
    assert set(decode(store.document).sinks) == {"soc", "other"}
    assert set(box.memory.sinks) == {"soc", "other"}


def test_batches_that_this_run_settled_do_not_come_back_from_another_run():
    store, box = MemoryStore(), outbox()
    box.settled["soc"] = {"change"}
    store.save(encode(LastRun(iso(NOON), sinks={"soc": SinkMemory(iso(NOON), pending=(CHANGE, HEARTBEAT))})), None)
    remember(box, store, None)
    assert [one.delivery_id for one in saved(store).pending] == ["heartbeat"]


def test_a_state_that_somebody_deleted_meanwhile_is_written_anew():
    class Deleted(MemoryStore):
        """A store whose document vanishes at the first save."""

        def save(self, document, version):
            if version == "1":
                self.document = None
                raise StoreConflictError("it is gone")
            return super().save(document, version)

    store, box = Deleted(encode(LastRun(iso(NOON))), 1), outbox()
    box.memory = with_receipts(box.memory, "soc", [Item("drift", "key x")], NOON)
    remember(box, store, "1")
    assert saved(store).drift == ("key x",)
    assert box.problems == []


def test_a_store_that_never_takes_it_is_a_problem_with_advice():
    box = outbox()
    remember(box, Flaky(*[StoreConflictError("faster")] * SAVES), None)
    (problem,) = box.problems
    assert f"{SAVES} times" in problem.message
    assert problem.hint == StoreError.hint


def test_a_store_that_cannot_be_written_is_a_problem_and_no_error():
    box = outbox()
    remember(box, Flaky(StoreError("the disk is full"), StoreError("the disk is full")), None)
    assert "the disk is full" in box.problems[0].message


def test_without_a_state_a_finding_is_as_old_as_it_says_or_as_the_run():
    known, fresh = finding(num=5), finding(port=80, first_seen=None)
    memory = stateless(report(known, fresh))
    old, young = (memory.findings[one.fingerprint] for one in (known, fresh))
    assert (old.first_seen, young.first_seen) == (known.first_seen, report().started_at)
    assert {one.last_seen for one in (old, young)} == {one.opened_at for one in (old, young)} == {report().started_at}
    assert (old.base_num, old.status, memory.began_at, memory.place) == (5, "open", "", "")


def test_a_line_of_history_counts_findings_by_severity_worst_first_ports_seconds_and_calls():
    found = [
        finding(port=number, severity=severity)
        for number, severity in enumerate(
            [Severity.CRITICAL] * 1
            + [Severity.HIGH] * 2
            + [Severity.MEDIUM] * 3
            + [Severity.LOW] * 4
            + [Severity.INFO] * 5
        )
    ]
    cover = (category(total_num=40, api_calls=3), category(name="container", total_num=None, api_calls=4))
    clock = FakeClock(NOON + timedelta(seconds=7.9))
    (line,) = summarised(LastRun(iso(NOON)), report(*found, coverage=cover), clock).history
    assert line == RunSummary("run-1", iso(NOON), "violations", (1, 2, 3, 4, 5), 40, 7, 7)


def test_where_a_total_is_not_known_the_rows_count_as_ports():
    rows = report().coverage[0].rows
    cover = (category(rows, total_num=None), category(rows, name="container", total_num=0))
    (line,) = summarised(LastRun(iso(NOON)), report(coverage=cover), FakeClock()).history
    assert line.ports == len(rows)


def test_a_clock_that_was_set_back_makes_no_run_shorter_than_nothing():
    (line,) = summarised(LastRun(iso(NOON)), report(), FakeClock(NOON - timedelta(hours=1))).history
    assert line.seconds == 0


def test_the_history_keeps_the_last_runs():
    lines = tuple(RunSummary(f"run-{n}", iso(NOON), "compliant", (0,) * 5, 0, 0, 0) for n in range(HISTORY_LENGTH))
    after = summarised(LastRun(iso(NOON), history=lines), report(run_id="now"), FakeClock()).history
    assert (len(after), after[0].run_id, after[-1].run_id) == (HISTORY_LENGTH, "run-1", "now")


def test_since_when_something_is_not_seen_is_kept_while_it_is_not():
    earlier = "2026-11-20T00:00:00Z"
    blind = LastRun(iso(NOON), blind_since={"host": earlier, "container": earlier})
    cover = (category(complete=False), category(name="container"))
    after = summarised(blind, report(coverage=cover, verdict="inconclusive"), FakeClock())
    assert after.blind_since == {"host": earlier}
    assert summarised(LastRun(iso(NOON)), report(coverage=cover), FakeClock()).blind_since == {"host": iso(NOON)}


@pytest.mark.parametrize(
    ("hours", "previous", "gap"),
    [
        (5, "2026-11-22T07:00:00Z", ("2026-11-22T07:00:00Z", iso(NOON), "5")),
        (None, "2026-11-22T07:00:00Z", ("a", "b", "9")),
        (None, None, ("a", "b", "9")),
    ],
)
def test_the_last_time_without_runs_is_remembered(hours, previous, gap):
    now = report(gap_hours=hours, previous_run_at=previous)
    assert summarised(LastRun(iso(NOON), gap=("a", "b", "9")), now, FakeClock()).gap == gap


def test_what_ended_long_ago_is_forgotten_when_nobody_is_due_its_end():
    long_ago = iso(NOON - timedelta(days=31))
    ended = Remembered(finding(), long_ago, long_ago, long_ago, status="resolved", resolved_at=long_ago)
    due = ended._replace(told={"soc": Receipt("open", 1, 3, long_ago)})
    for record, kept in ((ended, False), (due, True)):
        store, memory = MemoryStore(), LastRun(iso(NOON), findings={"f": record}, sinks={"soc": SinkMemory(iso(NOON))})
        box = outbox(memory=memory)
        remember(box, store, None)
        assert bool(decode(store.document).findings) is kept


OTHER = TARGET._replace(project_id="other")
ELSEWHERE = LastRun(iso(NOON), place=place_of(OTHER), target=tuple(OTHER))


class Busy(MemoryStore):
    """A store in which another place is written just before each of our first saves."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times, self.asked = times, 0

    def save(self, document, version):
        self.asked += 1
        if self.times:
            self.times -= 1
            _, latest = self.load()
            super().save(encode(ELSEWHERE), latest)
        return super().save(document, version)


def first_run() -> Outbox:
    """The outbox of the first run of a place."""
    return outbox(CHANGE, memory=LastRun(iso(NOON), place=place_of(TARGET)))


@pytest.mark.parametrize("times", [1, SAVES - 1])
def test_a_claim_stands_beside_what_was_written_of_other_places_meanwhile(times):
    store, box = Busy(times), first_run()
    assert claim(box, store, None) == str(times + 1)
    assert decode(store.document).sinks["soc"].pending
    assert list(decode(store.document).others) == [ELSEWHERE.place]
    assert store.asked == times + 1


def test_a_claim_is_given_up_after_five_that_were_beaten():
    store = Busy(99)
    with pytest.raises(StoreConflictError):
        claim(first_run(), store, None)
    assert store.asked == SAVES


def test_after_a_hiccup_the_same_version_is_saved_over():
    store, box = Flaky(StoreError("busy")), outbox(CHANGE)
    store.document, store.count = encode(LastRun(iso(NOON))), 7
    assert claim(box, store, "7") == "8"


def test_where_nothing_could_be_saved_the_version_stays_what_it_was():
    assert remember(outbox(), Flaky(StoreError("full"), StoreError("full")), "7") == "7"
    assert remember(outbox(), Flaky(*[StoreConflictError("faster")] * SAVES), "7") == "7"


def test_what_this_run_still_claims_stays_claimed_beside_what_another_run_wrote():
    mine = CHANGE._replace(claimed_by="run-1")
    store, box = MemoryStore(), outbox(memory=LastRun(iso(NOON), sinks={"soc": SinkMemory(iso(NOON), pending=(mine,))}))
    store.save(encode(LastRun(iso(NOON), sinks={"soc": SinkMemory(iso(NOON))})), None)
    remember(box, store, None)
    assert saved(store).pending == (mine,)


def test_without_a_state_the_memory_is_of_this_run():
    assert stateless(report(finding())).run_at == report().started_at


@pytest.mark.parametrize(("host", "remembered"), [("hss.example", TARGET), ("", OTHER)])
def test_the_memory_is_of_the_target_that_was_asked_and_stays_of_the_last_one_where_none_could_be(host, remembered):
    after = summarised(ELSEWHERE, report(target=TARGET._replace(host=host)), FakeClock())
    assert after.target == tuple(remembered._replace(host=host or remembered.host))
