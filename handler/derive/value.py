"""One row of a table as the schema of one value: the type, and the keywords that its description gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from handler.derive.description import Said, read_description
from handler.derive.kinds import Kind, read_kind
from handler.derive.page import Gap, Row

if TYPE_CHECKING:
    from handler.derive.description import Number

Schema = dict[str, Any]
_LENGTHS = {"string": ("minLength", "maxLength"), "array": ("minItems", "maxItems")}
_RANGE = ("minimum", "maximum")


def read_value(row: Row) -> tuple[Kind, list[Gap]]:
    """The schema of a row's value (the `Kind` holds it) and what of it could not be read."""
    kind = read_kind(row.text("type"))
    if kind is None:
        shown = row.text("type")[:64]
        return Kind({}, "any", {}), [Gap(row.line, f"type of {row.text('name')[:64]!r} not understood: {shown!r}")]
    said = read_description(row.cells.get("description", ()))
    gaps = [Gap(gap.line, f"{row.text('name')[:64]}: {gap.message}") for gap in said.gaps]
    writer = _Writer(row, kind, said, gaps)
    writer.bounds()
    writer.options()
    writer.default()
    return kind, gaps


class _Writer:
    """Puts what a description says into the schema, or says why it does not fit the type."""

    def __init__(self, row: Row, kind: Kind, said: Said, gaps: list[Gap]) -> None:
        self.row, self.kind, self.said, self.gaps = row, kind, said, gaps

    def gap(self, about: str, message: str) -> None:
        line = self.said.lines.get(about, self.row.line)
        self.gaps.append(Gap(line, f"{self.row.text('name')[:64]}: {message}"))

    def bounds(self) -> None:
        """Bare minimum and maximum bound a number's value and a text's length, in an array those of its items."""
        said, kind = self.said, self.kind
        if said.plain_least is not None or said.plain_most is not None:
            counts_items = kind.shape == "array" and kind.inner.get("type") not in ("string", "integer", "number")
            target = kind.schema if counts_items else kind.inner
            self._put("plain", target, (said.plain_least, said.plain_most))
        if said.length:
            self._put("length", kind.inner if kind.inner.get("type") == "string" else {}, said.length)
        if said.span:
            self._span(said.span)
        if said.items:
            self._put("items", kind.schema if kind.shape == "array" else {}, said.items)

    def _span(self, span: tuple[Number | None, Number | None]) -> None:
        """A range is that of a number, or says how many objects an array holds; of anything else it is ambiguous."""
        is_number = self.kind.inner.get("type") in ("integer", "number")
        is_scalar = is_number or self.kind.inner.get("type") == "string"
        is_clear = not is_scalar if self.kind.shape == "array" else is_number
        self._put("span", self.kind.schema if is_clear else {}, span)

    def _put(self, about: str, target: Schema, bounds: tuple[Number | None, Number | None]) -> None:
        is_number = target.get("type") in ("integer", "number")
        names = _RANGE if is_number else _LENGTHS.get(target.get("type", ""))
        if names is None:
            self.gap(about, f"a bound on a value of type {self.row.text('type')[:64]!r} is ambiguous")
            return
        if not self._sound(target, bounds):
            self.gap(about, "bounds that contradict each other or their type")
            return
        for name, bound in zip(names, bounds, strict=True):
            if bound is None:
                continue
            if target.get(name, bound) != bound:
                self.gap(about, f"two different values for {name}")
            target.setdefault(name, bound)

    def _sound(self, target: Schema, bounds: tuple[Number | None, Number | None]) -> bool:
        least, most = bounds
        given = [bound for bound in bounds if bound is not None]
        whole = target.get("type") == "number" or all(isinstance(bound, int) for bound in given)
        counts = target.get("type") in ("integer", "number") or all(bound >= 0 for bound in given)
        return whole and counts and (least is None or most is None or least <= most)

    def options(self) -> None:
        """Listed options become an enumeration of the innermost scalar; a boolean's are its own."""
        options, inner = self.said.options, self.kind.inner
        if not options or inner.get("type") == "boolean":
            return
        values = [self._typed(option) for option in options]
        if inner.get("type") not in ("string", "integer") or None in values:
            self.gap("options", f"options do not fit a value of type {self.row.text('type')[:64]!r}")
            return
        inner["enum"] = values

    def default(self) -> None:
        """The default, in the value's type."""
        if self.said.default is None:
            return
        value = self._typed(self.said.default)
        if value is None or self.kind.shape in ("array", "map", "object"):
            self.gap("default", f"the default does not fit a value of type {self.row.text('type')[:64]!r}")
            return
        self.kind.schema["default"] = value

    def _typed(self, word: str) -> object:
        """A word of the page as a value of the innermost type, None if it is none."""
        kind = self.kind.inner.get("type")
        try:
            if kind == "integer":
                return int(word.replace(",", ""))
            if kind == "number":
                return float(word)
        except ValueError:
            return None
        if kind == "boolean":
            return {"true": True, "false": False}.get(word.lower())
        return word if kind == "string" else None
