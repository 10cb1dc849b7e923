"""What a run would cost: calls and minutes, from the size of each category. Pure, for the `plan` command."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from handler.hss.pacing import WINDOW
from handler.hss.plan import Ask, PlanName, calls_from_start
from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from handler.hss.pages import Sorted

MONTH = timedelta(days=30)
TIMER_MINUTES = 10  # between two runs of a shard
MEMORY_MB = 256
SECONDS_A_CALL = 0.5  # that a call takes


class Size(NamedTuple):
    """How long a list is, and whether it comes in order of port; None: not asked for, and not known before a page."""

    rows: int
    order: Sorted | None = None


class CategoryEstimate(NamedTuple):
    """The calls of one category at most, while nothing moves; `fewest` of port statistics if they come in order.

    Even fewer are made where a proven order ends the pages early.
    """

    category: str
    total_num: int
    plan: PlanName
    port_statistics: int
    fewest: int
    asset_statistics: int = 1
    port_detail: int = 0


class Estimate(NamedTuple):
    """The calls of one run on one target, and until the last of them may start, in seconds."""

    categories: tuple[CategoryEstimate, ...]
    calls: Mapping[str, int]  # by API
    seconds: float
    targets_per_hour: int | None  # that one set of credentials serves; None: no pacing, or nothing to ask

    @property
    def minutes(self) -> float:
        """The same in minutes."""
        return self.seconds / 60


def estimate(
    asks: Iterable[Ask],
    sizes: Mapping[str, Size],
    calls_per_minute: int = 5,
    *,
    listeners: Mapping[str, int] | None = None,
) -> Estimate:
    """What asking costs where each category is as long as `sizes` says (0 where it is not named).

    `listeners` are the calls that it takes to learn who listens, by category.
    """
    detail = listeners or {}
    categories = tuple(
        _category(ask, sizes.get(ask.category, Size(0)))._replace(port_detail=detail.get(ask.category, 0))
        for ask in asks
    )
    calls = {
        "port_statistics": sum(one.port_statistics for one in categories),
        "asset_statistics": sum(one.asset_statistics for one in categories),
    }
    if detail:
        calls["port_detail"] = sum(one.port_detail for one in categories)
    most = max(calls.values())
    return Estimate(categories, calls, _seconds(most, calls_per_minute), _targets_per_hour(most, calls_per_minute))


class ShardLoad(NamedTuple):
    """What the targets of one credential need: a round of all of them, and a month of a function with a timer."""

    targets: int
    calls: int
    minutes: float
    fits: bool  # a round ends before the next is due
    requests_a_month: int
    gb_seconds_a_month: float


def shard_load(calls: Sequence[Mapping[str, int]], interval: timedelta, calls_per_minute: int = 5) -> ShardLoad:
    """The load of targets that make so many calls of each API, each once an interval, in a month of thirty days.

    A function is paid while it waits for the pace, so its seconds are those of the pace and one for each call.
    """
    by_api = Counter[str]()
    for each in calls:
        by_api.update(each)
    total = sum(by_api.values())
    waiting = _seconds(max(by_api.values(), default=0), calls_per_minute)
    seconds = min(waiting + total * SECONDS_A_CALL, interval.total_seconds())
    rounds = MONTH / interval
    return ShardLoad(
        targets=len(calls),
        calls=total,
        minutes=waiting / 60,
        fits=waiting <= interval.total_seconds(),
        requests_a_month=int(MONTH / timedelta(minutes=TIMER_MINUTES)),
        gb_seconds_a_month=rounds * seconds * MEMORY_MB / 1024,
    )


def _category(ask: Ask, size: Size) -> CategoryEstimate:
    plan, most = calls_from_start(ask, size.rows, size.order or "none")
    _, fewest = calls_from_start(ask, size.rows, size.order or "seen")
    return CategoryEstimate(ask.category, size.rows, plan, most, fewest)


def _seconds(calls: int, calls_per_minute: int) -> float:
    """The APIs have windows of their own, so the one with more calls decides."""
    return max(0, calls - 1) // calls_per_minute * WINDOW if calls_per_minute else 0.0


def _targets_per_hour(calls: int, calls_per_minute: int) -> int | None:
    if not calls or not calls_per_minute:
        return None
    return int(3600 // WINDOW) * calls_per_minute // calls
