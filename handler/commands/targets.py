"""`targets`: whether each configured target can be reached, and its credentials work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.clock import Deadline
from handler.commands.terminal import terminal_context
from handler.errors import PortComplianceError
from handler.hss.client import Spending
from handler.hss.parameters import AssetStatisticsQuery
from handler.run.wiring import Wiring

if TYPE_CHECKING:
    import argparse

    from handler.hss.client import HssClient
    from handler.settings.run_settings import Place

DESCRIPTION = "Makes one call of asset/statistics per target; the answer is validated, nothing is evaluated."
EXAMPLE = "TARGETS_CONFIG=targets.yaml port-compliance targets"
CALL_SECONDS = 60.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `targets` takes."""
    parser.add_argument("--target", metavar="NAME", default="", help="only this one")


def run(args: argparse.Namespace) -> int:
    """A line per target; exit 3 if one could not be reached or was refused."""
    wiring = Wiring.checked(terminal_context())
    clients = [(place, wiring.client(place)) for place in wiring.places(args.target)]
    width = max(len(place.name) for place, _ in clients)
    failed = 0
    for named, client in clients:
        place, trouble = _try(named, client, wiring)
        target = place.target
        failed += trouble is not None
        where = f"{target.cloud} {target.region or target.host} project {target.project_id}"
        print(
            f"{place.name:<{width}}  {'ok' if trouble is None else 'FAILED'}  {where}, {target.enterprise_project_id}"
        )
        if trouble is not None:
            print(f"{'':<{width}}  {trouble.message}\n{'':<{width}}  hint: {trouble.hint}")
    return 3 if failed else 0


def _try(place: Place, client: HssClient, wiring: Wiring) -> tuple[Place, PortComplianceError | None]:
    """The place with its project, and what is wrong with it."""
    query = AssetStatisticsQuery(
        category=(place.categories or ("host",))[0], enterprise_project_id=place.enterprise_project_id
    )
    try:
        with wiring.redactor.errors():
            place = wiring.with_project(place)
            client.asset_counters(place.target, query, Spending(Deadline.after(CALL_SECONDS, client.clock)))
    except PortComplianceError as error:
        return place, error
    return place, None
