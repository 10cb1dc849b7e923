from __future__ import annotations

import pytest

from handler.errors import AnswerError
from tests.decoded import counters


def test_counters_may_be_missing_one_by_one():
    assert counters({"port_num": 3, "database_num": 0}).counters == {"port_num": 3, "database_num": 0}


@pytest.mark.parametrize("body", [{}, {"core_conf_file_num": 3}, {"total_num": 0, "data_list": []}])
@pytest.mark.parametrize("validation", ["strict", "warn"])
def test_counters_may_not_all_be_missing(body, validation):
    with pytest.raises(AnswerError, match="none of the known counters"):
        counters(body, validation)


@pytest.mark.parametrize("value", ["3", True, None, "", 1.5, [3], {}])
def test_a_counter_that_is_no_count_is_as_good_as_absent(value):
    got = counters({"port_num": value, "app_num": 1})
    assert (got.counters, got.problems, sum(got.notes.values())) == ({"app_num": 1}, (), 1)


def test_a_counter_below_zero_is_a_problem_and_the_others_are_used():
    got = counters({"port_num": -1, "app_num": 1})
    assert [str(problem) for problem in got.problems] == ["$.port_num: is below zero, not a count"]
    assert (got.counters, got.notes) == ({"app_num": 1}, {})


def test_a_counter_above_its_maximum_is_used_and_said():
    got = counters({"port_num": 2**31})
    assert (got.counters, got.problems, len(got.notes)) == ({"port_num": 2**31}, (), 1)


@pytest.mark.parametrize("odd", [{"port_num": None}, {"port_num": 2**31}, {"core_conf_file_num": 3}])
def test_with_strict_a_counter_that_is_not_as_documented_is_a_problem_too(odd):
    assert [str(one)[:17] for one in counters({"app_num": 1} | odd, "strict").problems] == ["VALIDATION=strict"]


def test_counters_beside_an_error_code_are_used_and_the_code_is_said():
    got = counters({"error_code": "HSS.0041", "app_num": 1})
    assert (got.counters, [note.partition(":")[0] for note in got.notes]) == ({"app_num": 1}, ["drift"])
