"""One pass, page by page; what all of them prove is modelled in `test_reading_model.py`."""

from __future__ import annotations

import pytest

from handler.hss.merge import proven
from handler.hss.pages import ListPage
from handler.hss.proof import Proof
from handler.hss.reading import ListReading
from handler.models import Row


def page(offset, total, *ports, nums=(1, 2, 1)):
    return ListPage.of(offset, total, tuple(Row(port, "tcp", nums[at % len(nums)]) for at, port in enumerate(ports)))


def after(*pages, sort_asked=False):
    reading = ListReading(sort_asked)
    for one in pages:
        reading = reading.add(one)
    return reading


TEN = tuple(range(100, 110))


@pytest.mark.parametrize(
    ("first", "state", "why"),
    [
        (page(0, 2, 22, 23), "ended", ""),
        (page(0, 0), "ended", ""),
        (page(0, 2, 22, 23, 24), "failed", "3 rows came, but total_num is 2"),
        (page(0, 0, 22), "failed", "1 rows came, but total_num is 0"),
        (page(0, 3), "failed", "total_num is 3, but the first page is empty"),
        (page(0, 3, 22, 23), "going", ""),
    ],
)
def test_a_first_page_is_a_proof_if_it_holds_as_many_rows_as_it_counts(first, state, why):
    assert (after(first).state, after(first).why) == (state, why)


MIXED = (105, 103, 109, 101, 108, 102, 107, 104, 106, 110)


def test_a_list_that_ends_with_fewer_rows_than_it_counts_throughout_has_not_been_read():
    short = after(page(0, 13, *MIXED), page(6, 13, *MIXED[5:], 111, 115))
    assert (short.state, short.why) == ("failed", "only 12 of 13 rows came")
    shrunk = after(page(0, 14, *MIXED), page(6, 13, *MIXED[5:], 111, 115))
    assert (shrunk.state, len(shrunk.keys)) == ("ended", 12)


@pytest.mark.parametrize(
    ("first", "left"),
    [
        (page(0, 2, 22, 23), 0),
        (page(0, 11, *TEN), 1),
        (page(0, 16, *TEN), 1),
        (page(0, 17, *TEN), 2),
        (page(0, 40, *TEN), 5),
        (page(0, 10_000, *TEN), 1665 + 1),  # there may be more than it can say
        (page(0, 6, 22, 23, 24), 3),  # each page brings one line at least
        (page(0, 40), 0),  # failed
    ],
)
def test_the_pages_left_bring_four_lines_less_than_the_longest(first, left):
    assert after(first).left() == left


def test_a_pass_ends_where_it_takes_twice_the_pages_and_eight_more():
    line, reading = [MIXED[at % 10] + 100 * (at // 10) for at in range(40)], ListReading()
    while reading.state == "going":
        size = reading.step + 1 if reading.pages else 10
        reading = reading.add(page(reading.offset, 40, *line[reading.offset :][:size]))
    assert (reading.answers, reading.why) == (8 + 2 * 6 + 1, "it moves faster than it can be read")


@pytest.mark.parametrize("rows", [((22, "tcp"), (22, "tcp")), ((22, "tcp"), (22, "udp"))])
def test_one_page_is_a_proof_whatever_it_repeats(rows):
    assert after(ListPage.of(0, 2, tuple(Row(*row, 1) for row in rows))).state == "ended"


def test_of_several_pages_none_may_hold_a_row_twice():
    twice = page(0, 30, *TEN[:9], TEN[8], nums=(1,))
    reading = after(twice, sort_asked=True)
    assert (reading.state, reading.why, reading.highest) == ("failed", "rows came twice in one answer", None)
    late = after(page(0, 30, *TEN), page(6, 30, *range(106, 115), 114, nums=(1,)), sort_asked=True)
    assert (late.state, len(late.pages)) == ("failed", 1)


def test_rows_that_cannot_be_read_are_counted_where_a_page_ends():
    readable = tuple(Row(port, "tcp", 1) for port in (22, 23))
    assert after(ListPage.of(0, 3, readable, size=3)).state == "ended"
    assert after(ListPage.of(0, 3, (), size=3)).state == "ended"
    damaged = after(page(0, 22, *TEN), ListPage.of(6, 22, (), size=10))
    assert (damaged.state, damaged.offset) == ("going", 12)
    ended = damaged.add(page(12, 22, *range(116, 126)))
    assert (ended.state, ended.shows) == ("ended", "damaged")


@pytest.mark.parametrize("sort_asked", [True, False])
def test_where_rows_cannot_be_read_nothing_is_read_twice(sort_asked):
    proof = Proof.begin(sort_asked=sort_asked).add(page(0, 16, *TEN))
    proof = proof.add(ListPage.of(6, 16, tuple(Row(port, "tcp", 1) for port in range(107, 116)), size=10))
    while proof.state == "going":
        proof = proof.add(page(proof.now.offset, 16, *range(100 + proof.now.offset, 116)))
    assert (proof.state, len(proof.answers), {row.port for row in proven(proof)}) == ("whole", 1, {*range(100, 116)})


def test_a_list_of_anything_else_is_read_in_no_order():
    names = [f"server-{at}" for at in (7, 3, 9, 1, 8, 2, 5, 4, 6, 0, 11, 10, 12)]
    proof = Proof.begin(sort_asked=False)
    while proof.state == "going":
        cut = tuple(names[proof.now.offset : proof.now.offset + 10])
        proof = proof.add(ListPage(proof.now.offset, 13, len(cut), rows=cut, keys=cut, places=cut))
    assert (proof.state, proof.first is not None) == ("whole", True)


def test_the_next_page_begins_four_rows_before_the_end_of_the_last_or_more_where_one_port_has_more_types():
    assert after(page(0, 99, *TEN)).offset == 6
    ends = (*(Row(port, "tcp", 1) for port in range(1, 8)), *(Row(9, kind, 1) for kind in "abcde"))
    assert after(ListPage.of(0, 99, ends)).offset == 12 - 6


def test_a_page_that_begins_too_late_is_asked_for_again_further_back():
    first, late = page(0, 30, *TEN), page(6, 30, *range(110, 120))
    begun = after(first)
    assert begun.offset == 6
    again = begun.add(late)
    assert (again.state, again.offset, again.still) == ("going", 0, False)
    assert after(first, late, page(0, 30, *range(110, 120))).state == "failed"


def test_an_empty_page_is_no_end():
    again = after(page(0, 30, *TEN), page(6, 5))
    assert (again.state, again.offset) == ("going", 0)


@pytest.mark.parametrize("sort_asked", [True, False])
def test_a_page_that_begins_with_the_last_port_may_have_lost_another_type_of_it(sort_asked):
    ends = (*(Row(port, "tcp", port % 3) for port in range(100, 109)), Row(109, "udp", 1))
    begins = (Row(109, "udp", 1), *(Row(port, "tcp", port % 3) for port in range(110, 119)))
    reading = after(ListPage.of(0, 30, ends), ListPage.of(6, 30, begins), sort_asked=sort_asked)
    assert (reading.state, len(reading.pages)) == ("going", 1)


def test_an_order_that_may_be_of_numbers_or_texts_must_hold_in_both():
    first = page(0, 30, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95)
    assert first.orders == {"number", "text"}
    reading = after(first, page(6, 29, *range(100, 980, 88)), sort_asked=True)  # 96 to 99 may be lost
    assert (reading.state, len(reading.pages)) == ("going", 1)


@pytest.mark.parametrize(
    ("second", "shown"),
    [
        (page(6, 16, *range(106, 116)), "seen"),
        (page(6, 15, *range(106, 115)), "shared"),  # total_num changed
        (page(6, 16, 106, 107, 109, *range(110, 117)), "shared"),  # a row closed at the seam
        (page(6, 16, 106, 107, 108, 109, 120, 119, *range(121, 125)), "shared"),  # not ascending
        (page(6, 16, *range(106, 116), nums=(1,)), "seen"),  # one page with different numbers is enough
    ],
)
def test_where_no_sort_can_be_asked_for_an_order_must_show_and_nothing_move(second, shown):
    reading = after(page(0, 16, *TEN), second)
    if reading.state == "going":
        reading = reading.add(page(reading.offset, 16, *second.places[reading.offset - 6 :]))
    assert (reading.state, reading.shows) == ("ended", shown)


def test_numbers_that_never_rise_and_fall_may_be_what_the_list_is_sorted_by():
    first, second = page(0, 16, *TEN, nums=(1,)), page(6, 16, *range(106, 116), nums=(1,))
    assert after(first, second).shows == "shared"
    assert after(first, second, sort_asked=True).shows == "order"


def test_rows_that_changed_places_are_no_shared_order():
    reading = after(page(0, 30, 5, 3, 9, 1, 8, 2, 7, 4, 6, 10), page(6, 30, 4, 7, 6, 10, 11, 15, 12, 14, 13, 16))
    assert (reading.state, reading.why) == ("failed", "a page does not join the one before it")


def test_a_last_page_needs_as_many_distinct_rows_as_a_steady_total_counts():
    first = page(0, 17, *TEN)
    assert after(first, page(6, 17, *range(106, 115)), page(11, 17, 111, 112, 113, 114, 113, 114)).state == "failed"


def test_a_full_last_page_that_does_not_begin_in_place_is_confirmed():
    first, second = page(0, 17, *TEN), page(6, 16, *range(105, 115))
    reading = after(first, second)
    assert (reading.state, reading.offset) == ("going", 8)
    assert reading.add(page(8, 16, *range(107, 115))).state == "ended"


@pytest.mark.parametrize("second", [page(6, 30, *TEN), page(6, 16, *TEN)])
def test_a_page_that_brings_nothing_new_shows_that_offsets_are_not_kept(second):
    assert after(page(0, second.total_num, *TEN), second).state == "stuck"
    proof = Proof.begin(sort_asked=False).add(page(0, second.total_num, *TEN)).add(second)
    assert (proof.state, proof.now.offset) == ("going", 10)


def test_a_reading_that_never_ends_is_given_up():
    reading, total = after(page(0, 10_000, *range(100, 300)), sort_asked=True), 10_000
    while reading.state == "going":
        total += 1
        start = reading.pages[-1].places[-4]
        reading = reading.add(page(reading.offset, total, *range(start, start + 5)))
        assert reading.answers < 200
    assert reading.why == "it moves faster than it can be read"


def of(offset, *rows, total=40):
    return ListPage.of(offset, total, tuple(Row(port, kind, 1) for port, kind in rows))


@pytest.mark.parametrize(
    ("sort_asked", "second", "joins"),
    [
        (
            True,
            [(105, "udp"), (106, "udp"), (112, "tcp")],
            True,
        ),  # lower than 109 is enough in an order that was asked for
        (True, [(109, "udp"), (110, "tcp")], False),
        (True, [(105, "udp"), (112, "tcp"), (110, "tcp")], False),  # out of that order lines must be shared
        (True, [(107, "tcp"), (108, "tcp"), (112, "tcp"), (110, "tcp")], True),
        (False, [(105, "udp"), (106, "udp"), (112, "tcp")], False),
        (False, [(107, "tcp"), (108, "tcp"), (112, "tcp"), (110, "tcp")], True),
    ],
)
def test_a_page_joins_by_an_order_that_was_asked_for_or_by_lines_that_both_hold(sort_asked, second, joins):
    reading = after(of(0, *((port, "tcp") for port in TEN)), of(6, *second), sort_asked=sort_asked)
    assert (reading.state, len(reading.pages)) == ("going", 1 + joins)


def test_a_page_in_no_order_that_begins_too_late_is_asked_for_further_back():
    reading = after(of(0, *((port, "tcp") for port in MIXED)), of(6, (115, "tcp"), (111, "tcp"), (119, "tcp")))
    assert (reading.state, len(reading.pages), reading.offset) == ("going", 1, 0)
