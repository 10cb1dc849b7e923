"""The calls for one category's ports, one after another, as the plan says."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from handler.errors import AnswerError, TimeLimitError
from handler.hss.parameters import PortStatisticsQuery
from handler.hss.plan import (
    ExactPorts,
    NextPage,
    Pages,
    StartOver,
    Stop,
    calls_from_start,
    key_of,
    next_step,
)
from handler.models import Problem, Row
from handler.retries import in_minutes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from handler.hss.client import HssClient, Spending
    from handler.hss.decode import PortPage
    from handler.hss.plan import Ask, Key
    from handler.models import Target

UNSTEADY_HINT = "The list changes while it is read; one target per enterprise project makes lists small. Run again."
API = PortStatisticsQuery.API


def scope(target: Target, category: str) -> dict[str, Any]:
    """The parameters that say of what: category and enterprise project."""
    return {"category": category, "enterprise_project_id": target.enterprise_project_id or None}


class Progress(NamedTuple):
    """How far a category is. `planned` counts the calls made and those still to come; `wait` in seconds."""

    category: str
    made: int
    planned: int
    rows: int
    wait: float = 0.0


class PortWalk:
    """Lists the ports of one category. `run` once, then read the results; what was seen before a failure stays.

    `plan` is `none` until a page came; `first_page_empty` is None until then.
    """

    def __init__(
        self,
        client: HssClient,
        target: Target,
        ask: Ask,
        spending: Spending,
        *,
        keep_raw: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self._client, self._target, self._ask, self._spending = client, target, ask, spending
        self._keep_raw, self._on_progress = keep_raw, on_progress
        self._sortable = target.cloud == "huaweicloud"  # OTC has no sort_key
        self._to_come = 1
        self._unreadable = count(1)
        self._found: dict[Key, tuple[Row, Mapping[str, Any]]] = {}
        self._before: dict[Key, tuple[Row, Mapping[str, Any]]] = {}  # of pages that did not fit together
        self.total_num: int | None = None
        self.plan = "none"
        self.every_row = False
        self.problems: list[Problem] = []
        self.notes: list[Mapping[str, int]] = []
        self.first_page_empty: bool | None = None
        self.complete = False

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows that came; of a port asked for by itself only those of that later answer."""
        return tuple(row for row, _ in self._results().values())

    @property
    def raw_rows(self) -> tuple[Mapping[str, Any], ...]:
        """The same as received, where they are kept."""
        return tuple(raw for _, raw in self._results().values()) if self._keep_raw else ()

    def run(self) -> None:
        """Make the calls. Raises what stopped them; a TimeLimitError names the minutes that all of them need."""
        try:
            self._run()
        except TimeLimitError as error:
            raise TimeLimitError(f"{error.message}; {self._still_needed()}") from None

    def say(self, wait: float = 0.0) -> None:
        """Tell the progress."""
        if self._on_progress is not None:
            made = self._spending.calls
            rows = len(self._found)
            self._on_progress(Progress(self._ask.category, made, made + self._to_come, rows, wait))

    def _run(self) -> None:
        step = self._pages()
        if isinstance(step, StartOver) and self._may_start_over():
            self._before.update(self._found)
            self._found = {}
            step = self._pages()
        match step:
            case StartOver(why):
                self.problems.append(Problem(f"the list is not complete: {why}", hint=UNSTEADY_HINT))
            case ExactPorts(ports):
                self._exact_ports(ports)
            case Stop(plan, every_row):
                self.plan, self.every_row, self.complete = plan, every_row, True

    def _pages(self) -> ExactPorts | Stop | StartOver:
        page = self._page(0)
        self.plan = "pages"
        self.first_page_empty = not page.rows and not page.unreadable
        seen = Pages.first(page.total_num, self._places(page))
        while isinstance(step := next_step(self._ask, seen, sortable=self._sortable), NextPage):
            self._expect(step.calls, step.fewest)
            page = self._page(step.offset)
            seen = seen.add(page.total_num, self._places(page))
        return step

    def _places(self, page: PortPage) -> tuple[Row, ...]:
        """The rows, then one for each that cannot be read, so that none of those counts as a row that did not come."""
        port = page.rows[-1].port if page.rows else 0
        return page.rows + tuple(Row(port, f"unreadable {next(self._unreadable)}", 0) for _ in range(page.unreadable))

    def _page(self, offset: int) -> PortPage:
        sort: dict[str, Any] = {"sort_key": "port", "sort_dir": "asc"} if self._sortable else {}
        page = self._call(PortStatisticsQuery(**scope(self._target, self._ask.category), offset=offset, **sort))
        if self.total_num is not None and any(problem.path == "$.total_num" for problem in page.problems):
            page = page._replace(total_num=self.total_num)  # as the page before said
        self.total_num = page.total_num
        return page

    def _exact_ports(self, ports: tuple[int, ...]) -> None:
        self.plan = "ports"
        unsure = []
        for done, port in enumerate(ports):
            self._expect(len(ports) - done, len(ports) - done)
            if not self._exact_port(port):
                unsure.append(str(port))
        self.complete = not unsure
        if unsure:
            message = f"the answers for port {', '.join(unsure)} do not hold as many rows as their total_num says"
            self.problems.append(Problem(message, path="$.total_num", hint=UNSTEADY_HINT))

    def _exact_port(self, port: int) -> bool:
        """Whether the answer is the whole truth on that port. Raises AnswerError where the filter was ignored."""
        page = self._call(PortStatisticsQuery(**scope(self._target, self._ask.category), port=port), instead_of=port)
        if any(row.port != port for row in page.rows):
            raise AnswerError(f"{self._client.name_of(self._target.project_id, API)}: port={port} gave other ports too")
        return len({key_of(row) for row in page.rows}) == len(page.rows) == page.total_num - page.unreadable

    def _call(self, query: PortStatisticsQuery, instead_of: int | None = None) -> PortPage:
        page = self._client.port_page(self._target, query, self._spending, partial=True)
        self.problems += [problem for problem in page.problems if problem not in self.problems]
        self._to_come = max(0, self._to_come - 1)
        if instead_of is not None:
            self._found = {key: one for key, one in self._found.items() if key[0] != instead_of}
        raws = page.raw if self._keep_raw else ({},) * len(page.rows)
        self._found.update((key_of(row), (row, raw)) for row, raw in zip(page.rows, raws, strict=True))
        self.notes.append(page.notes)
        self.say()
        return page

    def _expect(self, calls: int, fewest: int) -> None:
        """So many calls are still to come. If they cannot fit, none is waited for."""
        self._to_come = calls
        self._spending.patient = self._seconds(fewest) < self._spending.deadline.left()

    def _may_start_over(self) -> bool:
        """Whether a second reading fits in the time left."""
        _, calls = calls_from_start(self._ask, self.total_num or 0)
        if self._seconds(calls) >= self._spending.deadline.left():
            return False
        self._to_come, self._spending.patient = calls, True
        return True

    def _seconds(self, calls: int) -> float:
        return self._client.pacer.forecast(self._client.lane(API), calls)

    def _still_needed(self) -> str:
        calls = f"{self._to_come} more calls" if self._to_come > 1 else "1 more call"
        left = self._spending.deadline.left()
        return (
            f"{calls} for {self._ask.category} need {in_minutes(self._seconds(self._to_come))}, {left:.0f} s are left"
        )

    def _results(self) -> dict[Key, tuple[Row, Mapping[str, Any]]]:
        return self._found if self.complete else {**self._before, **self._found}
