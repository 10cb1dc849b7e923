"""A YAML file of settings (sinks, targets) as a pydantic model, or every problem of it with its place."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from handler.errors import SettingsError
from handler.policy.yaml_positions import PositionedFile, read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic_core import ErrorDetails


class StrictModel(BaseModel):
    """A mapping that knows all its keys and takes no value for another."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


Model = TypeVar("Model", bound=StrictModel)


def read_model(
    name: str, content: bytes, model: type[Model], known_keys: frozenset[str]
) -> tuple[Model, PositionedFile]:
    """The file's content and where its values stand. Raises SettingsError with all problems, `file:line:column: ...`.

    `known_keys` are all keys of the file at any depth, for suggestions.
    """
    file = read_yaml(name, content, booleans=True)
    if file.problems:
        raise SettingsError([str(problem) for problem in file.problems])
    try:
        return model.model_validate(file.data), file
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        raise SettingsError(list(_messages(file, details, known_keys))) from None


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
            yield f"{where}: {key}: {detail['msg'][:200]}{quotes}"


def _is_scalar(data: Any, path: tuple[str | int, ...]) -> bool:
    """Whether a number or a truth value stands at that path, which quotes make a text."""
    try:
        for step in path:
            data = data[step]
    except (LookupError, TypeError):
        return False
    return isinstance(data, int)
