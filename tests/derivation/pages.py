"""A description of an API, and the pages that show it: RST, the help centre's text, and Markdown as it is exported."""

from __future__ import annotations

import random
import textwrap
from typing import Any, NamedTuple

from tests.derivation import cells
from tests.derivation.cells import Cell, Text

NAMES = [
    "port", "type", "num", "status", "name", "range", "options", "total_num", "host_id", "string", "list", "spec.size", "data[]", "OS",
    "default", "X-Trace", "enterprise_project_id", "long", "category", "function", "request", "sort_key", "limit", "object",
]  # fmt: skip
SCALARS = {"String": "string", "Integer": "integer", "Long": "integer", "Float": "number", "Boolean": "boolean"}
STRUCTURES = ["PortInfo", "HeaderRule", "QueryParam", "LampStatus"]


class Field(NamedTuple):
    """A row: its words for the type, and the schema that it comes to; `refers` names a structure of the page."""

    name: str
    kind: str
    schema: dict[str, Any]
    cell: Cell
    mandatory: str = ""
    refers: str = ""


class Table(NamedTuple):
    """A table under its caption; `place` is uri, request or response."""

    caption: str
    place: str
    fields: tuple[Field, ...]
    number: int = 0


class Api(NamedTuple):
    """A page's content."""

    title: str
    request: str
    tables: tuple[Table, ...]


class Shown(NamedTuple):
    """A page, and on which of its lines each field stands, by (table number, name)."""

    text: str
    places: dict[tuple[int, str], range]
    lost: frozenset[tuple[int, str]] = frozenset()  # fields whose bullets the page leaves out


def field(rng: random.Random, name: str, *, mandatory: bool, share: float) -> Field:
    kind = rng.choice([*SCALARS, "String", "String", "Integer", "Array of strings", "Map<String,String>"])
    if rng.random() < share / 10:
        return Field(
            name,
            rng.choice(["Polygon", "Date", "Array of what"]),
            cells.GAP,
            Cell((Text("Odd."),), {}, is_clean=False),
            "No" * mandatory,
        )
    is_array = kind == "Array of strings"
    inner = "string" if is_array else SCALARS.get(kind, "")
    cell = (
        cells.broken(rng, inner) if inner in ("string", "integer") and rng.random() < share else cells.clean(rng, inner)
    )
    if is_array and "default" in cell.says:
        cell = Cell((Text("Names."),), {})
    schema: dict[str, Any] = {"type": inner, **cell.says}
    if is_array:
        schema = {"type": "array", "items": schema}
    elif kind.startswith("Map"):
        schema = {"type": "object", "additionalProperties": {"type": "string"}}
    word = rng.choice(["Yes", "No"]) if mandatory else ""
    return Field(name, kind, cells.GAP if cell.says is cells.GAP else schema, cell, word)


def fields(rng: random.Random, most: int, *, mandatory: bool, share: float) -> tuple[Field, ...]:
    names = rng.sample(NAMES, rng.randint(1, most))
    return tuple(field(rng, name, mandatory=mandatory, share=share) for name in names)


def api(rng: random.Random, share: float) -> Api:
    """A page of one to seven tables; `share` of the cells hold something broken."""
    path = (Field("project_id", "String", {"type": "string", "minLength": 1, "maxLength": 256},
                  Cell((Text("Project."), Text("Minimum: 1"), Text("Maximum: 256")), {}), "Yes"),)  # fmt: skip
    token = (Field("X-Auth-Token", "String", {"type": "string"}, Cell((Text("Token."),), {}), "Yes"),)
    structures = rng.sample(STRUCTURES, rng.randint(0, 2))
    answer = fields(rng, 4, mandatory=False, share=share)
    links = tuple(
        Field(
            f"link{place}",
            rng.choice([f"{name} object", f"Array of {name} objects"]),
            {},
            Cell((Text("Linked."),), {}),
            refers=name,
        )
        for place, name in enumerate(structures)
    )
    method = rng.choice(["GET", "POST"])
    headers = (Field("X-Request-Id", "String", {"type": "string"}, Cell((Text("Request."),), {})),)
    tables = [
        Table("Path Parameters", "uri", path), Table("Query Parameters", "uri", fields(rng, 4, mandatory=True, share=share)),
        Table("Request header parameters", "request", token),
        Table("Request body parameters", "request", fields(rng, 3, mandatory=True, share=share)),
        Table("Response header parameters", "response", headers),
        Table("Response body parameters", "response", answer + links),
        *(Table(name, "response", fields(rng, 3, mandatory=False, share=share)) for name in structures),
    ]  # fmt: skip
    left_out = {
        "Request header parameters": 0.2,
        "Request body parameters": 0.2 if method == "POST" else 1,
        "Response header parameters": 0.7,
    }
    kept = [table for table in tables if rng.random() >= left_out.get(table.caption, 0)]
    numbered = tuple(table._replace(number=number) for number, table in enumerate(kept, 1))
    return Api("Querying Things", f"{method} /v5/{{project_id}}/things", numbered)


class _Sheet:
    """The lines of a page as they are written, and where each field came to stand."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.places: dict[tuple[int, str], range] = {}
        self.lost: set[tuple[int, str]] = set()

    def row(self, table: Table, field: Field, lines: list[str]) -> None:
        first = len(self.lines) + 1
        self.lines += lines
        self.places[table.number, field.name] = range(first, first + len(lines))
        if any(line.depth and line.text not in "\n".join(lines) for line in field.cell.lines):
            self.lost.add((table.number, field.name))

    def shown(self) -> Shown:
        return Shown("\n".join(self.lines) + "\n", self.places, frozenset(self.lost))


def columns(table: Table) -> list[str]:
    return (
        ["Parameter", "Mandatory", "Type", "Description"]
        if table.fields[0].mandatory
        else ["Parameter", "Type", "Description"]
    )


def values(field: Field) -> list[str]:
    return [field.name, field.mandatory, field.kind] if field.mandatory else [field.name, field.kind]


def _sections(api: Api, heading: Any) -> Any:
    """Headings as `heading` writes them, between the tables of each section."""
    yield heading("URI"), None
    for place, title in (("uri", ""), ("request", "Request Parameters"), ("response", "Response Parameters")):
        if title:
            yield heading(title), None
        if place == "response":
            yield ["Status code: 200"], None
        yield from (([], table) for table in api.tables if table.place == place)


# RST


def as_rst(api: Api, rng: random.Random) -> Shown:
    sheet = _Sheet()
    sheet.lines += [":original_name: Things.html", "", api.title, "=" * len(api.title), ""]
    for lines, table in _sections(
        api, lambda title: [title, "-" * len(title), "", *([api.request, ""] if title == "URI" else [])]
    ):
        sheet.lines += [f"**{line}**" if line.startswith("Status") else line for line in lines] + [""] * bool(lines)
        if table:
            _rst_table(sheet, table, rng)
    return sheet.shown()._replace(lost=frozenset())


def _rst_table(sheet: _Sheet, table: Table, rng: random.Random) -> None:
    label = table.caption.lower()
    sheet.lines += [f".. _things__response_{label}:", ""] if table.caption in STRUCTURES else []
    sheet.lines += [f".. table:: **Table {table.number}** {table.caption}", ""]
    head = columns(table)
    rows = [(field, [[text] for text in _rst_values(field)] + [_rst_cell(field.cell, rng)]) for field in table.fields]
    wide = [
        max(len(name), *(len(line) for _, row in rows for line in row[place])) + 2 for place, name in enumerate(head)
    ]
    border = "   +" + "+".join("-" * size for size in wide) + "+"
    sheet.lines += [border, _rst_line(head, wide), border.replace("-", "=")]
    for field, row in rows:
        tall = max(map(len, row))
        filled = [cell + [""] * (tall - len(cell)) for cell in row]
        sheet.row(table, field, [_rst_line([cell[at] for cell in filled], wide) for at in range(tall)] + [border])
    sheet.lines += [""]


def _rst_values(field: Field) -> list[str]:
    linked = (
        field.kind.replace(field.refers, f":ref:`{field.refers} <things__response_{field.refers.lower()}>`")
        if field.refers
        else field.kind
    )
    return [*values(field)[:-1], linked]


def _rst_line(cells_: list[str], wide: list[int]) -> str:
    return "   |" + "|".join(f" {cell}".ljust(size) for cell, size in zip(cells_, wide, strict=True)) + "|"


def _rst_cell(cell: Cell, rng: random.Random) -> list[str]:
    lines: list[str] = []
    wide = rng.choice([30, 60, 400])
    for line in cell.lines:
        outer = "   " * max(line.depth - 1, 0)
        parts = textwrap.wrap(_rst_marked(line.text, rng), wide, break_long_words=False, break_on_hyphens=False)
        lines += [""] if lines else []
        lines += [
            outer + (("-  " if not at else "   ") if line.depth else "") + part for at, part in enumerate(parts or [""])
        ]
    return lines


def _rst_marked(text: str, rng: random.Random) -> str:
    """Names of keys in bold, as the pages have it; what RST would read as markup is escaped."""
    plain = text.replace("\\", "\\\\").replace("_", "\\_").replace("*", "\\*")
    head, colon, rest = plain.partition(": ")
    return f"**{head}**: {rest}" if colon and " " not in head and rng.random() < 0.3 else plain


# text


def as_text(api: Api, rng: random.Random) -> Shown:
    sheet = _Sheet()
    gap = [""] * rng.randint(0, 1)
    sheet.lines += ["Updated on 2025-01-02 GMT+08:00", *gap, api.title, *gap]
    for lines, table in _sections(api, lambda title: [title, *([api.request] if title == "URI" else [])]):
        sheet.lines += [part for line in lines for part in (line, *gap)]
        if table:
            sheet.lines += [
                f"Table {table.number} {table.caption}",
                *gap,
                *(part for name in columns(table) for part in (name, *gap)),
            ]
            for field in table.fields:
                text = ["  " * line.depth + "\u2022 " * bool(line.depth) + line.text for line in field.cell.lines]
                sheet.row(table, field, [part for line in [*values(field), *text] for part in (line, *gap)])
    return sheet.shown()


# Markdown


def as_rows(api: Api, rng: random.Random) -> Shown:
    """One row a line with bars around it, lists as HTML or behind line breaks."""
    return _markdown(
        api,
        rng,
        rng.choice(["caption", "glued"]),
        lambda cols: [_barred(cols), _barred(["---"] * len(cols))],
        _html_row,
    )


def as_open(api: Api, rng: random.Random) -> Shown:
    """One row a line with a bar behind it only; lists on the lines below, the bar behind the last of them."""
    return _markdown(api, rng, rng.choice(["caption", "glued", "none"]), _closed_head, _closed_row)


def as_cells(api: Api, rng: random.Random) -> Shown:
    """One cell a line; a row may begin with a lone bar."""
    lone = ["|"] if rng.random() < 0.5 else []
    return _markdown(api, rng, rng.choice(["caption", "glued", "none"]), lambda cols: [*lone, *(f"{c} |" for c in cols), "---|" * len(cols)],
                     lambda field, rng: [*lone, *(f"{value} |" for value in values(field)), f"{_one_line(field.cell, rng)} |"])  # fmt: skip


def as_runs(api: Api, rng: random.Random) -> Shown:
    """One row a line, the whole description run into one line, headings without a colon."""
    return _markdown(
        api,
        rng,
        "none",
        _closed_head,
        lambda field, rng: [" | ".join([*values(field), _one_line(field.cell, rng)]) + " |"],
    )


def _markdown(api: Api, rng: random.Random, captions: str, head: Any, row: Any) -> Shown:
    sheet = _Sheet()
    mark = rng.choice(["## ", ""])
    sheet.lines += [f"{mark}{api.title}", ""]
    for lines, table in _sections(api, lambda title: [f"{mark}{title}", *([api.request] if title == "URI" else [])]):
        sheet.lines += [part for line in lines for part in ("", line, "")]
        if table:
            between = "" if captions == "glued" else " "
            sheet.lines += [] if captions == "none" else ["", f"Table {table.number}{between}{table.caption}", ""]
            sheet.lines += head(columns(table))
            for field in table.fields:
                sheet.row(table, field, row(field, rng))
            sheet.lines += [""]
    return sheet.shown()


def _barred(cells_: list[str]) -> str:
    return f"| {' | '.join(cells_)} |"


def _closed_head(names: list[str]) -> list[str]:
    return [" | ".join(names) + " |", "---|" * len(names)]


def _closed_row(field: Field, rng: random.Random) -> list[str]:
    lines = [
        "    " * max(line.depth - 1, 0) + rng.choice("-*+") * bool(line.depth) + " " * bool(line.depth) + line.text
        for line in field.cell.lines
    ]
    made = [" | ".join([*values(field), lines[0]]), *lines[1:]]
    return [*made[:-1], made[-1] + " |"] if rng.random() < 0.7 or len(made) == 1 else [*made, "|"]


def _html_row(field: Field, rng: random.Random) -> list[str]:
    text, depth = "", 0
    for line in field.cell.lines:
        text += "<ul>" * (line.depth - depth) + "</ul>" * (depth - line.depth)
        text += f"<li>{line.text}</li>" if line.depth else ("<br>" * bool(text) + line.text)
        depth = line.depth
    return [_barred([*(value.replace("_", "\\_") for value in values(field)), text + "</ul>" * depth])]


def _one_line(cell: Cell, rng: random.Random) -> str:
    """A whole description on one line: lists are lost, or their bullets stand between the words."""
    mark = rng.choice(["", "* ", "\u2022 ", "- ", "* "])
    parts = [f"{mark}{line.text}" if line.depth else line.text for line in cell.lines if mark or not line.depth]
    return " ".join(parts) or "Lost."


FORMS = {"rst": as_rst, "text": as_text, "rows": as_rows, "open": as_open, "cells": as_cells, "runs": as_runs}
