"""What a policy change would newly find, no longer find or rate otherwise."""

from __future__ import annotations

import json
import time
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.decide.evaluate import evaluate
from handler.models import CATEGORIES, Row, Severity
from handler.models.listeners import Listener, PortListeners
from handler.policy.rules import Exemption, Policy, Rule
from handler.ports import ALL_PORTS, PortSet
from handler.review.changes import exemption_changes
from handler.review.compare import compare_on_snapshot
from handler.review.compare_formats import compare_json, compare_text
from handler.review.sweep import compare_everywhere
from tests.examples import examples
from tests.fakes import category, snapshot
from tests.small_policies import EXEMPTED, TELNET, policy_of

DAY = date(2026, 12, 1)
NAMES = ("old", "new")
ROWS = snapshot(category([Row(23, "tcp", 9), Row(2323, "tcp", 4), Row(80, "tcp", 1), Row(2323, "tcp6", 9)]))


def on_rows(old, new, rows=ROWS, day=DAY):
    return compare_on_snapshot(policy_of(old), policy_of(new), rows, day, NAMES)


def everywhere(old, new, day=DAY):
    return compare_everywhere(policy_of(old), policy_of(new), day, NAMES)


def said(comparison, kind):
    return [(change.what, change.rule_id, change.num, change.because) for change in comparison.of(kind)]


def test_the_same_policy_changes_nothing():
    for comparison in (on_rows(EXEMPTED, EXEMPTED), everywhere(EXEMPTED, EXEMPTED)):
        assert (comparison.changes, comparison.exemptions, comparison.doubts) == ((), (), ())


def test_a_row_that_an_exemption_gave_up_is_newly_found():
    assert said(on_rows(EXEMPTED, TELNET), "new") == [("2323/tcp", "telnet", 4, "was exempted by lifts")]


def test_a_row_that_gets_exempted_is_no_longer_found():
    assert said(on_rows(TELNET, EXEMPTED), "gone") == [("2323/tcp", "telnet", 4, "now exempted by lifts")]


def test_a_rule_that_gets_announced_only_finds_nothing_for_now():
    later = TELNET + "    effective_from: 2027-01-01\n"
    gone = said(on_rows(TELNET, later), "gone")
    assert ("23/tcp", "telnet", 9, "now announced for 2027-01-01") in gone
    assert said(everywhere(TELNET, later), "gone")[0][3] == "rule announced only, num above 2"
    assert said(everywhere(later, TELNET), "new")[0][3] == "rule in force, num above 2"


def test_what_is_newly_announced_is_listed_and_is_no_new_finding():
    later = "  - {id: web, ports: [80-81], protocols: [tcp], effective_from: 2027-01-01}\n"
    rows, ports = on_rows(TELNET, TELNET + later), everywhere(TELNET, TELNET + later)
    assert said(rows, "announced") == [("80/tcp", "web", 1, "from 2027-01-01")]
    assert said(ports, "announced") == [("80-81/tcp", "web", None, "from 2027-01-01")]
    assert not rows.of("new") + ports.of("new")
    assert not everywhere(TELNET + later, TELNET + later).changes
    wider = later.replace("80-81", "80-90")
    assert said(everywhere(TELNET + later, TELNET + wider), "announced")[0][0] == "82-90/tcp"


def test_a_change_of_expected_rows_is_noted():
    comparison = everywhere(TELNET + "expect_rows: {host: 5}\n", TELNET)
    assert comparison.notes == ("expect_rows of host: 5 -> 0",)
    assert "expect_rows of host: 5 -> 0" in compare_text(comparison)
    assert on_rows(TELNET + "expect_rows: {host: 5}\n", TELNET).doubts


def test_a_renamed_rule_tells_that_the_row_was_found_before():
    new = said(on_rows(TELNET, TELNET.replace("id: telnet", "id: shells")), "new")
    assert ("23/tcp", "shells", 9, "rule added; the row was found by telnet") in new


def test_a_changed_severity_is_no_new_finding():
    milder = TELNET.replace("critical", "low")
    for comparison in (on_rows(TELNET, milder), everywhere(TELNET, milder)):
        assert not comparison.of("new")
        assert {(c.was, c.severity) for c in comparison.of("severity")} == {(Severity.CRITICAL, Severity.LOW)}


def test_counts_are_told_by_severity():
    comparison = on_rows(EXEMPTED, TELNET)
    assert (comparison.counts_old, comparison.counts_new) == ({Severity.CRITICAL: 2}, {Severity.CRITICAL: 3})
    assert everywhere(TELNET, TELNET).counts_new == {Severity.CRITICAL: 2}


def test_changes_are_in_the_order_of_findings():
    both = "version: 1\nrules: [{id: a, ports: [23], protocols: [tcp], categories: [container, host]}]\n"
    rows = snapshot(category([Row(23, "tcp", 1)], "container"), category([Row(23, "tcp", 1)]))
    none = both.replace("[23]", "[99]")
    for comparison in (on_rows(none, both, rows), everywhere(none, both)):
        assert [change.category for change in comparison.of("new")] == ["host", "container"]


def test_counters_are_compared_too():
    bases = "version: 1\nrules: [{id: bases, statistic: database_num, above: %d}]\n"
    rows = snapshot(category([], statistics={"database_num": 15}))
    assert said(on_rows(bases % 20, bases % 10, rows), "new") == [("counter", "bases", 15, "rule changed")]
    because = "rule or exemption changed, num 11-20"
    assert said(everywhere(bases % 20, bases % 10), "new") == [("counter", "bases", None, because)]
    assert said(everywhere(bases % 20, bases % 19), "new")[0][3] == "rule or exemption changed, num 20"


def test_an_incomplete_snapshot_makes_the_comparison_doubtful():
    rows = snapshot(category([], complete=False))
    assert "host is inconclusive under the old policy" in on_rows(TELNET, TELNET, rows).doubts[0]


def test_a_category_that_the_snapshot_lacks_is_named():
    container = TELNET + "    categories: [container]\n"
    assert on_rows(TELNET, container).doubts == ("the snapshot holds nothing of category container",)


def test_exemptions_are_added_dropped_extended_shortened_and_changed():
    later, wider = EXEMPTED.replace("2027-03-31", "2027-06-30"), EXEMPTED.replace("up_to: 5", "up_to: 9")

    def kinds(old, new):
        return [(change.kind, change.detail) for change in exemption_changes(policy_of(old), policy_of(new))]

    assert [kind for kind, _ in kinds(TELNET, EXEMPTED)] == ["added"]
    assert [kind for kind, _ in kinds(EXEMPTED, TELNET)] == ["dropped"]
    assert kinds(EXEMPTED, later) == [("extended", "expires 2027-03-31 -> 2027-06-30")]
    assert kinds(later, EXEMPTED) == [("shortened", "expires 2027-06-30 -> 2027-03-31")]
    assert kinds(EXEMPTED, wider) == [("changed", "up_to 5 -> 9")]


def test_ranges_that_differ_are_told_as_ranges():
    old, new = TELNET.replace("[23, 2323]", "[1-100]"), TELNET.replace("[23, 2323]", "[50-200]")
    assert [change.what for change in everywhere(old, new).changes] == ["101-200/tcp", "1-49/tcp"]


@pytest.mark.parametrize("port", ["1", "9", "5"])
def test_an_exemption_at_the_edge_of_a_range_is_told_by_its_port(port):
    old = TELNET.replace("[23, 2323]", "[1-9]").replace("above: 2", "above: 0")
    exempted = EXEMPTED.replace("[23, 2323]", "[1-9]").replace("[2323]", f"[{port}]").replace("above: 2", "above: 0")
    assert [change.what for change in everywhere(old, exempted).changes] == [f"{port}/tcp"]


def test_an_exemption_for_one_enterprise_project_changes_nothing_for_all():
    assert not everywhere(TELNET, EXEMPTED + '    enterprise_projects: ["0"]\n').changes


def test_both_protocols_are_one_line():
    old = "version: 1\ndisallowed_ports: [23]\n"
    assert [change.what for change in everywhere(old, old.replace("23", "23, 53")).changes] == ["53/tcp+udp"]


def test_an_allow_list_counts_port_zero():
    old = "version: 1\nrules: [{id: web, allowed_ports: [1-65534], protocols: [tcp]}]\n"
    changes = everywhere(old, old.replace("[1-65534]", "[1-65535]")).changes
    assert [(change.kind, change.what) for change in changes] == [("gone", "65535/tcp")]
    assert everywhere(old, "version: 1\ndisallowed_ports: [1]\n").of("gone")[0].what == "0/tcp"


PORTS = st.sampled_from([PortSet.of([piece]) for piece in [(1, 9), (3, 5), (4, 4), (5, 9), (7, 7)]])
RULES = st.builds(
    Rule,
    id=st.sampled_from(["a", "b"]),
    kind=st.just("ports"),
    ports=PORTS | PORTS.map(lambda ports: ALL_PORTS - ports),
    severity=st.sampled_from([Severity.LOW, Severity.HIGH]),
    protocols=st.sampled_from([("tcp",), ("udp",), ("tcp", "udp")]),
    categories=st.sampled_from([("host",), CATEGORIES]),
    status=st.sampled_from([(), ("danger",), ("danger", "normal")]),
    above=st.integers(0, 2),
    effective_from=st.sampled_from([None, DAY, date(2026, 12, 2)]),
)
EXEMPTIONS = st.builds(
    Exemption,
    id=st.sampled_from(["x", "y"]),
    reason=st.just("r"),
    owner=st.just("o"),
    expires=st.sampled_from([DAY, date(2026, 11, 30)]),
    rules=st.sampled_from([(), ("a",), ("a", "b")]),
    ports=st.none() | PORTS,
    categories=st.sampled_from([CATEGORIES, ("container",)]),
    enterprise_projects=st.sampled_from([(), ("0",)]),
    up_to=st.sampled_from([None, 1, 3]),
)
POLICIES = st.builds(
    Policy,
    name=st.just("p"),
    digest=st.just(""),
    rules=st.lists(RULES, max_size=2, unique_by=lambda rule: rule.id).map(tuple),
    exemptions=st.lists(EXEMPTIONS, max_size=2, unique_by=lambda exemption: exemption.id).map(tuple),
)


def found(policy, port, protocol, place):
    rows = [Row(port, protocol, num, status) for num in range(6) for status in ("danger", "normal", "unknown")]
    findings = evaluate(policy, snapshot(category(rows, place)), DAY).findings
    return {(finding.rule_id, finding.num, finding.status): finding.severity for finding in findings}


@given(
    old=POLICIES,
    new=POLICIES,
    port=st.sampled_from([0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 65535]),
    protocol=st.sampled_from(["tcp", "udp"]),
    place=st.sampled_from(CATEGORIES),
)
@settings(max_examples=examples(200), deadline=None)
def test_without_a_snapshot_it_says_what_evaluating_every_row_would(old, new, port, protocol, place):
    was, now = found(old, port, protocol, place), found(new, port, protocol, place)
    expected = {("new", rule) for rule, *rest in now.keys() - was.keys()}
    expected |= {("gone", rule) for rule, *rest in was.keys() - now.keys()}
    expected |= {("severity", rule) for rule, num, status in now.keys() & was.keys() if _differ(was, now, rule)}
    changes = compare_everywhere(old, new, DAY, NAMES).changes
    here = [c for c in changes if c.category == place and protocol in c.protocols and c.low <= port <= c.high]
    claimed = {(c.kind, c.rule_id) for c in here if c.kind != "announced"}
    # a severity that changes where no row is found by both is told by the sweep, and has no row to show for it
    assert claimed - {pair for pair in claimed if pair[0] == "severity"} == {e for e in expected if e[0] != "severity"}
    assert {pair for pair in expected if pair[0] == "severity"} <= claimed


def _differ(was, now, rule):
    old = {severity for (name, *_), severity in was.items() if name == rule}
    return old != {severity for (name, *_), severity in now.items() if name == rule}


def seconds(work):
    start = time.process_time()
    work()
    return time.process_time() - start


def takes_less(work, bound):
    """Whether one of three tries does: a busy machine only adds."""
    return any(seconds(work) < bound for _ in range(3))


def test_a_large_comparison_costs_about_two_checks():
    rows = snapshot(category([Row(port, "tcp", 1 + port % 7, "danger") for port in range(1, 4_001)]))
    rules = tuple(
        Rule(id=f"r{n}", kind="ports", ports=PortSet.of([(n * 10, n * 10 + 14)]), severity=Severity(n % 5))
        for n in range(1, 401)
    )
    old, new = Policy("old", "", rules), Policy("new", "", rules[5:])
    checks = min(seconds(lambda: (evaluate(old, rows, DAY), evaluate(new, rows, DAY))) for _ in range(2))
    assert takes_less(lambda: compare_on_snapshot(old, new, rows, DAY, NAMES), 3 * checks)
    assert takes_less(lambda: compare_everywhere(old, new, DAY, NAMES), 3 * checks)


def test_comparisons_are_plain_data():
    document = json.loads(compare_json(on_rows(EXEMPTED, TELNET)))
    assert document["newly_found"][0]["ports"] == [2323, 2323]
    assert document["exemptions"][0]["change"] == "dropped"
    assert document["certain"] is True


def test_servers_that_are_found_or_no_longer_found_are_counted_apart():
    def server(name):
        return Listener(f"id-{name}", name, "10.2.0.7", protocol="tcp", address="10.2.0.7")

    behind = PortListeners(3389, (server("jump-1"), server("web-1"), server("web-2")))
    world = snapshot(category([Row(3389, "tcp", 3)], listeners=(behind,)))
    plain = "version: 1\nrules:\n  - {id: desktops, ports: [3389]}\n"
    jump = "exemptions:\n  - {id: jump, rules: [desktops], hosts: [jump-1], reason: r, owner: o, expires: 2027-03-31}\n"
    both = policy_of(plain), policy_of(plain + jump)
    done = compare_on_snapshot(*both, world, date(2026, 12, 1), ("OLD", "NEW"))
    assert [(c.kind, c.low, c.num, c.because) for c in done.changes] == [("gone", 3389, 1, "now exempted by jump")]
    done = compare_on_snapshot(*reversed(both), world, date(2026, 12, 1), ("OLD", "NEW"))
    assert [(c.kind, c.num, c.because) for c in done.changes] == [("new", 1, "was exempted by jump")]
    other = policy_of(plain + jump.replace("jump-1", "web-1"))
    done = compare_on_snapshot(both[1], other, world, date(2026, 12, 1), ("OLD", "NEW"))
    assert [(c.kind, c.num) for c in done.changes] == [("new", 1), ("gone", 1)]


def test_without_a_snapshot_an_exemption_by_server_takes_its_servers_from_the_rule():
    plain = "version: 1\nrules:\n  - {id: desktops, ports: [3389]}\n"
    jump = "exemptions:\n  - {id: jump, rules: [desktops], hosts: [jump-1], reason: r, owner: o, expires: 2027-03-31}\n"
    done = compare_everywhere(policy_of(plain), policy_of(plain + jump), date(2026, 12, 1), ("OLD", "NEW"))
    assert [(c.kind, c.because) for c in done.changes] == [("gone", "rule or exemption changed")]
    narrower = plain.replace("[3389]", "[3389], hosts: [10.2.0.0/16]")
    done = compare_everywhere(policy_of(plain), policy_of(narrower), date(2026, 12, 1), ("OLD", "NEW"))
    assert [c.kind for c in done.changes] == ["gone"]
    wider = plain.replace("[3389]", "[3389], hosts: [10.0.0.0/8]")
    done = compare_everywhere(policy_of(narrower), policy_of(wider), date(2026, 12, 1), ("OLD", "NEW"))
    assert [(c.kind, c.because) for c in done.changes] == [("new", "rule or exemption changed, servers 10.0.0.0/8")]


def test_an_exemption_for_all_but_some_servers_may_take_every_one():
    plain = "version: 1\nrules:\n  - {id: desktops, ports: [3389]}\n"
    but = 'exemptions:\n  - {id: e, rules: [desktops], hosts: ["!web-1"], reason: r, owner: o, expires: 2027-03-31}\n'
    done = compare_everywhere(policy_of(plain), policy_of(plain + but), date(2026, 12, 1), ("OLD", "NEW"))
    assert [change.kind for change in done.changes] == ["gone"]


def test_changed_limits_of_exemptions_are_named():
    limited = TELNET + "limits: {exemption_days: 90, require: [ticket, ports]}\n"
    named = ("limits, exemption_days: 90 -> none", "limits, require: ticket, ports -> none")
    for comparison in (on_rows(limited, TELNET), everywhere(limited, TELNET)):
        assert comparison.notes == named


def test_what_changes_of_an_announced_rule_is_named():
    later = TELNET + "  - {id: web, ports: [80-81], severity: low, effective_from: 2027-03-01}\n"
    sooner = later.replace("2027-03-01", "2027-01-01").replace("severity: low", "severity: high")
    named = (
        "announced rule web, effective_from: 2027-03-01 -> 2027-01-01",
        "announced rule web, severity: low -> high",
    )
    for comparison in (on_rows(later, sooner), everywhere(later, sooner)):
        assert comparison.notes == named
        assert "Nothing changes." not in compare_text(comparison)
    assert not everywhere(later, sooner, date(2027, 3, 1)).notes
