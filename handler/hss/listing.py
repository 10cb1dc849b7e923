"""What HSS says at one moment about the categories that a policy asks for, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.clock import iso
from handler.errors import DeniedError, SettingsError, UnknownError
from handler.hss.client import Spending
from handler.hss.decode import drift_warnings
from handler.hss.parameters import AssetStatisticsQuery, PortStatisticsQuery, check_project
from handler.hss.walk import PortWalk, Progress, scope
from handler.models import CategorySnapshot, Problem, Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from handler.clock import Clock, Deadline
    from handler.hss.client import HssClient
    from handler.hss.decode import AssetCounters
    from handler.hss.plan import Ask
    from handler.models import Target

NO_PORTS = "HSS sees no port here: agent, edition, enterprise project?"
UNPROTECTED_HINT = "Only servers with the HSS agent and an edition with asset fingerprints are seen."


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
    check_queries(target, asks)
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


def check_queries(target: Target, asks: Iterable[Ask]) -> None:
    """Raises SettingsError with everything that the target's parameters have wrong."""
    problems = list(check_project(target.project_id))
    for ask in asks:
        about = scope(target, ask.category)
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
        keep_raw: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self._client, self._target, self._ask, self._spending = client, target, ask, spending
        self._walk = PortWalk(client, target, ask, spending, keep_raw=keep_raw, on_progress=on_progress)
        self._keep_raw = keep_raw
        spending.on_wait = self._walk.say
        self._problems: list[Problem] = []
        self.refused: DeniedError | None = None

    def take(self) -> CategorySnapshot:
        """Make the calls and judge what came."""
        counters = self._counters()
        if self.refused is None:
            self._ports()
        walk = self._walk
        statistics = counters.counters if counters else None
        problems = [*self._problems, *walk.problems]
        doubt, warnings = judge_emptiness(walk.total_num, statistics, first_page_empty=walk.first_page_empty)
        problems += doubt
        notes = [counters.notes] if counters else []
        return CategorySnapshot(
            category=self._ask.category,
            rows=walk.rows,
            total_num=walk.total_num,
            statistics=statistics,
            plan=walk.plan,
            every_row=walk.every_row,
            complete=walk.complete and not problems,
            api_calls=self._spending.calls,
            problems=tuple(problems),
            warnings=(*warnings, *drift_warnings([*notes, *walk.notes])),
            raw_rows=walk.raw_rows,
            raw_statistics=counters.raw if counters and self._keep_raw else None,
        )

    def _counters(self) -> AssetCounters | None:
        self._walk.say()
        query = AssetStatisticsQuery(**scope(self._target, self._ask.category))
        try:
            counters = self._client.asset_counters(self._target, query, self._spending, partial=True)
        except UnknownError as error:
            self._stopped_by(error)
            return None
        self._problems += counters.problems
        return counters

    def _ports(self) -> None:
        try:
            self._walk.run()
        except UnknownError as error:
            self._stopped_by(error)

    def _stopped_by(self, error: UnknownError) -> None:
        self._problems.append(Problem(error.message, hint=error.hint))
        if isinstance(error, DeniedError) and error.status != 400:  # HSS says "no permission" of one API with a 400
            self.refused = error


def judge_emptiness(
    total_num: int | None, statistics: Mapping[str, int] | None, *, first_page_empty: bool | None
) -> tuple[list[Problem], list[str]]:
    """What an empty first page means beside the counters: a contradiction, a doubt, or a warning.

    Nothing else is compared, because what `port_num` counts is not documented.
    """
    if not first_page_empty or total_num or statistics is None:  # not known, not empty, or a problem already
        return [], []
    port_num = statistics.get("port_num")
    if port_num is None:
        message = "the list is empty, and asset statistics have no port_num to confirm it"
        return [Problem(message, "$.port_num", UNPROTECTED_HINT)], []
    if port_num > 0:
        message = f"asset statistics count {port_num} ports, but the list of ports is empty"
        return [Problem(message, "$.total_num", UNPROTECTED_HINT)], []
    return [], [NO_PORTS]


def _not_asked(ask: Ask, refused: DeniedError) -> CategorySnapshot:
    message = f"not asked, because the credentials were refused before: {refused.message}"
    return CategorySnapshot(ask.category, problems=(Problem(message, hint=refused.hint),))
