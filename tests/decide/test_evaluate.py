"""What a policy says of a snapshot: design section 5, rule by rule."""

from datetime import date, timedelta
from itertools import product
from operator import itemgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.decide.evaluate import evaluate
from handler.models import CategorySnapshot, Problem, Row, Severity, family, worst_first
from handler.policy.rules import Exemption, Policy, Rule
from handler.ports import ALL_PORTS, NAMED_PORTS, PortSet
from handler.report.verdict import verdict_of
from tests.fakes import TARGET, category, snapshot
from tests.small_policies import EXEMPTED, policy_of

TODAY = date(2026, 11, 22)
TELNET = Rule("telnet", "ports", ports=PortSet.of_ports([23, 2323]), severity=Severity.CRITICAL)
ONLY_WEB = Rule("only-web", "allowed_ports", ports=ALL_PORTS - PortSet.of_ports([80, 443]))
FLAGGED = Rule("flagged", "status", ports=NAMED_PORTS, status=("danger",))
DATABASES = Rule("databases", "statistic", statistic="database_num", above=20)


def policy(*rules, exemptions=(), **other):
    return Policy("p", "sha256:0", rules, tuple(exemptions), **other)


def exemption(**other):
    known = {"id": "old", "reason": "r", "owner": "o@example.org", "expires": date(2027, 3, 31), "rules": ("telnet",)}
    return Exemption(**(known | other))


def judge(policy, *rows, today=TODAY, **other):
    return evaluate(policy, snapshot(category(rows, **other)), today)


def found(evaluation):
    return [(f.rule_id, f.port, f.protocol) for f in evaluation.findings]


def test_a_row_on_a_forbidden_port_is_a_finding():
    evaluation = judge(policy(TELNET), Row(23, "tcp", 3, "danger"), Row(443, "tcp", 9, "normal"))
    assert found(evaluation) == [("telnet", 23, "tcp")]
    assert verdict_of(evaluation) == "violations"


def test_tcp_and_tcp6_rows_are_two_findings():
    assert len(judge(policy(TELNET), Row(23, "tcp", 1), Row(23, "tcp6", 1)).findings) == 2


def test_overlapping_rules_each_make_their_finding():
    both = policy(TELNET, Rule("low", "ports", ports=PortSet.of([(1, 1023)]), severity=Severity.LOW))
    assert found(judge(both, Row(23, "tcp", 1))) == [("telnet", 23, "tcp"), ("low", 23, "tcp")]


@pytest.mark.parametrize(("protocol", "is_found"), [("udp", True), ("udp6", True), ("tcp", False), ("tcp6", False)])
def test_a_rule_judges_its_protocols_only(protocol, is_found):
    rule = Rule("snmp", "ports", ports=PortSet.of_ports([161]), protocols=("udp",))
    assert bool(judge(policy(rule), Row(161, protocol, 1)).findings) is is_found


def test_a_row_that_is_neither_tcp_nor_udp_is_judged_by_every_rule_and_named():
    evaluation = judge(policy(Rule("x", "ports", ports=PortSet.of_ports([5]), protocols=("udp",))), Row(5, "sctp", 1))
    assert found(evaluation) == [("x", 5, "sctp")]
    assert "'SCTP' are neither TCP nor UDP" in evaluation.warnings[0]


def test_of_very_many_odd_types_some_are_named_and_the_others_counted():
    warnings = judge(policy(TELNET), *(Row(23, f"odd{number:04}", 1) for number in range(1000))).warnings
    assert len(warnings) == 21
    assert warnings[-1] == "host: 980 more types of rows are neither TCP nor UDP"


@pytest.mark.parametrize(("num", "is_found"), [(0, False), (2, False), (3, True)])
def test_above_is_the_tolerated_num(num, is_found):
    rule = Rule("x", "ports", ports=PortSet.of_ports([22]), above=2)
    assert bool(judge(policy(rule), Row(22, "tcp", num)).findings) is is_found


def test_a_num_of_zero_is_no_finding():
    assert verdict_of(judge(policy(TELNET), Row(23, "tcp", 0))) == "compliant"


@pytest.mark.parametrize(("port", "is_found"), [(80, False), (443, False), (0, True), (1, True), (65535, True)])
def test_an_allow_list_forbids_every_other_port_and_port_0(port, is_found):
    assert bool(judge(policy(ONLY_WEB), Row(port, "tcp", 1)).findings) is is_found


def test_port_0_concerns_only_allow_lists():
    everything = Rule("all", "ports", ports=NAMED_PORTS)
    assert found(judge(policy(everything, FLAGGED), Row(0, "tcp", 1, "danger"))) == []


def test_status_alone_finds_every_flagged_row():
    rows = (Row(8, "tcp", 1, "danger"), Row(9, "tcp", 1, "normal"), Row(10, "udp", 1, "unknown"))
    assert found(judge(policy(FLAGGED), *rows)) == [("flagged", 8, "tcp")]


def test_status_on_a_row_without_one_leaves_the_rule_undecided():
    rule = Rule("flagged-telnet", "ports", ports=PortSet.of_ports([23]), status=("danger",))
    evaluation = judge(policy(rule), Row(23, "tcp", 1))
    assert verdict_of(evaluation) == "inconclusive"
    assert "rule flagged-telnet needs status, this cloud does not send it" in str(evaluation.problems[0])


def test_a_status_that_no_document_lists_leaves_a_rule_undecided_that_matches_otherwise():
    rule = Rule("flagged-telnet", "ports", ports=PortSet.of_ports([23]), status=("danger",))
    evaluation = judge(policy(rule, TELNET), Row(23, "tcp", 1, "risky"))
    assert (verdict_of(evaluation), found(evaluation)) == ("inconclusive", [("telnet", 23, "tcp")])
    assert [str(one) for one in evaluation.problems] == [
        "rule flagged-telnet needs status, HSS says a word that no document lists"
    ]
    assert [one.hint for one in evaluation.problems] == [
        "Until that word is known, a rule without `status` judges such rows."
    ]
    assert verdict_of(judge(policy(rule), Row(24, "tcp", 1, "risky"))) == "compliant"
    assert verdict_of(judge(policy(rule._replace(above=1)), Row(23, "tcp", 1, "risky"))) == "compliant"


def test_status_on_a_row_without_one_matters_only_where_port_and_protocol_match():
    rule = Rule("x", "ports", ports=PortSet.of_ports([23]), status=("danger",), protocols=("udp",))
    assert verdict_of(judge(policy(rule), Row(23, "tcp", 1), Row(24, "udp", 1))) == "compliant"


def test_an_undecided_rule_hides_no_finding_of_others():
    evaluation = judge(policy(TELNET, FLAGGED), Row(23, "tcp", 1))
    assert (verdict_of(evaluation), found(evaluation)) == ("inconclusive", [("telnet", 23, "tcp")])


def test_an_announced_rule_that_cannot_be_decided_breaks_nothing():
    rule = Rule("x", "status", ports=NAMED_PORTS, status=("danger",), effective_from=date(2026, 12, 1))
    assert verdict_of(judge(policy(rule), Row(23, "tcp", 1))) == "compliant"


@pytest.mark.parametrize(("count", "verdict"), [(20, "compliant"), (21, "violations"), (None, "inconclusive")])
def test_a_counter_rule_compares_with_its_counter(count, verdict):
    statistics = {} if count is None else {"database_num": count}
    evaluation = judge(policy(DATABASES), statistics=statistics)
    assert verdict_of(evaluation) == verdict
    assert [(f.port, f.protocol, f.num) for f in evaluation.findings] == ([(None, None, 21)] if count == 21 else [])


def test_a_counter_that_was_never_read_is_not_zero():
    assert verdict_of(judge(policy(DATABASES), statistics=None)) == "inconclusive"


@pytest.mark.parametrize(
    ("problem", "statistics", "said"),
    [
        (Problem("is of type string, not a count", "$.database_num"), {}, 1),
        (Problem("asset/statistics: HTTP 500"), None, 1),
        (Problem("page 3 is missing"), {}, 2),
        (Problem("is below zero, not a count", "$.app_num"), {}, 2),
    ],
)
def test_why_a_counter_is_missing_is_said_once(problem, statistics, said):
    evaluation = judge(policy(DATABASES), statistics=statistics, complete=False, problems=(problem,))
    assert verdict_of(evaluation) == "inconclusive"
    assert (evaluation.problems[0], len(evaluation.problems)) == (problem, said)


def test_a_category_that_is_not_complete_is_inconclusive_and_its_findings_are_listed():
    evaluation = judge(policy(TELNET), Row(23, "tcp", 1), complete=False, problems=(Problem("page 3 is missing"),))
    assert (verdict_of(evaluation), len(evaluation.findings)) == ("inconclusive", 1)


def test_of_a_skipped_category_no_rows_are_expected():
    skipped = category(plan="skipped", complete=False, name="container", total_num=0)
    expecting = policy(TELNET, expect_rows={"container": 1})
    evaluation = evaluate(expecting, snapshot(category(), skipped), TODAY)
    assert (verdict_of(evaluation), evaluation.problems) == ("compliant", ())


def test_a_skipped_category_does_not_count_but_nothing_asked_is_not_compliant():
    skipped = category(plan="skipped", complete=False, name="container")
    assert verdict_of(evaluate(policy(TELNET), snapshot(category(), skipped), TODAY)) == "compliant"
    assert verdict_of(evaluate(policy(TELNET), snapshot(skipped), TODAY)) == "inconclusive"
    assert verdict_of(evaluate(policy(TELNET), snapshot(), TODAY)) == "inconclusive"


def test_a_rule_on_every_row_is_not_decided_by_a_part_of_them():
    assert verdict_of(judge(policy(ONLY_WEB), Row(80, "tcp", 1), every_row=False, plan="ports")) == "inconclusive"


@pytest.mark.parametrize(("rows", "verdict"), [(1, "inconclusive"), (2, "compliant")])
def test_fewer_rows_than_expected_are_inconclusive(rows, verdict):
    expecting = policy(TELNET, expect_rows={"host": 2})
    assert verdict_of(judge(expecting, *[Row(80 + n, "tcp", 1) for n in range(rows)])) == verdict


def test_expected_rows_are_counted_by_total_num_where_not_all_were_read():
    expecting = policy(TELNET, expect_rows={"host": 500})
    assert verdict_of(judge(expecting, Row(80, "tcp", 1), total_num=900, every_row=False)) == "compliant"


def test_an_exemption_switches_the_named_rule_off_and_no_other():
    other = Rule("low", "ports", ports=PortSet.of_ports([23]))
    evaluation = judge(policy(TELNET, other, exemptions=[exemption()]), Row(23, "tcp", 3))
    assert found(evaluation) == [("low", 23, "tcp")]
    assert [(e.finding.rule_id, e.exemption_id, e.days_left) for e in evaluation.exempted] == [("telnet", "old", 129)]


def test_an_exempted_row_does_not_count():
    assert verdict_of(judge(policy(TELNET, exemptions=[exemption()]), Row(23, "tcp", 3))) == "compliant"


@pytest.mark.parametrize(
    ("change", "is_exempted"),
    [
        ({}, True),
        ({"rules": ()}, False),  # neither rules nor ports: the loader refuses it; with ports None it covers every rule
        ({"ports": PortSet.of_ports([2323])}, False),
        ({"ports": PortSet.of_ports([23])}, True),
        ({"rules": (), "ports": PortSet.of_ports([23])}, True),
        ({"categories": ("container",)}, False),
        ({"up_to": 3}, True),
        ({"up_to": 2}, False),
        ({"expires": TODAY}, True),
        ({"expires": date(2026, 11, 21)}, False),
        ({"enterprise_projects": ("0",)}, False),
    ],
)
def test_what_an_exemption_matches(change, is_exempted):
    if change == {"rules": ()}:
        is_exempted = True
    evaluation = judge(policy(TELNET, exemptions=[exemption(**change)]), Row(23, "tcp", 3))
    assert bool(evaluation.exempted) is is_exempted
    assert bool(evaluation.findings) is not is_exempted


def test_above_up_to_the_finding_stands_with_its_full_num():
    evaluation = judge(policy(TELNET, exemptions=[exemption(up_to=3)]), Row(23, "tcp", 4))
    assert evaluation.findings[0].num == 4


def test_an_exemption_by_port_does_not_touch_counters():
    ended = exemption(rules=(), ports=ALL_PORTS)
    assert judge(policy(DATABASES, exemptions=[ended]), statistics={"database_num": 30}).findings


@pytest.mark.parametrize(
    ("other", "stands"),
    [({}, False), ({"hosts": ("web-1",)}, True), ({"up_to": 29}, True), ({"up_to": 30}, False)],
)
def test_an_exemption_of_a_counter_by_its_rule_knows_no_servers(other, stands):
    excused = exemption(rules=("databases",), **other)
    evaluation = judge(policy(DATABASES, exemptions=[excused]), statistics={"database_num": 30})
    assert bool(evaluation.findings) is stands


def test_an_exemption_for_an_enterprise_project_holds_only_where_just_that_one_is_asked():

    narrow = policy(TELNET, exemptions=[exemption(enterprise_projects=("7",))])
    row = category([Row(23, "tcp", 1)])
    for project, verdict in (("7", "compliant"), ("8", "violations"), ("all_granted_eps", "violations")):
        seen = snapshot(row, target=TARGET._replace(enterprise_project_id=project))
        assert verdict_of(evaluate(narrow, seen, TODAY)) == verdict
    assert "it does not apply" in evaluate(narrow, snapshot(row), TODAY).warnings[0]


@pytest.mark.parametrize(
    ("expires", "words"),
    [
        (date(2026, 11, 21), "ended on 2026-11-21 and is off"),
        (date(2026, 11, 22), "ends on 2026-11-22, 0 days left"),
        (date(2026, 11, 23), "ends on 2026-11-23, 1 day left"),
        (date(2026, 12, 6), "ends on 2026-12-06, 14 days left"),
        (date(2026, 12, 7), None),
    ],
)
def test_an_exemption_near_its_end_is_named(expires, words):
    evaluation = judge(policy(TELNET, exemptions=[exemption(expires=expires)]))
    assert bool(evaluation.exemption_notices) is bool(words)
    assert [w for w in evaluation.warnings if words and words in w] == list(evaluation.warnings)


def test_a_rule_is_announced_before_its_day_and_violated_from_it():
    rule = Rule("new", "ports", ports=PortSet.of_ports([23]), effective_from=TODAY)
    before = evaluate(policy(rule), snapshot(category([Row(23, "tcp", 12)])), date(2026, 11, 21))
    assert verdict_of(before) == "compliant"
    assert (before.announced[0].effective_from, before.announced[0].finding.num) == ("2026-11-22", 12)
    assert verdict_of(judge(policy(rule), Row(23, "tcp", 12))) == "violations"


def test_gaps_between_hss_and_the_policy():
    rows = (Row(23, "tcp", 1, "normal"), Row(99, "udp", 1, "danger"), Row(2323, "tcp", 1, "danger"))
    gaps = judge(policy(TELNET), *rows).vendor
    assert gaps.danger_not_in_policy == (("host", 99, "udp"),)
    assert gaps.in_policy_not_danger == (("host", 23, "tcp"),)


@pytest.mark.parametrize("change", [{"every_row": False}, {"complete": False}])
def test_gaps_are_unknown_where_not_all_was_read(change):
    assert judge(policy(TELNET), Row(99, "tcp", 1, "danger"), **change).vendor is None


def test_gaps_are_unknown_where_a_row_has_no_status():
    assert judge(policy(TELNET), Row(99, "tcp", 1)).vendor is None


def test_findings_come_worst_first():
    low = Rule("low", "ports", ports=PortSet.of([(1, 99)]), severity=Severity.LOW)
    evaluation = judge(policy(low, TELNET), Row(23, "tcp", 1), Row(7, "tcp", 1))
    assert [f.rule_id for f in evaluation.findings] == ["telnet", "low", "low"]
    assert list(evaluation.findings) == sorted(evaluation.findings, key=worst_first)


def test_fingerprints_are_made_of_place_rule_and_row_never_of_counts():
    one, more = judge(policy(TELNET), Row(23, "tcp", 1)), judge(policy(TELNET), Row(23, "tcp", 9, "danger"))
    other = judge(policy(TELNET), Row(23, "tcp6", 1))
    assert one.findings[0].fingerprint == more.findings[0].fingerprint != other.findings[0].fingerprint


@pytest.mark.parametrize(
    ("rule", "row", "message"),
    [
        (TELNET, Row(23, "tcp6", 3, "danger"), "23/tcp6 is open (host, num 3)"),
        (TELNET._replace(above=2), Row(23, "tcp", 3), "23/tcp is open (host, num 3, tolerated 2)"),
        (ONLY_WEB, Row(8080, "tcp", 1), "8080/tcp is open and not on the allow list (host, num 1)"),
        (FLAGGED, Row(99, "udp", 4, "danger"), "99/udp is open (host, num 4, HSS says danger)"),
    ],
)
def test_a_message_says_what_is_open_how_often_and_how_hss_flags_it(rule, row, message):
    assert [finding.message for finding in judge(policy(rule), row).findings] == [message]


def test_a_message_on_a_counter_says_the_counter_and_what_is_tolerated():
    (found_one,) = judge(policy(DATABASES), statistics={"database_num": 30}).findings
    assert found_one.message == "database_num is 30 (host, tolerated 20)"
    (found_one,) = judge(policy(DATABASES._replace(above=0)), statistics={"database_num": 1}).findings
    assert found_one.message == "database_num is 1 (host)"


def test_a_rule_on_a_counter_has_neither_port_nor_protocol_nor_status():
    (found_one,) = judge(policy(DATABASES), statistics={"database_num": 30}).findings
    assert (found_one.port, found_one.protocol, found_one.status, found_one.num) == (None, None, None, 30)


def test_gaps_heed_the_protocol_of_a_rule_but_not_its_num_and_status():
    rule = TELNET._replace(protocols=("udp",), above=9, status=("danger",))
    rows = (Row(23, "udp", 1, "normal"), Row(23, "tcp", 1, "danger"), Row(2323, "udp6", 1, "danger"))
    gaps = judge(policy(rule), *rows).vendor
    assert gaps.danger_not_in_policy == (("host", 23, "tcp"),)
    assert gaps.in_policy_not_danger == (("host", 23, "udp"),)


def test_gaps_are_told_by_category_and_a_skipped_one_has_none():
    flagged = [Row(99, "tcp", 1, "danger")]
    seen = snapshot(category(flagged, "container"), category(flagged))
    assert evaluate(policy(TELNET), seen, TODAY).vendor.danger_not_in_policy == (
        ("container", 99, "tcp"),
        ("host", 99, "tcp"),
    )
    skipped = category(flagged, "container", plan="skipped", complete=False)
    assert evaluate(policy(TELNET), snapshot(category(flagged), skipped), TODAY).vendor.danger_not_in_policy == (
        ("host", 99, "tcp"),
    )
    assert evaluate(policy(TELNET), snapshot(skipped), TODAY).vendor is None


def test_an_ending_exemption_is_warned_of_with_its_owner_and_told_with_its_days():
    ending = policy(TELNET, exemptions=[exemption(expires=date(2026, 11, 25)), exemption(id="far")])
    done = judge(ending)
    assert done.warnings == ("exemption old (o@example.org) ends on 2026-11-25, 3 days left",)
    assert [tuple(notice) for notice in done.exemption_notices] == [("old", "o@example.org", "2026-11-25", 3)]
    over = judge(policy(TELNET, exemptions=[exemption(expires=date(2026, 11, 20))]))
    assert over.warnings == ("exemption old (o@example.org) ended on 2026-11-20 and is off",)
    assert [tuple(notice) for notice in over.exemption_notices] == [("old", "o@example.org", "2026-11-20", -2)]


@pytest.mark.parametrize(("days", "warned"), [(-1, True), (0, True), (14, True), (15, False)])
def test_an_exemption_is_warned_of_from_fourteen_days_before_its_last_day(days, warned):
    done = judge(policy(TELNET, exemptions=[exemption(expires=TODAY + timedelta(days=days))]))
    assert (bool(done.warnings), bool(done.exemption_notices)) == (warned, warned)


def test_one_category_that_was_not_seen_whole_makes_the_verdict_inconclusive():
    partly = evaluate(policy(TELNET), snapshot(category(), category(name="container", complete=False)), TODAY)
    assert verdict_of(partly) == "inconclusive"


def test_a_whole_listing_decides_a_rule_on_every_row():
    assert verdict_of(judge(policy(ONLY_WEB), Row(80, "tcp", 1))) == "compliant"


def test_gaps_are_unknown_where_one_category_or_one_row_is():
    flagged = category([Row(99, "tcp", 1, "danger")])
    partly = snapshot(flagged, category([Row(99, "tcp", 1, "danger")], "container", every_row=False))
    assert evaluate(policy(TELNET), partly, TODAY).vendor is None
    assert judge(policy(TELNET), Row(99, "tcp", 1, "danger"), Row(98, "tcp", 1)).vendor is None


def test_a_finding_carries_its_row_and_is_called_by_its_title_or_else_its_rule():
    titled = TELNET._replace(id="t", title="Telnet is open")
    for found_one in judge(policy(TELNET, titled), Row(23, "tcp", 3, "danger")).findings:
        assert (found_one.num, found_one.status, found_one.severity) == (3, "danger", Severity.CRITICAL)
        assert found_one.title == {"telnet": "telnet", "t": "Telnet is open"}[found_one.rule_id]


def test_a_skipped_category_is_expected_to_have_no_rows():
    expecting = policy(TELNET, expect_rows={"host": 1, "container": 5})
    skipped = category(plan="skipped", complete=False, name="container", total_num=None)
    done = evaluate(expecting, snapshot(category([Row(80, "tcp", 1)]), skipped), TODAY)
    assert (done.problems, verdict_of(done)) == ((), "compliant")


def test_too_few_rows_are_counted_in_the_problem():
    done = judge(policy(TELNET, expect_rows={"host": 5}), Row(80, "tcp", 1), total_num=None)
    assert [str(one) for one in done.problems] == ["1 rows, but the policy expects at least 5"]
    assert done.coverage[0].complete is False


def test_what_the_policy_makes_incomplete_keeps_the_problems_of_the_reading():
    late = category([Row(23, "tcp", 1)], problems=(Problem("a page came late"),), complete=False)
    done = evaluate(policy(FLAGGED), snapshot(late), TODAY)
    assert [str(one) for one in done.problems] == [
        "a page came late",
        "rule flagged needs status, this cloud does not send it",
    ]
    assert done.coverage[0].problems == done.problems


def test_each_rule_that_cannot_be_decided_is_named_once_with_what_it_needs():
    rules = (FLAGGED, ONLY_WEB, DATABASES)
    done = judge(policy(*rules), Row(23, "tcp", 1), Row(24, "tcp", 1), every_row=False, statistics=None)
    assert [str(one) for one in done.problems] == [
        "rule flagged needs every row, but only some were read",
        "rule only-web needs every row, but only some were read",
        "rule databases needs database_num, which asset/statistics did not tell",
    ]


def test_a_reading_that_is_not_complete_anyway_is_not_blamed_on_every_row():
    done = judge(policy(ONLY_WEB), Row(23, "tcp", 1), every_row=False, complete=False)
    assert done.problems == ()


port_sets = st.builds(
    PortSet.of,
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 9)).map(lambda p: (p[0], p[0] + p[1])), max_size=4),
)
rules = st.lists(
    st.tuples(port_sets, st.sampled_from([("tcp",), ("udp",), ("tcp", "udp")]), st.integers(0, 3)),
    min_size=1,
    max_size=5,
).map(lambda parts: [Rule(f"r{n}", "ports", ports=p, protocols=f, above=a) for n, (p, f, a) in enumerate(parts)])
PLACES = list(product(range(61), ["tcp", "tcp6", "udp", "sctp"]))
rows = st.lists(st.tuples(st.sampled_from(PLACES), st.integers(0, 5)), unique_by=itemgetter(0), max_size=20).map(
    lambda drawn: [Row(*place, num) for place, num in drawn]
)


@given(rules, rows)
def test_the_index_finds_what_a_plain_double_loop_finds(rules, rows):
    expected = {
        (rule.id, row.port, row.protocol)
        for rule in rules
        for row in rows
        if row.port in set(rule.ports) and family(row.protocol) in (None, *rule.protocols) and row.num > rule.above
    }
    assert set(found(judge(policy(*rules), *rows))) == expected


REFUSED = Problem("HTTP 401", hint="Check the credentials.")


@pytest.mark.parametrize("known", [{}, {"total_num": 2}])
def test_what_was_not_asked_is_not_doubted(known):
    """A refused login is one cause; neither rows nor counters, which nobody read, are doubted beside it."""
    asked = CategorySnapshot("host", problems=(REFUSED,), **known)
    done = evaluate(policy(TELNET, DATABASES, expect_rows={"host": 5}), snapshot(asked), TODAY)
    doubts = ["2 rows, but the policy expects at least 5"] if known else []
    assert [str(one) for one in done.problems] == ["HTTP 401", *doubts]
    assert verdict_of(done) == "inconclusive"


def test_a_counter_that_a_whole_answer_lacks_is_a_cause_of_its_own():
    done = evaluate(policy(DATABASES), snapshot(category([], statistics=None)), TODAY)
    assert [str(one) for one in done.problems] == [
        "rule databases needs database_num, which asset/statistics did not tell"
    ]


def test_an_exemption_beyond_the_limits_does_not_apply_and_is_warned_of_until_its_end_is_near():
    limited = policy_of(EXEMPTED + "limits: {exemption_days: 30}\n")
    world = snapshot(category([Row(2323, "tcp", 3)]))
    early, near = (evaluate(limited, world, day) for day in (date(2026, 12, 1), date(2027, 3, 1)))
    assert ([one.port for one in early.findings], early.exempted) == ([2323], ())
    told = "exemption lifts (facilities@example.org) lasts 120 more days, and 30 are the limit: it does not apply"
    assert told in early.warnings
    assert (near.findings, [one.exemption_id for one in near.exempted]) == ((), ["lifts"])
    assert not any("limit" in warning for warning in near.warnings)


def test_the_identity_of_a_finding_is_its_place_rule_category_port_and_protocol_and_nothing_else():
    both = policy(TELNET._replace(categories=("host", "container")), ONLY_WEB, DATABASES._replace(above=0))
    rows = (Row(23, "tcp", 1), Row(23, "tcp6", 1), Row(2323, "tcp", 1))
    world = snapshot(
        category(rows, statistics={"database_num": 1}), category(rows[:1], "container", statistics={"database_num": 1})
    )
    evaluation = evaluate(both, world, TODAY)
    identities = {one.fingerprint for one in evaluation.findings}
    assert len(identities) == len(evaluation.findings) == 8
    grown = world._replace(
        categories=tuple(one._replace(rows=tuple(row._replace(num=9) for row in one.rows)) for one in world.categories)
    )
    assert {one.fingerprint for one in evaluate(both, grown, TODAY).findings} == identities
    for part in ("host", "project_id", "enterprise_project_id"):
        elsewhere = world._replace(target=world.target._replace(**{part: "other"}))
        assert identities.isdisjoint(one.fingerprint for one in evaluate(both, elsewhere, TODAY).findings)


def test_an_exempted_row_says_all_that_its_exemption_says():
    old = exemption(approved_by="ciso@example.org", ticket="EXC-1")
    (one,) = judge(policy(TELNET, exemptions=[old]), Row(23, "tcp", 3)).exempted
    assert (one.exemption_id, one.expires, one.days_left) == ("old", "2027-03-31", (date(2027, 3, 31) - TODAY).days)
    assert (one.reason, one.owner, one.ticket, one.approved_by) == ("r", "o@example.org", "EXC-1", "ciso@example.org")


def test_a_finding_is_of_the_category_of_its_row():
    both = TELNET._replace(categories=("host", "container"))
    parts = [category([Row(23, "tcp", 1)], name=name) for name in ("host", "container")]
    evaluation = evaluate(policy(both), snapshot(*parts), TODAY)
    assert sorted(one.category for one in evaluation.findings) == ["container", "host"]


@pytest.mark.parametrize("severities", [(Severity.LOW, Severity.CRITICAL), (Severity.CRITICAL, Severity.LOW)])
def test_what_is_exempted_or_announced_is_told_worst_first_too(severities):
    rules = [
        TELNET._replace(id=name, ports=PortSet.of_ports([port]), severity=severity)
        for name, port, severity in zip(("one", "two"), (21, 23), severities, strict=True)
    ]
    worst_first = ["two", "one"] if severities[0] == Severity.LOW else ["one", "two"]
    rows = [Row(21, "tcp", 1), Row(23, "tcp", 1)]
    excused = judge(policy(*rules, exemptions=[exemption(rules=())]), *rows)
    assert [one.finding.rule_id for one in excused.exempted] == worst_first
    soon = [one._replace(effective_from=date(2027, 1, 1)) for one in rules]
    assert [one.finding.rule_id for one in judge(policy(*soon), *rows).announced] == worst_first


@pytest.mark.parametrize(("count", "named"), [(20, 20), (21, 21)])
def test_twenty_odd_types_are_named_without_a_word_on_others(count, named):
    warnings = judge(policy(TELNET), *(Row(5, f"odd{number:04}", 1) for number in range(count))).warnings
    assert (len(warnings), "more types" in warnings[-1]) == (named, count > 20)


def test_too_few_rows_and_a_rule_that_cannot_be_decided_say_what_to_do():
    (few,) = judge(policy(TELNET, expect_rows={"host": 5}), Row(443, "tcp", 1)).problems
    assert few.hint == "Check the HSS agents, the edition and the enterprise project, or lower `expect_rows`."
    (undecided,) = judge(policy(FLAGGED), Row(23, "tcp", 1)).problems
    assert undecided.hint == "Check the policy with `port-compliance policy validate --cloud`."
