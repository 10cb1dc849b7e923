"""When a list of listeners is known whole, in a world that moves."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from handler.hss.listener_pages import CAP, SEAM, read_listing
from handler.models.listeners import Listener

SIZE = 200


class Page(NamedTuple):
    listeners: tuple[Listener, ...]
    total: int | None
    unreadable: int = 0


class Listing:
    """Answers pages of a list; `moves` are done before the calls of these numbers."""

    def __init__(self, count, moves=None, total=None, size=SIZE):
        self.lines = [Listener(f"id-{at}") for at in range(count)]
        self.moves, self.total, self.size = moves or {}, total, size
        self.offsets = []

    def __call__(self, offset):
        self.moves.get(len(self.offsets), lambda _: None)(self.lines)
        self.offsets.append(offset)
        total = len(self.lines) if self.total is None else self.total
        return Page(tuple(self.lines[offset : offset + self.size]), total)


def close_and_open(lines):
    """One of the first lines closes, another one opens at the end: the total stays."""
    del lines[3]
    lines.append(Listener("new"))


@pytest.mark.parametrize("count", [0, 1, 200])
def test_one_page_that_holds_its_own_total_is_proof(count):
    listing = Listing(count)
    assert len(read_listing(listing).listeners) == count
    assert listing.offsets == [0]


def test_a_longer_list_is_read_twice_each_page_with_the_end_of_the_last():
    listing = Listing(430)
    read = read_listing(listing)
    assert (len(set(read.listeners)), read.trouble) == (430, "")
    assert listing.offsets == [0, 200 - SEAM, 396 - SEAM] * 2


def test_names_for_people_need_one_pass_only():
    listing = Listing(430)
    assert len(read_listing(listing, passes=1).listeners) == 430
    assert len(listing.offsets) == 3


def test_a_list_that_moved_once_is_read_once_more():
    listing = Listing(300, {1: close_and_open})
    read = read_listing(listing)
    assert (read.trouble, len(read.listeners)) == ("", 300)


@pytest.mark.parametrize("call", range(1, 4))
def test_a_list_that_moves_all_the_time_is_not_known(call):
    listing = Listing(300, dict.fromkeys(range(call, 40), close_and_open))
    read = read_listing(listing, tries=1)
    assert read.trouble or call > 3
    assert len(read.listeners) >= 200


def test_no_line_that_was_open_all_along_is_ever_missing_from_a_list_that_is_known():
    for count in (201, 300, 430):
        for call in range(8):
            for at in (0, 3, 195, 199, 200):
                listing = Listing(count, {call: lambda lines, at=at: (lines.pop(at), lines.append(Listener("new")))})
                lasting = {Listener(f"id-{each}") for each in range(count)} - {Listener(f"id-{at}")}
                read = read_listing(listing)
                assert read.trouble or lasting <= set(read.listeners)


@pytest.mark.parametrize(
    ("listing", "why"),
    [
        (Listing(10, total=12), "10 listeners came, of 12"),
        (Listing(10, total=9), "10 listeners came, of 9"),
        (Listing(10, total=CAP), "there are 10000 listeners or more"),
        (lambda offset: Page((Listener("a"),), None), "is no count"),
        (lambda offset: Page((Listener("a"),), 2, 1), "name nobody"),
        (lambda offset: Page(tuple(Listener(f"{at}") for at in range(200)), 400), "moved while it was read"),
    ],
)
def test_what_is_not_the_list_is_not_known_and_ends(listing, why):
    assert why in read_listing(listing).trouble


def test_two_passes_that_do_not_agree_are_not_known():
    listing = Listing(300, dict.fromkeys((2, 4, 6), lambda lines: lines.__setitem__(5, Listener(f"x{id(lines[5])}"))))
    assert read_listing(listing, tries=1).trouble == "two readings of the list do not agree"


def test_a_list_that_grew_meanwhile_is_read_once_more():
    listing = Listing(300, {1: lambda lines: lines.append(Listener("new"))})
    assert "moved" in read_listing(listing, tries=1).trouble
    again = read_listing(Listing(300, {1: lambda lines: lines.append(Listener("new"))}))
    assert (again.trouble, len(again.listeners)) == ("", 301)
