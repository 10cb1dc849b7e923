"""`plan`: the calls and minutes a run would need."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from handler.clock import Deadline
from handler.commands.inputs import read_snapshot
from handler.commands.terminal import terminal_context
from handler.decide.wanted_listeners import is_host_aware, most_wanted, wanted_listeners
from handler.errors import UsageError
from handler.hss.client import Spending
from handler.hss.estimate import MEMORY_MB, TIMER_MINUTES, Estimate, Size, estimate, shard_load
from handler.hss.listener_pages import calls_for
from handler.hss.pages import ListPage
from handler.hss.parameters import LIMIT
from handler.hss.plan import asks_of
from handler.hss.walk import first_page
from handler.policy.load import load_policy
from handler.run.targets import budget_seconds
from handler.run.wiring import Wiring

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from handler.hss.client import HssClient
    from handler.hss.estimate import ShardLoad
    from handler.models import CategorySnapshot, Snapshot, Target
    from handler.policy.rules import Policy
    from handler.settings.run_settings import Place

DESCRIPTION = (
    "Says how many calls of each API a run makes at most, how long the API's pace makes them take, and how many such "
    "targets one credential serves an hour."
)
EXAMPLE = "port-compliance plan --policy policies/baseline.yaml --rows 2400"
PROBE_SECONDS = 60.0
SHOWN_ONE_BY_ONE = 5  # targets that are shown one by one
HOUR = timedelta(hours=1)


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `plan` takes."""
    parser.add_argument("--policy", action="append", metavar="PATH", help="policy file or folder; may be repeated")
    parser.add_argument("--target", metavar="NAME", default="", help="only this one of TARGETS_CONFIG")
    size = parser.add_mutually_exclusive_group(required=True)
    size.add_argument("--rows", type=int, metavar="N", help="rows of each category")
    size.add_argument("--snapshot", metavar="FILE", help="the sizes of a recorded snapshot")
    size.add_argument("--probe", action="store_true", help="ask one first page per category")
    parser.add_argument("--at", metavar="TIME", help="the clock: which rules and exemptions hold")


def run(args: argparse.Namespace) -> int:
    """Print the plan of each target; of many, what each credential and all of them need."""
    if args.rows is not None and not 0 <= args.rows <= 2_000_000:
        raise UsageError("--rows: must be from 0 to 2000000, the largest offset of the API")
    wiring = Wiring.checked(terminal_context(args.at), needs_place=args.probe)
    places: tuple[Place | None, ...] = (None,)
    if args.probe or args.target or wiring.settings.targets_config:
        places = wiring.places(args.target)
    planner = _Planner(args, wiring)
    plans = [(place, planner.plan(place)) for place in places]
    lines = (
        _of_each(plans, budget_seconds(wiring.settings)) if len(plans) <= SHOWN_ONE_BY_ONE else _of_all(plans, wiring)
    )
    for line in lines:
        print(line)
    return 0


class _Planner:
    """Estimates targets; those of the same policy, categories and sizes alike."""

    def __init__(self, args: argparse.Namespace, wiring: Wiring) -> None:
        self._args, self._wiring = args, wiring
        self._policies: dict[str, Policy] = {}
        self._read: Snapshot | None = None
        self._known: dict[tuple[str, tuple[str, ...], tuple[tuple[str, Size], ...]], Estimate] = {}

    def plan(self, place: Place | None) -> Estimate:
        """What a run on that target needs."""
        location = (place.policy if place is not None else "") or self._wiring.settings.policy_path
        policy = self._policy(location, place)
        categories = (place.categories if place is not None else ()) or policy.categories
        with self._wiring.redactor.errors():
            sizes = self._sizes(policy, place or self._wiring.settings.place)
        key = (location, categories, tuple(sorted(sizes.items())))
        if key not in self._known:
            asks = asks_of(policy, [category for category in policy.categories if category in categories])
            listeners = self._listeners(policy, sizes, self._wiring.context.clock.now().date())
            self._known[key] = estimate(asks, sizes, self._wiring.settings.calls_per_minute, listeners=listeners)
        return self._known[key]

    def _recorded(self) -> Snapshot:
        """The recorded snapshot, read once for all targets."""
        if self._read is None:
            self._read = read_snapshot(self._args.snapshot)
        return self._read

    def _listeners(self, policy: Policy, sizes: Mapping[str, Size], today: date) -> Mapping[str, int]:
        """The calls that it takes to learn who listens, where the policy goes by server."""
        if not is_host_aware(policy):
            return {}
        if not self._args.snapshot:
            return {category: most_wanted(policy, category, size.rows) for category, size in sizes.items()}
        return _listeners(policy, self._recorded(), today)

    def _sizes(self, policy: Policy, place: Place | None) -> dict[str, Size]:
        """How long the list of each category is: as said, as recorded, or as the first page of each says."""
        if self._args.rows is not None:
            sorts = place is not None and place.cloud == "huaweicloud"
            return dict.fromkeys(policy.categories, Size(self._args.rows, "asked" if sorts else None))
        if self._args.snapshot:
            recorded = self._recorded()
            return {one.category: _recorded(one, recorded.target.cloud) for one in recorded.categories}
        assert place is not None
        place = self._wiring.with_project(place)
        client, target = self._wiring.client(place), place.target
        spending = Spending(Deadline.after(PROBE_SECONDS, client.clock))
        return {category: _probed(client, target, category, spending) for category in policy.categories}

    def _policy(self, location: str, place: Place | None) -> Policy:
        if location not in self._policies:
            paths = self._args.policy
            self._policies[location] = load_policy(paths) if paths else self._wiring.policy(location, place)
        return self._policies[location]


def _of_each(plans: Sequence[tuple[Place | None, Estimate]], budget: float) -> Iterator[str]:
    for place, made in plans:
        yield from _lines(place.name if place is not None else "default", made, budget)


def _of_all(plans: Sequence[tuple[Place | None, Estimate]], wiring: Wiring) -> Iterator[str]:
    """The sums of many targets, by credential: what shares a credential shares its pace."""
    interval = wiring.settings.run_interval or HOUR
    loads = _loads(plans, interval, wiring.settings.calls_per_minute)
    for number, load in enumerate(loads, 1):
        late = "" if load.fits else f"; more than {interval}: give some of them other credentials"
        said = f"{load.targets} targets, {load.calls} calls, {load.minutes:.1f} minutes a round"
        yield f"credential {number}: {said}{late}"
    requests = sum(load.requests_a_month for load in loads)
    seconds = sum(load.gb_seconds_a_month for load in loads)
    yield f"{len(plans)} targets, each every {interval}: {sum(load.calls for load in loads)} calls a round at most"
    yield (
        f"{len(loads)} credential{'s' * (len(loads) != 1)}, {requests:,} requests and {seconds:,.0f} GB-s a month "
        f"(a function each, a timer every {TIMER_MINUTES} minutes, {MEMORY_MB} MB)"
    )


def _loads(
    plans: Sequence[tuple[Place | None, Estimate]], interval: timedelta, calls_per_minute: int
) -> list[ShardLoad]:
    shards: dict[object, list[Mapping[str, int]]] = {}
    for place, made in plans:
        shards.setdefault(None if place is None else place.credentials, []).append(made.calls)
    return [shard_load(calls, interval, calls_per_minute) for calls in shards.values()]


def _lines(name: str, made: Estimate, budget: float) -> Iterator[str]:
    """The plan of one target, as text."""
    yield f"target {name}"
    for one in made.categories:
        fewer = f" ({one.fewest} if they come in order of port)" if one.fewest < one.port_statistics else ""
        yield (
            f"  {one.category}: {one.total_num} rows, plan {one.plan}: at most {one.port_statistics} calls of "
            f"port/statistics{fewer}, {one.asset_statistics} of asset/statistics"
            + (f", {one.port_detail} of ports/detail (who listens; more behind 200 servers)" if one.port_detail else "")
        )
    served = "no limit" if made.targets_per_hour is None else f"{made.targets_per_hour} such targets an hour"
    yield f"  in all {sum(made.calls.values())} calls, {made.minutes:.1f} minutes; one credential serves {served}"
    if made.seconds > budget:
        yield f"  this does not fit into the run's {budget:.0f} s: it would be inconclusive (RUN_BUDGET_SECONDS)"


def _listeners(policy: Policy, recorded: Snapshot, today: date) -> Mapping[str, int]:
    nums = Counter[tuple[str, int]]()
    for category in recorded.categories:
        for row in category.rows:
            nums[category.category, row.port] += row.num
    calls = Counter[str]()
    for name, port in wanted_listeners(policy, recorded, today):
        calls[name] += calls_for(nums[name, port])
    return dict(calls)


def _recorded(listing: CategorySnapshot, cloud: str) -> Size:
    """The size of a recorded list; its rows stand in the order in which they came."""
    rows = max(listing.total_num or 0, len(listing.rows))
    return Size(rows, ListPage.of(0, rows, listing.rows[:LIMIT]).order_shown(asked=cloud == "huaweicloud"))


def _probed(client: HssClient, target: Target, category: str, spending: Spending) -> Size:
    """The size that a first page tells."""
    query = first_page(target, category)
    page = client.port_page(target, query, spending)
    shown = ListPage.of(0, page.total_num, page.rows).order_shown(asked=query.sort_key is not None)
    return Size(page.total_num, shown)
