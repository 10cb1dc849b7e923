"""The base of what is passed between rooms: `class Line(NamedTuple)`, for a type checker that of `typing`.

A cold start makes some hundred such classes before its first request. The standard library compiles every annotation
of every field, and a constructor for each class: a third of all that our own import cost. Here annotations stay text,
as everywhere in this package, and classes with equally many fields share their constructor's code.
"""

from __future__ import annotations

from collections import _tuplegetter  # type: ignore[attr-defined] # how every named tuple reads a field: in C
from functools import cache
from types import FunctionType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import CodeType

__all__ = ["NamedTuple"]


class _Shared(tuple[Any, ...]):
    """What all of them can do."""

    __slots__ = ()
    _fields = tuple[str, ...]()

    @classmethod
    def _make(cls, values: Iterable[object]) -> _Shared:
        """The tuple of these values. Raises TypeError where they are too many or too few."""
        made = tuple.__new__(cls, values)
        if len(made) != len(cls._fields):
            raise TypeError(f"{cls.__name__}: expected {len(cls._fields)} values, got {len(made)}")
        return made

    def _replace(self, /, **changed: object) -> _Shared:
        """The same tuple but for these fields. Raises ValueError for a field that it does not have."""
        made = tuple.__new__(type(self), map(changed.pop, self._fields, self))
        if changed:
            raise ValueError(f"{type(self).__name__} has no field {', '.join(changed)}")
        return made

    def _asdict(self) -> dict[str, Any]:
        """Field by field."""
        return dict(zip(self._fields, self, strict=True))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in zip(self._fields, self, strict=True))
        return f"{type(self).__name__}({fields})"

    def __getnewargs__(self) -> tuple[Any, ...]:
        """What copying and pickling hand to the constructor."""
        return tuple(self)


@cache
def _constructor(fields: int) -> CodeType:
    """A constructor of so many fields, whose names stand for those of a class."""
    names = "".join(f"field{number}, " for number in range(fields))
    made: FunctionType = eval(f"lambda _cls, {names}: _new(_cls, ({names}))")  # noqa: S307 - made of a number only
    return made.__code__


class _Made(type):
    """Makes a class of its annotations."""

    def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> type:
        """A tuple whose fields are the annotated names. Raises TypeError where one without a default comes too late."""
        if not bases:
            return super().__new__(cls, name, bases, body)
        fields = tuple(body.get("__annotations__", ()))
        defaults = {field: body[field] for field in fields if field in body}
        if tuple(defaults) != fields[len(fields) - len(defaults) :]:
            raise TypeError(f"{name}: a field without a default follows one with a default")
        code = _constructor(len(fields)).replace(co_name="__new__", co_varnames=("_cls", *fields))
        new = FunctionType(code, {"_new": tuple.__new__}, "__new__", tuple(defaults.values()))
        new.__qualname__ = f"{name}.__new__"
        getters = {field: _tuplegetter(number, f"Field {number}") for number, field in enumerate(fields)}
        own = {"__slots__": (), "_fields": fields, "__match_args__": fields, "_field_defaults": defaults}
        return type(name, (_Shared,), {**body, **getters, **own, "__new__": new})


if TYPE_CHECKING:
    from typing import NamedTuple
else:

    class NamedTuple(metaclass=_Made):
        """Its subclasses are named tuples."""
