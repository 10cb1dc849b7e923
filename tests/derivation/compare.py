"""Compares what is derived from a page with what the page was made from: the same, or a gap that names the place."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any, NamedTuple

from handler.derive.derive import Derived, derive_answer, derive_query, read_page
from handler.derive.page import Gap, Page
from handler.errors import DocumentError
from tests.derivation import cells
from tests.derivation.pages import FORMS, Api, Field, Shown, Table, api

MODES = ("answer", "query")


class Difference(NamedTuple):
    """A place where the schema is not what the page says, and no gap names it."""

    mode: str
    name: str
    wanted: Any
    found: Any


class Outcome(NamedTuple):
    """What came of one page in one mode; `counts` says of how many rows all was read, or some was named."""

    shown: Shown
    differences: list[Difference]
    counts: Counter[str]
    gaps: tuple[Gap, ...]


def tried(form: str, seed: int, share: float = 0.4) -> dict[str, Outcome]:
    """One page in both modes; `share` of its cells hold something broken."""
    rng = random.Random(seed)
    made = api(rng, share)
    shown = FORMS[form](made, rng)
    page = read_page(shown.text)
    return {mode: _compared(mode, made, shown, page) for mode in MODES}


def _compared(mode: str, made: Api, shown: Shown, page: Page) -> Outcome:
    outcome = Outcome(shown, [], Counter(), ())
    try:
        derived = derive_answer(page) if mode == "answer" else derive_query(page)
    except DocumentError:
        return outcome._replace(counts=Counter(refused=1))
    outcome = outcome._replace(gaps=derived.gaps)
    for table, target in _targets(made, derived.schema, mode):
        for field in table.fields:
            got = (target or {}).get("properties", {}).get(field.name)
            is_lost = (table.number, field.name) in shown.lost
            wanted = _without_lost(field, got) if is_lost else field.schema
            named = _is_named(derived, shown, table, field)
            verdict = _verdict(named=named, same=wanted is not cells.GAP and _same(field, wanted, got, derived.schema))
            outcome.counts[verdict] += 1
            if verdict == "silent":
                outcome.differences.append(Difference(mode, f"{table.caption}.{field.name}", wanted, got))
        outcome.differences.extend(_more(mode, table, target, derived))
    return outcome


def _verdict(*, named: bool, same: bool) -> str:
    if same:
        return "read, and something named" if named else "read"
    return "named" if named else "silent"


def _without_lost(field: Field, got: Any) -> Any:
    """What may be said of a field whose bullets the page leaves out: a gap where they were announced, or less."""
    has_lead = any(not line.depth and line.text.endswith(":") for line in field.cell.lines)
    if has_lead and field.cell.is_clean and "enum" in field.schema:
        return cells.GAP
    wanted, found = (one.get("items", one) if one else {} for one in (field.schema, got))
    is_less = all(wanted.get(key, value if key != "enum" else None) == value for key, value in found.items())
    return got if is_less else field.schema


def _targets(made: Api, schema: dict[str, Any], mode: str) -> list[tuple[Table, dict[str, Any] | None]]:
    """Each table of the page that this mode is about, with the object that was made of it."""
    defs = schema.get("$defs", {})
    by_caption = {
        "Path Parameters": defs.get("path"),
        "Query Parameters": schema,
        "Request header parameters": defs.get("header"),
        "Request body parameters": defs.get("body"),
    }
    if mode == "answer":
        by_caption = {
            "Response body parameters": schema,
            **{t.caption: defs.get(t.caption) for t in made.tables[-2:] if t.caption in _linked(made)},
        }
    return [(table, by_caption[table.caption]) for table in made.tables if table.caption in by_caption]


def _linked(made: Api) -> set[str]:
    return {field.refers for table in made.tables for field in table.fields if field.refers}


def _same(field: Field, wanted: Any, got: Any, schema: dict[str, Any]) -> bool:
    if not field.refers:
        return bool(wanted == got)
    inner = got.get("items", {}) if got and field.kind.startswith("Array") else got or {}
    return inner == {"$ref": f"#/$defs/{field.refers}"} and field.refers in schema.get("$defs", {})


def _is_named(derived: Derived, shown: Shown, table: Table, field: Field) -> bool:
    """Whether a gap speaks of the row: by its lines, by its name outside of other rows, or of the whole table."""
    lines = shown.places[table.number, field.name]
    others = {line for key, place in shown.places.items() if key != (table.number, field.name) for line in place}
    first = min(place.start for (number, _), place in shown.places.items() if number == table.number)
    head = range(first - 12, first)
    for gap in derived.gaps:
        is_by_name = repr(field.name) in gap.message or (gap.line not in others and f"{field.name}:" in gap.message)
        is_by_name |= gap.message.startswith(f"{field.name}: ") and gap.line in range(lines.stop, lines.stop + 3)
        if gap.line in lines or is_by_name or (gap.line in head and "table" in gap.message):
            return True
    return False


def _more(mode: str, table: Table, target: Any, derived: Derived) -> list[Difference]:
    """Properties that no row describes, and keys that are required and should not be, unless anything was named."""
    known = {field.name for field in table.fields}
    found = set((target or {}).get("properties", ()))
    required = {field.name for field in table.fields if field.mandatory == "Yes"} & found
    wrong = (found - known) | (set((target or {}).get("required", ())) ^ required)
    is_named = bool(derived.gaps) or not target
    return [] if is_named or not wrong else [Difference(mode, table.caption, sorted(known), sorted(wrong))]
