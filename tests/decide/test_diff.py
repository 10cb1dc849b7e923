"""Findings against the last run."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.clock import iso
from handler.decide.diff import compare, gap_hours, has_grown, memory_before, shape
from handler.decide.evaluate import evaluate
from handler.decide.known_servers import SERVERS_KEPT
from handler.decide.rules_before import is_newly_forbidden, rule_of, terms_of
from handler.models import AnnouncedFinding, Evaluation, ExemptedFinding, Row, Severity
from handler.models.listeners import Host, Listener, PortListeners
from handler.policy.match_keys import RULE_WITHIN
from handler.policy.rules import Exemption, Policy, Rule
from handler.ports import PortSet
from handler.state.memory import LastRun, Receipt, RunSummary
from tests.examples import examples
from tests.fakes import NOON, category, finding, snapshot

TELNET = Rule("telnet", "ports", ports=PortSet(((1, 100),)))
POLICY = Policy("p", "sha256:1", (TELNET,))
HOUR = timedelta(hours=1)


def seen(*ports, num=3, **other) -> Evaluation:
    """A run that found these ports, and whose category holds exactly their rows."""
    rows = [Row(port, "tcp", num, "danger") for port in ports]
    return Evaluation(
        findings=tuple(finding(port=port, num=num) for port in ports), coverage=(category(rows, **other),)
    )


def after(*ports, **other) -> LastRun:
    return compare(seen(*ports, **other), None, POLICY, NOON).last_run


def gone(evaluation: Evaluation, policy: Policy = POLICY, before: LastRun | None = None):
    """What became of an open port 23: resolved or unseen, and why."""
    changes = compare(evaluation, before or after(23), policy, NOON + HOUR).changes
    return [("resolved", one.because) for one in changes.resolved] + [("unseen", one.because) for one in changes.unseen]


def test_without_a_last_run_everything_is_new():
    compared = compare(seen(23, 21), None, POLICY, NOON)
    assert compared.changes.new == ("telnet-23-tcp-host", "telnet-21-tcp-host")
    assert [one.first_seen for one in compared.findings] == [iso(NOON)] * 2
    assert compared.previous_run_at is None


def test_what_is_still_there_is_ongoing_and_keeps_first_seen():
    compared = compare(seen(23), after(23), POLICY, NOON + HOUR)
    assert compared.changes.ongoing == ("telnet-23-tcp-host",)
    assert compared.findings[0].first_seen == iso(NOON)
    assert compared.previous_run_at == iso(NOON)


@pytest.mark.parametrize(("num", "kind"), [(5, "ongoing"), (6, "grown"), (60, "grown"), (1, "ongoing")])
def test_twice_the_num_last_told_is_grown(num, kind):
    assert getattr(compare(seen(23, num=num), after(23), POLICY, NOON + HOUR).changes, kind)


def test_growth_is_measured_against_what_was_told_in_this_episode():
    before = after(23)
    record = before.findings["telnet-23-tcp-host"]
    told = record._replace(told={"soc": Receipt("open", 1, 10, iso(NOON)), "old": Receipt("open", 0, 99, iso(NOON))})
    before = before._replace(findings={"telnet-23-tcp-host": told})
    assert compare(seen(23, num=19), before, POLICY, NOON + HOUR).changes.ongoing
    assert compare(seen(23, num=20), before, POLICY, NOON + HOUR).changes.grown


def test_growth_that_nobody_is_told_is_reported_once_per_doubling():
    grown = compare(seen(23, num=6), after(23), POLICY, NOON + HOUR).last_run
    assert compare(seen(23, num=6), grown, POLICY, NOON + 2 * HOUR).changes.ongoing


def test_a_row_that_is_gone_is_closed():
    assert gone(seen()) == [("resolved", "closed")]


@pytest.mark.parametrize(("num", "because"), [(2, "tolerated"), (0, "closed")])
def test_a_row_whose_num_fell_is_tolerated_and_closed_only_when_nothing_is_left(num, because):
    rule = TELNET._replace(above=2)
    now = seen()._replace(coverage=(category([Row(23, "tcp", num)]),))
    assert gone(now, Policy("p", "d", (rule,))) == [("resolved", because)]


@pytest.mark.parametrize(("then", "because"), [("danger", "status"), ("normal", "policy")])
def test_a_row_that_hss_flags_no_more_ended_by_its_status_unless_the_rule_came_to_ask_for_one(then, because):
    before = compare(Evaluation((finding(status=then),), coverage=(category(),)), None, POLICY, NOON).last_run
    now = seen()._replace(coverage=(category([Row(23, "tcp", 3, "normal")]),))
    assert gone(now, Policy("p", "d", (TELNET._replace(status=("danger",)),)), before) == [("resolved", because)]


def test_a_rule_that_is_gone_is_policy_unless_the_port_was_seen_to_be_closed():
    other = Policy("p", "d", (TELNET._replace(id="other"),))
    there = seen()._replace(coverage=(category([Row(23, "tcp", 3)]),))
    assert gone(there, other) == [("resolved", "policy")]
    assert gone(seen(), other) == [("resolved", "closed")]
    assert gone(seen(complete=False), Policy("p", "d", ())) == [("resolved", "policy")]


@pytest.mark.parametrize(
    "rule",
    [
        TELNET._replace(ports=PortSet(((80, 80),))),
        TELNET._replace(protocols=("udp",)),
        TELNET._replace(categories=("container",)),
    ],
)
def test_a_changed_rule_over_a_row_that_is_still_there_is_policy(rule):
    now = seen()._replace(coverage=(category([Row(23, "tcp", 3, "danger")]),))
    assert gone(now, Policy("p", "d", (rule,))) == [("resolved", "policy")]


@pytest.mark.parametrize(
    ("rule", "because"),
    [(TELNET._replace(above=3), "tolerated"), (TELNET._replace(status=("unknown",)), "policy")],
)
def test_a_rule_that_asks_for_more_than_the_row_has_ends_it(rule, because):
    before = compare(
        Evaluation((finding(),), coverage=(category([Row(23, "tcp", 3, "danger")]),)), None, POLICY, NOON
    ).last_run
    now = seen()._replace(coverage=(category([Row(23, "tcp", 3, "danger")]),))
    assert gone(now, Policy("p", "d", (rule,)), before) == [("resolved", because)]


def test_a_port_that_is_asked_no_more_is_policy_because_nobody_looked():
    rule = TELNET._replace(ports=PortSet(((80, 80),)))
    assert gone(seen(every_row=False, plan="ports"), Policy("p", "d", (rule,))) == [("resolved", "policy")]


def test_an_exempted_finding_is_resolved_by_exemption():
    exempted = ExemptedFinding(finding(), "lifts", "why", "who", "2027-01-01", 40)
    assert gone(seen()._replace(exempted=(exempted,))) == [("resolved", "exempted")]


def test_a_rule_that_is_only_announced_again_is_policy():
    assert gone(seen()._replace(announced=(AnnouncedFinding(finding(), "2027-01-01"),))) == [("resolved", "policy")]


@pytest.mark.parametrize(
    "evaluation", [seen(complete=False), seen(complete=False, plan="skipped"), Evaluation(), seen(name="container")]
)
def test_what_was_not_seen_whole_is_neither_ongoing_nor_resolved(evaluation):
    assert gone(evaluation) == [("unseen", "unseen")]


def test_an_unseen_finding_is_ongoing_when_it_is_seen_again():
    unseen = compare(seen(complete=False), after(23), POLICY, NOON + HOUR).last_run
    assert compare(seen(23), unseen, POLICY, NOON + 2 * HOUR).changes.ongoing


def test_what_an_incomplete_run_does_see_counts():
    changes = compare(seen(21, 23, complete=False), after(23), POLICY, NOON + HOUR).changes
    assert (changes.new, changes.ongoing) == (("telnet-21-tcp-host",), ("telnet-23-tcp-host",))


@pytest.mark.parametrize(("later", "kind"), [(timedelta(days=30) - HOUR, "reopened"), (timedelta(days=30), "new")])
def test_less_than_thirty_days_after_it_resolved_it_is_reopened(later, kind):
    resolved = compare(seen(), after(23), POLICY, NOON + HOUR).last_run
    changes = compare(seen(23), resolved, POLICY, NOON + HOUR + later).changes
    assert getattr(changes, kind) == ("telnet-23-tcp-host",)


def record_after(*runs: tuple[timedelta, Evaluation]):
    """What is remembered of port 23 after runs at these times."""
    last_run = None
    for later, evaluation in runs:
        last_run = compare(evaluation, last_run, POLICY, NOON + later).last_run
    return last_run.findings["telnet-23-tcp-host"]


def test_an_open_finding_is_remembered_as_last_seen():
    record = record_after((0 * HOUR, seen(23)), (HOUR, seen(23, num=4)), (2 * HOUR, seen(23, num=5)))
    assert (record.finding.num, record.first_seen, record.last_seen) == (5, iso(NOON), iso(NOON + 2 * HOUR))
    assert (record.status, record.episode, record.opened_at, record.base_num) == ("open", 1, iso(NOON), 3)


def test_a_resolved_finding_is_remembered_as_last_seen_and_why_it_ended():
    record = record_after((0 * HOUR, seen(23)), (HOUR, seen()))
    assert (record.status, record.because, record.resolved_at) == ("resolved", "closed", iso(NOON + HOUR))
    assert (record.finding.num, record.last_seen) == (3, iso(NOON))


@pytest.mark.parametrize(("away", "reopened"), [(timedelta(days=29), True), (timedelta(days=31), False)])
def test_a_finding_that_opens_again_begins_another_episode(away, reopened):
    back = HOUR + away
    record = record_after((0 * HOUR, seen(23)), (HOUR, seen()), (back, seen(23, num=7)))
    assert (record.status, record.episode, record.reopened) == ("open", 2, reopened)
    assert (record.finding.num, record.base_num) == (7, 7)
    assert record.first_seen == iso(NOON if reopened else NOON + back)
    assert (record.opened_at, record.last_seen) == (iso(NOON + back), iso(NOON + back))
    assert (record.resolved_at, record.because) == (None, "")


def test_a_finding_that_opens_again_says_since_when():
    resolved = compare(seen(), after(23), POLICY, NOON + HOUR).last_run
    soon = compare(seen(23), resolved, POLICY, NOON + 2 * HOUR)
    late = compare(seen(23), resolved, POLICY, NOON + timedelta(days=40))
    assert soon.findings[0].first_seen == iso(NOON)
    assert late.findings[0].first_seen == iso(NOON + timedelta(days=40))


def test_what_opens_again_begins_without_what_moved_in_the_episode_before():
    raised = replaced(after(23), was_severity=2, severity_at=iso(NOON), base_num=90)
    closed = compare(seen(), raised, POLICY, NOON + HOUR).last_run
    (record,) = compare(seen(23), closed, POLICY, NOON + 2 * HOUR).last_run.findings.values()
    assert (record.was_severity, record.severity_at, record.base_num) == (None, None, 3)
    assert (record.ended_at, record.ended_because) == (iso(NOON + HOUR), "closed")


def replaced(memory: LastRun, **values) -> LastRun:
    return memory._replace(findings={key: one._replace(**values) for key, one in memory.findings.items()})


def test_only_what_the_policy_newly_forbids_is_remembered_as_such():
    (new,) = after(23).findings.values()
    before = compare(seen(), None, POLICY._replace(rules=()), NOON).last_run
    (forbidden,) = compare(seen(23), before, POLICY, NOON + HOUR).last_run.findings.values()
    assert (new.forbidden, forbidden.forbidden) == (False, True)


def test_the_terms_of_a_rule_end_with_what_says_something():
    assert terms_of(TELNET) == ("ports", ((1, 100),), ("host",))
    assert terms_of(TELNET._replace(listening="beyond-loopback"))[-1] == "beyond-loopback"
    assert len(terms_of(TELNET._replace(listening="beyond-loopback"))) == 10


def test_growth_is_measured_against_the_most_that_any_sink_was_told():
    before = after(23)
    told = {"soc": Receipt("open", 1, 4, iso(NOON)), "mail": Receipt("open", 1, 10, iso(NOON))}
    record = before.findings["telnet-23-tcp-host"]._replace(told=told)
    before = before._replace(findings={"telnet-23-tcp-host": record})
    assert compare(seen(23, num=19), before, POLICY, NOON + HOUR).changes.ongoing
    assert compare(seen(23, num=20), before, POLICY, NOON + HOUR).changes.grown


def test_growth_moves_what_it_is_measured_against():
    grown = record_after((0 * HOUR, seen(23)), (HOUR, seen(23, num=6)))
    assert grown.base_num == 6
    assert record_after((0 * HOUR, seen(23)), (HOUR, seen(23, num=5))).base_num == 3


def test_servers_are_not_remembered():
    found = Evaluation((finding(hosts=()),), coverage=(category([Row(23, "tcp", 3)]),))
    assert compare(found, None, POLICY, NOON).last_run.findings["telnet-23-tcp-host"].finding.hosts is None


OTHER_PORTS = TELNET._replace(ports=PortSet(((80, 80),)))


@pytest.mark.parametrize(
    ("rule", "listing", "rows", "because"),
    [
        (TELNET, {}, [], "closed"),
        (TELNET, {"every_row": False, "plan": "ports"}, [], "closed"),
        (TELNET, {}, [Row(23, "tcp", 0)], "closed"),  # the rule still forbids what was last seen: its num fell
        (TELNET._replace(above=3), {}, [Row(23, "tcp", 3)], "tolerated"),
        (TELNET._replace(above=3), {}, [], "closed"),
        (TELNET._replace(status=("unknown",)), {}, [Row(23, "tcp", 3, "danger")], "policy"),
        (TELNET._replace(status=("danger",)), {}, [Row(23, "tcp", 3, "normal")], "status"),
        (OTHER_PORTS, {}, [], "closed"),  # asked no more, and every row was seen
        (OTHER_PORTS, {}, [Row(23, "tcp", 3)], "policy"),
        (OTHER_PORTS, {"every_row": False, "plan": "ports"}, [], "policy"),
        (OTHER_PORTS, {"complete": False}, [], "policy"),
        (OTHER_PORTS, {"plan": "skipped", "complete": False}, [], "policy"),
        (TELNET._replace(protocols=("udp",)), {}, [], "closed"),
        (TELNET._replace(statistic="port_num", kind="statistic", ports=PortSet()), {}, [Row(23, "tcp", 3)], "policy"),
    ],
)
def test_policy_or_closed_is_the_reason(rule, listing, rows, because):
    now = Evaluation(coverage=(category(rows, **listing),))
    assert gone(now, Policy("p", "d", (rule,))) == [("resolved", because)]


def test_a_row_of_another_type_or_category_does_not_keep_a_finding():
    now = Evaluation(coverage=(category([Row(23, "udp", 3)]), category([Row(23, "tcp", 3)], "container")))
    rule = TELNET._replace(above=3)
    assert gone(now, Policy("p", "d", (rule,))) == [("resolved", "closed")]


def test_the_next_last_run_is_of_this_moment_policy_and_place():
    first = compare(seen(23), None, POLICY, NOON, place="here").last_run
    assert (first.run_at, first.began_at, first.policy_digest, first.place) == (
        iso(NOON),
        iso(NOON),
        "sha256:1",
        "here",
    )
    other = Policy("p", "sha256:2", (TELNET,))
    second = compare(seen(23), first, other, NOON + HOUR, place="here")
    assert (second.last_run.run_at, second.last_run.began_at) == (iso(NOON + HOUR), iso(NOON))
    assert (second.last_run.policy_digest, second.last_run.place) == ("sha256:2", "here")
    third = compare(seen(23), second.last_run, other, NOON + 2 * HOUR, place="here")
    assert (second.previous_run_at, third.previous_run_at) == (iso(NOON), iso(NOON + HOUR))


@pytest.mark.parametrize("unreadable", [False, True])
def test_a_state_that_could_not_be_read_is_remembered_as_lost(unreadable):
    assert compare(seen(23), None, POLICY, NOON, unreadable=unreadable).last_run.lost is unreadable
    assert compare(seen(23), None, POLICY, NOON).last_run.lost is False


def test_where_no_place_is_named_any_last_run_is_compared_with():
    before = compare(seen(23), None, POLICY, NOON, place="there").last_run
    assert compare(seen(23), before, POLICY, NOON + HOUR).changes.ongoing == ("telnet-23-tcp-host",)
    without = compare(seen(23), None, POLICY, NOON).last_run
    assert compare(seen(23), without, POLICY, NOON + HOUR, place="here").changes.ongoing == ("telnet-23-tcp-host",)


@pytest.mark.parametrize(
    ("num", "told", "grown"), [(0, 0, False), (1, 0, True), (5, 3, False), (6, 3, True), (3, 3, False)]
)
def test_growth_is_at_least_twice_and_more_than_nothing(num, told, grown):
    assert has_grown(num, told) is grown


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        (TELNET, "new"),
        (TELNET._replace(severity=Severity.LOW), "new"),
        (TELNET._replace(ports=PortSet(((22, 30),))), "newly_forbidden"),
        (TELNET._replace(protocols=("udp",)), "newly_forbidden"),
        (TELNET._replace(above=3), "newly_forbidden"),
        (TELNET._replace(above=2), "new"),
        (TELNET._replace(status=("normal",)), "newly_forbidden"),
        (TELNET._replace(id="another"), "newly_forbidden"),
    ],
)
def test_what_the_policy_of_the_run_before_would_not_have_found_is_newly_forbidden(rule, kind):
    before = compare(Evaluation(coverage=(category(),)), None, Policy("p", "d", (rule,)), NOON).last_run
    changes = compare(seen(21), before, POLICY, NOON + HOUR).changes
    assert getattr(changes, kind) == ("telnet-21-tcp-host",)


def test_a_rule_that_came_while_nothing_could_be_seen_still_makes_newly_forbidden():
    nothing = Policy("p", "d", ())
    before = compare(Evaluation(coverage=(category(),)), None, nothing, NOON).last_run
    blind = compare(Evaluation(coverage=(category(complete=False),)), before, POLICY, NOON + HOUR).last_run
    assert compare(seen(21), blind, POLICY, NOON + 2 * HOUR).changes.newly_forbidden


@pytest.mark.parametrize(("num", "kind"), [(3, "newly_forbidden"), (4, "new")])
def test_what_was_excused_from_the_start_is_newly_forbidden_unless_it_grew_out_of_that(num, kind):
    excused = ExemptedFinding(finding(), "lifts", "why", "who", "2027-01-01", 40)
    before = compare(Evaluation(exempted=(excused,), coverage=(category(),)), None, POLICY, NOON).last_run
    assert getattr(compare(seen(23, num=num), before, POLICY, NOON + HOUR).changes, kind)


@pytest.mark.parametrize("days", [1, 40])
def test_what_ended_for_another_reason_than_closing_is_newly_forbidden_when_it_counts_again(days):
    excused = ExemptedFinding(finding(), "lifts", "why", "who", "2027-01-01", 40)
    ended = compare(seen()._replace(exempted=(excused,)), after(23), POLICY, NOON + HOUR).last_run
    assert compare(seen(23), ended, POLICY, NOON + timedelta(days=days)).changes.newly_forbidden


@pytest.mark.parametrize(("severity", "kind"), [(Severity.LOW, "lowered"), (Severity.CRITICAL, "ongoing")])
def test_a_severity_that_moved_is_a_change(severity, kind):
    now = Evaluation((finding(severity=severity),), coverage=(category(),))
    assert getattr(compare(now, after(23), POLICY, NOON + HOUR).changes, kind) == ("telnet-23-tcp-host",)


def test_a_finding_that_grew_and_was_raised_is_in_both_lists():
    before = compare(Evaluation((finding(severity=Severity.LOW),), coverage=(category(),)), None, POLICY, NOON).last_run
    changes = compare(seen(23, num=9), before, POLICY, NOON + HOUR).changes
    assert changes.grown == changes.raised == ("telnet-23-tcp-host",)


def test_every_key_that_judges_is_remembered_of_a_rule():
    said = {
        "ports": PortSet(((1, 9),)), "categories": ("container",), "protocols": ("udp",), "status": ("danger",),
        "statistic": "database_num", "above": 7, "effective_from": date(2027, 1, 1),
        "hosts": ("win-*",), "listening": "beyond-loopback",
    }  # fmt: skip
    assert set(said) == set(RULE_WITHIN)
    rule = Rule("r", "ports", **said)
    back = rule_of("r", terms_of(rule))
    assert {key: getattr(back, key) for key in said} == said


def test_a_resolved_finding_is_not_resolved_again():
    resolved = compare(seen(), after(23), POLICY, NOON + HOUR).last_run
    assert compare(seen(), resolved, POLICY, NOON + 2 * HOUR).changes.resolved == ()


def test_the_state_of_another_place_closes_nothing():
    before = compare(seen(23), None, POLICY, NOON, place="project-1").last_run
    compared = compare(seen(21), before, POLICY, NOON + HOUR, place="project-2")
    assert compared.changes.resolved == ()
    assert compared.previous_run_at is None


def test_a_counter_is_judged_by_its_rule():
    rule = Rule("many", "statistic", statistic="database_num", above=20)
    many = finding("many", None, protocol=None, num=30)
    policy = Policy("p", "d", (rule,))
    before = compare(Evaluation((many,), coverage=(category(),)), None, policy, NOON).last_run

    def counted(number):
        return seen()._replace(coverage=(category(statistics={"database_num": number}),))

    assert gone(counted(0), policy, before) == [("resolved", "closed")]
    assert gone(counted(20), policy, before) == [("resolved", "tolerated")]
    assert gone(counted(30), Policy("p", "d", (rule._replace(above=40),)), before) == [("resolved", "tolerated")]


def test_drift_is_new_only_once_whatever_its_counts():
    first = compare(seen(warnings=("drift: key x (3 times)",)), None, POLICY, NOON)
    second = compare(seen(warnings=("drift: key x",)), first.last_run, POLICY, NOON)
    assert first.drift == (shape("drift: key x (3 times)"),)
    assert second.drift == ()


def test_only_an_answers_form_is_drift():
    assert compare(seen(warnings=("HSS sees no port here",)), None, POLICY, NOON).drift == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("HTTP 403 (request id 0af3b2c1)", "HTTP 403 (request id req-77/x)"),
        ("task 5f1de0aa-77 failed", "task 0c9d11bb-12 failed"),
        ("task zk3xq9wrTm failed", "task 77pQxYz01k failed"),
        ("task ж3щю9яшц failed", "task 7ыъэюяшц2 failed"),
        ("9 more calls need 2 minutes, 80 s are left", "1 more call need 1 minute, 7 s are left"),
        ("the answers for port 23, 25 differ", "the answers for port 21 differ"),
        ("total_num went from 9 to 12", "total_num went from 400 to 7"),
    ],
)
def test_counts_and_request_ids_do_not_make_another_reason(one, other):
    assert shape(one) == shape(other)


def test_other_words_make_another_reason():
    assert shape("HTTP 403 APIGW.0302 no permission") != shape("HTTP 403 APIGW.0302 no such project")
    assert shape("rule smb-v1-legacy needs status") != shape("rule rdp-v2-legacy needs status")


@pytest.mark.parametrize(("hours", "said"), [(2, None), (3, 3), (31, 31)])
def test_a_gap_of_more_than_twice_the_interval_is_said(hours, said):
    assert gap_hours(iso(NOON), NOON + hours * HOUR, HOUR) == said


def test_no_gap_is_known_without_an_interval_or_a_run_before():
    assert gap_hours(iso(NOON), NOON + 99 * HOUR, None) is None
    assert gap_hours(None, NOON, HOUR) is None


@settings(max_examples=examples(60), deadline=None)
@given(runs=st.lists(st.tuples(st.sets(st.integers(1, 6)), st.booleans()), min_size=1, max_size=8))
def test_every_finding_and_every_open_record_is_in_exactly_one_list(runs):
    last_run = None
    for number, (ports, complete) in enumerate(runs):
        was_open = {key for key, one in last_run.findings.items() if one.status == "open"} if last_run else set()
        compared = compare(seen(*ports, complete=complete), last_run, POLICY, NOON + number * HOUR)
        changes, last_run = compared.changes, compared.last_run
        gone_now = [one.finding.fingerprint for one in (*changes.resolved, *changes.unseen)]
        stayed = (*changes.new, *changes.newly_forbidden, *changes.grown, *changes.ongoing, *changes.reopened)
        listed = [*stayed, *gone_now]
        assert sorted(listed) == sorted(was_open | {one.fingerprint for one in compared.findings})
        assert complete or not changes.resolved


BY_SERVER = POLICY._replace(rules=(TELNET._replace(hosts=("win-*",)),))


def on(*names, policy=BY_SERVER, there=(), **other):
    """A run in which these servers are found behind port 23; others may listen `there`."""
    listeners = tuple(Listener(f"id-{name}", name, "10.2.0.7", protocol="tcp") for name in (*names, *there))
    rows = [Row(23, "tcp", len(listeners), "danger")] if listeners else []
    done = snapshot(category(rows, listeners=(PortListeners(23, listeners),), **other))
    return evaluate(policy, done, NOON.date())


def runs(*evaluations, policy=BY_SERVER):
    """The changes of the last of these runs, and its servers."""
    last_run, compared = None, None
    for hour, evaluation in enumerate(evaluations):
        compared = compare(evaluation, last_run, policy, NOON + hour * HOUR)
        last_run = compared.last_run
    return compared.changes, [[host.host_name for host in one.hosts] for one in compared.findings]


def test_another_server_behind_a_known_finding_is_grown_and_comes_first():
    changes, servers = runs(on("win-1", "win-2", "win-3"), on("win-1", "win-2", "win-3", "win-4"))
    assert (len(changes.grown), servers) == (1, [["win-4", "win-1", "win-2", "win-3"]])


def test_a_server_in_the_place_of_another_is_grown_and_one_that_left_or_came_back_is_not():
    assert runs(on("win-1", "win-2"), on("win-1", "win-3"))[0].grown
    assert runs(on("win-1", "win-2"), on("win-1"))[0].ongoing
    assert runs(on("win-1", "win-2"), on("win-1"), on("win-1", "win-2"))[0].ongoing
    assert runs(on("win-1", "win-2"), on("win-1", "win-2"))[1] == [["win-1", "win-2"]]


def test_servers_that_were_not_asked_for_before_are_no_news():
    before = compare(on("win-1", policy=POLICY), None, POLICY, NOON).last_run
    changes = compare(on("win-1"), before, BY_SERVER, NOON + HOUR).changes
    assert (changes.grown, len(changes.ongoing)) == ((), 1)


def test_no_more_servers_are_kept_than_are_bounded_and_those_that_left_go_first():
    names = [f"win-{at}" for at in range(SERVERS_KEPT)]
    last_run = None
    for hour, those in enumerate((names, ["win-x", *names[1:]])):
        last_run = compare(on(*those), last_run, BY_SERVER, NOON + hour * HOUR).last_run
    (record,) = last_run.findings.values()
    assert (len(record.servers), record.server_count) == (SERVERS_KEPT, SERVERS_KEPT + 1)
    changes = compare(on("win-x", *names[1:]), last_run, BY_SERVER, NOON + 9 * HOUR).changes
    assert changes.grown == ()
    assert compare(on(*names, "win-y"), last_run, BY_SERVER, NOON + 9 * HOUR).changes.grown == ()  # too many to keep


def test_none_of_the_servers_of_the_rule_is_closed_and_an_unknown_list_is_unseen():
    assert [one.because for one in runs(on("win-1"), on(there=["web-1"]))[0].resolved] == ["closed"]
    unknown = on("win-1")
    rows = unknown.coverage[0]._replace(listeners=(PortListeners(23, trouble="page 2 is missing"),))
    unknown = evaluate(BY_SERVER, snapshot(rows), NOON.date())
    assert [one.because for one in runs(on("win-1"), unknown)[0].unseen] == ["unseen"]


def test_a_server_beside_those_of_an_exemption_is_new_and_one_that_left_the_exemption_is_newly_forbidden():
    def exempting(*names):
        exemption = Exemption("e", "r", "o", date(2027, 1, 1), rules=("telnet",), hosts=names)
        return POLICY._replace(exemptions=(exemption,))

    both, one = exempting("win-1", "win-2"), exempting("win-1")
    before = compare(on("win-1", "win-2", policy=both), None, both, NOON).last_run
    assert compare(on("win-1", "win-2", "web-1", policy=both), before, both, NOON + HOUR).changes.new
    assert compare(on("win-1", "win-2", policy=one), before, one, NOON + HOUR).changes.newly_forbidden


def test_a_rule_that_speaks_of_more_servers_cannot_tell_what_was_there():
    wider = BY_SERVER._replace(rules=(TELNET._replace(hosts=("win-*", "web-*")),))
    before = compare(on(there=["web-1"]), None, BY_SERVER, NOON).last_run
    assert compare(on("web-1", policy=wider), before, wider, NOON + HOUR).changes.new


# what is remembered of each finding

KEY = "telnet-23-tcp-host"


def record_of(last_run: LastRun):
    return last_run.findings[KEY]


def knowing(last_run: LastRun, **changes) -> LastRun:
    """The last run, with something else in its record of port 23."""
    return last_run._replace(findings={KEY: record_of(last_run)._replace(**changes)})


def later(evaluation, before, hours=1, policy=POLICY, **other):
    return compare(evaluation, before, policy, NOON + hours * HOUR, **other)


@pytest.mark.parametrize(("days", "servers"), [(29, (("a", "b"), 2)), (31, ((), 0))])
def test_what_reopens_soon_keeps_its_servers_and_after_long_begins_without(days, servers):
    ended = knowing(later(seen(), after(23)).last_run, servers=("a", "b"), server_count=2)
    record = record_of(later(seen(23), ended, 24 * days).last_run)
    assert (record.servers, record.server_count, record.episode) == (*servers, 2)


def test_what_reopens_knows_its_servers_of_today():
    ended = later(seen(), after(23)).last_run
    host = Host("id", "web-1")
    evaluation = seen(23)._replace(findings=(finding(num=3, hosts=(host,)),))
    assert record_of(later(evaluation, ended, 2).last_run).server_count == 1


def test_an_end_whose_reason_was_not_kept_counts_as_closed():
    ended = knowing(later(seen(), after(23)).last_run, because="")
    assert later(seen(23), ended, 2).changes.reopened == (KEY,)
    assert not record_of(later(seen(23), ended, 2).last_run).forbidden


@pytest.mark.parametrize(
    ("policy", "because", "closings"), [(POLICY, "closed", 1), (Policy("p", "sha256:2", ()), "policy", 0)]
)
def test_only_what_closes_can_flap(policy, because, closings):
    evaluation = seen() if because == "closed" else Evaluation((), coverage=(category([Row(23, "tcp", 3, "danger")]),))
    record = record_of(later(evaluation, after(23), policy=policy).last_run)
    assert (record.status, record.because, len(record.closings)) == ("resolved", because, closings)


@pytest.mark.parametrize(
    ("severity", "was", "at"),
    [(Severity.CRITICAL, None, None), (Severity.HIGH, Severity.CRITICAL, iso(NOON + HOUR))],
)
def test_what_moved_knows_from_where_and_when(severity, was, at):
    before = knowing(
        after(23), told={"old": Receipt("open", 1, 3, iso(NOON)), "new": Receipt("open", 1, 3, iso(NOON), 2)}
    )
    evaluation = seen(23)._replace(findings=(finding(num=3, severity=severity),))
    record = record_of(later(evaluation, before).last_run)
    assert (record.was_severity, record.severity_at) == (was, at)
    told = {sink: receipt.severity for sink, receipt in record.told.items()}
    assert told == {"old": None if was is None else Severity.CRITICAL, "new": 2}
    again = record_of(later(evaluation, knowing(before, was_severity=1, severity_at="t"), 2).last_run)
    assert (again.was_severity, again.severity_at) == ((1, "t") if was is None else (was, iso(NOON + 2 * HOUR)))


# what is remembered beside them


def exempted(*nums):
    return tuple(ExemptedFinding(finding(num=num), "e", "r", "o", "2027-01-01", 9) for num in nums)


def test_what_does_not_count_is_remembered_with_all_its_nums():
    announced = (AnnouncedFinding(finding(port=80, num=4), "2027-01-01"),)
    evaluation = Evaluation((), exempted=exempted(2, 3), announced=announced, coverage=(category(),))
    assert later(evaluation, None).last_run.excused == {KEY: 5, "telnet-80-tcp-host": 4}


@pytest.mark.parametrize(
    ("coverage", "excused"),
    [
        ((category(),), {KEY: 2}),
        ((category(complete=False),), {"before": 1, KEY: 2}),
        ((category(), category(name="container", complete=False)), {"before": 1, KEY: 2}),
        ((category(), category(name="container", complete=False, plan="skipped")), {KEY: 2}),
    ],
)
def test_where_not_everything_was_seen_what_did_not_count_before_is_kept(coverage, excused):
    before = after(23)._replace(excused={"before": 1})
    evaluation = Evaluation((), exempted=exempted(2), coverage=coverage)
    assert later(evaluation, before).last_run.excused == excused


@pytest.mark.parametrize(("plan", "remembered"), [("pages", ["host"]), ("skipped", [])])
def test_of_a_category_that_was_not_asked_no_rules_are_remembered(plan, remembered):
    assert [name for name, rules in later(seen(plan=plan), None).last_run.rules.items() if rules] == remembered


@pytest.mark.parametrize(
    ("digest", "change"), [("", ("a", "b")), ("sha256:1", ("a", "b")), ("sha256:0", ("sha256:1", iso(NOON + HOUR)))]
)
def test_another_policy_is_remembered_with_when_it_came(digest, change):
    before = after(23)._replace(policy_digest=digest, policy_change=("a", "b"))
    last_run = later(seen(23), before).last_run
    assert (last_run.policy_change, last_run.policy_digest) == (change, "sha256:1")


def test_rules_that_begin_soon_are_told():
    soon = Policy("p", "sha256:1", (TELNET._replace(effective_from=date(2026, 11, 30)),))
    assert [one.rule_id for one in later(seen(), None, policy=soon).announced] == ["telnet"]


def test_a_memory_without_a_place_becomes_that_of_the_place_that_is_asked():
    assert later(seen(23), after(23), place="a|b|c").last_run.place == "a|b|c"


def test_a_place_that_was_never_asked_begins_with_nothing_beside_what_is_known_of_others():
    first, previous = memory_before(None, "here", NOON)
    assert (first, previous) == (LastRun(iso(NOON), began_at=iso(NOON), place="here"), None)
    line = RunSummary("run-1", iso(NOON), "compliant", (0,) * 5, 0, 0, 0)
    there = after(23)._replace(place="there", history=(line,))
    second, previous = memory_before(there, "here", NOON + HOUR, unreadable=True)
    assert (second.findings, second.history, list(second.others), previous) == ({}, (line,), ["there"], None)
    assert (second.place, second.lost, second.run_at) == ("here", True, iso(NOON + HOUR))
    known, previous = memory_before(there, "there", NOON + HOUR)
    assert (known.history, known.place, previous) == ((line,), "there", iso(NOON))


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("page 3 is missing", "page # is missing"),
        ("HTTP 503 (request id 0123456789abcdef)", "HTTP # (#)"),
        ("rows 3, 4, 5 of 1 call (7 times)", "rows # of # call"),
        ("in 2 minutes, 3 calls", "in # minute, # call"),
    ],
)
def test_the_shape_of_a_text_has_no_numbers_and_ids(text, form):
    assert shape(text) == form


# whether a finding is newly forbidden

DAY = date(2026, 11, 30)
SOON = TELNET._replace(effective_from=DAY)


def forbidden(num=5, rules=None, at="2026-11-22T12:00:00Z", policy=POLICY, excused=5, **other):
    before = LastRun(at, rules=rules or {}, excused={} if excused is None else {KEY: excused})
    return is_newly_forbidden(finding(num=num, status="danger"), before, policy, **other)


@pytest.mark.parametrize(("num", "still", "is_it"), [(5, 0, True), (6, 0, False), (2, 3, True), (3, 3, False)])
def test_what_was_excused_is_newly_forbidden_as_far_as_it_was(num, still, is_it):
    assert forbidden(num, still_excused=still) is is_it
    assert still or forbidden(num) is is_it


@pytest.mark.parametrize(
    ("rules", "at", "is_it"),
    [
        ({"host": {"telnet": terms_of(SOON)}}, "2026-11-29T23:59:59Z", True),
        ({"host": {"telnet": terms_of(SOON)}}, "2026-11-30T00:00:00Z", False),  # it ruled then
        ({"host": {"telnet": terms_of(TELNET)}}, "2026-11-29T00:00:00Z", False),
        ({"host": {"other": terms_of(SOON)}}, "2026-11-29T00:00:00Z", False),
        ({"container": {"telnet": terms_of(SOON)}}, "2026-11-29T00:00:00Z", False),
        ({}, "2026-11-29T00:00:00Z", False),
    ],
)
def test_more_than_was_excused_is_newly_forbidden_where_its_rule_was_only_announced(rules, at, is_it):
    assert forbidden(6, rules, at) is is_it


FLAGGED = Rule("telnet", "status", ports=PortSet(((1, 100),)), status=("danger",))


@pytest.mark.parametrize(
    ("then", "policy", "is_it"),
    [
        (TELNET, POLICY, False),
        (FLAGGED, POLICY, False),  # it found a row with that status too
        (FLAGGED._replace(status=("unknown",)), POLICY, True),
        (TELNET._replace(above=5), POLICY, True),
        (TELNET._replace(ports=PortSet(((80, 80),))), POLICY, True),
        (None, POLICY, True),
        (TELNET, Policy("p", "sha256:2", ()), False),  # of no rule of today's
    ],
)
def test_what_the_rule_of_the_run_before_would_not_have_found_is_newly_forbidden(then, policy, is_it):
    rules = {"host": {} if then is None else {"telnet": terms_of(then)}}
    assert forbidden(rules=rules, policy=policy, excused=None) is is_it


@pytest.mark.parametrize("rule", [TELNET, FLAGGED, SOON, TELNET._replace(listening="beyond-loopback", hosts=("a",))])
def test_terms_are_the_rule_but_for_its_texts(rule):
    assert rule_of("telnet", terms_of(rule)) == rule


# why something ended

DATABASES = Rule("db", "statistic", statistic="database_num", above=20)
COUNTED = finding("db", None, protocol=None, num=30)


@pytest.mark.parametrize(
    ("coverage", "rules", "what"),
    [
        ((category(statistics={"database_num": 0}),), (DATABASES,), ("resolved", "closed")),
        ((category(statistics={"database_num": 10}),), (DATABASES,), ("resolved", "tolerated")),
        ((category(statistics={}, complete=False),), (DATABASES,), ("unseen", "unseen")),
        ((category(statistics=None, complete=False),), (DATABASES,), ("unseen", "unseen")),
        ((), (DATABASES,), ("unseen", "unseen")),
        ((category(statistics={"database_num": 30}),), (), ("resolved", "policy")),
    ],
)
def test_why_a_counter_is_no_finding_any_more(coverage, rules, what):
    policy = Policy("p", "sha256:1", (DATABASES,))
    before = later(
        Evaluation((COUNTED,), coverage=(category(statistics={"database_num": 30}),)), None, 0, policy
    ).last_run
    assert gone(Evaluation((), coverage=coverage), Policy("p", "sha256:1", rules), before) == [what]


def test_in_a_category_that_was_not_asked_nothing_ended():
    assert gone(seen(plan="skipped")) == [("unseen", "unseen")]


def test_where_nobody_asked_who_listens_a_rule_by_server_says_nothing_of_an_end():
    policy = Policy("p", "sha256:1", (TELNET._replace(hosts=("web-*",)),))
    evaluation = evaluate(policy, snapshot(category([Row(23, "tcp", 3, "danger")])), NOON.date())
    assert gone(evaluation, policy) == [("unseen", "unseen")]


def test_a_fingerprint_has_32_digits():
    (one,) = evaluate(POLICY, snapshot(category([Row(23, "tcp", 3, "danger")])), NOON.date()).findings
    assert len(one.fingerprint) == 32


def test_a_row_that_is_still_there_did_not_close_because_nobody_is_known_to_listen():
    by_server = Policy("p", "sha256:1", (TELNET._replace(hosts=("web-*",)),))
    rows = [Row(23, "tcp", 3, "danger")]
    assert gone(Evaluation((), coverage=(category(rows),)), by_server) == [("resolved", "policy")]
    tolerant = Policy("p", "sha256:1", (TELNET._replace(above=9),))
    nobody = (PortListeners(23, ()),)
    assert gone(Evaluation((), coverage=(category(rows, listeners=nobody),)), tolerant) == [("resolved", "tolerated")]
