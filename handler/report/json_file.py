"""A JSON file of ours, read with suspicion: bounded, an object, of a known version, valid for its published schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from handler.schemas import catalog
from handler.schemas.valid import fits_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from handler.errors import UsageError

MAX_JSON_BYTES = 64 * 1024 * 1024
MOST_LINES = 20


def parse_object(data: bytes, name: str, what: str, error: type[UsageError]) -> dict[str, Any]:
    """The object in a file's bytes. Raises `error`; `what` ("a report") and `name` are shown in it."""
    if len(data) > MAX_JSON_BYTES:
        raise error(f"{name}: larger than {MAX_JSON_BYTES} bytes")
    try:
        document = json.loads(data, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as problem:
        raise error(f"{name}: {_why_not(problem)}") from None
    if not isinstance(document, dict):
        raise error(f"{name}: not {what}, but a JSON {type(document).__name__}")
    return document


def schema_problems(document: Mapping[str, Any], name: str, schema_file: str, part: str = "") -> Iterator[str]:
    """How a document breaks a published schema (or the definition `part` of it), at most 20 lines with JSON paths."""
    schema = catalog.document(schema_file)
    if part:
        schema = {"$schema": schema["$schema"], "$defs": schema["$defs"], "$ref": f"#/$defs/{part}"}
    if fits_of(schema)(document):
        return
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - dear, and only to say what is wrong

    found = sorted(Draft202012Validator(schema).iter_errors(document), key=lambda problem: problem.json_path)
    for problem in found[:MOST_LINES]:
        yield f"{name}: {problem.json_path[:200]!r}: {problem.message[:200]}"


def _why_not(problem: Exception) -> str:
    if isinstance(problem, json.JSONDecodeError):
        return f"not JSON, or cut off (line {problem.lineno})"
    if isinstance(problem, RecursionError):
        return "not JSON of ours: nested too deeply"
    if isinstance(problem, UnicodeDecodeError):
        return "not JSON: its bytes are no text"
    return "not JSON: it holds NaN, Infinity or a number of thousands of digits"


def _refuse_constant(word: str) -> None:
    raise ValueError(word)
