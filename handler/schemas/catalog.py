"""Which committed schema judges which answer, and the overlay that lies on top of it."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

Schema = dict[str, Any]
Part = Literal["answers", "queries"]
FOLDER = Path(__file__).parent


@cache
def _read(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def committed(part: Part) -> tuple[str, ...]:
    """The names of all schema files for answers or queries that the index names, in alphabetical order."""
    uses = (use["schema"] for apis in _read("index.json")[part].values() for use in apis.values())
    return tuple(sorted(set(uses)))


def document(name: str) -> Schema:
    """A committed schema exactly as derived from its document; a copy."""
    return cast("Schema", copy.deepcopy(_read(name)))


def uses(part: Part) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Each cloud and its APIs."""
    return tuple((cloud, tuple(apis)) for cloud, apis in _read("index.json")[part].items())


def name_of(part: Part, api: str, cloud: str) -> str:
    """The schema file that this cloud uses for this API. Raises KeyError where the cloud has no such API."""
    return cast("str", _read("index.json")[part][cloud][api]["schema"])


def names_of(part: Part, api: str) -> tuple[str, ...]:
    """Every schema file that some cloud uses for this API."""
    clouds = _read("index.json")[part]
    return tuple(sorted({apis[api]["schema"] for apis in clouds.values() if api in apis}))


def users_of(part: Part, api: str, name: str) -> tuple[str, ...]:
    """The clouds whose runs are judged by the schema `name`."""
    clouds = _read("index.json")[part]
    return tuple(sorted(cloud for cloud, apis in clouds.items() if api in apis and apis[api]["schema"] == name))


def effective(part: Part, api: str, cloud: str) -> Schema:
    """The schema that judges: the cloud's document plus the overlay lines that name it. Raises KeyError."""
    name = name_of(part, api, cloud)
    return overlaid(document(name), name)


def overlaid(schema: Schema, name: str) -> Schema:
    """A copy of `schema` with the overlay lines for the file `name` applied in order."""
    schema = copy.deepcopy(schema)
    for line in _read("overlay.json")["lines"]:
        if name in line["schemas"]:
            _apply(_at(schema, line["at"]), line)
    return schema


def row_properties(schema: Schema, rows: str) -> Schema | None:
    """What a schema says of each key of the objects in its list `rows`; None where it has no such list."""
    return cast("Schema", _at(schema, f"{rows}[]")["properties"]) if rows in schema["properties"] else None


def _at(schema: Schema, path: str) -> Schema:
    """The object schema at a path like `data_list[]`: names of properties, `[]` for the items of an array."""
    node = schema
    for step in path.replace("[]", ".[]").split(".") if path else ():
        node = _resolved(schema, node["items"] if step == "[]" else node["properties"][step])
    return node


def _resolved(schema: Schema, node: Schema) -> Schema:
    reference = node.get("$ref")
    return cast("Schema", schema["$defs"][reference.removeprefix("#/$defs/")]) if reference else node


def _apply(node: Schema, line: dict[str, Any]) -> None:
    """One overlay line: `required`, `optional`, `open` name keys of the object; `set` gives keywords of keys."""
    required = [key for key in node.get("required", ()) if key not in line.get("optional", ())]
    required += [key for key in line.get("required", ()) if key not in required]
    if required:
        node["required"] = required
    else:
        node.pop("required", None)
    for key, keywords in line.get("set", {}).items():
        node["properties"].setdefault(key, {}).update(keywords)
    for key in line.get("open", ()):
        _open(node["properties"].get(key, {}))


def _open(node: Schema) -> None:
    """Turn an enumeration into a list that is only compared with: what it does not name is counted, not refused."""
    if "enum" in node:
        node["x-listed"] = node.pop("enum")
