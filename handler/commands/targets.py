"""`targets`: whether each configured target can be reached, and its credentials work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.clock import Deadline
from handler.commands.terminal import surroundings
from handler.errors import PortComplianceError
from handler.hss.client import Spending
from handler.hss.parameters import AssetStatisticsQuery
from handler.run.wiring import client_of, places_of, target_of
from handler.settings.run_settings import Place, Settings, read_settings

if TYPE_CHECKING:
    import argparse

    from handler.models import Target
    from handler.run.context import Surroundings

SECONDS = 60.0


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "targets",
        help="list the targets and check that each can be reached and authenticated",
        description="Makes one call of asset/statistics per target; the answer is validated, nothing is evaluated.",
        epilog="Example: TARGETS_CONFIG=targets.yaml port-compliance targets",
    )
    parser.add_argument("--target", metavar="NAME", default="", help="only this one")
    parser.set_defaults(run=targets)


def targets(args: argparse.Namespace) -> int:
    """A line per target; exit 3 if one could not be reached or was refused."""
    around = surroundings()
    settings = read_settings(around.lookup)
    places = places_of(settings, around, args.target)
    for place in places:
        client_of(place, settings, around)  # all missing credentials are known before the first request
    width = max(len(place.name) for place in places)
    failed = 0
    for place in places:
        target = target_of(place)
        trouble = _try(place, target, settings, around)
        failed += trouble is not None
        where = f"{target.cloud} {target.region or target.host} project {target.project_id}"
        print(
            f"{place.name:<{width}}  {'ok' if trouble is None else 'FAILED'}  {where}, {target.enterprise_project_id}"
        )
        if trouble is not None:
            print(f"{'':<{width}}  {trouble.message}\n{'':<{width}}  hint: {trouble.hint}")
    return 3 if failed else 0


def _try(place: Place, target: Target, settings: Settings, around: Surroundings) -> PortComplianceError | None:
    query = AssetStatisticsQuery(
        category=(place.categories or ("host",))[0], enterprise_project_id=target.enterprise_project_id
    )
    try:
        spending = Spending(Deadline.after(SECONDS, around.clock))
        client_of(place, settings, around).asset_counters(target, query, spending)
    except PortComplianceError as error:
        return error
    return None
