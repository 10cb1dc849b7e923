"""Puts a page's tables together: what refers to what."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from handler.derive.page import Gap, Page, Table, TableRow
from handler.derive.roles import role
from handler.derive.value import read_value

if TYPE_CHECKING:
    from handler.derive.kinds import Kind, Schema

_YES = re.compile(r"yes|true|mandatory|required|m|y", re.IGNORECASE)
_NO = re.compile(r"no|false|optional|o|n", re.IGNORECASE)
_TABLE_NUMBER = re.compile(r"\bTable\s*(\d{1,4})(?!\d)")


@dataclass
class SchemaBuilder:
    """Turns tables of one page into schemas; collects the structures they refer to and what was not read."""

    page: Page
    defs: dict[str, Schema] = field(default_factory=dict)
    used: list[Table] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    _keys: dict[int, str] = field(default_factory=dict)
    _waiting: list[Table] = field(default_factory=list)

    @cached_property
    def _structures(self) -> list[Table]:
        """The tables that others may refer to."""
        return [table for table in self.page.tables if role(table, self.page) == "structure"]

    def object_of(self, table: Table) -> Schema:
        """The object that a table describes; the structures that it refers to are in `defs` afterwards."""
        schema = self._object(table)
        while self._waiting:
            structure = self._waiting.pop(0)
            self.defs[self._keys[structure.line]] = self._object(structure)
        return schema

    def _object(self, table: Table) -> Schema:
        """The object that a table describes, every row a property."""
        self.used.append(table)
        schema: Schema = {"type": "object", "properties": {}}
        required: list[str] = []
        for row in table.rows:
            self._property(schema, required, table, row)
        if not table.rows:
            self.gaps.append(Gap(table.line, f"{table.title} has no row that could be read"))
        if required:
            schema["required"] = required
        return schema

    def _property(self, schema: Schema, required: list[str], table: Table, row: TableRow) -> None:
        name = row.text("name").strip("\"'")
        if name in schema["properties"]:
            self.gaps.append(Gap(row.line, f"{name[:64]!r} is described twice in {table.title}; the first is kept"))
            return
        schema["properties"][name] = self._value(table, row)
        if "mandatory" not in table.columns:
            return
        word = row.text("mandatory")
        if _YES.fullmatch(word):
            required.append(name)
        elif not _NO.fullmatch(word):
            self.gaps.append(Gap(row.line, f"{name[:64]!r}: mandatory or not? {word[:64]!r}; taken as optional"))

    def _value(self, table: Table, row: TableRow) -> Schema:
        if "type" not in table.columns:
            self.gaps.append(Gap(row.line, f"{row.text('name')[:64]!r} has no type"))
            return {}
        kind, gaps = read_value(row)
        self.gaps += gaps
        if kind.shape != "any":
            self._refer(table, row, kind)
        return kind.schema

    def _refer(self, table: Table, row: TableRow, kind: Kind) -> None:
        """Point the innermost object at the table that describes it."""
        holder = _innermost(kind.schema)
        if holder.get("type") != "object" or "additionalProperties" in holder:
            if kind.schema == {"type": "array"}:
                self.gaps.append(Gap(row.line, f"{row.text('name')[:64]!r}: an array of what?"))
            return
        target = self._described(table, row, kind.structure)
        if target is None:
            what = f"object {kind.structure!r}" if kind.structure else "object"
            self.gaps.append(Gap(row.line, f"{row.text('name')[:64]!r}: no table describes this {what}"))
            return
        holder.clear()
        holder["$ref"] = f"#/$defs/{self._define(target)}"

    def _described(self, table: Table, row: TableRow, name: str) -> Table | None:
        """The structure's table: by the label its type points to, by name, or by `Table N` in the description."""
        label = row.text("label").lower() if table.label or self.page.cloud == "otc" else ""
        others = self._structures
        found = _labelled(others, label) or _called(others, name)
        if not found:
            return _numbered(others, f"{row.text('type')} {row.text('description')}")
        return next((other for other in found if other.line > table.line), found[0])

    def _define(self, table: Table) -> str:
        if table.line not in self._keys:
            key = re.sub(r"[^A-Za-z0-9_.-]+", "_", table.caption).strip("_") or f"table-{table.number}"
            key = f"{key}-table-{table.number}" if key in self._keys.values() else key
            self._keys[table.line] = key
            self._waiting.append(table)
        return self._keys[table.line]


def _labelled(tables: list[Table], label: str) -> list[Table]:
    return [table for table in tables if label and table.label == label]


def _called(tables: list[Table], name: str) -> list[Table]:
    return [table for table in tables if name and table.caption.lower() == name.lower()]


def _numbered(tables: list[Table], text: str) -> Table | None:
    """The one table that a text names as `Table N`; None where it names several of them, or none."""
    numbers = _TABLE_NUMBER.findall(text)
    named = [table for table in tables if str(table.number) in numbers]
    return named[0] if len(named) == 1 else None


def _innermost(schema: Schema) -> Schema:
    """The part of a schema that describes one value: through items and the values of a map."""
    here = schema
    while True:
        deeper = here.get("items") or here.get("additionalProperties")
        if not isinstance(deeper, dict):
            return here
        here = deeper
