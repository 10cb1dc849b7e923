from __future__ import annotations

import pytest

from handler.hss.pages import (
    BOTH,
    CAP,
    ListPage,
    begins_lower,
    in_place,
    key_of,
    out_of_order,
    same_order,
    shares,
)
from handler.models import Row


def page(*ports, offset=0, total=None, size=None, nums=()):
    nums = nums or [1] * len(ports)
    rows = tuple(Row(port, "tcp", num, None) for port, num in zip(ports, nums, strict=True))
    return ListPage.of(offset, len(ports) if total is None else total, rows, size)


@pytest.mark.parametrize(
    ("ports", "orders"),
    [
        ((), BOTH),
        ((8,), BOTH),
        ((22, 23, 23), BOTH),
        ((9, 10), {"number"}),
        ((10, 9), {"text"}),
        ((9, 8), set()),
        ((11, 13, 12, 14), set()),  # every second one ascends
        ((11, 12, 10), set()),
    ],
)
def test_a_page_is_in_the_orders_in_which_each_port_follows_the_one_before(ports, orders):
    assert page(*ports).orders == orders


@pytest.mark.parametrize(
    ("nums", "varied"),
    [
        ((1, 1, 1), False),
        ((1, 2, 3), False),
        ((3, 2, 2), False),
        ((1, 2, 1), True),
        ((2, 1, 2), True),
        ((1, 3, 2), True),
    ],
)
def test_nums_that_both_rise_and_fall_are_no_order(nums, varied):
    assert page(1, 2, 3, nums=nums).varied is varied


@pytest.mark.parametrize(
    ("ports", "nums", "asked", "shown"),
    [
        ((1, 2, 3), (1, 1, 1), True, "asked"),
        ((3, 2, 1), (1, 3, 2), True, "none"),
        ((1, 2, 3), (1, 3, 2), False, "seen"),
        ((1, 2, 3), (1, 1, 1), False, "none"),
        ((3, 2, 1), (1, 3, 2), False, "none"),
    ],
)
def test_an_order_shows_where_it_was_asked_for_or_nums_are_no_reason_for_it(ports, nums, asked, shown):
    assert page(*ports, nums=nums).order_shown(asked=asked) == shown


def test_a_page_knows_its_lines_and_those_that_could_not_be_read():
    one = page(1, 2, 3, offset=200, size=5)
    assert (one.end, one.unreadable, one.places) == (205, 2, (1, 2, 3))
    assert one.keys == tuple(key_of(row) for row in one.rows) == ((1, "tcp", None), (2, "tcp", None), (3, "tcp", None))


@pytest.mark.parametrize(("offset", "total", "all_of_it"), [(0, 3, True), (1, 3, False), (0, 4, False), (0, 2, False)])
def test_a_page_is_all_where_it_holds_as_many_lines_as_the_list(offset, total, all_of_it):
    assert page(1, 2, 3, offset=offset, total=total).is_all is all_of_it


@pytest.mark.parametrize(("total", "capped"), [(9_999, False), (10_000, True), (10_001, True)])
def test_from_ten_thousand_on_a_total_means_at_least(total, capped):
    assert page(1, total=total).capped is capped
    assert not page(1, total=CAP, size=CAP).is_all


def test_a_line_that_stands_twice_in_one_answer_repeats_itself():
    assert page(1, 2, 1).repeats_itself
    assert not page(1, 2, 3).repeats_itself


@pytest.mark.parametrize(
    ("begins", "orders", "lower"),
    [
        ((23,), {"number"}, True),
        ((24,), {"number"}, False),
        ((25,), {"number"}, False),
        ((100,), {"text"}, True),
        ((100,), {"number"}, False),
        ((9,), {"number"}, True),
        ((9,), BOTH, False),
        ((3,), {"text"}, False),
        ((30,), set(), True),
    ],
)
def test_a_page_begins_lower_in_each_of_the_orders(begins, orders, lower):
    assert begins_lower(page(21, 24), page(*begins, 1), frozenset(orders)) is lower


@pytest.mark.parametrize(
    ("after", "shared", "moved"),
    [
        ((3, 4, 5), True, False),
        ((4, 5, 6), False, False),  # only the port that ended the page before
        ((5, 6), False, False),  # nothing
        ((4, 3, 5), False, True),
        ((2, 3, 9, 4), True, False),
    ],
)
def test_pages_share_lines_in_one_order_and_more_than_those_of_the_last_port(after, shared, moved):
    last = page(1, 2, 3, 4)
    assert shares(last, page(*after)) is shared
    assert out_of_order(last, page(*after)) is moved


def test_lines_of_one_port_may_stand_in_any_order():
    def of(*types):
        return ListPage.of(0, 9, tuple(Row(port, kind, 1, None) for port, kind in types))

    last, after = of((7, "tcp"), (8, "tcp"), (8, "udp")), of((8, "udp"), (8, "tcp"), (9, "tcp"))
    assert not out_of_order(last, after)
    assert in_place(last, after, 2)


@pytest.mark.parametrize(
    ("after", "step", "there"),
    [
        ((3, 4, 5), 2, True),
        ((4, 5), 1, True),
        ((4, 5), 2, False),
        ((3, 4), 2, True),
        ((4,), 2, False),
        ((2, 3, 4), 2, False),
    ],
)
def test_a_page_in_its_place_begins_with_just_the_lines_it_was_asked_to_repeat(after, step, there):
    assert in_place(page(1, 2, 3, 4), page(*after), step) is there


def test_two_readings_are_in_one_order_but_for_few_lines_that_moved():
    line = tuple(range(12))
    assert same_order(line, line)
    assert same_order(line, (*range(1, 12), 0))  # one moved
    assert same_order(line, (0, 0, 1, 99, *range(2, 12)))  # one twice, one that is in the second alone
    assert same_order(line, (1, 0, 3, 2, 5, 4, *range(6, 12)))  # three descents of twelve lines
    assert not same_order(line, (1, 0, 3, 2, 5, 4, 7, 6, *range(8, 12)))  # four
    assert not same_order(line, line[::-1])
    assert same_order(line, ())
