"""Faults on request: which call goes wrong. How, is in `breakages` and `wire`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from handler.simulator.breakages import DOCUMENTS, LISTS, TEXTS
from handler.simulator.wire import WIRES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from handler.simulator.answers import AnswerPage
    from handler.transport.request import Response

FAULT_KINDS = frozenset({"status", *LISTS, *DOCUMENTS, *TEXTS, *WIRES})


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong on the calls `first` to `last` (None: for ever) of one API (`*`: any), counted from 1.

    `category` narrows it to one category's calls. `value` is what the kind needs: see the functions of `breakages`
    and `wire`; kind `status` takes a mapping `{status, shape, code, message, retry_after}`.
    """

    kind: str
    api: str = "*"
    first: int = 1
    last: int | None = 1
    value: Any = None
    category: str = ""

    def __post_init__(self) -> None:
        if self.kind not in FAULT_KINDS:
            raise ValueError(f"unknown kind of fault: {self.kind}; known: {', '.join(sorted(FAULT_KINDS))}")
        if self.kind == "status" and not (isinstance(self.value, Mapping) and "status" in self.value):
            raise ValueError("a fault of kind status needs a value such as {status: 503}")


@dataclass(slots=True)
class Armed:
    """A fault and the calls it has seen."""

    fault: Fault
    seen: int = field(default=0)

    def strikes(self, api: str, category: str) -> bool:
        """Count this call if it is one of the fault's; whether it goes wrong."""
        fault = self.fault
        if fault.api not in ("*", api) or fault.category not in ("", category):
            return False
        self.seen += 1
        return fault.first <= self.seen and (fault.last is None or self.seen <= fault.last)


def on_page(page: AnswerPage, striking: Iterable[tuple[Fault, int]]) -> AnswerPage:
    """The page after the faults of LISTS; each comes with the number of its call."""
    for fault, nth in striking:
        if fault.kind in LISTS:
            page = LISTS[fault.kind](page, nth, fault.value)
    return page


def on_document(document: dict[str, Any], striking: Iterable[tuple[Fault, int]]) -> object:
    """The body after the faults of DOCUMENTS; it need not be an object any more."""
    broken: Any = document
    for fault, _ in striking:
        if fault.kind in DOCUMENTS and isinstance(broken, dict):
            broken = DOCUMENTS[fault.kind](broken, fault.value)
    return broken


def on_response(response: Response, striking: Iterable[tuple[Fault, int]]) -> Response:
    """The answer after the faults of TEXTS."""
    for fault, _ in striking:
        if fault.kind in TEXTS:
            response = TEXTS[fault.kind](response, fault.value)
    return response


def read_faults(documents: object) -> tuple[Fault, ...]:
    """Faults from a JSON or YAML list of mappings with Fault's fields. Raises ValueError."""
    if not isinstance(documents, list):
        raise ValueError("faults must be a list")  # noqa: TRY004 - one error for all that is wrong in a file
    try:
        return tuple(Fault(**document) for document in documents)
    except TypeError as error:
        raise ValueError(f"a fault is a mapping of kind, api, first, last, value, category ({error})") from None
