from __future__ import annotations

from itertools import compress, product

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from handler.hss.merge import (
    Exact,
    _covered,
    _in_order,
    _keys_up_to,
    _looked,
    _says_what_is_known,
    _taken_in,
    everything,
    one_answer,
    proven,
)
from handler.hss.pages import ListPage, key_of
from handler.hss.proof import Proof
from handler.hss.reading import ListReading
from handler.models import Row


def row(port, num=1, status=None, kind="tcp"):
    return Row(port, kind, num, status)


def after(*answers, sort_asked=True):
    """A proof after these answers, each a total_num and its rows."""
    proof = Proof.begin(sort_asked=sort_asked)
    for total, *rows in answers:
        proof = proof.add(ListPage.of(proof.now.offset, total, tuple(rows)))
    return proof


FIRST = [row(port) for port in range(8, 18)]  # ten rows, in order of number and of no text
SHUFFLED = [row(port, 1 + port % 3) for port in (5, 3, 9, 1, 8, 2, 7, 4, 6, 10)]


def test_within_one_answer_the_greater_num_counts_and_each_status():
    rows = [row(23, num, "danger") for num in (2, 5, 4)] + [row(23, 1, "unknown"), row(23, 3, kind="udp")]
    assert list(one_answer(rows, map(key_of, rows)).values()) == [
        row(23, 5, "danger"),
        row(23, 1, "unknown"),
        row(23, 3, kind="udp"),
    ]


def test_every_row_of_an_answer_has_its_key():
    with pytest.raises(ValueError, match="longer"):
        one_answer([row(23), row(24)], [key_of(row(23))])


def test_the_later_of_two_pages_counts():
    second = [row(14), row(15, 9, "danger"), row(16, status="danger"), row(17), row(18)]
    rows = proven(after((11, *FIRST), (11, *second)))
    assert [one for one in rows if one.port > 13] == second
    assert len(rows) == 11


def test_the_first_port_of_a_page_counts_anew_too():
    rows = proven(after((11, *FIRST), (11, row(14, 7, "danger"), row(15), row(16), row(17), row(18))))
    assert [one for one in rows if one.port == 14] == [row(14, 7, "danger")]


def test_a_page_that_may_be_cut_between_two_statuses_takes_none_of_them_away():
    first = [*FIRST[:6], row(14, 1, "danger"), row(14, 2, "unknown"), row(15), row(16)]
    rows = proven(after((11, *first), (11, row(14, 5, "unknown"), row(15), row(16), row(17))))
    assert [one for one in rows if one.port == 14] == [row(14, 1, "danger"), row(14, 5, "unknown")]


def test_what_a_page_in_order_passes_without_it_is_gone():
    rows = proven(after((12, *FIRST), (11, row(14), row(15), row(17), row(18), row(19))))
    assert {one.port for one in rows} == {*range(8, 20)} - {16}


def test_what_stood_behind_the_end_of_the_list_is_gone():
    rows = proven(after((11, *FIRST), (9, row(14), row(15), row(16))))
    assert {one.port for one in rows} == {*range(8, 17)}


def test_a_page_that_is_not_the_last_covers_its_last_port_but_one_and_nothing_beyond_its_last():
    first = [*FIRST[:7], row(15, 1, "danger"), row(15, 2, "unknown"), row(17)]
    rows = proven(after((30, *first), (30, row(14), row(15, 3), row(16))))
    assert [one for one in rows if one.port > 13] == [row(17), row(14), row(15, 3), row(16)]


def test_a_page_may_reach_into_several_before_it():
    short = [row(14), row(15), row(16, status="danger"), row(16)]
    rows = proven(after((30, *FIRST), (30, *short), (30, row(15, 4), row(17), row(18))))
    assert {one[:4:2] for one in rows} == {*((port, 1) for port in (*range(8, 15), 17, 18)), (15, 4)}


def test_in_order_of_text_a_page_may_repeat_the_first_row_of_the_one_before():
    later = [row(1000, 7, "danger"), row(2), row(3), row(4)]
    proof = after((6, row(1000), row(2), row(3), row(4), row(5)), (5, *later))
    assert proof.state == "whole"
    assert set(proven(proof)) == set(later)


def test_in_no_order_a_page_repeats_rows_of_the_one_before_and_the_later_counts():
    proof = after((11, *SHUFFLED), (11, row(7, 2), row(4, 6, "danger"), *SHUFFLED[8:], row(11)), sort_asked=False)
    assert [one for one in everything(proof) if one.port == 4] == [row(4, 6, "danger")]


def test_an_exact_answer_replaces_every_row_of_its_port():
    proof = after((99, *FIRST[:8], row(16, 1, "danger"), row(16, 1, "unknown")))
    rows = proven(proof, [Exact(16, (row(16, 4, "normal"),), proven=True), Exact(17, (), proven=True)])
    assert [one for one in rows if one.port > 14] == [row(15), row(16, 4, "normal")]
    assert proven(proof, [Exact(8, (), proven=True)])[0] == row(9)


def test_an_exact_answer_that_proves_nothing_is_still_the_later_one():
    rows = everything(after((99, *FIRST)), [Exact(8, (row(8, 5, "danger"),), proven=False)])
    assert rows == (*FIRST[1:], row(8, 5, "danger"))


def test_an_exact_answer_that_proves_nothing_is_added():
    proof = after((99, *FIRST))
    rows = everything(proof, [Exact(8, (row(8, 5, kind="udp"),), proven=False)])
    assert [one for one in rows if one.port == 8] == [row(8), row(8, 5, kind="udp")]


def test_of_two_readings_what_is_in_either_counts_and_the_later_of_both():
    last = [row(7, 2), row(4, 2), row(6, 1), row(10, 2), row(11)]
    again = [one._replace(num=9) if one.port == 5 else one for one in SHUFFLED if one.port != 3]
    rest = [row(7, 2), row(4, 2), row(6, 1), row(10, 2), row(11), row(12)]
    proof = after((11, *SHUFFLED), (11, *last), (12, *again, rest[-2]), (11, *rest[1:]), sort_asked=False)
    assert proof.state == "whole"
    rows = proven(proof)
    assert {one.port for one in rows} == {*range(1, 13)}
    assert [one.num for one in rows if one.port == 5] == [9]
    assert len(rows) == 12


@pytest.mark.parametrize("tries", [1, 2])
def test_rows_of_a_rejected_reading_count_only_where_nothing_was_proven(tries):
    failed = after((11, *FIRST), (10, *FIRST[6:], row(18)))
    assert failed.state == "failed"
    again = failed.again() if tries == 2 else failed
    if tries == 2:
        again = again.add(ListPage.of(0, 2, (row(8), row(9))))
        assert proven(again) == (row(8), row(9))
    assert {one.port for one in everything(again)} == {*range(8, 19)}


def test_a_second_look_is_the_latest_answer_and_its_rows_keep_their_places():
    nums = [1 + port % 3 for port in range(8, 18)]
    first = [row(port, num) for port, num in zip(range(8, 18), nums, strict=True)]
    look = [row(8, 7), row(9, kind="udp"), *first[2:9], row(17, kind="udp")]
    rows = proven(after((11, *first), (11, *first[6:], row(18)), (11, *look), sort_asked=False))
    assert rows[:2] == (row(8, 7), row(9, kind="udp"))
    assert [one for one in rows if one.port == 9] == [row(9, kind="udp")]  # the look holds every row of that port
    assert {one.protocol for one in rows if one.port == 17} == {"tcp", "udp"}  # of its last port it may hold fewer
    assert [one.port for one in rows if one.port != 17] == [*range(8, 17), 18]


def test_a_second_look_of_which_a_row_cannot_be_read_takes_nothing_away():
    first = [row(port, 1 + port % 3) for port in range(8, 18)]
    proof = after((11, *first), (11, *first[6:], row(18)), sort_asked=False)
    proof = proof.add(ListPage.of(0, 11, (row(8, 9), *first[2:]), size=10))
    assert proven(proof)[0] == row(8, 9)
    assert {one.port for one in proven(proof)} == {*range(8, 19)}


SAID = st.sampled_from(list(product((1, 2, 3), (None, "danger", "normal"), ("tcp", "udp", "tcp6"))))  # of a row


@st.composite
def lists_in_order(draw):
    """The pages of a reading in order of port, what may have moved in them, and a second look at the first."""
    ports = sorted(draw(st.lists(st.integers(1, 40), min_size=12, max_size=40)))

    def page(some):
        return tuple(dict.fromkeys(row(port, *draw(SAID)) for port in some))

    pages = [ListPage.of(at, len(ports), page(ports[at : at + 10])) for at in range(0, len(ports), 6)]
    look = ListPage.of(0, len(ports), page(one.port for one in pages[0].rows))
    return ListReading(pages=tuple(pages), orders=pages[0].orders | {"number"}), look


@given(lists_in_order())
def test_no_line_beyond_the_pages_near_the_second_look_has_a_port_of_it(case):
    now, look = case
    every = [key for page in now.pages for key in page.keys]
    near, ports = set(_keys_up_to(look, now)), {one.port for one in look.rows}
    assert {key for key in every if key[0] in ports} <= near
    assert set(_covered(look, every, now.orders)) <= near


@given(lists_in_order(), st.lists(st.booleans(), min_size=10, max_size=10))
def test_a_second_look_that_says_what_is_known_changes_nothing(case, shown):
    now, look = case
    lines = _in_order(now.pages, now.orders, whole=True)
    some = tuple(compress(lines.values(), shown)) or look.rows
    known = ListPage.of(0, look.total_num, some)
    for seen, so_far in ((look, lines), (known, {**one_answer(some, known.keys), **lines})):
        if _says_what_is_known(seen, so_far, now.orders):
            event("says what is known")
            assert list(_taken_in(seen, dict(so_far), now).items()) == list(so_far.items())


@given(lists_in_order())
def test_a_second_look_puts_its_rows_first_and_as_they_are(case):
    now, look = case
    lines = {key: one for page in now.pages for key, one in zip(page.keys, page.rows, strict=True)}
    merged = _looked(look, dict(lines), now)
    latest = one_answer(look.rows, look.keys)
    assert list(merged)[: len(latest)] == list(latest)
    assert {key: merged[key] for key in latest} == latest
    inner = {key for key in lines if look.places[0] < key[0] < look.places[-1]} - latest.keys()
    assert "text" in now.orders or not inner & merged.keys()
    assert {key for key in lines if key[0] > look.places[-1]} <= merged.keys()
