"""What each sink is owed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from handler.clock import iso
from handler.decide.diff import compare
from handler.models import (
    AnnouncedFinding,
    Evaluation,
    ExemptedFinding,
    ExemptionNotice,
    Problem,
    Row,
    Secret,
    Severity,
)
from handler.models.listeners import Host
from handler.notify.due import due_batch
from handler.notify.notification import Situation, notification_of
from handler.notify.receipts import pruned, with_receipts
from handler.policy.rules import Policy, Rule
from handler.ports import PortSet
from handler.report.json_v1 import report_dict
from handler.sinks.kinds import SINK_KINDS
from handler.sinks.sink import Match, Sink
from handler.sinks.text.lines import readable_time
from handler.state.memory import LastRun, SinkMemory
from tests.fakes import NOON, TARGET, category, finding, report

POLICY = Policy("p", "sha256:1", (Rule("telnet", "ports", ports=PortSet(((1, 10000),))),))
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SOC = Sink("soc", SINK_KINDS["slack"], Secret("https://soc.example/"))
TELNET = "telnet-23-tcp-host"


class Story:
    """Runs, one after the other, told to one sink (`accepts`: whether it takes what it is sent)."""

    def __init__(self, sink: Sink = SOC, *, chat: bool = True) -> None:
        self.sink = sink._replace(kind=sink.kind._replace(chat=chat))
        self.now = NOON
        self.memory: LastRun | None = None
        self.policy = POLICY

    def run(self, *findings, after=HOUR, accepts=True, cover=None, unreadable=False, **other):
        """What the sink is sent after these findings: (what, key) each; None for nothing."""
        self.now += after
        cover = cover or category()
        evaluation = Evaluation(findings, coverage=(cover,))
        compared = compare(evaluation, self.memory, self.policy, self.now, unreadable=unreadable)
        known = SinkMemory(since=iso(self.now))
        self.memory = compared.last_run._replace(sinks={self.sink.name: known, **compared.last_run.sinks})
        verdict = "violations" if findings else "compliant"
        verdict = verdict if cover.complete or cover.plan == "skipped" else "inconclusive"
        self.report = report(*compared.findings, verdict=verdict, coverage=(cover,), **other)
        self.batch = due_batch(self.sink, self.report, self.memory, self.now)
        if self.batch is None:
            return None
        self.notice = notification_of(self.batch, self.sink, Situation(self.report, self.memory, self.now))
        if accepts:
            self.memory = with_receipts(self.memory, self.sink.name, self.batch.items, self.now)
        return [(item.what, item.key) for item in self.batch.items if item.what != "digest"]


def port(number=23, num=3, **other):
    return finding(port=number, num=num, **other)


def test_a_change_is_told_once():
    story = Story()
    assert story.run(port()) == [("new", TELNET)]
    assert story.run(port()) is None
    assert story.run() == [("resolved", TELNET)]
    assert story.run() is None
    assert story.run(port()) == [("reopened", TELNET)]


def test_what_was_not_accepted_stays_owed():
    story = Story()
    story.run(port(), accepts=False)
    assert story.run(port(80)) == [("missed", TELNET), ("new", "telnet-80-tcp-host")]


def test_growth_is_measured_against_what_this_sink_was_told():
    story = Story()
    story.run(port(num=3))
    assert story.run(port(num=5)) is None
    assert story.run(port(num=6), accepts=False) == [("grown", TELNET)]
    assert story.run(port(num=6)) == [("grown", TELNET)]
    assert story.run(port(num=11)) is None


def test_one_that_opened_and_closed_while_it_could_not_be_told_is_said_in_a_note():
    story = Story()
    story.run(port(80))
    story.run(port(80), port(), accepts=False)
    assert story.run(port(80)) == [("missed", TELNET)]
    assert story.notice.notes[0].startswith("opened and closed while nothing could be told here: 23/tcp (telnet, ")
    assert story.run(port(80)) is None


def test_a_sink_that_was_added_later_does_not_hear_of_what_closed_before():
    story = Story()
    story.run(port())
    story.run()
    story.sink = SOC._replace(name="late")
    assert story.run() is None


def test_a_sink_that_was_added_later_hears_of_all_that_is_open():
    story = Story()
    story.run(port())
    story.sink = SOC._replace(name="late")
    assert story.run(port()) == [("new", TELNET)]


def test_resolved_is_not_told_where_it_is_not_wanted_but_reopened_is():
    story = Story(SOC._replace(send_resolved=False))
    story.run(port())
    assert story.run() is None
    assert story.run(port()) == [("reopened", TELNET)]


@pytest.mark.parametrize(
    ("sink", "told"),
    [
        (SOC._replace(min_severity=Severity.CRITICAL), True),
        (SOC._replace(match=Match(tags=("remote-access", "x"))), True),
        (SOC._replace(match=Match(tags=("x",))), False),
        (SOC._replace(match=Match(categories=("host",))), True),
        (SOC._replace(match=Match(categories=("container",))), False),
        (SOC._replace(match=Match(targets=("prod",))), True),
        (SOC._replace(match=Match(targets=("test",))), False),
    ],
)
def test_findings_are_routed(sink, told):
    assert (Story(sink).run(port()) is not None) is told


def test_where_a_target_is_no_longer_routed_only_the_end_of_what_was_told_is():
    """Before, whoever had heard of a finding never heard of its end once `match.targets` had left its target out."""
    story = Story()
    story.run(port(), cover=category(complete=False, problems=(Problem("HTTP 403"),)))
    story.sink = SOC._replace(match=Match(targets=("test",)), send="always", heartbeat=HOUR, remind_after=HOUR)
    assert story.run(port(num=9), port(80), cover=category(complete=False, problems=(Problem("gone"),))) is None
    assert story.run(port(), port(80)) == [("seen_again", "host")]
    assert story.run(port(80)) == [("resolved", TELNET)]
    assert story.notice.ongoing == (), "nor is the other one shown"
    assert story.run() is None


def test_below_the_least_severity_nothing_is_told():
    assert Story(SOC._replace(min_severity=Severity.CRITICAL)).run(port(severity=Severity.HIGH)) is None


def test_a_finding_that_is_lowered_below_what_a_sink_hears_of_ends_for_it_once():
    story = Story(SOC._replace(min_severity=Severity.HIGH))
    story.run(port())
    assert story.run(port(severity=Severity.LOW)) == [("resolved", TELNET)]
    assert story.notice.ended_because(story.notice.resolved[0]) == "lowered"
    assert story.run(port(severity=Severity.LOW)) is None
    assert story.run() is None


def test_one_that_ended_for_a_sink_and_is_raised_again_is_told_as_raised():
    story = Story(SOC._replace(min_severity=Severity.HIGH))
    story.run(port())
    story.run(port(severity=Severity.LOW))
    assert story.run(port(severity=Severity.HIGH)) == [("raised", TELNET)]
    assert story.run() == [("resolved", TELNET)]
    assert story.notice.ended_because(story.notice.resolved[0]) == "closed"


def test_a_severity_that_moves_is_told_once_each_way_with_what_it_was():
    story = Story()
    story.run(port(severity=Severity.MEDIUM))
    assert story.run(port(severity=Severity.CRITICAL), accepts=False) == [("raised", TELNET)]
    owed = story.batch.delivery_id
    assert story.run(port(severity=Severity.CRITICAL)) == [("raised", TELNET)]
    assert (story.batch.delivery_id, story.notice.before[TELNET].severity) == (owed, Severity.MEDIUM)
    assert story.run(port(severity=Severity.CRITICAL)) is None
    assert story.run(port(severity=Severity.LOW)) == [("lowered", TELNET)]
    assert story.run(port(severity=Severity.LOW)) is None


def test_one_that_a_sink_did_not_hear_of_until_it_was_raised_is_not_new_to_it():
    story = Story(SOC._replace(min_severity=Severity.HIGH))
    assert story.run(port(severity=Severity.LOW)) is None
    assert story.run(port(severity=Severity.CRITICAL)) == [("raised", TELNET)]
    assert story.notice.before[TELNET].severity == Severity.LOW


def test_what_a_rule_newly_forbids_is_not_new():
    story = Story()
    story.run()
    story.policy = POLICY._replace(rules=(*POLICY.rules, Rule("rdp", "ports", ports=PortSet(((3389, 3389),)))))
    assert story.run(finding("rdp", 3389)) == [("newly_forbidden", "rdp-3389-tcp-host")]


def test_open_again_says_when_it_had_closed():
    story = Story()
    story.run(port())
    story.run(after=DAY)
    closed = iso(story.now)
    story.run(port(), after=3 * DAY)
    assert (story.notice.before[TELNET].ended_at, story.notice.before[TELNET].because) == (closed, "closed")


def test_a_reminder_comes_when_it_is_due_and_again_after_as_long():
    story = Story(SOC._replace(remind_after=7 * DAY))
    story.run(port())
    assert story.run(port(), after=7 * DAY - HOUR) is None
    first = (story.run(port()), story.batch.delivery_id)
    assert first[0] == [("reminded", TELNET)]
    assert story.run(port()) is None
    assert story.run(port(), after=7 * DAY) == [("reminded", TELNET)]
    assert story.batch.delivery_id != first[1]


def test_a_heartbeat_comes_only_when_nothing_else_was_said_for_so_long():
    story = Story(SOC._replace(heartbeat=7 * DAY))
    assert story.run() is None
    assert story.run(port(), after=6 * DAY) == [("new", TELNET)]
    assert story.run(port(), after=6 * DAY) is None
    assert [what for what, _ in story.run(port(), after=DAY)] == ["heartbeat", "run"]
    assert story.notice.heartbeat
    assert [one.fingerprint for one in story.notice.ongoing] == [TELNET]


def test_a_clock_that_was_ahead_silences_nobody_for_as_long():
    """Before, a message at a time a year ahead was the last reminder, heartbeat or word of flapping for a year."""
    story = Story(SOC._replace(remind_after=DAY, heartbeat=DAY))
    story.run(port(), after=365 * DAY)
    assert story.run(port(), after=-365 * DAY) == [("reminded", TELNET)]
    assert story.run(port()) is None
    story.run(after=365 * DAY)
    assert story.run(after=-365 * DAY)[0][0] == "heartbeat"
    assert story.run() is None


def test_a_run_that_does_not_know_sends_no_heartbeat():
    story = Story(SOC._replace(heartbeat=DAY))
    broken = category(complete=False, problems=(Problem("x"),))
    story.run(cover=broken)
    assert story.run(cover=broken, after=2 * DAY) is None


def test_inconclusive_is_told_once_per_reason_and_its_end_once():
    story = Story(SOC._replace(min_severity=Severity.CRITICAL))
    three = category(complete=False, problems=(Problem("page 3 of 8 is missing"),))
    five = category(complete=False, problems=(Problem("page 5 of 9 is missing"),))
    other = category(complete=False, problems=(Problem("refused"),))
    assert story.run(cover=three) == [("not_seen", "host")]
    assert "page 3 of 8" in story.notice.not_seen[0]
    assert story.run(cover=five) is None
    assert story.run(cover=other) == [("not_seen", "host")]
    assert story.run(cover=three) is None
    assert story.run() == [("seen_again", "host")]
    assert story.notice.seen_again == ("host",)
    assert story.run() is None
    assert story.run(cover=three) == [("not_seen", "host")]


def test_a_category_that_was_narrowed_away_is_neither_missing_nor_back():
    story = Story()
    assert story.run(cover=category(complete=False, plan="skipped")) is None


def test_a_run_that_could_not_begin_is_told_as_such():
    story = Story()
    assert story.run() is None
    failed = report(verdict="inconclusive", coverage=(), problems=(Problem("the policy is broken"),))
    batch = due_batch(SOC, failed, story.memory, story.now)
    told = notification_of(batch, SOC, Situation(failed, story.memory, story.now))
    assert told.not_seen == ("the run could not be judged whole: the policy is broken",)


def test_an_exemption_is_told_once_as_it_nears_its_end_and_once_when_it_ended():
    story = Story(SOC._replace(min_severity=Severity.CRITICAL))

    def notice(days, expires="2026-12-01"):
        return (ExemptionNotice("lifts", "facilities", expires, days),)

    assert story.run(exemption_notices=notice(9)) == [("exemption", "lifts")]
    assert (story.notice.exemptions[0].owner, story.notice.exemptions[0].days_left) == ("facilities", 9)
    assert story.run(exemption_notices=notice(8)) is None
    assert story.run(exemption_notices=notice(-1)) == [("exemption", "lifts")]
    assert story.run(exemption_notices=notice(-2)) is None
    assert story.run(exemption_notices=notice(9, "2027-12-01")) == [("exemption", "lifts")]


def test_drift_rides_along_once_and_is_no_reason_to_write():
    story = Story()
    drift = category(warnings=("drift: key x in 3 rows",))
    assert story.run(cover=drift) is None
    assert story.run(port(), cover=drift) == [("new", TELNET), ("drift", "drift: key x in # rows")]
    assert story.run(cover=drift) == [("resolved", TELNET)]


def test_a_first_digest_says_that_there_was_no_state():
    story = Story()
    story.run(port(), port(80))
    assert "no previous state: showing all 2" in story.notice.notes
    story.run(port())
    assert story.notice.notes == ()


def test_a_first_run_with_nothing_to_tell_is_quiet_but_an_unreadable_state_is_said():
    assert Story().run() is None
    story = Story()
    assert story.run(unreadable=True, accepts=False) == []
    assert story.notice.notes == ("no previous state: showing all 0",)
    assert story.run() == []
    assert story.run() is None


def test_what_opens_later_is_new_to_a_sink_that_had_nothing_to_hear_so_far():
    """The state is there, and knows that nothing was open: nobody says that there was none."""
    story = Story()
    assert story.run() is None
    assert story.run(port()) == [("new", TELNET)]
    assert story.notice.notes == ()


def test_what_was_open_in_the_first_run_is_all_that_is_known_however_late_it_is_told():
    story = Story()
    story.run(port(), accepts=False)
    assert story.run(port(), port(21)) is not None
    assert story.notice.notes == ("no previous state: showing all 2",)


def test_a_gap_is_said_in_the_message():
    story = Story()
    story.run(port(), gap_hours=31)
    assert "no run for 31 h, or none that could save its state" in story.notice.notes


@pytest.mark.parametrize(
    ("send", "chat", "verdict", "told"),
    [
        (None, True, "compliant", False),
        (None, True, "violations", True),
        (None, True, "inconclusive", True),
        (None, False, "compliant", True),
        ("always", True, "compliant", True),
        ("changes", True, "violations", False),
        ("changes", False, "violations", False),
    ],
)
def test_without_a_state_chats_hear_of_runs_that_are_not_compliant_and_machines_of_all(send, chat, verdict, told):
    sink = SOC._replace(send=send, kind=SOC.kind._replace(chat=chat))
    batch = due_batch(sink, report(verdict=verdict), LastRun(iso(NOON)), NOON, stateful=False)
    assert (batch is not None) is told


def test_with_a_state_always_means_every_run():
    story = Story(SOC._replace(send="always"), chat=False)
    story.run(port())
    assert story.run(port()) == [("run", "run-1")]
    assert [one.fingerprint for one in story.notice.ongoing] == [TELNET]


def test_alertmanager_gets_all_open_findings_on_every_run_the_unseen_too():
    story = Story(SOC._replace(kind=SINK_KINDS["alertmanager"]), chat=False)
    story.run(port(), port(80))
    assert story.run(port(), cover=category(complete=False, problems=(Problem("x"),))) is not None
    assert [one.port for one in story.notice.ongoing] == [23, 80]


def test_pagerduty_gets_at_most_max_findings_and_the_rest_stays_owed():
    story = Story(SOC._replace(kind=SINK_KINDS["pagerduty"], max_findings=2, group="finding"), chat=False)
    ports = [port(number) for number in (1, 2, 3, 4, 5)]
    told = [len([what for what, _ in story.run(*ports) or () if what == "new"]) for _ in range(4)]
    assert told == [2, 2, 1, 0]


def test_what_is_cut_from_a_chat_message_counts_as_told():
    story = Story(SOC._replace(max_findings=1))
    assert len(story.run(port(1), port(2), port(3))) == 3
    assert story.run(port(1), port(2), port(3)) is None


def test_the_worst_comes_first():
    story = Story()
    story.run(port(80, severity=Severity.LOW), port(), port(22))
    assert [one.port for one in story.notice.new] == [22, 23, 80]


def test_a_delivery_id_is_made_of_sink_finding_and_transition_alone():
    first, second = Story(), Story()
    first.run(port())
    second.run(port(title="another"))
    assert first.batch.delivery_id == second.batch.delivery_id
    other = Story(SOC._replace(name="other"))
    other.run(port())
    assert other.batch.delivery_id != first.batch.delivery_id
    opened = first.batch.delivery_id
    first.run()
    assert first.batch.delivery_id != opened


@pytest.mark.parametrize("allowed", [True, False])
def test_servers_are_named_only_where_that_is_allowed(allowed):
    story = Story(SOC._replace(hosts=allowed))
    story.run(port(hosts=(Host("id", "db7"),)))
    shown = (story.notice.new[0].hosts, story.notice.report.findings[0].hosts)
    assert all((hosts is not None) is allowed for hosts in shown)


def test_an_end_that_was_told_is_forgotten_after_thirty_days_one_that_is_owed_is_not():
    story = Story()
    story.run(port())
    story.run(accepts=False)
    late = story.now + 31 * DAY
    assert TELNET in pruned(story.memory, (SOC,), late).findings
    story.run()
    assert TELNET in pruned(story.memory, (SOC,), story.now + 29 * DAY).findings
    assert TELNET not in pruned(story.memory, (SOC,), late).findings


def test_what_a_sink_of_other_targets_never_heard_of_is_forgotten_too():
    """Before, no finding of a target was ever forgotten once some sink had a `match.targets` without it."""
    sink = SOC._replace(match=Match(targets=("test",)))
    story = Story(sink)
    story.run()
    story.run(port())
    story.run()
    memory = story.memory._replace(target=tuple(TARGET))
    assert TELNET not in pruned(memory, (sink,), story.now + 31 * DAY).findings
    assert TELNET in pruned(memory, (SOC,), story.now + 31 * DAY).findings, "that it came and went is still due"


def test_the_notice_names_the_command_that_explains_its_worst_line():
    story = Story()
    story.run(port())
    assert story.notice.explain == "port-compliance policy explain policies/baseline.yaml --port 23/tcp"


def test_each_move_of_a_severity_has_an_id_of_its_own_though_it_moves_between_the_same_two():
    story, ids = Story(SOC._replace(min_severity=Severity.HIGH)), []
    moves = (Severity.HIGH, Severity.CRITICAL, Severity.HIGH, Severity.CRITICAL, Severity.LOW)
    for severity in moves * 2:
        assert story.run(port(severity=severity)) is not None
        ids.append(story.batch.delivery_id)
    assert len(set(ids)) == len(ids)


def test_a_gap_without_runs_is_told_once_though_nothing_changed():
    story = Story()
    story.run(port())
    story.memory = story.memory._replace(gap=("2026-11-22T13:00:00Z", "2026-11-23T20:00:00Z", "31"))
    assert story.run(port(), accepts=False) == [("gap", "2026-11-22T13:00:00Z")]
    assert story.notice.notes == ("no run for 31 h, or none that could save its state",)
    assert story.run(port()) == [("gap", "2026-11-22T13:00:00Z")]
    assert story.run(port()) is None


def test_a_sink_that_came_after_the_gap_does_not_hear_of_it():
    story = Story()
    story.run(port())
    story.memory = story.memory._replace(gap=("2026-11-20T13:00:00Z", "2026-11-21T20:00:00Z", "31"))
    assert story.run(port()) is None


def test_nobody_is_reminded_while_it_is_not_known_whether_it_is_still_open():
    story = Story(SOC._replace(remind_after=DAY))
    story.run(port())
    broken = category(complete=False, problems=(Problem("x"),))
    assert story.run(port(), cover=broken, after=2 * DAY) == [("not_seen", "host")]
    assert story.run(port()) == [("reminded", TELNET), ("seen_again", "host")]


def test_what_could_not_be_seen_says_what_to_do_and_another_hint_is_no_other_reason():
    story = Story()
    first = category(complete=False, problems=(Problem("refused", hint="Grant hss:ports:list."), Problem("late")))
    other = category(complete=False, problems=(Problem("refused", hint="Ask the admin."), Problem("late")))
    story.run(cover=first)
    assert story.notice.not_seen == ("host could not be judged whole: refused; late. Grant hss:ports:list.",)
    assert story.run(cover=other) is None


def test_the_line_that_is_explained_is_one_that_changed_with_the_folder_of_a_policy_of_several_files():
    story = Story()
    story.run(port())
    files = ("policies/a.yaml", "policies/b.yaml")
    story.run(port(), port(80, severity=Severity.LOW), policy_files=files)
    assert story.notice.explain == "port-compliance policy explain policies --port 80/tcp"


def servers(*names, num=None):
    hosts = tuple(Host(f"id-{name}", name) for name in names)
    return port(num=len(hosts) if num is None else num, hosts=hosts)


def test_another_server_behind_a_known_finding_is_told_once_with_its_name_first():
    story = Story()
    assert story.run(servers("a", "b", "c")) == [("new", TELNET)]
    assert story.run(servers("a", "b", "c", "d")) == [("grown", TELNET)]
    assert story.report.findings[0].hosts[0].host_name == "d"
    assert story.run(servers("a", "b", "c", "d")) is None
    assert story.run(servers("b", "d")) is None


def test_another_server_that_was_not_told_stays_due():
    story = Story()
    story.run(servers("a", "b"))
    first = story.run(servers("a", "b", "c"), accepts=False)
    assert first == story.run(servers("a", "b", "c")) == [("grown", TELNET)]
    assert story.run(servers("a", "b", "c")) is None


def test_an_estate_that_scales_by_itself_counts_its_servers():
    story = Story(SOC._replace(new_servers="count"))
    story.run(servers("a", "b", "c"))
    assert story.run(servers("d", "e", "f", "a")) is None
    assert story.run(servers("d", "e", "f", "a", "b", "c")) == [("grown", TELNET)]


def test_servers_that_are_asked_for_only_now_are_no_news():
    story = Story()
    story.run(port(num=3))
    assert story.run(servers("a", "b", "c")) is None
    assert story.run(servers("a", "b", "c", "d")) == [("grown", TELNET)]


def test_no_server_of_an_exempted_or_announced_row_leaves_the_company_unless_the_sink_may_have_it():
    known = finding(hosts=(Host("id-1", "secret-server"),))
    beside = {
        "exempted": (ExemptedFinding(known, "jump", "why", "who", "2027-01-01", 40),),
        "announced": (AnnouncedFinding(known, "2027-01-01"),),
    }
    for sink, told in ((SOC, False), (SOC._replace(hosts=True), True)):
        story = Story(sink)
        story.run(port(80), **beside)
        assert ("secret-server" in str(report_dict(story.notice.report))) is told


def flap(story, times=3):
    """Open and close so often; what was told in each run."""
    return [story.run(*findings) for _ in range(times) for findings in ((port(),), ())]


def test_what_opens_and_closes_three_times_a_day_is_told_once_as_flapping_then_once_a_day_then_its_state():
    story = Story()
    heard = flap(story)
    assert [items[0][0] for items in heard] == ["new", "resolved", "reopened", "resolved", "reopened", "flapping"]
    day = flap(story, 12)
    assert [items for items in day if items] == [[("flapping", TELNET)]]
    story.run(port())
    told = [story.run(port()) for _ in range(24)]
    assert [items for items in told if items] == [[("flapping", TELNET)], [("steady", TELNET)]]
    assert story.run() == [("resolved", TELNET)]


def test_what_flapped_and_stays_closed_is_told_as_closed_after_a_day():
    story = Story()
    flap(story)
    told = [story.run() for _ in range(30)]
    assert [items for items in told if items] == [[("resolved", TELNET)]]


def test_what_gets_worse_while_it_flaps_is_told_at_once_and_it_is_no_reason_to_speak_of_flapping_again():
    story = Story()
    low = port(severity=Severity.LOW)
    for findings in ((low,), ()) * 3:
        story.run(*findings)
    assert story.run(low) is None
    assert story.run(port()) == [("raised", TELNET)]
    assert story.run(port(num=6)) == [("grown", TELNET)]
    assert story.run(port(num=6)) is None


def test_what_is_lowered_below_what_a_sink_hears_of_while_it_flaps_ends_for_it_once():
    """Before, that end was never told: who had heard that it flaps believed that for ever."""
    story = Story(SOC._replace(min_severity=Severity.HIGH))
    flap(story)
    low = port(severity=Severity.LOW)
    assert story.run(low) == [("resolved", TELNET)]
    assert story.notice.ended_because(story.notice.resolved[0]) == "lowered"
    assert [story.run(*findings) for findings in [(), (low,)] * 2] == [None] * 4
    assert story.run(port()) == [("flapping", TELNET)]


@pytest.mark.parametrize("kind", ["slack", "pagerduty", "alertmanager"])
def test_what_flaps_and_is_no_longer_forbidden_ends_at_once(kind):
    """Before, it was called flapping, and closed, a day later, and its incident stayed open until then."""
    story = Story(SOC._replace(kind=SINK_KINDS[kind]), chat=kind == "slack")
    flap(story)
    story.run(port())
    story.policy = POLICY._replace(rules=(Rule("other", "ports", ports=PortSet(((80, 80),))),), digest="sha256:2")
    story.run(cover=category((Row(23, "tcp", 3, "danger"),)))
    assert [item.what for item in story.batch.items if item.key == TELNET] == ["resolved"]
    assert story.notice.ended_because(story.notice.resolved[0]) == "policy"
    if kind == "slack":
        assert [story.run(cover=category((Row(23, "tcp", 3, "danger"),))) for _ in range(30)] == [None] * 30


def test_a_machine_that_takes_the_place_of_a_chat_hears_of_no_steadiness_while_it_flaps():
    story = Story()
    flap(story)
    story.sink = story.sink._replace(kind=SINK_KINDS["generic"])
    assert story.run(port()) == [("reopened", TELNET)]


@pytest.mark.parametrize("kind", ["pagerduty", "alertmanager"])
def test_what_holds_incidents_keeps_one_that_flaps_open_meanwhile(kind):
    story = Story(SOC._replace(kind=SINK_KINDS[kind]), chat=False)
    flap(story)
    assert story.batch is None or not story.notice.resolved
    if kind == "alertmanager":
        assert [one.fingerprint for one in story.notice.ongoing] == [TELNET]
    for _ in range(24):
        story.run()
    ended = [item for item in story.batch.items if item.what == "resolved"] if story.batch else []
    assert story.memory.findings[TELNET].told["soc"].transition == "resolved" or ended


def test_machines_get_each_change_of_what_flaps():
    story = Story(chat=False)
    assert [items[0][0] for items in flap(story, 5)] == ["new", "resolved", *["reopened", "resolved"] * 4]


def test_three_times_in_more_than_a_day_is_not_flapping():
    story = Story()
    told = [story.run(*findings, after=7 * HOUR) for _ in range(4) for findings in ((port(),), ())]
    assert all(items and items[0][0] != "flapping" for items in told)


def test_another_policy_is_told_once_though_it_finds_the_same():
    story = Story()
    story.run(port())
    story.policy = POLICY._replace(digest="sha256:2")
    came = iso(story.now + HOUR)
    assert story.run(port(), accepts=False) == [("policy", came)]
    assert story.run(port()) == [("policy", came)]
    assert story.notice.notes == (f"another policy rules since {readable_time(came)}: sha256:2",)
    assert story.run(port()) is None
    story.policy = POLICY
    assert story.run(port()) == [("policy", iso(story.now))]


def test_another_server_of_what_flaps_is_told_at_once():
    story = Story()
    for findings in ((servers("a", "b", "c"),), ()) * 3:
        story.run(*findings)
    assert story.run(servers("a", "b", "c")) is None
    assert story.run(servers("a", "b", "d")) == [("grown", TELNET)]
    assert story.run(servers("a", "b", "d")) is None
