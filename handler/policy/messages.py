"""pydantic's errors in our words: what is wrong, what was found, what was probably meant."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from handler.policy.codes import LoadProblem
from handler.policy.document import PolicyDocument
from handler.policy.port_entries import said
from handler.policy.shape import keys_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic_core import ErrorDetails

    from handler.policy.yaml_positions import KeyPath, PositionedFile

_TYPES = {
    "string_type": "a text",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "dict_type": "a mapping",
}
_PATTERNS = {
    "id": "an id has only a-z, 0-9 and -",
    "rules": "an id has only a-z, 0-9 and -",
    "references": "a reference is a URL that starts with https://",
    "effective_from": "a day is written YYYY-MM-DD",
    "expires": "a day is written YYYY-MM-DD",
}


def shape_problems(file: PositionedFile) -> tuple[LoadProblem, ...] | None:
    """What pydantic finds wrong with a file, but for what is told already; None if it finds nothing."""
    try:
        PolicyDocument.model_validate(file.data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        return tuple(_problem(file, detail) for detail in details if not _already_told(file, tuple(detail["loc"])))
    return None


def _already_told(file: PositionedFile, path: KeyPath) -> bool:
    return any(path[: len(refused)] == refused for refused in file.refused)


def _problem(file: PositionedFile, error: ErrorDetails) -> LoadProblem:
    """One pydantic error as a problem with its place."""
    path: KeyPath = tuple(error["loc"])
    where = file.keys.get(path) if error["type"] == "extra_forbidden" else file.where(path)
    code = "E105" if error["type"] == "day_as_text" else "E201"
    return LoadProblem(code, where or file.where(path), _message(path, error))


def _message(path: KeyPath, error: ErrorDetails) -> str:
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    name = next((repr(step) for step in reversed(path) if isinstance(step, str)), "the file")
    if kind == "extra_forbidden":
        return _unknown(path)
    if kind == "missing":
        return f"{str(path[-1])!r} is missing"
    if kind in ("port_entry", "host_pattern"):
        return str(context["mistake"])
    if kind == "literal_error":
        return _literal(name, value, context)
    if kind in _TYPES:
        quotes = "; write it in quotes" if kind == "string_type" and isinstance(value, int) else ""
        return f"{name}: {_TYPES[kind]} is wanted, found {said(value)}{quotes}"
    return _bound(path, name, kind, value)


def _unknown(path: KeyPath) -> str:
    key, part = str(path[-1]), str(path[0]) if path[1:] else ""
    return f"unknown key {key[:60]!r}{_meant(key, keys_of(part))}"


def _bound(path: KeyPath, name: str, kind: str, value: Any) -> str:
    if kind == "day_as_text":
        return f"{name}: a text is wanted, and {value[:40]} is read as a date; write it in quotes"
    if kind == "greater_than_equal":
        return f"{name} must be 0 or more, found {value}"
    if kind == "too_short":
        return f"{name} is an empty list"
    field = next((step for step in reversed(path) if isinstance(step, str)), "")
    if kind == "string_pattern_mismatch" and field in _PATTERNS:
        return f"{name}: {_PATTERNS[field]}, found {said(value)}"
    if kind in ("string_pattern_mismatch", "string_too_short"):
        return f"{name} is empty"
    return f"{name} cannot be {said(value)}"


def _literal(name: str, value: Any, context: Mapping[str, Any]) -> str:
    expected = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")
    meant = _meant(value, expected.split(", ")) if isinstance(value, str) and value != expected else ""
    return f"{name} is {said(value)}; it must be {'one of ' if ',' in expected else ''}{expected}{meant}"


def _meant(word: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(word.lower().replace("-", "_"), known, n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""
