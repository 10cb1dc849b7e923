from __future__ import annotations

import pytest

from handler.hss.overlap import OVERLAP, WIDE, pages_of, step_back, step_back_further
from handler.hss.pages import ListPage
from handler.models import Row


def page(*ports, offset=0, total=1000, unreadable=0):
    rows = tuple(Row(port, "tcp", 1, None) for port in ports)
    return ListPage.of(offset, total, rows, len(rows) + unreadable)


@pytest.mark.parametrize(
    ("rows", "pages"),
    [(0, 1), (200, 1), (201, 2), (396, 2), (397, 3), (9_999, 51), (10_000, 52), (10_004, 53), (10_005, 53)],
)
def test_each_page_but_the_first_brings_four_lines_less_and_from_ten_thousand_on_there_may_be_more(rows, pages):
    assert pages_of(rows) == pages


@pytest.mark.parametrize(("size", "pages"), [(10, 1), (9, 2), (6, 3), (5, 6), (4, 7), (1, 10)])
def test_a_page_brings_at_least_one_line(size, pages):
    assert pages_of(10, size) == pages


@pytest.mark.parametrize(
    ("ports", "place", "steps"),
    [
        (range(10), 0, OVERLAP),
        (range(10), 6, 4),
        (range(10), 7, 3),
        (range(10), 8, 2),
        (range(10), 10, 2),  # it must begin with a lower port than this page ends with
        ((1, 2, 3, 9, 9, 9), 6, 4),
        ((1, 2, 9, 9, 9, 9, 9), 0, 6),
        ((9, 9, 9), 0, 2),  # the whole page is one port: all but its first line
        ((1, 2, 3), 0, 2),
    ],
)
def test_in_a_list_that_stands_still_few_lines_are_repeated_and_none_where_earlier_ones_were_already(
    ports, place, steps
):
    assert step_back(page(*ports), place, still=True) == steps


@pytest.mark.parametrize(("count", "steps"), [(20, WIDE), (9, 8), (8, 7)])
def test_more_lines_are_repeated_of_a_list_that_moved(count, steps):
    assert step_back(page(*range(count)), 0, still=False) == steps


@pytest.mark.parametrize(("readable", "steps"), [(9, OVERLAP), (4, 4), (3, 3), (1, 1)])
def test_what_cannot_be_read_is_repeated_no_further(readable, steps):
    assert step_back(page(*range(readable), unreadable=1), 0, still=False) == steps


@pytest.mark.parametrize(
    ("step", "size", "steps"), [(1, 200, 16), (4, 200, 16), (5, 200, 20), (16, 200, 64), (64, 200, 200)]
)
def test_a_page_that_began_too_late_begins_four_times_as_far_back(step, size, steps):
    assert step_back_further(step, page(*range(size))) == steps
