"""Compares what is derived from a page with what the page was made from: the same, or a gap that names the place."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any, NamedTuple

from handler.derive.derive import Derived, derive_answer, derive_query, read_page
from handler.errors import DocumentError
from tests.derivation import cells
from tests.derivation.pages import FORMS, Api, Field, Shown, Table, api

MODES = ("answer", "query")


class Difference(NamedTuple):
    """A place where the schema is not what the page says, and no gap names it."""

    form: str
    mode: str
    seed: int
    name: str
    wanted: Any
    found: Any


def tried(form: str, mode: str, seed: int, share: float = 0.4) -> tuple[list[Difference], Counter[str], Shown, Derived]:
    """One page: its silent differences, and how many of its rows were read, named, or differ."""
    rng = random.Random(seed)
    made = api(rng, share)
    shown = FORMS[form](made, rng)
    page = read_page(shown.text)
    found: list[Difference] = []
    counts: Counter[str] = Counter()
    try:
        derived = derive_answer(page) if mode == "answer" else derive_query(page)
    except DocumentError:
        return [], Counter({"refused": 1}), shown, Derived({}, ())
    for table, target in _targets(made, derived.schema, mode):
        for field in table.fields:
            wanted, got = field.schema, (target or {}).get("properties", {}).get(field.name)
            if (table.number, field.name) in shown.lost:
                wanted = _without_lost(field, got)
            named = _is_named(derived, shown, table, field)
            if _same(field, wanted, got, derived.schema) and wanted is not cells.GAP:
                counts["gap beside the truth" if named else "read"] += 1
                counts["clean but named"] += named and field.cell.is_clean
            elif named:
                counts["named"] += 1
                counts["clean but named"] += field.cell.is_clean
            else:
                found.append(Difference(form, mode, seed, f"{table.caption}.{field.name}", wanted, got))
        found += _more(form, mode, seed, table, target, derived)
    return found, counts, shown, derived


def _without_lost(field: Field, got: Any) -> Any:
    """What may be said of a field whose bullets the page leaves out: a gap where they were announced, or less."""
    has_lead = any(not line.depth and line.text.endswith(":") for line in field.cell.lines)
    if has_lead and field.cell.is_clean and "enum" in field.schema:
        return cells.GAP
    says_more = [
        key for key, value in (got or {}).items() if field.schema.get(key, value if key != "enum" else None) != value
    ]
    return field.schema if says_more else got


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
        return bool(wanted == got) and (got is None or list(got) == list(got))
    inner = got.get("items", {}) if got and field.kind.startswith("Array") else got or {}
    return inner == {"$ref": f"#/$defs/{field.refers}"} and field.refers in schema.get("$defs", {})


def _is_named(derived: Derived, shown: Shown, table: Table, field: Field) -> bool:
    """Whether a gap speaks of the row: by its lines, by its name outside of other rows, or of the whole table."""
    lines = shown.places[table.number, field.name]
    others = {line for key, place in shown.places.items() if key != (table.number, field.name) for line in place}
    first = min(place.start for (number, _), place in shown.places.items() if number == table.number)
    head = range(first - 12, first)
    for gap in derived.gaps:
        is_by_name = gap.line not in others and (f"{field.name}:" in gap.message or repr(field.name) in gap.message)
        if gap.line in lines or is_by_name or (gap.line in head and "table" in gap.message):
            return True
    return False


def _more(form: str, mode: str, seed: int, table: Table, target: Any, derived: Derived) -> list[Difference]:
    """Properties that no row describes, and keys that are required and should not be, unless anything was named."""
    known = {field.name for field in table.fields}
    required = {field.name for field in table.fields if field.mandatory == "Yes"}
    extra = set((target or {}).get("properties", ())) - known
    wrong = set((target or {}).get("required", ())) ^ (required & set((target or {}).get("properties", ())))
    if derived.gaps or not target:
        return []
    return (
        [Difference(form, mode, seed, f"{table.caption}: more", sorted(known), sorted(extra | wrong))]
        if extra | wrong
        else []
    )
