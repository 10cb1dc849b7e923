"""Which of the values that a description names are its enumeration: those it says are all, if nothing contradicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from handler.derive.numbers import number
from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from handler.derive.kinds import Schema
    from handler.derive.sentence import Claim, Said

_NUMBERS = ("integer", "number")
_BOUNDS = ("minimum", "maximum", "minLength", "maxLength")
_OUTSIDE = "are outside of the bounds"


class Choices(NamedTuple):
    """The values of the enumeration, if there is one; the gaps by line; and the keywords that do not stand."""

    values: tuple[Any, ...] = ()
    gaps: tuple[tuple[int, str], ...] = ()
    refuted: tuple[str, ...] = ()


def typed(word: str, kind: str | None) -> Any:
    """A word of the page as a value of a type, None if it is none."""
    try:
        if kind == "integer":
            return _whole(word)
        if kind == "number":
            return float(number(word))
    except ValueError:
        return None
    if kind == "boolean":
        return {"true": True, "false": False}.get(word.lower())
    return word if kind == "string" else None


def fits(schema: Schema, value: Any) -> bool:
    """Whether a value keeps to the bounds of its schema."""
    size = len(value) if isinstance(value, str) else value
    least, most = ("minLength", "maxLength") if isinstance(value, str) else ("minimum", "maximum")
    return isinstance(value, bool) or bool(schema.get(least, size) <= size <= schema.get(most, size))


def settled(said: Said, schema: Schema) -> Choices:
    """What the claims of a description come to, for a value of this schema, whose bounds are written already."""
    if outside := [claim for claim in said.claims if _is_outside(claim, schema)]:
        return Choices(gaps=_named(outside, f", which {_OUTSIDE}"), refuted=_BOUNDS)
    says = next((claim for claim in said.claims if claim.kind == "says"), None)
    if says is None:
        return Choices(gaps=_named(claim for claim in said.claims if not _is_harmless(claim, schema)))
    if others := _disagreeing(said.claims, says, schema.get("type")):
        return Choices(gaps=_named(others, "; not the values that stand elsewhere"))
    return _judged(said, says, schema)


def _judged(said: Said, says: Claim, schema: Schema) -> Choices:
    """The values of the one claim that stands, unless type, bounds or default speak against them."""
    kind = schema.get("type")
    values = tuple(dict.fromkeys(typed(word, kind) for word in says.values))
    if kind == "boolean" and None not in values:
        return Choices()
    if why := _against_type(kind, values) or _against_bounds(said, schema, values):
        gaps = ((says.line, f"the values {', '.join(says.values)[:60]} {why}"),)
        return Choices(gaps=gaps, refuted=_BOUNDS if why == _OUTSIDE else ())
    return Choices(values)


def _against_type(kind: str | None, values: Sequence[Any]) -> str:
    """Why values are not of a type; empty if they are. A comma in a text parts digits, or it parts two values."""
    fit = kind in ("string", "integer") and None not in values
    return "" if fit and not (kind == "string" and any("," in value for value in values)) else f"are not of type {kind}"


def _against_bounds(said: Said, schema: Schema, values: Sequence[Any]) -> str:
    """What else of a description says that the values are not all there is; empty if nothing does."""
    if any(bound.about == "length" for bound in said.bounds):
        return "stand beside the length of a free text"
    if not all(fits(schema, value) for value in values):
        return _OUTSIDE
    if schema.get("type") == "integer" and not _fills(schema, values):
        return "are fewer than the range that stands beside them"
    if any(typed(word, schema.get("type")) not in values for word, _ in said.defaults):
        return "do not hold the default"
    return ""


def _named(claims: Iterable[Claim], more: str = "") -> tuple[tuple[int, str], ...]:
    return tuple((claim.line, claim.text + more * bool(claim.values)) for claim in claims)


def _is_outside(claim: Claim, schema: Schema) -> bool:
    """Whether a number that the description names is beyond its bounds."""
    if schema.get("type") not in _NUMBERS:
        return False
    values = [typed(word, schema["type"]) for word in claim.values]
    return not all(fits(schema, value) for value in values if value is not None)


def _is_harmless(claim: Claim, schema: Schema) -> bool:
    """Whether values that are called nothing need no enumeration: some within a range, or those of a truth value."""
    kind = schema.get("type")
    values = [typed(word, kind) for word in claim.values]
    if claim.kind == "mention":
        return True
    has_range = kind in _NUMBERS and ("minimum" in schema or "maximum" in schema)
    return bool(values) and None not in values and (kind == "boolean" or has_range)


def _disagreeing(claims: Iterable[Claim], says: Claim, kind: str | None) -> list[Claim]:
    return [claim for claim in claims if claim is not says and not _agrees(claim, says, kind)]


def _agrees(claim: Claim, says: Claim, kind: str | None) -> bool:
    """Whether a claim names none but the values of the one that counts; another list of them must be the same."""
    values = {typed(word, kind) for word in claim.values}
    known = {typed(word, kind) for word in says.values}
    return bool(values) and (values == known if claim.kind == "says" else values <= known)


def _fills(schema: Schema, values: Sequence[int]) -> bool:
    """Whether the values are all that a range allows, where there is one."""
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is None and most is None:
        return True
    return least is not None and most is not None and most - least + 1 == len(values)


def _whole(word: str) -> int | None:
    """A whole number, with or without separators of thousands; `007` and `1_0` are none. Raises ValueError."""
    value, plain = number(word), word.replace("\u2212", "-")
    return value if isinstance(value, int) and plain in (str(value), f"{value:,}") else None
