from __future__ import annotations

import pytest

from handler.hss.aligned import AlignedReading
from handler.hss.pages import ListPage, same_order
from handler.hss.proof import Proof
from handler.models import Row

TEN = (5, 3, 9, 1, 8, 2, 7, 4, 6, 10)
REST = (7, 4, 6, 10, 11, 15, 12)


def page(offset, total, *ports):
    return ListPage.of(offset, total, tuple(Row(port, "tcp", 1 + port % 3) for port in ports))


def after(*pages, proof=None):
    proof = proof or Proof.begin(sort_asked=False)
    for total, *ports in pages:
        proof = proof.add(page(proof.now.offset, total, *ports))
    return proof


def test_in_no_order_two_readings_are_needed():
    half = after((13, *TEN), (13, *REST))
    assert (half.state, half.now.offset, half.left()) == ("going", 0, 2)
    assert half.first is not None
    assert after((13, *TEN), (13, *REST), proof=half).state == "whole"


def test_two_readings_must_list_what_they_share_in_one_order():
    half = after((13, *TEN), (13, *REST))
    other = after((13, *reversed(TEN)), (13, 1, 9, 3, 5, 12, 15, 11), proof=half)
    assert (other.state, other.why) == ("failed", "two readings do not agree")
    assert after((13, *reversed(TEN)), (13, 1, 9, 3, 5, 12, 15, 11), proof=other.again()).state == "whole"


def test_a_whole_reading_stays_half_a_proof_where_the_second_is_started_over():
    half = after((13, *TEN), (13, *REST))
    failed = after((13, *TEN), (12, *REST), proof=half)
    assert (failed.state, failed.tries, failed.why) == ("failed", 1, failed.now.why)
    assert failed.left() == 2
    assert (failed.again().state, failed.again().tries, failed.again().why) == ("going", 2, "")
    assert [len(pages) for pages in failed.again().answers] == [2, 2, 0]
    assert after((13, *TEN), (13, *REST), proof=failed.again()).state == "whole"


def test_a_second_reading_that_is_one_page_is_enough():
    half = after((13, *TEN), (13, *REST))
    assert after((3, 1, 2, 3), proof=half).first is None


def test_a_second_reading_that_is_in_order_of_port_and_not_of_the_first_needs_a_second_look():
    ascending = [*range(1, 11)], [*range(7, 14)]
    half = after((13, *TEN), (13, *REST))
    other = after((13, *ascending[0]), (13, *ascending[1]), proof=half)
    assert (other.state, other.why, other.left()) == ("failed", "two readings do not agree", 1)
    assert after((13, *ascending[0]), proof=other.again()).state == "whole"


def test_a_list_that_moved_before_its_second_look_gets_no_other_one():
    ascending = [*range(1, 11)], [*range(7, 14)]
    seen = after((13, *ascending[0]), (13, *ascending[1]))
    assert (seen.looks_again, seen.left(), after((13, *ascending[0]), proof=seen).state) == (True, 1, "whole")
    failed = after((13, *TEN), (12, *REST), proof=seen)
    again = failed.again()
    assert (failed.state, again.looks_again, after((13, *ascending[0]), proof=again).state) == (
        "failed",
        False,
        "going",
    )


@pytest.mark.parametrize(
    ("second", "same"),
    [
        (range(100), True),
        (range(99, -1, -1), False),
        ([*range(50, 100), *range(50)], True),
        ([*range(10, 30), 3, *range(30, 60)], True),
        ([at ^ 1 for at in range(100)], False),
        ([], True),
    ],
)
def test_few_lines_that_moved_leave_the_order_the_same(second, same):
    assert same_order(tuple(range(100)), tuple(second)) is same


# offsets that are rounded


def aligned(*pages):
    reading = AlignedReading()
    for total, *ports in pages:
        reading = reading.add(page(reading.offset, total, *ports))
    return reading


@pytest.mark.parametrize(
    ("pages", "state", "why"),
    [
        ([(5, 1, 2), (5, 3, 4), (5, 5)], "ended", ""),
        ([(5, 1, 2), (5, 3, 4)], "going", ""),
        ([(5, 1, 2), (6, 3, 4)], "failed", "total_num went from 5 to 6 between pages"),
        ([(5, 1, 2), (5, 2, 3)], "failed", "rows came twice"),
        ([(5, 1, 2), (5, 3, 4), (5,)], "failed", "4 of 5 rows came"),
        ([(3, 1, 2), (3, 3, 4)], "failed", "4 of 3 rows came"),
        ([(10_000, *range(1, 10_001))], "going", ""),
        ([(10_000, *range(1, 10_201)), (10_000,)], "ended", ""),
        ([(10_000, *range(1, 9_801)), (10_000,)], "failed", "9800 of 10000 rows came"),
    ],
)
def test_pages_that_cannot_overlap_hold_each_row_once_and_as_many_as_are_counted(pages, state, why):
    assert (aligned(*pages).state, aligned(*pages).why) == (state, why)


def test_pages_left_are_counted():
    assert aligned((5, 1, 2)).left() == 2
    assert aligned((5, 1, 2), (5, 3, 4)).left() == 1
    assert aligned((10_000, *range(1, 201))).left() == 50


def stuck():
    """After a second page that is the first one again; the next pages are asked for without an overlap."""
    return after((13, *TEN), (13, *TEN))


def test_a_list_that_is_one_page_is_asked_for_once_more_after_a_failure():
    assert after((2, 22, 23, 24)).left() == 1


EVEN = (3, 6, 9, 12, 15, 18, 21, 24, 27, 30)  # in order of number, and of num


def test_the_fewest_pages_left_are_those_of_a_list_that_shows_an_order_after_all():
    begun = after((40, *EVEN))
    assert (begun.left(), begun.surely_left()) == (5 + 6, 5 + 1)
    asked = after((40, *EVEN), proof=Proof.begin(sort_asked=True))
    assert (asked.left(), asked.surely_left()) == (5, 5)
    assert after((40, *TEN)).surely_left() == 5 + 6  # it shows none
    second = after((13, *EVEN), proof=after((13, *TEN), (13, *REST)))
    assert (second.left(), second.surely_left()) == (1, 1)
    failed = after((2, 3, 6, 9))
    assert (failed.state, failed.surely_left()) == ("failed", 1)


def test_pages_left_without_overlap_are_fewer():
    assert after((40, *TEN)).left() == 5 + 6
    assert after((40, *TEN), (40, *TEN)).left() == 3 + 4


def test_a_second_reading_that_finds_offsets_rounded_counts_as_the_first_without_overlap():
    half = after((13, *TEN), (13, *REST))
    assert after((13, *TEN), (13, *TEN), proof=half).first is None


def test_two_readings_without_overlap_must_hold_the_same_rows():
    assert stuck().left() == 1 + 2
    half = after((13, 11, 15, 12), proof=stuck())
    assert (half.state, half.left()) == ("going", 2)
    assert after((13, *TEN), (13, 11, 15, 12), proof=half).state == "whole"
    other = after((13, *TEN), (13, 11, 15, 14), proof=half)
    assert (other.state, other.why) == ("failed", "two readings do not agree")
    assert after((13, *TEN), (13, 11, 15, 14), proof=other.again()).state == "whole"
