"""`plan`: the calls and minutes a run would need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.clock import Deadline
from handler.commands.inputs import read_snapshot
from handler.commands.terminal import terminal_context
from handler.errors import UsageError
from handler.hss.client import Spending
from handler.hss.estimate import Estimate, Size, estimate
from handler.hss.pages import ListPage
from handler.hss.parameters import LIMIT
from handler.hss.plan import asks_of
from handler.hss.walk import first_page
from handler.policy.load import load_policy
from handler.run.targets import budget_seconds
from handler.run.wiring import Wiring

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from handler.hss.client import HssClient
    from handler.models import CategorySnapshot, Target
    from handler.policy.rules import Policy
    from handler.settings.run_settings import Place

DESCRIPTION = (
    "Says how many calls of each API a run makes at most, how long the API's pace makes them take, and how many such "
    "targets one credential serves an hour."
)
EXAMPLE = "port-compliance plan --policy policies/baseline.yaml --rows 2400"
PROBE_SECONDS = 60.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `plan` takes."""
    parser.add_argument("--policy", action="append", metavar="PATH", help="policy file or folder; may be repeated")
    parser.add_argument("--target", metavar="NAME", default="", help="only this one of TARGETS_CONFIG")
    size = parser.add_mutually_exclusive_group(required=True)
    size.add_argument("--rows", type=int, metavar="N", help="rows of each category")
    size.add_argument("--snapshot", metavar="FILE", help="the sizes of a recorded snapshot")
    size.add_argument("--probe", action="store_true", help="ask one first page per category")


def run(args: argparse.Namespace) -> int:
    """Print the plan of each target."""
    if args.rows is not None and not 0 <= args.rows <= 2_000_000:
        raise UsageError("--rows: must be from 0 to 2000000, the largest offset of the API")
    wiring = Wiring.checked(terminal_context(), needs_place=args.probe)
    settings = wiring.settings
    loaded = load_policy(args.policy) if args.policy else None
    places: tuple[Place | None, ...] = (None,)
    if args.probe or args.target or settings.targets_config:
        places = wiring.places(args.target)
    for place in places:
        location = (place.policy if place is not None else "") or settings.policy_path
        policy = loaded or wiring.policy(location, place)
        categories = (place.categories if place is not None else ()) or policy.categories
        asks = asks_of(policy, [category for category in policy.categories if category in categories])
        with wiring.redactor.errors():
            sizes = _sizes(args, policy, place or settings.place, wiring)
        made = estimate(asks, sizes, settings.calls_per_minute)
        for line in _lines(place.name if place is not None else "default", made, budget_seconds(settings)):
            print(line)
    return 0


def _lines(name: str, made: Estimate, budget: float) -> Iterator[str]:
    """The plan of one target, as text."""
    yield f"target {name}"
    for one in made.categories:
        fewer = f" ({one.fewest} if they come in order of port)" if one.fewest < one.port_statistics else ""
        yield (
            f"  {one.category}: {one.total_num} rows, plan {one.plan}: at most {one.port_statistics} calls of "
            f"port/statistics{fewer}, {one.asset_statistics} of asset/statistics"
        )
    served = "no limit" if made.targets_per_hour is None else f"{made.targets_per_hour} such targets an hour"
    yield f"  in all {sum(made.calls.values())} calls, {made.minutes:.1f} minutes; one credential serves {served}"
    if made.seconds > budget:
        yield f"  this does not fit into the run's {budget:.0f} s: it would be inconclusive (RUN_BUDGET_SECONDS)"


def _sizes(args: argparse.Namespace, policy: Policy, place: Place | None, wiring: Wiring) -> dict[str, Size]:
    """How long the list of each category is: as said, as recorded, or as the first page of each says."""
    if args.rows is not None:
        sorts = place is not None and place.cloud == "huaweicloud"
        return dict.fromkeys(policy.categories, Size(args.rows, "asked" if sorts else None))
    if args.snapshot:
        recorded = read_snapshot(args.snapshot)
        return {one.category: _recorded(one, recorded.target.cloud) for one in recorded.categories}
    assert place is not None
    place = wiring.with_project(place)
    client, target = wiring.client(place), place.target
    spending = Spending(Deadline.after(PROBE_SECONDS, client.clock))
    return {category: _probed(client, target, category, spending) for category in policy.categories}


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
