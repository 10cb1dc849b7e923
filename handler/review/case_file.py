"""The shape of a `*.test.yaml` file, read strictly: unknown keys are refused with a suggestion and their place."""

from __future__ import annotations

import re
from datetime import date
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from handler.models import COUNTERS
from handler.ports import HIGHEST, LOWEST, PortSet

if TYPE_CHECKING:
    from handler.policy.rules import Location
    from handler.policy.yaml_positions import PositionedFile

_RANGE = re.compile(r"(\d{1,5})-(\d{1,5})")


def _ports(value: object) -> PortSet:
    """A number, a range `135-139`, or a list of them."""
    return PortSet.of(_range(item) for item in (value if isinstance(value, list) else [value]))


def _range(value: object) -> tuple[int, int]:
    found = _RANGE.fullmatch(value) if isinstance(value, str) else None
    low, high = (int(found[1]), int(found[2])) if found else (value, value)
    if not isinstance(low, int) or not isinstance(high, int) or not LOWEST <= low <= high <= HIGHEST:
        raise ValueError(f"a port is a number of {LOWEST}-{HIGHEST} or an ascending range such as 135-139")
    return low, high


def _words(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _day(value: object) -> date:
    try:
        return date.fromisoformat(value if isinstance(value, str) and len(value) == len("2026-12-01") else "")
    except ValueError:
        raise ValueError("a day is written YYYY-MM-DD") from None


def _counter(value: str) -> str:
    if value not in COUNTERS:
        raise ValueError(f"no such counter; they are {', '.join(COUNTERS)}")
    return value


Ports = Annotated[PortSet, BeforeValidator(_ports)]
Words = Annotated[tuple[str, ...], BeforeValidator(_words), Field(min_length=1)]
Day = Annotated[date, BeforeValidator(_day)]
Category = Literal["host", "container"]
Count = Annotated[int, Field(ge=0)]
Counters = dict[Annotated[str, BeforeValidator(_counter)], Count]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, populate_by_name=False)


class RowSpec(_Shape):
    """Rows of the snapshot: one for each port and type named. Without `status` the row carries none."""

    port: Ports = Field(alias="port")
    types: Words = Field(alias="type")
    category: Category = "host"
    num: Count = 1
    status: str | None = None


class Wanted(_Shape):
    """Results to find: one for each port and protocol named; what is not named is not compared."""

    rule: str
    port: Ports | None = None
    protocols: Words | None = Field(default=None, alias="protocol")
    category: Category | None = None
    severity: Literal["info", "low", "medium", "high", "critical"] | None = None
    num: Count | None = None
    status: str | None = None
    exemption: str | None = None
    effective_from: Day | None = None


class Expect(_Shape):
    """What must come out. A key that is left out is not compared; at least one is needed."""

    verdict: Literal["compliant", "violations", "inconclusive"] | None = None
    findings: tuple[Wanted, ...] | None = None
    exempted: tuple[Wanted, ...] | None = None
    announced: tuple[Wanted, ...] | None = None
    problems: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _compares_something(self) -> Expect:
        if not self.model_fields_set:
            raise ValueError("nothing is expected; name at least one of verdict, findings, exempted, announced")
        return self


class Listing(_Shape):
    """How much of a category was seen: `asked_ports` answers the policy's ports only, `incomplete` nothing for sure."""

    listing: Literal["complete", "asked_ports", "incomplete"] = "complete"
    total_num: Count | None = None


class CaseSpec(_Shape):
    """One case: rows and counters in, expectation out."""

    name: Annotated[str, Field(min_length=1)]
    rows: tuple[RowSpec, ...] = ()
    statistics: dict[Category, Counters | Literal["unreadable"]] = Field(default_factory=dict)
    categories: dict[Category, Listing] = Field(default_factory=dict)
    enterprise_project: str = "all_granted_eps"
    today: Day | None = None
    expect: Expect


class FileSpec(_Shape):
    """A whole file. `today` is the day of every case that names no other."""

    policy: str | None = None
    today: Day | None = None
    cases: tuple[CaseSpec, ...]


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
    shapes: dict[str, type[_Shape]] = {"": FileSpec, "cases": CaseSpec, "cases.rows": RowSpec, "cases.expect": Expect}
    shape = shapes.get(where, Listing if where.startswith("cases.categories") else Wanted)
    return [field.alias or name for name, field in shape.model_fields.items()]
