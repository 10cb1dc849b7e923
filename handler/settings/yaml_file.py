"""A YAML file of settings (a list of sinks, of targets) as pydantic models, and every problem of it with its place."""

from __future__ import annotations

import difflib
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from handler.policy.yaml_positions import PositionedFile, read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic_core import ErrorDetails


_WORDS = {"model_type": "must be a mapping", "dict_type": "must be a mapping", "list_type": "must be a list"}


class StrictModel(BaseModel):
    """A mapping that knows all its keys and takes no value for another."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


_Listed = TypeVar("_Listed", bound=StrictModel)


def read_entries(
    name: str, content: bytes, whole: type[StrictModel], key: str, entry: type[_Listed], known_keys: frozenset[str]
) -> tuple[Mapping[int, _Listed], PositionedFile, tuple[str, ...]]:
    """The entries of the list under `key` that can be read, by index; the file's places; all other problems.

    Never raises, so that an entry hides no problem of another; problems are `file:line:column: message`. The file is
    a `whole`; `known_keys` are all its keys at any depth, for suggestions.
    """
    file = read_yaml(name, content, booleans=True)
    problems = tuple(str(problem) for problem in file.problems)
    if file.data is None:
        return {}, file, problems
    try:
        entries = getattr(whole.model_validate(file.data), key)
        return dict(enumerate(entries)), file, problems
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        told = [detail for detail in details if not _is_refused(file, tuple(detail["loc"]))]
        return dict(_readable(file.data, key, entry)), file, (*problems, *_messages(file, told, known_keys))


def _readable(data: Any, key: str, entry: type[_Listed]) -> Iterator[tuple[int, _Listed]]:
    """The entries that are as they should be."""
    items = data.get(key) if isinstance(data, dict) else None
    for index, item in enumerate(items if isinstance(items, list) else ()):
        with suppress(ValidationError):
            yield index, entry.model_validate(item)


def _is_refused(file: PositionedFile, path: tuple[str | int, ...]) -> bool:
    """Whether the reader of YAML has said already what is wrong with that value."""
    return any(path[: len(refused)] == refused for refused in file.refused)


def _messages(file: PositionedFile, details: list[ErrorDetails], known_keys: frozenset[str]) -> Iterator[str]:
    for detail in details:
        path = tuple(detail["loc"])
        key = str(path[-1]) if path else "the file"
        unknown = detail["type"] == "extra_forbidden"
        where = file.keys.get(path) if unknown else file.where(path)
        if unknown:
            near = difflib.get_close_matches(key, known_keys, 1)
            yield f"{where}: unknown key {key!r:.60}" + (f"; did you mean {near[0]}?" if near else "")
        elif detail["type"] == "missing":
            yield f"{where}: {key} is missing"
        else:
            quotes = "; write it in quotes" if detail["type"] == "string_type" and _is_scalar(file.data, path) else ""
            yield f"{where}: {key}: {_WORDS.get(detail['type'], detail['msg'])[:200]}{quotes}"


def _is_scalar(data: Any, path: tuple[str | int, ...]) -> bool:
    """Whether a number or a truth value stands at that path, which quotes make a text."""
    try:
        for step in path:
            data = data[step]
    except (LookupError, TypeError):
        return False
    return isinstance(data, int)
