"""Single settings: what is read of a text, and what is a problem with it."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from handler.settings.reader import Reader, url_trouble

NUMBER = re.compile(r"\d{1,9}(\.\d{1,3})?")
SPACES = re.compile(r"[\s\x00-\x1f\x7f]")


@given(text=st.text("019.\u0661\u00b2-e ", max_size=12))
def test_a_number_has_at_most_nine_digits_and_three_behind_the_point(text):
    reader = Reader({"N": text}.get)
    read = reader.number("N", -1, least=0, most=999_999_999.999)
    if NUMBER.fullmatch(text.strip()):
        assert (read, reader.problems) == (float(text), [])
    else:
        assert (read, len(reader.problems)) == (-1, 1 if text.strip() else 0)


@given(char=st.characters(exclude_categories=["Cs"]))
def test_white_space_and_control_characters_are_named_in_a_url(char):
    trouble = url_trouble(f"https://hss.example/a{char}b", ("https",))
    assert (trouble == "must not hold white space or control characters") == bool(SPACES.match(char))
