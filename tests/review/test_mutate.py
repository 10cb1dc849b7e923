"""Mutants: every small change is tried, and what changes nothing is not held against the tests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from handler.policy.compiled import bundled_policies
from handler.review.cases import read_suites
from handler.review.mutants import mutants
from handler.review.mutate import mutate_suite
from handler.review.mutate_formats import mutants_json, mutants_text
from handler.review.probes import differs
from tests.small_policies import EXEMPTED, TELNET, policy_of

BUNDLED = read_suites([bundled_policies()])


def words(text):
    return [mutant.description for mutant in mutants(policy_of(text))]


def equivalent(text):
    policy = policy_of(text)
    return [mutant.description for mutant in mutants(policy) if not differs(policy, mutant)]


def mutate(folder: Path, cases: str, policy: str = TELNET):
    (folder / "p.yaml").write_text(policy)
    (folder / "p.test.yaml").write_text(f"today: 2026-12-01\ncases:\n{cases}")
    return mutate_suite(read_suites([folder])[0])


def test_a_rule_is_dropped_shifted_widened_narrowed_and_flipped():
    assert words(TELNET.replace("[23, 2323]", "[23-25]")) == [
        "rule telnet: dropped",
        "rule telnet: ports shifted by -1",
        "rule telnet: ports shifted by +1",
        "rule telnet: 23-25 widened to 22",
        "rule telnet: 23-25 widened to 26",
        "rule telnet: 23-25 narrowed by 23",
        "rule telnet: 23-25 narrowed by 25",
        "rule telnet: ports flipped to allowed_ports",
        "rule telnet: protocols tcp -> udp",
        "rule telnet: protocols tcp -> tcp+udp",
        "rule telnet: narrowed to status danger",
        "rule telnet: categories host -> container",
        "rule telnet: categories host -> host+container",
        "rule telnet: above 2 -> 3",
        "rule telnet: above 2 -> 1",
    ]


def test_an_exemption_is_dropped_moved_and_lengthened():
    changed = [each for each in words(EXEMPTED) if each.startswith("exemption")]
    for expected in (
        "dropped",
        "ports shifted by +1",
        "ports flipped",
        "widened to every port",
        "widened to every rule",
        "categories host+container -> host",
        "up_to dropped",
        "up_to 5 -> 6",
        "up_to 5 -> 4",
        "expires 2027-03-31 -> 2027-04-01",
        "expires 2027-03-31 -> 2027-03-30",
    ):
        assert f"exemption lifts: {expected}" in changed


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("{id: a, ports: [1], effective_from: 2026-12-01}", "effective_from 2026-12-01 -> 2026-12-02"),
        ("{id: a, ports: [1], effective_from: 2026-12-01}", "effective_from dropped"),
        ("{id: a, status: [danger]}", "status widened by unknown"),
        ("{id: a, status: [danger]}", "widened to any status"),
        ("{id: a, status: [danger, normal]}", "status narrowed by normal"),
        ("{id: a, allowed_ports: [22]}", "allowed_ports flipped to ports"),
        ("{id: a, statistic: app_num}", "statistic app_num -> auto_launch_num"),
    ],
)
def test_each_kind_of_rule_is_changed_in_its_own_way(rule, change):
    text = f"version: 1\nrules: [{rule}]\n"
    assert f"rule a: {change}" in words(text)
    assert f"rule a: {change}" not in equivalent(text)


def test_a_changed_allow_list_still_finds_port_zero():
    text = "version: 1\nrules: [{id: a, allowed_ports: [22, 80]}]\n"
    changed = [mutant.after for mutant in mutants(policy_of(text)) if "widened to" in mutant.description]
    assert changed
    assert all(0 in rule.ports for rule in changed if rule.kind == "allowed_ports")


def test_changes_beyond_the_last_port_change_nothing():
    text = "version: 1\nrules: [{id: a, ports: [1-65535], protocols: [tcp]}]\n"
    assert equivalent(text) == ["rule a: 1-65535 widened to 0", "rule a: 1-65535 widened to 65536"]


def test_widening_into_what_the_rule_has_changes_nothing():
    text = "version: 1\nrules: [{id: a, ports: [22, 23]}]\n"
    assert equivalent(text) == []  # neighbours are one range
    assert all("22-23" in each or "shifted" in each for each in words(text)[1:7])


def test_an_exemption_that_reaches_no_rule_is_all_the_same():
    text = EXEMPTED.replace("ports: [2323]", "ports: [80]")
    same = [each for each in equivalent(text) if each.startswith("exemption")]
    assert "exemption lifts: dropped" in same
    assert "exemption lifts: ports flipped" not in same


def test_an_exemption_for_enterprise_projects_differs_there_only():
    text = EXEMPTED + '    enterprise_projects: ["0", "1"]\n'
    assert "exemption lifts: enterprise project 0 left out" in words(text)
    assert not [each for each in equivalent(text) if "enterprise" in each]


LIMITED = EXEMPTED.replace(
    "rules:\n  - id: telnet", "limits: {exemption_days: 180, require: [ticket, ports]}\nrules:\n  - id: telnet"
)


def test_each_limit_is_dropped_and_shifted():
    assert [each for each in words(LIMITED) if each.startswith("limits")] == [
        "limits: exemption_days dropped",
        "limits: exemption_days 180 -> 181",
        "limits: exemption_days 180 -> 179",
        "limits: require ticket left out",
        "limits: require ports left out",
    ]


def test_a_limit_counts_where_an_exemption_breaks_it():
    without_ticket = [each for each in equivalent(LIMITED) if each.startswith("limits")]
    assert "limits: require ticket left out" not in without_ticket  # it has none: then it applies
    assert "limits: exemption_days 180 -> 181" in without_ticket  # as it has no ticket, days do not matter
    ticketed = [each for each in equivalent(LIMITED + "    ticket: T-1\n") if each.startswith("limits")]
    assert ticketed == ["limits: require ticket left out", "limits: require ports left out"]


@pytest.mark.parametrize(
    ("today", "verdict", "survivors"),
    [
        ("2026-10-02", "compliant", ["exemption_days dropped", "exemption_days 180 -> 181"]),  # 180 days to the end
        ("2026-10-01", "violations", ["exemption_days 180 -> 179"]),
    ],
)
def test_a_limit_of_days_is_held_by_cases_on_both_sides_of_it(tmp_path, today, verdict, survivors):
    (tmp_path / "p.yaml").write_text(LIMITED.replace(", require: [ticket, ports]", ""))
    case = f"{{name: one, rows: [{{port: 2323, type: TCP, num: 4}}], expect: {{verdict: {verdict}}}}}"
    (tmp_path / "p.test.yaml").write_text(f"today: {today}\ncases: [{case}]\n")
    lived = [mutant.description for mutant in mutate_suite(read_suites([tmp_path])[0]).survivors]
    assert [each for each in lived if each.startswith("limits")] == [f"limits: {each}" for each in survivors]


def test_a_surviving_limit_is_named_with_its_file(tmp_path):
    case = "  - name: one\n    rows: [{port: [23, 2323], type: TCP, num: 9}]\n    expect: {verdict: violations}\n"
    assert "survived: limits: exemption_days dropped (" in mutants_text(
        [mutate(tmp_path, case, LIMITED + "    ticket: T-1\n")]
    )


def test_a_covered_rule_still_differs_by_its_name():
    text = "version: 1\nrules: [{id: all, ports: [1-100]}, {id: some, ports: [23]}]\n"
    assert "rule some: dropped" not in equivalent(text)


def test_survivors_are_named_with_their_place(tmp_path):
    case = "  - name: one\n    rows: [{port: [23, 2323], type: TCP, num: 3}]\n    expect: {verdict: violations}\n"
    result = mutate(tmp_path, case)
    text = mutants_text([result])
    assert "survived: rule telnet: 23 left out" in text
    assert "p.yaml:3:5" in text
    assert 0 < result.killed < result.total
    assert result.below(100)
    assert not result.below(100 * result.killed // result.total)


def test_a_case_that_fails_anyway_kills_nothing(tmp_path):
    result = mutate(tmp_path, "  - name: wrong\n    expect: {verdict: violations}\n")
    assert (result.killed, result.broken) == (0, ("wrong",))
    assert result.below(0)
    assert "wrong fails without any change" in mutants_text([result])


def test_the_result_is_plain_data(tmp_path):
    result = mutate(tmp_path, "  - name: one\n    expect: {verdict: compliant}\n")
    document = json.loads(mutants_json([result]))
    assert document["policies"][0]["total"] == result.total
    assert document["policies"][0]["survivors"][0]["change"] == "rule telnet: dropped"


@pytest.mark.parametrize("suite", BUNDLED, ids=lambda suite: Path(suite.policy_path).stem)
def test_the_bundled_tests_kill_every_mutant_that_differs(suite):
    result = mutate_suite(suite)
    assert [mutant.description for mutant in result.survivors] == []
    assert result.killed > 10
    assert not result.broken


def test_leaving_out_a_bundled_case_lets_mutants_live():
    suite = next(suite for suite in BUNDLED if suite.policy_path.endswith("statistics.yaml"))
    assert mutate_suite(suite._replace(cases=suite.cases[1:])).survivors


def test_the_first_and_the_last_day_there_are_do_no_harm():
    text = EXEMPTED.replace("expires: 2027-03-31", "expires: 9999-12-31")
    text = text.replace("above: 2", "above: 2\n    effective_from: 0001-01-01")
    assert "exemption lifts: expires 9999-12-31 -> 9999-12-30" in words(text)
    assert "rule telnet: effective_from 0001-01-01 -> 0001-01-02" in words(text)
    assert equivalent(text)
