"""The calls for one category's ports, one after another, as the plan says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from handler.errors import AnswerError, TimeLimitError
from handler.hss.decode import port_page
from handler.hss.merge import Exact, everything, proven
from handler.hss.pages import ListPage
from handler.hss.parameters import PortStatisticsQuery
from handler.hss.plan import ExactPorts, NextPage, StartOver, Stop, calls_ahead, next_step
from handler.hss.proof import Proof
from handler.models import Problem
from handler.named_tuple import NamedTuple
from handler.retries import in_minutes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from handler.hss.client import HssClient, Spending
    from handler.hss.decode import PortPage, Validation
    from handler.hss.plan import Ask, GiveUp, Step
    from handler.models import Row, Target
    from handler.transport.request import Response

UNSTEADY_HINT = "The list changes while it is read; one target per enterprise project makes lists small. Run again."
API = PortStatisticsQuery.API


def scope(target: Target, category: str) -> dict[str, Any]:
    """The parameters that say of what: category and enterprise project."""
    return {"category": category, "enterprise_project_id": target.enterprise_project_id or None}


def first_page(target: Target, category: str) -> PortStatisticsQuery:
    """The query that every category starts with; Open Telekom Cloud has no `sort_key`."""
    sort: dict[str, Any] = {"sort_key": "port", "sort_dir": "asc"} if target.cloud == "huaweicloud" else {}
    return PortStatisticsQuery(**scope(target, category), **sort)


class Progress(NamedTuple):
    """How far a category is. `planned` counts the calls made and those still to come; `wait` in seconds."""

    category: str
    made: int
    planned: int
    rows: int
    wait: float = 0.0


class PortWalk:
    """Lists the ports of one category. `run` once, then read the results; what was seen before a failure stays.

    `plan` is `none` until a page came.
    """

    def __init__(
        self,
        client: HssClient,
        target: Target,
        ask: Ask,
        spending: Spending,
        *,
        keep_raw: bool,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self._client, self._target, self._ask, self._spending = client, target, ask, spending
        self._keep_raw, self._on_progress = keep_raw, on_progress
        self._first_page = first_page(target, ask.category)
        self._lane = client.lane(API)
        self._first_answer: tuple[bytes, PortPage] | None = None
        self._to_come = 1
        self._proof = Proof.begin(sort_asked=self._first_page.sort_key is not None)
        self._exact: list[Exact] = []
        self._seen: dict[Row, Mapping[str, Any]] = {}  # every row that came, as received; where anybody wants that
        self.total_num: int | None = None
        self.plan = "none"
        self.every_row = False
        self.problems: list[Problem] = []
        self.notes: list[Mapping[str, int]] = []
        self.complete = False

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows that count; where not every question was answered, all that came."""
        return (proven if self.complete else everything)(self._proof, self._exact)

    @property
    def is_empty(self) -> bool:
        """Whether the list came whole, and without any row."""
        return self._proof.state == "whole" and self._proof.total_num == 0

    @property
    def raw_rows(self) -> tuple[Mapping[str, Any], ...]:
        """The same as received, where they are kept."""
        return tuple(self._seen[row] for row in self.rows) if self._keep_raw else ()

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
            self._on_progress(Progress(self._ask.category, made, made + self._to_come, len(self._seen), wait))

    def _run(self) -> None:
        step = self._pages()
        if isinstance(step, StartOver):
            step = self._pages_again(step)
        match step:
            case ExactPorts(ports):
                self._exact_ports(ports)
            case Stop(plan, every_row):
                self.plan, self.every_row, self.complete = plan, every_row, True
            case _:
                self.problems.append(Problem(f"the list is not complete: {step.why}", hint=UNSTEADY_HINT))

    def _pages(self) -> ExactPorts | Stop | StartOver | GiveUp:
        step = self._page(0)
        while isinstance(step, NextPage):
            self._expect(step.calls, step.fewest)
            step = self._page(step.offset)
        return step

    def _pages_again(self, failed: StartOver) -> ExactPorts | Stop | StartOver | GiveUp:
        """Start over, if that and the ports asked for one by one then fit in the time left."""
        left = self._spending.deadline.left()
        ports = len(failed.ports) if self._seconds(len(failed.ports)) < left else 0  # else they cannot answer anyway
        if self._seconds(failed.calls + ports) < left:
            self._expect(failed.calls, failed.calls)
            self._proof = self._proof.again()
            return self._pages()
        return ExactPorts(failed.ports) if failed.ports else failed

    def _page(self, offset: int) -> Step:
        """Read a page; what to do next."""
        page = self._call(self._first_page._replace(offset=offset))
        if self.total_num is None or all(problem.path != "$.total_num" for problem in page.problems):
            self.total_num = page.total_num  # else as the page before said
        size = len(page.rows) + page.unreadable
        self._proof = self._proof.add(ListPage.of(offset, self.total_num, page.rows, size))
        self.plan = "pages"
        step = next_step(self._ask, self._proof)
        self._to_come = calls_ahead(step)
        self.say()
        return step

    def _exact_ports(self, ports: tuple[int, ...]) -> None:
        self.plan = "ports"
        unsure = []
        for done, port in enumerate(ports):
            self._expect(len(ports) - done, len(ports) - done)
            if not self._exact_port(port):
                unsure.append(str(port))
            self._to_come -= 1
            self.say()
        self.complete = not unsure
        if unsure:
            message = f"the answers for port {', '.join(unsure)} do not hold as many rows as their total_num says"
            self.problems.append(Problem(message, path="$.total_num", hint=UNSTEADY_HINT))

    def _exact_port(self, port: int) -> bool:
        """Whether the answer has as many rows as it counts. Raises AnswerError where the filter was ignored."""
        page = self._call(PortStatisticsQuery(**scope(self._target, self._ask.category), port=port))
        if any(row.port != port for row in page.rows):
            raise AnswerError(f"{self._client.name_of(self._target.project_id, API)}: port={port} gave other ports too")
        self._exact.append(Exact(port, page.rows, proven=len(page.rows) == page.total_num))
        return len(page.rows) + page.unreadable == page.total_num

    def _call(self, query: PortStatisticsQuery) -> PortPage:
        page = self._client.port_page(self._target, query, self._spending, decode=self._decoded, partial=True)
        self.problems += [problem for problem in page.problems if problem not in self.problems]
        if self._keep_raw or self._on_progress is not None:
            raws = page.raw if self._keep_raw else ({},) * len(page.rows)
            self._seen.update(zip(page.rows, raws, strict=True))
        self.notes.append(page.notes)
        return page

    def _decoded(self, response: Response, endpoint: str, cloud: str, validation: Validation) -> PortPage:
        """The page of an answer; where it says what the first one said, byte for byte, the page that this one was."""
        if response.status == 200 and self._first_answer is not None and response.body == self._first_answer[0]:
            return self._first_answer[1]
        page = port_page(response, endpoint, cloud, validation)
        if self._first_answer is None:
            self._first_answer = response.body, page if self._keep_raw else page._replace(raw=())
        return page

    def _expect(self, calls: int, fewest: int) -> None:
        """So many calls are still to come. If they cannot fit, none is waited for."""
        self._to_come = calls
        self._spending.patient = self._seconds(fewest) < self._spending.deadline.left()

    def _seconds(self, calls: int) -> float:
        return self._client.pacer.forecast(self._lane, calls)

    def _still_needed(self) -> str:
        calls = f"{self._to_come} more calls" if self._to_come > 1 else "1 more call"
        left = self._spending.deadline.left()
        return (
            f"{calls} for {self._ask.category} need {in_minutes(self._seconds(self._to_come))}, {left:.0f} s are left"
        )
