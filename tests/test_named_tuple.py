"""Our named tuples do what those of the standard library do, and everything in handler/ is made with them."""

import copy
import inspect
import pickle
import re
import typing
from pathlib import Path

import pytest

from handler.named_tuple import NamedTuple

ROOT = Path(__file__).resolve().parent.parent


class Ours(NamedTuple):
    """A line of something."""

    port: int
    name: str = ""
    tags: tuple[str, ...] = ()

    @property
    def shown(self):
        return f"{self.port} {self.name}"

    @classmethod
    def of(cls, port):
        return cls(port, "of")

    def kind(self):
        return __class__


class Theirs(typing.NamedTuple):
    """A line of something."""

    port: int
    name: str = ""
    tags: tuple[str, ...] = ()


class Empty(NamedTuple):
    """Nothing."""


class One(NamedTuple):
    """One field."""

    only: int


BOTH = pytest.mark.parametrize("kind", [Ours, Theirs])


@BOTH
def test_it_is_made_by_place_or_name_and_is_a_tuple(kind):
    made = kind(22, tags=("a",))
    assert made == (22, "", ("a",)) == kind(port=22, name="", tags=("a",))
    assert isinstance(made, tuple)
    assert hash(made) == hash((22, "", ("a",)))
    assert (made.port, made.name, made.tags) == (22, "", ("a",))


@BOTH
def test_it_names_its_fields(kind):
    assert kind._fields == kind.__match_args__ == ("port", "name", "tags")
    assert kind._field_defaults == {"name": "", "tags": ()}
    assert kind(1)._asdict() == {"port": 1, "name": "", "tags": ()}
    assert repr(kind(1, "x")) == f"{kind.__name__}(port=1, name='x', tags=())"
    assert str(inspect.signature(kind)).replace(": int", "").startswith("(port, name")
    assert list(typing.get_type_hints(kind)) == ["port", "name", "tags"]


@BOTH
def test_it_is_changed_by_making_another(kind):
    first = kind(1)
    assert first._replace(name="y") == (1, "y", ())
    assert first == (1, "", ())
    with pytest.raises((ValueError, TypeError), match="what"):
        first._replace(what=1)
    assert type(kind._make([1, "a", ()])) is kind
    with pytest.raises(TypeError):
        kind._make([1])
    with pytest.raises(AttributeError):
        first.port = 2
    with pytest.raises(AttributeError):
        first.other = 2


@BOTH
@pytest.mark.parametrize(("given", "named"), [((), {}), ((1, 2, 3, 4), {}), ((1,), {"port": 2}), ((1,), {"what": 2})])
def test_what_does_not_fit_is_refused_by_name(kind, given, named):
    with pytest.raises(TypeError, match=re.escape(f"{kind.__name__}.__new__()")):
        kind(*given, **named)


@BOTH
def test_it_is_copied_pickled_and_matched(kind):
    made = kind(1, "x", ("t",))
    for again in (copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert again == made
        assert type(again) is kind
    match made:
        case kind(port, name):
            assert (port, name) == (1, "x")
        case _:
            pytest.fail("it does not match")


def test_it_has_methods_and_can_be_extended():
    class Wider(Ours):
        def __new__(cls, port):
            return super().__new__(cls, port, "wider")

    assert Ours.of(3).shown == "3 of"
    assert Ours(1).kind() is Ours
    assert Wider(4) == (4, "wider", ())
    assert isinstance(Wider(4), Ours)
    assert Ours.__doc__ == "A line of something."
    assert Ours.__module__ == __name__


def test_it_may_have_one_field_or_none():
    assert Empty() == ()
    assert One(1) == (1,)
    assert repr(Empty()) == "Empty()"


def test_a_field_without_a_default_comes_first():
    with pytest.raises(TypeError, match="without a default"):

        class Wrong(NamedTuple):
            first: int = 0
            second: int


def test_everything_in_the_package_is_made_with_it():
    theirs = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "handler").rglob("*.py"))
        if re.search(r"^from typing import .*\bNamedTuple\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert theirs == []
