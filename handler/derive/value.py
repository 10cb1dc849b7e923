"""One row of a table as the schema of one value: the type, and the keywords that its description gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from handler.derive.choices import fits, settled, typed
from handler.derive.description import read_description
from handler.derive.kinds import Kind, read_kind
from handler.derive.page import Gap, Line, Row

if TYPE_CHECKING:
    from handler.derive.bounds import Bound
    from handler.derive.page import Column
    from handler.derive.sentence import Said

Schema = dict[str, Any]
_LENGTHS = {"string": ("minLength", "maxLength"), "array": ("minItems", "maxItems")}
_RANGE = ("minimum", "maximum")
_NUMBERS = ("integer", "number")


def read_value(row: Row) -> tuple[Kind, list[Gap]]:
    """The schema of a row's value (the `Kind` holds it) and what of it could not be read."""
    kind = read_kind(row.text("type"))
    if kind is None:
        shown = row.text("type")[:64]
        return Kind({}, "any", {}), [Gap(row.line, f"type of {row.text('name')[:64]!r} not understood: {shown!r}")]
    said = read_description(_description(row))
    writer = _Writer(row, kind, said)
    writer.bounds()
    writer.choices()
    writer.default()
    return kind, writer.gaps


def _description(row: Row) -> list[Line]:
    """All that a row says of its value: columns of their own for range and default are read like headings."""
    lines = list(row.cells.get("description", ()))
    for column, heading in (("range", "Range"), ("default", "Default Value")):
        if cell := row.cells.get(cast("Column", column), ()):
            lines += [Line(cell[0].number, heading), *cell]
    return lines


class _Writer:
    """Puts what a description says into the schema, or says why it does not fit the type."""

    def __init__(self, row: Row, kind: Kind, said: Said) -> None:
        self.row, self.kind, self.said = row, kind, said
        self.gaps: list[Gap] = []
        for gap in said.gaps:
            self.gap(gap.line, gap.message)

    def gap(self, line: int, message: str) -> None:
        self.gaps.append(Gap(line, f"{self.row.text('name')[:64]}: {message}"))

    def bounds(self) -> None:
        """Write each bound; where two say different things, neither counts."""
        refuted: list[tuple[Schema, str]] = []
        for bound in self.said.bounds:
            target = self._target(bound)
            names = _RANGE if target.get("type") in _NUMBERS else _LENGTHS.get(target.get("type", ""))
            if names is None:
                self.gap(bound.line, f"a bound on a value of type {self.row.text('type')[:64]!r} is ambiguous")
            elif not _sound(target, bound):
                self.gap(bound.line, "bounds that contradict each other or their type")
            else:
                refuted += self._write(target, names, bound)
        for target, name in refuted:
            target.pop(name, None)
        for target in (self.kind.schema, self.kind.inner):
            self._drop_reversed(target)

    def _target(self, bound: Bound) -> Schema:
        """What a bound is about: the value, an array's items, or the array; an empty schema where it is ambiguous."""
        kind, inner = self.kind, self.kind.inner.get("type")
        if bound.about == "plain":
            counts_items = kind.shape == "array" and inner not in ("string", *_NUMBERS)
            return kind.schema if counts_items else kind.inner
        if bound.about == "length":
            return kind.inner if inner == "string" else {}
        if bound.about == "items":
            return kind.schema if kind.shape == "array" else {}
        is_clear = inner not in ("string", *_NUMBERS) if kind.shape == "array" else inner in _NUMBERS
        return kind.schema if is_clear else {}

    def _write(self, target: Schema, names: tuple[str, str], bound: Bound) -> list[tuple[Schema, str]]:
        refuted = []
        for name, value in zip(names, bound.bounds, strict=True):
            if value is None:
                continue
            if target.setdefault(name, value) != value:
                self.gap(bound.line, f"two different values for {name}")
                refuted.append((target, name))
        return refuted

    def _drop_reversed(self, target: Schema) -> None:
        """Leave out a least that is above its most: two sentences that contradict each other."""
        for least, most in (_RANGE, *_LENGTHS.values()):
            if least in target and most in target and target[least] > target[most]:
                self.gap(self.row.line, "bounds that contradict each other or their type")
                del target[least], target[most]

    def choices(self) -> None:
        """The values that the description says are all become an enumeration of the innermost scalar."""
        outcome = settled(self.said, self.kind.inner)
        for line, message in outcome.gaps:
            self.gap(line, message)
        for name in outcome.refuted:
            self.kind.inner.pop(name, None)
        if outcome.values:
            self.kind.inner["enum"] = list(outcome.values)

    def default(self) -> None:
        """The default, in the value's type; not where the rest of the description speaks against it."""
        if not self.said.defaults:
            return
        (word, line), *more = self.said.defaults
        value = typed(word, self.kind.inner.get("type"))
        if any(other != word for other, _ in more):
            self.gap(more[0][1], "two different default values")
        elif value is None or self.kind.shape in ("array", "map", "object"):
            self.gap(line, f"the default does not fit a value of type {self.row.text('type')[:64]!r}")
        elif not fits(self.kind.inner, value):
            self.gap(line, "the default is outside of the bounds")
        else:
            self.kind.schema["default"] = value


def _sound(target: Schema, bound: Bound) -> bool:
    """Whether bounds are in order and of the type of what they bound: a count is whole and not negative."""
    given = [end for end in bound.bounds if end is not None]
    is_whole = target.get("type") == "number" or all(isinstance(end, int) for end in given)
    may_be_negative = target.get("type") in _NUMBERS
    return is_whole and given == sorted(given) and (may_be_negative or all(end >= 0 for end in given))
