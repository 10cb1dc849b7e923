"""The shape of a `*.test.yaml` file: what each key holds."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from handler.clock import parse_day
from handler.models import COUNTERS
from handler.policy.document import CategoryWord, Count, SeverityWord
from handler.ports import HIGHEST, LOWEST, PortSet

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
        return parse_day(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError("a day is written YYYY-MM-DD") from None


def _counter(value: str) -> str:
    if value not in COUNTERS:
        raise ValueError(f"no such counter; they are {', '.join(COUNTERS)}")
    return value


_Ports = Annotated[PortSet, BeforeValidator(_ports)]
_Words = Annotated[tuple[str, ...], BeforeValidator(_words), Field(min_length=1)]
_Day = Annotated[date, BeforeValidator(_day)]
_Counters = dict[Annotated[str, BeforeValidator(_counter)], Count]


class CaseMapping(BaseModel):
    """A mapping with known keys only."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, populate_by_name=False)


class ListenerSpec(CaseMapping):
    """One server (in category container: one container) that listens; what is left out the cloud does not tell."""

    name: str = ""
    id: str = ""
    ip: str = ""
    address: str = ""


class RowSpec(CaseMapping):
    """Rows of the snapshot: one for each port and type named. Without `status` the row carries none.

    With `listeners` num is their number; without them a host-aware policy does not know who listens.
    """

    port: _Ports = Field(alias="port")
    types: _Words = Field(alias="type")
    category: CategoryWord = "host"
    num: Count = 1
    status: str | None = None
    listeners: tuple[ListenerSpec, ...] | None = None

    @model_validator(mode="after")
    def _num_is_their_number(self) -> RowSpec:
        if self.listeners is not None and "num" in self.model_fields_set and self.num != len(self.listeners):
            raise ValueError(f"num is the number of listeners, which is {len(self.listeners)}")
        return self

    @property
    def counted(self) -> int:
        """The row's num."""
        return self.num if self.listeners is None else len(self.listeners)


class Wanted(CaseMapping):
    """Results to find: one for each port and protocol named; what is not named is not compared."""

    rule: str
    port: _Ports | None = None
    protocols: _Words | None = Field(default=None, alias="protocol")
    category: CategoryWord | None = None
    severity: SeverityWord | None = None
    num: Count | None = None
    status: str | None = None
    exemption: str | None = None
    effective_from: _Day | None = None


class Expect(CaseMapping):
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


class Listing(CaseMapping):
    """How much of a category was seen: `asked_ports` answers the policy's ports only, `incomplete` nothing for sure."""

    listing: Literal["complete", "asked_ports", "incomplete"] = "complete"
    total_num: Count | None = None


class CaseSpec(CaseMapping):
    """One case: rows and counters in, expectation out."""

    name: Annotated[str, Field(min_length=1)]
    rows: tuple[RowSpec, ...] = ()
    statistics: dict[CategoryWord, _Counters | Literal["unreadable"]] = Field(default_factory=dict)
    categories: dict[CategoryWord, Listing] = Field(default_factory=dict)
    enterprise_project: str = "all_granted_eps"
    today: _Day | None = None
    expect: Expect


class FileSpec(CaseMapping):
    """A whole file. `today` is the day of every case that names no other."""

    policy: str | None = None
    today: _Day | None = None
    cases: tuple[CaseSpec, ...]
