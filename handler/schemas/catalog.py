"""Which committed schema judges which answer, and the overlay that lies on top of it."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

JsonSchema = dict[str, Any]
IndexPart = Literal["answers", "queries"]  # of the index
FOLDER = Path(__file__).parent


def document(name: str) -> JsonSchema:
    """A committed schema exactly as derived from its document, read anew."""
    return cast("JsonSchema", _read(name))


def name_of(part: IndexPart, api: str, cloud: str) -> str:
    """The schema file that this cloud uses for this API. Raises KeyError where the cloud has no such API."""
    return cast("str", _index()[part][cloud][api]["schema"])


def names_of(part: IndexPart, api: str) -> tuple[str, ...]:
    """Every schema file that some cloud uses for this API."""
    clouds = _index()[part]
    return tuple(sorted({apis[api]["schema"] for apis in clouds.values() if api in apis}))


def users_of(part: IndexPart, api: str, name: str) -> tuple[str, ...]:
    """The clouds whose runs are judged by the schema `name`."""
    clouds = _index()[part]
    return tuple(sorted(cloud for cloud, apis in clouds.items() if api in apis and apis[api]["schema"] == name))


def effective(part: IndexPart, api: str, cloud: str) -> JsonSchema:
    """The schema that judges: the cloud's document plus the overlay lines that name it. Raises KeyError."""
    name = name_of(part, api, cloud)
    return _with_overlay(document(name), name)


def overlaid(schema: JsonSchema, name: str) -> JsonSchema:
    """A copy of `schema` with the overlay lines for the file `name` applied in order."""
    return _with_overlay(json.loads(json.dumps(schema)), name)


def _with_overlay(schema: JsonSchema, name: str) -> JsonSchema:
    """The very same schema, changed."""
    for line in _overlay()["lines"]:
        if name in line["schemas"]:
            _apply(_at(schema, line["at"]), line)
    return schema


@cache
def _index() -> Any:
    return _read("index.json")


@cache
def _overlay() -> Any:
    return _read("overlay.json")


def _read(name: str) -> Any:
    return json.loads((FOLDER / name).read_bytes())


def _at(schema: JsonSchema, path: str) -> JsonSchema:
    """The object schema at a path like `data_list[]`: names of properties, `[]` for the items of an array."""
    node = schema
    for step in path.replace("[]", ".[]").split(".") if path else ():
        node = _resolved(schema, node["items"] if step == "[]" else node["properties"][step])
    return node


def _resolved(schema: JsonSchema, node: JsonSchema) -> JsonSchema:
    reference = node.get("$ref")
    return cast("JsonSchema", schema["$defs"][reference.removeprefix("#/$defs/")]) if reference else node


def _apply(node: JsonSchema, line: dict[str, Any]) -> None:
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


def _open(node: JsonSchema) -> None:
    """Turn an enumeration into a list that is only compared with: what it does not name is counted, not refused."""
    if "enum" in node:
        node["x-listed"] = node.pop("enum")
