"""How a noun stands in JSON: a field under its own name, at another place, spread among others, or several times."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from handler.report.codec import Codec, Field, as_is, each, field, spread


class Noun(NamedTuple):
    name: str
    count: int
    parts: tuple
    place: tuple


FIELDS = (
    *as_is("name"),
    field("count", str, int, at="inner.how_many"),
    each("parts", str, int),
    spread("place", lambda place: {"x": place[0], "y": place[1]}, lambda plain: (plain["x"], plain["y"])),
)


def test_fields_that_stand_as_they_are_have_their_own_names():
    assert as_is("a", "b") == (Field("a", None, None, "a"), Field("b", None, None, "b"))


@pytest.mark.parametrize(
    ("at", "key", "inside"), [("", "a", ""), ("b", "b", ""), ("policy.name", "name", "policy"), ("a.b.c", "c", "a.b")]
)
def test_a_field_stands_under_its_own_name_or_where_it_is_told_to(at, key, inside):
    assert field("a", str, int, at=at) == Field("a", str, int, key, inside)
    assert at or field("a") == Field("a", None, None, "a", "")


def test_a_field_whose_keys_stand_among_others_has_no_key():
    assert spread("a", str, int) == Field("a", str, int, "")


def test_a_noun_is_written_and_read_field_by_field():
    codec = Codec(Noun, *FIELDS)
    noun, plain = (
        Noun("n", 5, (1, 2), (3, 4)),
        {"name": "n", "inner": {"how_many": "5"}, "parts": ["1", "2"], "x": 3, "y": 4},
    )
    assert codec.write(noun) == plain
    assert list(codec.write(noun)) == ["name", "inner", "parts", "x", "y"]
    assert codec.read({**plain, "newer": 1}) == noun
    assert (codec.make, len(codec.fields)) == (Noun, 4)
