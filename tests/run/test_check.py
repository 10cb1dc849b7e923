"""Gather, decide, act: what a run makes of a state that is there, gone, damaged or cannot be reached."""

import io
from datetime import timedelta

import pytest

from handler.clock import iso
from handler.errors import PolicyError, StoreDamagedError, StoreError
from handler.logs import set_up
from handler.models import Problem, Row, Target
from handler.models.delivery import Delivery
from handler.notify.dispatch import Dispatched
from handler.policy.rules import Policy, Rule
from handler.ports import PortSet
from handler.run.check import check_target, load_state, with_skipped
from handler.run.conclude import run_failure
from handler.run.job import Adapters, Job
from handler.run.targets import RunRequest, prepare
from handler.run.walk import check_targets
from handler.run.wiring import Wiring
from tests.fakes import NOON, TARGET, FakeClock, MemoryStore, category, snapshot
from tests.world import World

POLICY = Policy("p", "sha256:0", (Rule("telnet", "ports", ports=PortSet.of_ports([23])),))
SEEN = snapshot(category([Row(23, "tcp", 3)]))


class FakeNotifier:
    """Tells nobody, remembers what it was given, and saves it as the real one does."""

    def __init__(self, problems=(), warnings=()):
        self.given = []
        self.problems, self.warnings = problems, warnings

    def __call__(self, report, compared, store, version):
        self.given.append((report, compared))
        if store is not None and compared is not None:
            from handler.state.document import encode

            store.save(encode(compared.last_run), version)
        return Dispatched(
            (Delivery("s", "generic", "delivered"),),
            compared.last_run if compared else None,
            self.problems,
            self.warnings,
        )


class BrokenStore:
    def __init__(self, error):
        self.error = error

    def load(self):
        raise self.error

    def save(self, document, version):
        return "1"


def job(**other):
    known = {"run_id": "r", "started_at": NOON, "policy": POLICY, "target": TARGET, "categories": ("host",)}
    return Job(**(known | other))


def check(store=None, seen=SEEN, **other):
    notifier = FakeNotifier()
    report = check_target(job(**other), Adapters(lambda _: seen, notifier, FakeClock(), store))
    return report, notifier


def test_where_nobody_is_to_be_told_the_report_is_the_same_but_for_deliveries():
    report = check_target(job(), Adapters(lambda _: SEEN, None, FakeClock()))
    assert (report.verdict, report.deliveries, report.problems) == ("violations", (), ())
    assert report.finished_at


def test_without_a_state_there_are_no_changes():
    report, notifier = check()
    assert (report.changes, notifier.given[0][1]) == (None, None)
    assert report.findings[0].first_seen is None


def test_with_a_state_the_second_run_knows_the_first():
    store = MemoryStore()
    first, _ = check(store)
    second, _ = check(store, started_at=NOON + timedelta(hours=1))
    assert first.changes.new == second.changes.ongoing
    assert second.findings[0].first_seen == "2026-11-22T12:00:00Z"
    assert second.previous_run_at == "2026-11-22T12:00:00Z"


@pytest.mark.parametrize(("hours", "gap"), [(2, None), (3, 3)])
def test_a_run_that_comes_late_says_so(hours, gap):
    store = MemoryStore()
    interval = timedelta(hours=1)
    check(store, run_interval=interval)
    report, _ = check(store, started_at=NOON + timedelta(hours=hours), run_interval=interval)
    assert report.gap_hours == gap
    assert any("no run for 3 h" in warning for warning in report.warnings) is (gap is not None)


@pytest.mark.parametrize(
    ("seen", "gap", "before"),
    [(-1, 5, 0), (0, 5, 0), (1, 4, 1), (2, 3, 2), (3, None, 3), (4, None, 4), (6, None, 6)],
)
def test_a_run_that_the_index_alone_knows_of_is_a_run(seen, gap, before):
    store, hour = MemoryStore(), timedelta(hours=1)
    check(store, run_interval=hour)
    at = iso(NOON + seen * hour)
    report, _ = check(store, started_at=NOON + 5 * hour, run_interval=hour, seen_at=at)
    assert (report.gap_hours, report.previous_run_at) == (gap, iso(NOON + before * hour))
    words = f"no run for {gap} h, or none that could save its state"
    assert [one for one in report.warnings if one.startswith("no run for")] == ([words] if gap else [])


def test_without_a_previous_state_the_index_tells_of_no_gap():
    report, _ = check(MemoryStore(), run_interval=timedelta(hours=1), seen_at=iso(NOON - timedelta(days=9)))
    assert (report.gap_hours, report.previous_run_at) == (None, None)


def test_a_damaged_state_counts_everything_as_new_and_says_so():
    report, _ = check(BrokenStore(StoreDamagedError("the state's checksum does not fit")))
    assert len(report.changes.new) == 1
    assert "no previous state" in report.warnings[-1]


def test_a_state_that_cannot_be_read_is_not_written_either():
    state = load_state(BrokenStore(StoreError("refused")))
    assert (state.store, state.configured) == (None, True)
    report, _ = check(BrokenStore(StoreError("refused")))
    assert "nothing will be saved" in report.warnings[-1]


def test_an_incomplete_run_resolves_nothing():
    store = MemoryStore()
    check(store)
    blind = snapshot(category([], complete=False, total_num=None))
    report, _ = check(store, seen=blind)
    assert (report.verdict, report.changes.resolved) == ("inconclusive", ())
    assert [past.because for past in report.changes.unseen] == ["unseen"]


def test_skipped_categories_are_named_and_their_findings_are_unseen():
    store = MemoryStore()
    check(store)
    report, _ = check(store, seen=snapshot(category(name="container")), categories=("container",), skipped=("host",))
    assert [(c.category, c.plan) for c in report.coverage] == [("container", "pages"), ("host", "skipped")]
    assert len(report.changes.unseen) == 1
    assert report.verdict == "compliant"


def test_nothing_asked_is_inconclusive_with_a_reason():
    report, _ = check(seen=snapshot())
    assert report.verdict == "inconclusive"
    assert "no category was asked" in str(report.problems[0])


def test_hosts_are_looked_up_for_findings_only():
    asked = []

    def hosts(job, findings):
        asked.append(findings)
        return findings, ("no servers named",)

    notifier = FakeNotifier()
    report = check_target(job(), Adapters(lambda _: SEEN, notifier, FakeClock(), hosts=hosts))
    assert (len(asked), report.warnings[-1]) == (1, "no servers named")
    check_target(job(), Adapters(lambda _: snapshot(category()), notifier, FakeClock(), hosts=hosts))
    assert len(asked) == 1


def test_a_failure_before_the_run_is_inconclusive_and_resolves_nothing():
    store = MemoryStore()
    check(store)
    notifier = FakeNotifier()
    report = run_failure(
        "r", NOON, Target(), PolicyError(["p.yaml:1:1: broken", "p.yaml:2:1: too"]), notifier, load_state(store)
    )
    assert (report.verdict, len(report.problems)) == ("inconclusive", 2)
    assert [past.because for past in report.changes.unseen] == ["unseen"]
    later, _ = check(store)
    assert len(later.changes.ongoing) == 1


def test_skipped_categories_do_not_touch_the_snapshot():
    assert with_skipped(SEEN, ()) == SEEN


def test_what_is_not_as_documented_is_said_once_when_it_changes_and_all_else_each_time():
    store = MemoryStore()
    seen = snapshot(
        category(
            [Row(23, "tcp", 3)],
            warnings=("drift: $.a: x (2 times)", "tolerated (VALIDATION=warn): y", "HSS sees no port"),
        )
    )
    more = snapshot(category([Row(23, "tcp", 3)], warnings=("drift: $.a: x", "drift: $.b: z")))
    assert [check(store, seen)[0].warnings for _ in range(2)] == [
        seen.categories[0].warnings,
        seen.categories[0].warnings[2:],
    ]
    assert check(store, more)[0].warnings == ("drift: $.b: z",)
    assert check(None, more)[0].warnings == more.categories[0].warnings


def test_what_went_wrong_while_telling_is_in_the_report():
    lost = Problem("what was told could not be remembered")
    notifier = FakeNotifier((lost,), ("the state is large",))
    report = check_target(job(), Adapters(lambda _: SEEN, notifier, FakeClock()))
    assert (report.problems, report.warnings) == ((lost,), ("the state is large",))
    assert report.deliveries == (Delivery("s", "generic", "delivered"),)


def failed(store, notifier):
    error = PolicyError("p.yaml:1:1: broken")
    return run_failure("r", NOON, Target(), error, notifier, load_state(store))


def test_a_failure_with_an_empty_state_is_told_and_remembered():
    store, notifier = MemoryStore(), FakeNotifier((Problem("telling went wrong"),))
    report = failed(store, notifier)
    assert (report.verdict, report.changes.unseen) == ("inconclusive", ())
    assert report.deliveries == (Delivery("s", "generic", "delivered"),)
    assert [str(problem) for problem in report.problems] == ["p.yaml:1:1: broken", "telling went wrong"]
    assert notifier.given[0][1].previous_run_at is None
    assert load_state(store).last_run.began_at == "2026-11-22T12:00:00Z"


def test_a_failure_without_a_state_compares_with_nothing():
    notifier = FakeNotifier()
    assert failed(None, notifier).changes is None
    assert notifier.given[0][1] is None


def test_a_failure_whose_state_cannot_be_read_says_that_it_was_lost():
    notifier = FakeNotifier()
    failed(BrokenStore(StoreError("refused")), notifier)
    assert notifier.given[0][1].last_run.lost


def break_down(*_):
    raise RuntimeError("what it was about may hold anything")


def test_a_fault_of_our_own_is_told_as_inconclusive_with_its_place():
    notifier, store = FakeNotifier(), MemoryStore()
    check_target(job(), Adapters(lambda _: SEEN, notifier, FakeClock(), store))
    report = check_target(job(run_id="r2"), Adapters(break_down, notifier, FakeClock(), store))
    assert (report.verdict, len(report.deliveries)) == ("inconclusive", 1)
    assert report.problems[0].message.startswith("internal error RuntimeError at run/check.py:")
    assert (len(report.changes.unseen), report.changes.resolved) == (1, ())
    assert "anything" not in str(report)


def test_a_fault_while_telling_is_a_problem_and_not_an_exception():
    report = check_target(job(), Adapters(lambda _: SEEN, break_down, FakeClock()))
    assert (report.verdict, len(report.findings)) == ("inconclusive", 1)
    assert "internal error RuntimeError" in report.problems[-1].message


def test_a_state_that_breaks_the_reader_is_a_state_that_cannot_be_read():
    state = load_state(BrokenStore(RuntimeError("x")))
    assert (state.configured, state.store) == (True, None)
    assert "no previous state: internal error RuntimeError" in state.trouble


def test_a_fault_of_our_own_has_one_log_line():
    stream = io.StringIO()
    set_up("info", "json", stream)
    check_target(job(), Adapters(break_down, FakeNotifier(), FakeClock()))
    (line,) = stream.getvalue().splitlines()
    assert "internal error RuntimeError at run/check.py:" in line
    assert '"target": "prod"' in line


def test_a_target_that_breaks_hides_no_other(tmp_path):
    world = World(root=tmp_path)
    place = f"cloud: otc, region: eu-de, project_id: {world.simulator.options.project_id}"
    (tmp_path / "targets.yaml").write_text(f"targets:\n  - {{name: a, {place}}}\n  - {{name: b, {place}}}\n")
    wiring = Wiring(world.context(TARGETS_CONFIG="targets.yaml", HSS_CALLS_PER_MINUTE="0"))
    run = prepare(wiring, RunRequest())
    broken = run.targets[0].client._replace(transport=break_down)
    run = run._replace(targets=(run.targets[0]._replace(client=broken), run.targets[1]))
    reports = check_targets(run, wiring, 60).reports
    assert [report.verdict for report in reports] == ["inconclusive", "violations"]
