"""Writes a noun as a JSON object and reads it back, both from one list of its fields."""

from __future__ import annotations

from itertools import takewhile
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Noun = TypeVar("Noun")


class Field(NamedTuple):
    """One attribute of a noun in JSON; `write` and `read` are None where JSON has the value as it is.

    It stands under `key` in the noun's object, or in the object `inside` that. Without a key its own keys stand among
    the noun's: `write` gives them as an object, and `read` gets the noun's whole object.
    """

    attribute: str
    write: Callable[[Any], Any] | None
    read: Callable[[Any], Any] | None
    key: str
    inside: str = ""


class Codec(Generic[Noun]):
    """How one noun stands in JSON: its fields, in the order in which they are written."""

    def __init__(self, make: Callable[..., Noun], *fields: Field) -> None:
        self.make = make
        self.fields = fields
        flat = list(takewhile(lambda one: one.key and not one.inside, fields))
        self._keys = [one.key for one in flat]
        self._values = attrgetter(*(one.attribute for one in flat)) if len(flat) > 1 else None
        self._written = [(one.key, one.write) for one in flat if one.write is not None]
        self._others = fields[len(flat) if self._values else 0 :]

    def write(self, noun: Noun) -> dict[str, Any]:
        """The noun as a JSON object."""
        plain: dict[str, Any] = {}
        if self._values is not None:  # those under keys of their own, at once: there may be thousands of nouns
            plain = dict(zip(self._keys, self._values(noun), strict=True))
            for key, write_it in self._written:
                plain[key] = write_it(plain[key])
        for attribute, write, _, key, inside in self._others:
            value = getattr(noun, attribute)
            if write is not None:
                value = write(value)
            if inside:
                plain.setdefault(inside, {})[key] = value
            elif key:
                plain[key] = value
            else:
                plain |= value
        return plain

    def read(self, plain: Mapping[str, Any]) -> Noun:
        """The noun of a JSON object that its schema allows; keys of no field are passed over."""
        known: dict[str, Any] = {}
        for attribute, _, read, key, inside in self.fields:
            value: Any = plain[inside] if inside else plain
            if key:
                value = value[key]
            known[attribute] = value if read is None else read(value)
        return self.make(**known)


def as_is(*attributes: str) -> tuple[Field, ...]:
    """Fields that JSON has as they are, under their own names."""
    return tuple(Field(attribute, None, None, attribute) for attribute in attributes)


def field(
    attribute: str,
    write: Callable[[Any], Any] | None = None,
    read: Callable[[Any], Any] | None = None,
    *,
    at: str = "",
) -> Field:
    """A field under its own name, or at another place: `policy.name` is the key `name` of the object `policy`."""
    inside, _, key = (at or attribute).rpartition(".")
    return Field(attribute, write, read, key, inside)


def spread(attribute: str, write: Callable[[Any], Any], read: Callable[[Any], Any]) -> Field:
    """A field whose own keys stand among the noun's."""
    return Field(attribute, write, read, "")


def each(attribute: str, write: Callable[[Any], Any], read: Callable[[Any], Any]) -> Field:
    """A field of several values: a tuple here, a list in JSON."""
    return field(attribute, lambda values: list(map(write, values)), lambda plain: tuple(map(read, plain)))


def maybe(attribute: str, codec: Codec[Any]) -> Field:
    """A field with a noun or None, which is null in JSON."""
    return field(
        attribute,
        lambda noun: None if noun is None else codec.write(noun),
        lambda plain: None if plain is None else codec.read(plain),
    )
