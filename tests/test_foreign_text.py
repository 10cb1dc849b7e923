"""Text of others: one line, seen, short; the rest is each target's own escaping."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.foreign_text import one_line, visible
from handler.formats.inert import inert
from handler.hss.refusals import harmless
from tests.examples import examples

HIDDEN = "a\x1b\u202eb\u200b\ud800\ue000c"  # a control, a direction, a width, a surrogate, a private one


@given(st.text(), st.integers(1, 50), st.sampled_from(["", " ", "?", "\ufffd"]))
@settings(max_examples=examples(300), deadline=None)
def test_whatever_comes_is_one_short_line_of_characters_that_can_be_seen(text, longest, unseen):
    shown = one_line(text, longest, unseen=unseen)
    assert len(shown) <= longest
    assert shown.isprintable()
    assert shown == " ".join(shown.split())


@given(st.text(st.characters(whitelist_categories=("L", "N", "P")), max_size=40))
def test_honest_text_is_left_alone(text):
    assert one_line(text, 40) == text


@pytest.mark.parametrize("blank", [" ", "\t", "\r\n", "\x85", "\xa0", "\u2028", "\u2029", "\u3000", " \n \n "])
def test_white_space_of_every_kind_is_one_blank(blank):
    assert one_line(f"{blank}a{blank}b{blank}", 9, unseen="?") == "a b"


@pytest.mark.parametrize(
    ("unseen", "shown"),
    [("", "abc"), (" ", "a b c"), ("?", "a??b???c"), ("\ufffd", "a\ufffd\ufffdb\ufffd\ufffd\ufffdc")],
)
def test_what_cannot_be_seen_is_replaced_as_the_target_wants(unseen, shown):
    assert one_line(HIDDEN, 20, unseen=unseen) == shown


def test_errors_and_reports_show_the_same_text_with_their_own_sign_for_what_is_hidden():
    assert harmless(HIDDEN) == "a b c"
    assert inert(HIDDEN) == "a\ufffd\ufffdb\ufffd\ufffd\ufffdc"


def test_what_is_cut_says_so_also_where_white_space_took_the_room():
    assert one_line("a" + " " * 10_000 + "b", 20) == "a…"
    assert one_line("abcdef", 5) == "abcd…"


def test_a_log_line_keeps_its_length():
    assert visible("a\nb\x1bc", unseen=" ") == "a b c"


def test_no_category_of_hidden_characters_is_forgotten():
    blocks = ("".join(map(chr, range(at, at + 0x800))) for at in range(0, 0x110000, 0x800))  # a million at once is slow
    left = {unicodedata.category(char) for block in blocks for char in visible(block, unseen="")}
    assert left.isdisjoint({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
