"""Policy tests: what is found, what passes, and how a difference reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from handler.errors import PolicyError, UsageError
from handler.review.case_results import run_suite
from handler.review.cases import find_case_files, read_suites
from tests.small_policies import EXEMPTED, TELNET


def suite(folder: Path, cases: str, policy: str = TELNET):
    (folder / "p.yaml").write_text(policy)
    (folder / "p.test.yaml").write_text(f"today: 2026-12-01\ncases:\n{cases}")
    return read_suites([folder])[0]


def differences(folder: Path, cases: str, policy: str = TELNET):
    return list(run_suite(suite(folder, cases, policy)).results[0].differences)


CASE = "  - name: one\n    rows: [{{port: {port}, type: TCP, num: {num}}}]\n    expect: {expect}\n"


def test_a_case_that_gets_what_it_expects_passes(tmp_path):
    case = CASE.format(port=23, num=3, expect="{verdict: violations, findings: [{rule: telnet, port: 23, num: 3}]}")
    assert differences(tmp_path, case) == []


def test_differences_name_what_was_expected_and_what_came(tmp_path):
    case = CASE.format(port=23, num=3, expect="{verdict: compliant, findings: [{rule: telnet, port: 23, num: 4}]}")
    assert differences(tmp_path, case) == [
        "verdict: expected compliant, got violations",
        "findings: expected telnet 23 (num 4), got telnet 23/tcp host (critical, num 3)",
        "findings: not expected, but got telnet 23/tcp host (critical, num 3)",
    ]


def test_a_missing_finding_is_named(tmp_path):
    case = CASE.format(port=22, num=3, expect="{findings: [{rule: telnet, port: 23, protocol: tcp}]}")
    assert differences(tmp_path, case) == ["findings: expected telnet 23/tcp, got nothing like it"]


@pytest.mark.parametrize(("num", "verdict"), [(2, "compliant"), (3, "violations")])
def test_above_is_tolerated_up_to_its_number(tmp_path, num, verdict):
    assert differences(tmp_path, CASE.format(port=23, num=num, expect=f"{{verdict: {verdict}}}")) == []


@pytest.mark.parametrize(
    ("num", "expect"),
    [
        (5, "{verdict: compliant, findings: [], exempted: [{rule: telnet, port: 2323, exemption: lifts}]}"),
        (6, "{verdict: violations, findings: [{rule: telnet, port: 2323, num: 6}], exempted: []}"),
    ],
)
def test_exempted_rows_are_expected_apart(tmp_path, num, expect):
    assert differences(tmp_path, CASE.format(port=2323, num=num, expect=expect), EXEMPTED) == []


def test_an_announced_rule_breaks_nothing_before_its_day(tmp_path):
    policy = TELNET + "    effective_from: 2026-12-02\n"
    expect = "{verdict: compliant, findings: [], announced: [{rule: telnet, num: 9, effective_from: 2026-12-02}]}"
    before = CASE.format(port=23, num=9, expect=expect)
    after = "  - name: two\n    today: 2026-12-02\n    rows: [{port: 23, type: TCP, num: 9}]\n"
    after += "    expect: {verdict: violations, announced: []}\n"
    results = run_suite(suite(tmp_path, before + after, policy))
    assert [result.differences for result in results.results] == [(), ()]


def test_an_incomplete_listing_is_inconclusive(tmp_path):
    case = "  - name: one\n    categories: {host: {listing: incomplete}}\n    expect: {verdict: inconclusive}\n"
    assert differences(tmp_path, case) == []


def test_a_row_without_status_leaves_a_status_rule_undecided(tmp_path):
    policy = "version: 1\nrules: [{id: flagged, status: [danger]}]\n"
    expect = "{verdict: inconclusive, problems: [rule flagged needs status]}"
    assert differences(tmp_path, CASE.format(port=23, num=9, expect=expect), policy) == []
    assert differences(tmp_path, CASE.format(port=23, num=9, expect="{problems: [other words]}"), policy)


def test_counters_are_zero_unless_they_are_given(tmp_path):
    policy = "version: 1\nrules: [{id: bases, statistic: database_num, above: 1}]\n"
    cases = "  - name: none\n    expect: {verdict: compliant}\n"
    cases += (
        "  - name: two\n    statistics: {host: {database_num: 2}}\n    expect: {findings: [{rule: bases, num: 2}]}\n"
    )
    cases += "  - name: unread\n    statistics: {host: unreadable}\n    expect: {verdict: inconclusive}\n"
    assert run_suite(suite(tmp_path, cases, policy)).failed == ()


def test_entries_pair_with_results_whatever_their_order(tmp_path):
    case = "  - name: one\n    rows: [{port: 23, type: [TCP, TCP6], num: 3}]\n"
    case += "    expect: {findings: [{rule: telnet, port: 23}, {rule: telnet, protocol: tcp}]}\n"
    assert differences(tmp_path, case) == []


def test_many_alike_entries_pair_without_deep_recursion(tmp_path):
    entries = ", ".join(["{rule: telnet}"] * 1200)
    case = f"  - name: one\n    rows: [{{port: 1-1199, type: TCP, num: 3}}]\n    expect: {{findings: [{entries}]}}\n"
    left = differences(tmp_path, case, TELNET.replace("[23, 2323]", "[1-1199]"))
    assert left == ["findings: expected telnet, got nothing like it"]


def test_thousands_of_ports_can_be_rows(tmp_path):
    case = "  - name: one\n    rows: [{port: 0-20000, type: [TCP, UDP], num: 3}]\n"
    case += "    expect: {findings: [{rule: telnet, port: 1-20000, protocol: tcp}]}\n"
    assert differences(tmp_path, case, TELNET.replace("[23, 2323]", "[1-65535]")) == []


def test_lists_of_ports_and_types_stand_for_each_of_them(tmp_path):
    case = "  - name: one\n    rows: [{port: [22-23, 2323], type: [TCP, TCP6], num: 3}]\n"
    case += "    expect: {findings: [{rule: telnet, port: [23, 2323], protocol: [tcp, tcp6], category: host}]}\n"
    assert differences(tmp_path, case) == []


def test_a_file_may_name_a_policy_elsewhere(tmp_path):
    (tmp_path / "prod").mkdir()
    (tmp_path / "prod" / "a.yaml").write_text(TELNET)
    cases = CASE.format(port=23, num=3, expect="{verdict: violations}")
    (tmp_path / "prod.test.yaml").write_text(f"policy: prod\ntoday: 2026-12-01\ncases:\n{cases}")
    assert run_suite(read_suites([tmp_path])[0]).failed == ()


def test_each_file_tests_its_own_policy(tmp_path):
    for name, verdict in (("a", "violations"), ("b", "compliant")):
        folder = tmp_path / name
        folder.mkdir()
        text = TELNET if name == "a" else TELNET.replace("[23, 2323]", "[2323]")
        suite(folder, CASE.format(port=23, num=3, expect=f"{{verdict: {verdict}}}"), text)
    assert [run_suite(each).failed for each in read_suites([tmp_path])] == [(), ()]


def test_cases_are_chosen_by_name(tmp_path):
    suite(tmp_path, CASE.format(port=23, num=3, expect="{verdict: violations}"))
    assert len(read_suites([tmp_path], "on")[0].cases) == 1
    with pytest.raises(UsageError, match="'three'"):
        read_suites([tmp_path], "three")


def test_no_case_is_an_error(tmp_path):
    (tmp_path / "p.yaml").write_text(TELNET)
    for path in (tmp_path, tmp_path / "p.yaml"):
        with pytest.raises(UsageError, match="no test case found"):
            find_case_files([path])
    with pytest.raises(UsageError, match="no such file"):
        find_case_files([tmp_path / "none"])
    with pytest.raises(UsageError, match="no such file or folder, or none that may be read"):
        find_case_files([tmp_path / ("a" * 300)])


def test_problems_of_all_files_and_policies_come_at_once(tmp_path):
    (tmp_path / "a.test.yaml").write_text("today: 2026-12-01\ncases: [{name: x}]\n")
    (tmp_path / "b.test.yaml").write_text("today: 2026-12-01\ncases: [{name: x, expect: {verdict: compliant}}]\n")
    with pytest.raises(PolicyError) as caught:
        read_suites([tmp_path])
    assert any("a.test.yaml" in problem and "expect: is missing" in problem for problem in caught.value.problems)
    assert any("b.yaml" in problem for problem in caught.value.problems)


def test_a_case_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "a.test.yaml").mkdir()
    with pytest.raises(PolicyError, match="cannot be read"):
        read_suites([tmp_path])


def test_coverage_names_what_no_case_fires(tmp_path):
    fired = run_suite(suite(tmp_path, CASE.format(port=23, num=3, expect="{verdict: violations}"), EXEMPTED)).coverage
    assert (fired.percent, fired.rules, [each.id for each in fired.exemptions]) == (50, (), ["lifts"])
    assert fired.below(51)
    assert not fired.below(50)


def test_an_exempted_row_fires_its_rule_and_its_exemption(tmp_path):
    fired = run_suite(suite(tmp_path, CASE.format(port=2323, num=3, expect="{verdict: compliant}"), EXEMPTED)).coverage
    assert (fired.percent, fired.rules, fired.exemptions) == (100, (), ())


def test_coverage_is_not_rounded_up(tmp_path):
    more = "".join(f"  - id: r{port}\n    ports: [{port}]\n" for port in range(3000, 3200))
    fired = run_suite(
        suite(tmp_path, CASE.format(port=23, num=3, expect="{verdict: violations}"), TELNET + more)
    ).coverage
    assert fired.percent == 0
    assert fired.below(1)


FAILS = "today: 2026-12-01\ncases:\n  - {name: wrong, rows: [{port: 23, type: TCP, num: 3}], expect: {verdict: compliant}}\n"
PASSES = FAILS.replace("compliant", "violations").replace("wrong", "right")


@pytest.mark.parametrize("name", ["p.test.yml", "p.TEST.YAML", "p.Test.Yml", "sub/p.test.yml"])
def test_a_failing_test_file_of_any_ending_beside_a_good_one_runs(tmp_path, name):
    (tmp_path / "sub").mkdir()
    for at in (tmp_path, tmp_path / "sub"):
        (at / "p.yaml").write_text(TELNET)
    (tmp_path / "p.test.yaml").write_text(PASSES)
    (tmp_path / name).write_text(FAILS)
    results = [result for suite in read_suites([tmp_path]) for result in run_suite(suite).results]
    assert sorted((result.case.name, bool(result.differences)) for result in results) == [
        ("right", False),
        ("wrong", True),
    ]


@pytest.mark.parametrize("policy", ["p.yml", "p.YAML", "p.yaml"])
def test_a_test_file_finds_its_policy_whatever_its_ending(tmp_path, policy):
    (tmp_path / policy).write_text(TELNET)
    (tmp_path / "p.test.yml").write_text(PASSES)
    (found,) = read_suites([tmp_path / policy])
    assert (found.policy_path, len(found.cases)) == (str(tmp_path / policy), 1)


def test_two_policies_beside_a_test_file_are_a_question(tmp_path):
    for name in ("p.yaml", "p.yml"):
        (tmp_path / name).write_text(TELNET)
    (tmp_path / "p.test.yaml").write_text(PASSES)
    with pytest.raises(PolicyError, match=r"p\.yaml and p\.yml stand beside it; say which with policy:"):
        read_suites([tmp_path])
    (tmp_path / "p.test.yaml").write_text("policy: p.yml\n" + PASSES)
    assert read_suites([tmp_path])[0].policy_path == str(tmp_path / "p.yml")


def test_a_test_file_whose_policy_is_not_there_is_named_with_what_it_looked_for(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.test.yaml").write_text("policy: ../gone.yaml\n" + PASSES)
    (tmp_path / "b.test.yaml").write_text(PASSES)
    with pytest.raises(PolicyError) as caught:
        read_suites([tmp_path])
    assert caught.value.problems == (
        f"{tmp_path}/b.test.yaml: there is no b.yaml beside it; name what it tests with policy:",
        f"{tmp_path}/sub/a.test.yaml: policy: there is no {tmp_path}/gone.yaml; the path is seen from this file",
    )


@pytest.mark.parametrize("name", ["p.test.yaml.bak", "p.test.yml~", "sub/p.test.yamlx"])
def test_a_file_that_looks_like_tests_and_would_not_run_is_named(tmp_path, name):
    (tmp_path / "sub").mkdir()
    (tmp_path / "p.yaml").write_text(TELNET)
    (tmp_path / "p.test.yaml").write_text(PASSES)
    (tmp_path / name).write_text(FAILS)
    with pytest.raises(UsageError, match=f"{name}: looks like test cases and would not be run"):
        read_suites([tmp_path])


DESKTOPS = """\
version: 1
rules:
  - {id: desktops, ports: [3389], hosts: [10.2.0.0/16], listening: beyond-loopback}
exemptions:
  - {id: jump, rules: [desktops], hosts: [jump-1], reason: r, owner: o, expires: 2027-03-31}
"""
BY_SERVER = "  - {{name: one, rows: [{{port: 3389, type: TCP, listeners: [{listeners}]}}], expect: {expect}}}\n"
WIN = "{name: win-7, ip: 10.2.0.7, address: 0.0.0.0}"
JUMP = "{name: jump-1, ip: 10.2.0.8, address: 0.0.0.0}"


@pytest.mark.parametrize(
    ("listeners", "expect"),
    [
        (WIN, "{verdict: violations, findings: [{rule: desktops, port: 3389, num: 1}]}"),
        (f"{WIN}, {JUMP}", "{findings: [{rule: desktops, num: 1}], exempted: [{rule: desktops, exemption: jump}]}"),
        (JUMP, "{verdict: compliant, findings: []}"),
        ("{name: win-7, ip: 10.3.0.7}", "{verdict: compliant}"),
        ("{name: db-1, ip: 10.2.0.9, address: 127.0.0.1}", "{verdict: compliant, findings: []}"),
        ("{name: win-7}", "{verdict: inconclusive, problems: [does not tell]}"),
    ],
)
def test_a_case_names_who_listens(tmp_path, listeners, expect):
    assert differences(tmp_path, BY_SERVER.format(listeners=listeners, expect=expect), DESKTOPS) == []


def test_a_case_that_names_no_listeners_does_not_know_them(tmp_path):
    case = CASE.format(port=3389, num=1, expect="{verdict: inconclusive, findings: []}")
    assert differences(tmp_path, case, DESKTOPS) == []


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("{port: 1, type: TCP, num: 2, listeners: [{name: a}]}", "num is the number of listeners, which is 1"),
        ("{port: 1, type: TCP, listeners: [{nam: a}]}", "unknown key 'nam', did you mean 'name'?"),
    ],
)
def test_listeners_of_a_case_are_read_strictly(tmp_path, row, told):
    with pytest.raises(PolicyError, match=r"p\.test\.yaml:3") as caught:
        suite(tmp_path, f"  - {{name: one, rows: [{row}], expect: {{verdict: compliant}}}}\n")
    assert told in str(caught.value)
