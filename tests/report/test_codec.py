"""A noun as a JSON object and back: each kind of field by itself."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from handler.report.codec import Codec, Field, as_is, each, field, maybe, spread


class Lamp(NamedTuple):
    name: str
    watts: int = 5


class House(NamedTuple):
    name: str = "h"
    lamps: tuple[Lamp, ...] = ()
    porch: Lamp | None = None
    size: tuple[int, int] = (1, 2)
    floor: int = 0


LAMP = Codec(Lamp, *as_is("name", "watts"))
HOUSE = Codec(
    House,
    *as_is("name"),
    each("lamps", LAMP.write, LAMP.read),
    maybe("porch", LAMP),
    spread("size", lambda size: {"width": size[0], "depth": size[1]}, lambda all_: (all_["width"], all_["depth"])),
    field("floor", lambda number: f"floor {number}", lambda text: int(text.removeprefix("floor ")), at="place.level"),
)
FULL = House("home", (Lamp("hall"), Lamp("attic", 9)), Lamp("porch", 7), (3, 4), 2)
PLAIN = {
    "name": "home",
    "lamps": [{"name": "hall", "watts": 5}, {"name": "attic", "watts": 9}],
    "porch": {"name": "porch", "watts": 7},
    "width": 3,
    "depth": 4,
    "place": {"level": "floor 2"},
}


def test_each_kind_of_field_is_written_in_its_place():
    assert HOUSE.write(FULL) == PLAIN
    assert list(HOUSE.write(FULL)) == list(PLAIN)


def test_each_kind_of_field_is_read_back_and_other_keys_are_passed_over():
    assert HOUSE.read(PLAIN | {"garden": True}) == FULL


def test_nothing_is_null_in_json():
    bare = FULL._replace(porch=None, lamps=())
    assert HOUSE.write(bare) == PLAIN | {"porch": None, "lamps": []}
    assert HOUSE.read(PLAIN | {"porch": None, "lamps": []}) == bare


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (as_is("a", "b"), (Field("a", None, None, "a"), Field("b", None, None, "b"))),
        (field("a"), Field("a", None, None, "a", "")),
        (field("a", str, int), Field("a", str, int, "a", "")),
        (field("a", str, int, at="x"), Field("a", str, int, "x", "")),
        (field("a", str, int, at="x.y"), Field("a", str, int, "y", "x")),
        (spread("a", str, int), Field("a", str, int, "")),
    ],
)
def test_where_a_field_stands(made, expected):
    assert made == expected


@pytest.mark.parametrize("made", [each("a", str, int), maybe("b", LAMP)])
def test_fields_of_several_values_and_of_nouns_stand_under_their_own_names(made):
    assert (made.key, made.inside) == (made.attribute, "")


def test_a_list_in_json_is_a_tuple_here():
    made = each("a", str, int)
    assert made.write((1, 2)) == ["1", "2"]
    assert made.read(["1", "2"]) == (1, 2)


def test_a_noun_or_nothing_is_an_object_or_null():
    made = maybe("a", LAMP)
    assert (made.write(None), made.read(None)) == (None, None)
    assert (made.write(Lamp("x")), made.read({"name": "x", "watts": 1})) == ({"name": "x", "watts": 5}, Lamp("x", 1))
