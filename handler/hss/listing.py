"""What HSS says at one moment about the categories that a policy asks for, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.clock import iso
from handler.errors import DeniedError, SettingsError, UnknownError
from handler.hss.client import Spending
from handler.hss.decode import AssetCounters, drift_warnings, failure_said, unreadable_counters
from handler.hss.emptiness import SEES_NO_PORT, doubt_of_empty_list
from handler.hss.parameters import AssetStatisticsQuery, PortStatisticsQuery, check_project
from handler.hss.walk import PortWalk, Progress, scope
from handler.models import COUNTERS, CategorySnapshot, Problem, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from handler.clock import Clock, Deadline
    from handler.hss.client import HssClient
    from handler.hss.plan import Ask
    from handler.models import Target

_JUDGED = (*COUNTERS, "error_code", "error_msg")  # of an answer with counters


def take_snapshot(
    client: HssClient,
    target: Target,
    asks: Sequence[Ask],
    clock: Clock,
    deadline: Deadline,
    *,
    keep_raw: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
) -> Snapshot:
    """Ask what is asked. What fails makes its category incomplete, with a problem; what was seen before it stays.

    Refused credentials are not sent again. Raises only SettingsError, before any call, for a query that cannot be sent.
    """
    check_queries(target, (ask.category for ask in asks))
    taken_at = iso(clock.now())
    categories: list[CategorySnapshot] = []
    refused: DeniedError | None = None
    for ask in asks:
        if refused is not None:
            categories.append(_not_asked(ask, refused))
            continue
        listing = CategoryListing(client, target, ask, Spending(deadline), keep_raw=keep_raw, on_progress=on_progress)
        categories.append(listing.take())
        refused = listing.refused
    return Snapshot(target, taken_at, tuple(categories))


def check_queries(target: Target, categories: Iterable[str]) -> None:
    """Raises SettingsError with everything that the target's parameters have wrong, asked for these categories."""
    problems = list(check_project(target.project_id))
    for category in categories:
        about = scope(target, category)
        problems += PortStatisticsQuery(**about).problems(target.cloud)
        problems += AssetStatisticsQuery(**about).problems(target.cloud)
    if problems:
        raise SettingsError(tuple(dict.fromkeys(problems)))


class CategoryListing:
    """Counters and ports of one category. `refused` is set once the credentials were."""

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
        self._walk = PortWalk(client, target, ask, spending, keep_raw=keep_raw, on_progress=on_progress)
        self._keep_raw = keep_raw
        spending.on_wait = self._walk.say
        self._problems: list[Problem] = []
        self._warnings: list[str] = []
        self.refused: DeniedError | None = None

    def take(self) -> CategorySnapshot:
        """Make the calls and judge what came."""
        counters = self._counters()
        if self.refused is None:
            self._ports()
        walk = self._walk
        if isinstance(counters, AssetCounters):
            self._judge_counters(counters)
        else:
            self._judge_failure(counters)
        problems = (*self._problems, *walk.problems)
        told = counters if isinstance(counters, AssetCounters) else None
        notes = [told.notes] if told else []
        return CategorySnapshot(
            category=self._ask.category,
            rows=walk.rows,
            total_num=walk.total_num,
            statistics=told.counters if told else None,
            plan=walk.plan,
            every_row=walk.every_row,
            complete=walk.complete and not problems,
            api_calls=self._spending.calls,
            problems=problems,
            warnings=(*self._warnings, *drift_warnings([*notes, *walk.notes])),
            raw_rows=walk.raw_rows,
            raw_statistics=told.raw if told and self._keep_raw else None,
        )

    def _counters(self) -> AssetCounters | UnknownError:
        """The counters, or why there are none."""
        self._walk.say()
        query = AssetStatisticsQuery(**scope(self._target, self._ask.category))
        try:
            counters = self._client.asset_counters(self._target, query, self._spending, partial=True)
        except UnknownError as error:
            self._note_refusal(error, of_one_api=(400, 403))
            return error
        if self._keep_raw:
            return counters
        known = {name: value for name, value in counters.raw.items() if name in _JUDGED}
        return counters._replace(raw=known)  # an answer may be megabytes

    def _ports(self) -> None:
        try:
            self._walk.run()
        except UnknownError as error:
            self._note_refusal(error, of_one_api=(400,))
            self._problems.append(Problem(error.message, hint=error.hint))

    def _judge_failure(self, error: UnknownError) -> None:
        """What it costs that no counters came: a problem only where a rule or an empty list needs them."""
        if isinstance(error, DeniedError) and self.refused not in (None, error):
            return  # the ports were refused too: one cause, told with them
        if self._ask.counters or self._walk.is_empty or self.refused is error:
            self._problems.insert(0, Problem(error.message, hint=error.hint))
        else:
            self._warnings.append(error.message)

    def _judge_counters(self, counters: AssetCounters) -> None:
        """What the counters cost: a problem only where a rule or an empty list needs one that cannot be read."""
        read = (*self._ask.counters, *(["port_num"] if self._walk.is_empty else []))
        said = failure_said(counters.raw) if read else ()
        faults = (*counters.problems, *said, *unreadable_counters(counters.raw, read))
        self._problems[:0] = faults
        if self._walk.is_empty:
            doubt = doubt_of_empty_list(counters.counters)
            if doubt is None:
                self._warnings.append(SEES_NO_PORT)
            elif all(problem.path != doubt.path for problem in faults):
                self._problems.append(doubt)

    def _note_refusal(self, error: UnknownError, of_one_api: tuple[int, ...]) -> None:
        """Remember that the credentials were refused, and not only the permission to ask one API.

        HSS refuses that with a 400, the gateway with a 403: after it the ports are asked all the same. Where they are
        refused with a 403 too, no other category is asked.
        """
        if isinstance(error, DeniedError) and error.status not in of_one_api:
            self.refused = error


def _not_asked(ask: Ask, refused: DeniedError) -> CategorySnapshot:
    problem = Problem("not asked, because the credentials were refused before", hint=refused.hint)
    return CategorySnapshot(ask.category, problems=(problem,))
