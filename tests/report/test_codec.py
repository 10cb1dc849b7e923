"""How a noun stands in JSON: a field under its own name, at another place, spread among others, or several times."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from handler.report.codec import Codec, Field, as_is, each, field, maybe, spread


class Noun(NamedTuple):
    name: str
    count: int
    parts: tuple
    place: tuple


class Flat(NamedTuple):
    name: str
    count: int
    parts: tuple
    note: str = ""


def noun_codec():
    """Made by each test, because a mutant is switched on after the imports."""
    return Codec(
        Noun,
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
    codec = noun_codec()
    noun, plain = (
        Noun("n", 5, (1, 2), (3, 4)),
        {"name": "n", "inner": {"how_many": "5"}, "parts": ["1", "2"], "x": 3, "y": 4},
    )
    assert codec.write(noun) == plain
    assert list(codec.write(noun)) == ["name", "inner", "parts", "x", "y"]
    assert codec.read({**plain, "newer": 1}) == noun
    assert (codec.make, len(codec.fields)) == (Noun, 4)


@pytest.mark.parametrize("others", [(), (field("note", at="inner.note"),)])
@pytest.mark.parametrize("flat", [1, 2, 3])
def test_as_many_fields_as_stand_under_their_own_names_are_written_first_and_all_are_read(flat, others):
    fields = (*as_is("name"), field("count", str, int), each("parts", str, int))[:flat]
    codec = Codec(lambda **read: read, *fields, *others)
    plain = {"name": "n", "count": "5", "parts": ["1", "2"]}
    written = {key: plain[key] for key in list(plain)[:flat]} | ({"inner": {"note": "x"}} if others else {})
    assert codec.write(Flat("n", 5, (1, 2), "x")) == written
    assert list(codec.write(Flat("n", 5, (1, 2), "x"))) == list(written)
    known = {"name": "n", "count": 5, "parts": (1, 2)}
    assert codec.read(written) == {key: known[key] for key in list(known)[:flat]} | ({"note": "x"} if others else {})


def test_a_noun_that_may_be_missing_is_null_in_json():
    inner = Codec(Flat, *as_is("name"), field("count", str, int), each("parts", str, int))
    codec = Codec(Noun, *as_is("name", "count", "parts"), maybe("place", inner))
    for place, plain in ((None, None), (Flat("n", 5, (1,)), {"name": "n", "count": "5", "parts": ["1"]})):
        noun = Noun("a", 1, (), place)
        assert codec.write(noun) == {"name": "a", "count": 1, "parts": (), "place": plain}
        assert codec.read(codec.write(noun)) == noun
