"""A `*.test.yaml` file read strictly: unknown keys are refused with a suggestion, everything with its place."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from handler.review.case_file import CaseMapping, CaseSpec, Expect, FileSpec, ListenerSpec, Listing, RowSpec, Wanted

if TYPE_CHECKING:
    from handler.policy.rules import Location
    from handler.policy.yaml_positions import PositionedFile


def check_shape(file: PositionedFile) -> tuple[FileSpec | None, list[str]]:
    """The file's content, or all its problems as `file:line:column: message`."""
    if file.problems:
        return None, [str(problem) for problem in file.problems]
    try:
        content = FileSpec.model_validate(file.data)
    except ValidationError as error:
        found = sorted((_place(file, e), _message(file, e)) for e in error.errors(include_url=False))
        return None, [f"{file.name}:{line}:{column}: {message}" for (line, column), message in dict.fromkeys(found)]
    if not content.cases:
        return None, [f"{file.where(('cases',))}: cases: there is none"]
    return content, [f"{file.where(('cases', index))}: {text}" for index, text in _more(content)]


def _more(content: FileSpec) -> list[tuple[int, str]]:
    """What one case alone does not show."""
    names: set[str] = set()
    problems = []
    for index, case in enumerate(content.cases):
        if case.name in names:
            problems.append((index, f"a second case is named {case.name!r}"))
        if case.today is None and content.today is None:
            problems.append((index, "today: is missing here and at the top of the file"))
        names.add(case.name)
    return problems


def _path(error: Any) -> tuple[str | int, ...]:
    """The path of the error in the file; pydantic adds names of union members, which are not keys."""
    return tuple(part for part in error["loc"] if part != "[key]")


def _place(file: PositionedFile, error: Any) -> tuple[int, int]:
    path = _path(error)
    place: Location = file.keys[path] if error["type"] == "extra_forbidden" and path in file.keys else file.where(path)
    return place.line, place.column


def _message(file: PositionedFile, error: Any) -> str:
    *outer, last = _path(error) or ("the file",)
    where = ".".join(str(part) for part in outer if not isinstance(part, int))
    if error["type"] == "extra_forbidden":
        near = get_close_matches(str(last), _known(where), n=1)
        return f"unknown key {str(last)[:60]!r}" + (f", did you mean {near[0]!r}?" if near else "")
    if error["type"] == "missing":
        return f"{last}: is missing"
    said = str(error["msg"]).removeprefix("Value error, ")
    return f"{last if isinstance(last, str) else where or file.name}: {said[:1].lower()}{said[1:]}"


def _known(where: str) -> list[str]:
    """The keys that a mapping at that place may hold."""
    shapes: dict[str, type[CaseMapping]] = {
        "": FileSpec,
        "cases": CaseSpec,
        "cases.rows": RowSpec,
        "cases.rows.listeners": ListenerSpec,
        "cases.expect": Expect,
    }
    shape = shapes.get(where, Listing if where.startswith("cases.categories") else Wanted)
    return [field.alias or name for name, field in shape.model_fields.items()]
