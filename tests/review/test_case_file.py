"""Case files are read strictly: every problem at its place."""

from __future__ import annotations

import pytest

from handler.policy.yaml_positions import read_yaml
from handler.review.case_shape import check_shape

GOOD = """\
today: 2026-12-01
cases:
  - name: one
    rows: [{category: host, port: 23, type: TCP, num: 3}]
    expect: {verdict: violations}
"""


def problems(text):
    return check_shape(read_yaml("x.test.yaml", text))[1]


def test_a_good_file_has_no_problem():
    assert problems(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("name: one", "nam: one", "x.test.yaml:3:5: unknown key 'nam', did you mean 'name'?"),
        ("verdict: v", "verdikt: v", "x.test.yaml:5:14: unknown key 'verdikt', did you mean 'verdict'?"),
        ("num: 3", "nun: 3", "x.test.yaml:4:50: unknown key 'nun', did you mean 'num'?"),
        (
            "violations",
            "broken",
            "x.test.yaml:5:23: verdict: input should be 'compliant', 'violations' or 'inconclusive'",
        ),
        ("{verdict: violations}", "{}", "x.test.yaml:5:13: expect: nothing is expected; name at least one of verdict"),
        ("port: 23", "port: 70000", "x.test.yaml:4:35: port: a port is a number of 0-65535"),
        ("port: 23", "port: 139-135", "x.test.yaml:4:35: port: a port is a number of 0-65535 or an ascending range"),
        ("port: 23, ", "", "port: is missing"),
        ("num: 3", "num: -1", "num: input should be greater than or equal to 0"),
        ("category: host", "category: hosts", "category: input should be 'host' or 'container'"),
        ("today: 2026-12-01", "today: 2026-02-30", "x.test.yaml:1:8: today: a day is written YYYY-MM-DD"),
        ("today: 2026-12-01", "today: 2026-W49-2", "x.test.yaml:1:8: today: a day is written YYYY-MM-DD"),
        ("today: 2026-12-01\n", "", "x.test.yaml:2:5: today: is missing here and at the top of the file"),
        (GOOD[18:], "cases: []\n", "x.test.yaml:2:8: cases: there is none"),
    ],
)
def test_each_mistake_is_named_with_its_place(old, new, message):
    assert any(message in problem for problem in problems(GOOD.replace(old, new))), problems(GOOD.replace(old, new))


def test_all_mistakes_are_named_at_once():
    text = GOOD.replace("num: 3", "nun: 3").replace("verdict:", "verdikt:")
    assert len(problems(text)) == 2


def test_two_cases_of_one_name_are_refused():
    second = "  - name: one\n    expect: {verdict: compliant}\n"
    assert problems(GOOD + second) == ["x.test.yaml:6:5: a second case is named 'one'"]


def test_unknown_counters_are_refused():
    text = GOOD.replace("    expect", "    statistics: {host: {databases: 3}}\n    expect")
    assert any("no such counter" in problem for problem in problems(text))


def test_unsafe_yaml_is_refused():
    assert "x.test.yaml:1:" in problems("!!python/object:os.system {}\n")[0]


def test_a_file_that_is_a_list_is_refused():
    assert problems("- 1\n")
