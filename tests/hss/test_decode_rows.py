from __future__ import annotations

import pytest

from handler.hss.rows import MOST_NAMED, read_rows, status_of
from handler.models import Row
from tests.decoded import ROW, counters, listing, page, problems

UNREADABLE = [
    ({"port": "23"}, "port", "is of type string, not a port number"),
    ({"port": True}, "port", "is of type boolean, not a port number"),
    ({"port": None}, "port", "is of type null, not a port number"),
    ({"port": 23.0}, "port", "is of type number, not a port number"),
    ({"port": -1}, "port", "is out of range, not a port number"),
    ({"port": 65536}, "port", "is out of range, not a port number"),
    ({"num": "4"}, "num", "is of type string, not a count (port 24)"),
    ({"num": False}, "num", "is of type boolean, not a count (port 24)"),
    ({"num": None}, "num", "is of type null, not a count (port 24)"),
    ({"num": [4]}, "num", "is of type array, not a count (port 24)"),
    ({"num": -1}, "num", "is out of range, not a count (port 24)"),
    ({"type": None}, "type", "is of type null, not a text (port 24)"),
    ({"type": 6}, "type", "is of type integer, not a text (port 24)"),
]


@pytest.mark.parametrize(("change", "key", "why"), UNREADABLE)
@pytest.mark.parametrize("validation", ["strict", "warn"])
@pytest.mark.parametrize("cloud", ["otc", "huaweicloud"])
def test_a_row_that_cannot_be_read_is_a_problem_and_the_others_are_used(change, key, why, validation, cloud):
    got = page(listing(ROW, ROW | {"port": 24} | change, ROW | {"port": 25}), cloud, validation)
    assert f"$.data_list[1].{key}: {why}" in map(str, got.problems)
    assert [row.port for row in got.rows] == [raw["port"] for raw in got.raw] == [23, 25]
    assert (got.total_num, got.unreadable) == (3, 1)


@pytest.mark.parametrize("key", ["port", "type", "num"])
def test_a_row_without_port_type_or_num_cannot_be_read(key):
    row = {name: value for name, value in ROW.items() if name != key}
    assert problems(listing(row, ROW)).startswith(f"$.data_list[0].{key}: is missing")


@pytest.mark.parametrize("row", [None, 1, "x", [ROW], True, [], "port"])
def test_a_row_that_is_no_object_cannot_be_read(row):
    got = page(listing(row, ROW))
    assert str(got.problems[0]).startswith("$.data_list[0]: is of type ")
    assert (len(got.rows), got.unreadable) == (1, 1)


def test_everything_that_is_wrong_with_a_row_is_said():
    assert problems(listing({"port": "23", "num": -1})).count("$.data_list[0].") == 3


def test_what_cannot_be_read_is_not_also_called_drift():
    got = page({"total_num": "2", "data_list": [ROW | {"num": None}, ROW]})
    assert (len(got.problems), got.notes) == (2, {})


def test_drift_at_the_place_where_an_unreadable_row_stood_is_still_counted():
    got = page(listing(ROW | {"num": "4"}, ROW | {"num": 70000}))
    assert (len(got.problems), sum(got.notes.values())) == (1, 1)


def test_of_many_rows_that_cannot_be_read_five_are_named_and_the_others_counted():
    got = page(listing(*[ROW | {"num": "4"}] * 20, ROW))
    assert [problem.path for problem in got.problems] == [*(f"$.data_list[{at}].num" for at in range(5)), "$.data_list"]
    assert got.problems[-1].message == "15 more rows cannot be read"
    assert len(got.rows) == 1


def test_a_page_of_which_nothing_can_be_read_is_not_empty():
    got = page(listing(*[{}] * 3))
    assert (got.rows, got.unreadable, len(got.problems)) == ((), 3, 9)


@pytest.mark.parametrize("status", [None, "", "  ", 5, 1.5, True, [], {}, ["danger"]])
@pytest.mark.parametrize("cloud", ["otc", "huaweicloud"])
def test_a_status_that_is_no_word_is_as_good_as_absent(status, cloud):
    got = page(listing(ROW | {"status": status}, ROW | {"port": 25}), cloud)
    assert got.rows == (Row(23, "tcp", 4, None), Row(25, "tcp", 4, "danger"))
    assert got.problems == ()
    assert status in ("", "  ") or sum(got.notes.values()) == 1


@pytest.mark.parametrize("cloud", ["otc", "huaweicloud"])
def test_the_old_spelling_of_unknown_is_no_drift(cloud):
    got = page(listing(ROW | {"status": "unknow"}), cloud)
    assert ([row.status for row in got.rows], got.notes) == (["unknown"], {})


def test_what_is_above_its_maximum_is_used_and_said():
    got = page(listing(ROW | {"num": 70000}, total=10_602))
    assert (got.rows[0].num, got.total_num, got.problems) == (70000, 10_602, ())
    assert sorted(got.notes) == [
        "tolerated (VALIDATION=warn): $.data_list[].num: integer 70000 is above 65535",
        "tolerated (VALIDATION=warn): $.total_num: integer 10602 is above 10000",
    ]


@pytest.mark.parametrize("odd", [{}, {"more": 1}, {"more": {"status": []}}])
@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("unknow", "unknown"),
        (" UNKNOW ", "unknown"),
        ("unknown", "unknown"),
        ("Danger", "danger"),
        ("", None),
        (" ", None),
        (5, None),
        ([], None),
    ],
)
def test_a_status_is_read_in_the_newer_spelling_wherever_it_stands(said, status, odd):
    read = read_rows([ROW | {"status": said} | odd, ROW | {"port": None}, ROW])
    assert [row.status for row in read.rows] == [status, "danger"]
    assert read_rows([ROW | {"status": said}]).rows[0].status == status
    assert status_of(said) == status


def test_beside_a_row_that_cannot_be_read_the_highest_port_still_can():
    read = read_rows([ROW | {"port": 65535}, ROW | {"port": 65536}])
    assert [row.port for row in read.rows] == [65535]
    assert [str(fault) for fault in read.faults] == ["$.data_list[1].port: is out of range, not a port number"]


@pytest.mark.parametrize(
    ("row", "faults"),
    [
        (ROW | {"port": None}, ["$.data_list[0].port: is of type null, not a port number"]),
        (ROW | {"type": 6}, ["$.data_list[0].type: is of type integer, not a text (port 23)"]),
        ("row", ["$.data_list[0]: is of type string, not an object"]),
        ({"port": 23}, ["$.data_list[0].type: is missing (port 23)", "$.data_list[0].num: is missing (port 23)"]),
    ],
)
def test_each_thing_that_is_wrong_with_a_row_is_named_and_nothing_else(row, faults):
    assert [str(fault) for fault in read_rows([row]).faults] == faults


def test_the_first_rows_that_cannot_be_read_are_named_wherever_they_stand():
    bad = ROW | {"port": None}
    read = read_rows([*[ROW] * 50, *[bad] * (MOST_NAMED + 1)])
    assert (read.unreadable, len(read.faults), read.faults[0].path) == (
        MOST_NAMED + 1,
        MOST_NAMED,
        "$.data_list[50].port",
    )


def test_a_counter_of_nothing_is_a_count():
    assert counters({"port_num": 0}).problems == ()
