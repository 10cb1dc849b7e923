"""`simulate`: a faithful HSS server on loopback."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from handler.commands.extras import from_extra
from handler.errors import UsageError
from handler.policy.compiled import bundled_policies
from handler.policy.load import load_policy
from handler.settings.places import CLOUDS
from handler.simulator.fleet_file import read_fleet
from handler.simulator.generate import generate
from handler.simulator.moving import ORDERS, Movement
from handler.simulator.options import Options
from handler.simulator.simulator import Simulator

if TYPE_CHECKING:
    import argparse

DESCRIPTION = "Serves the port and asset statistics of a made-up fleet, with the real service's pace and faults."
EXAMPLE = "port-compliance simulate --port 8080 --seed 7 --rows 400"
MAX_ROWS = 200_000
MAX_RATE = 1_000_000


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `simulate` takes."""
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument("--fleet", metavar="FILE", help="what is open, and faults, as YAML or JSON")
    parser.add_argument("--seed", type=int, metavar="N", help="of the made-up fleet; default 1")
    parser.add_argument("--rows", type=int, metavar="N", help="rows of hosts; default 120")
    parser.add_argument("--container-rows", type=int, metavar="N", help="rows of containers; default 0")
    parser.add_argument("--cloud", choices=CLOUDS, default="huaweicloud", help="the dialect")
    parser.add_argument("--clean", action="store_true", help="no port that the bundled policy forbids")
    parser.add_argument("--order", choices=ORDERS, default="insertion", help="of rows for which no sort is asked")
    parser.add_argument(
        "--changes", type=int, default=0, metavar="N", help="at most so many between two calls; default 0"
    )
    parser.add_argument("--throttle", type=int, default=5, metavar="N", help="calls a minute and API; 0 = no limit")


def run(args: argparse.Namespace) -> int:
    """Serve until interrupted."""
    _refuse(args)
    with from_extra("simulator", "werkzeug", "simulate"):
        from handler.simulator.server import SimulatorServer  # noqa: PLC0415 - an extra, which --help does not need

    simulator = simulator_of(args)
    try:
        server = SimulatorServer(simulator, args.port)
    except OSError as error:
        raise UsageError(f"--port {args.port}: {error.strerror}") from None
    with server:
        print(f"export HSS_ENDPOINT={server.url}")
        print(f"export HSS_CLOUD={simulator.options.cloud}")
        print(f"export HSS_PROJECT_ID={simulator.options.project_id}")
        print(f"export HSS_AUTH_TOKEN={simulator.options.tokens[0]}", flush=True)
        print("serving; stop with Ctrl-C", file=sys.stderr)
        threading.Event().wait()
    return 0


def _refuse(args: argparse.Namespace) -> None:
    """Raises UsageError for a number out of bounds, and for what a fleet of a file makes meaningless."""
    bounds = {"port": 65535, "rows": MAX_ROWS, "container_rows": MAX_ROWS, "throttle": MAX_RATE}
    for name, most in bounds.items():
        if not 0 <= (getattr(args, name) or 0) <= most:
            raise UsageError(f"--{name.replace('_', '-')}: must be from 0 to {most}")
    made_up = [name for name in ("seed", "rows", "container_rows", "clean") if getattr(args, name) not in (None, False)]
    if args.fleet and made_up:
        raise UsageError(f"--{made_up[0].replace('_', '-')} has no effect beside --fleet, whose file says what is open")


def simulator_of(args: argparse.Namespace) -> Simulator:
    """The simulator of these arguments. Raises UsageError."""
    options = Options(cloud=args.cloud, throttle=args.throttle, order=args.order)
    moving = Movement(args.seed, args.changes) if args.changes > 0 else None
    if args.fleet:
        fleet, faults = read_fleet(Path(args.fleet))
        return Simulator(fleet, options, faults=faults, moving=moving)
    fleet = generate(
        1 if args.seed is None else args.seed,
        120 if args.rows is None else args.rows,
        container_rows=args.container_rows or 0,
        cloud=args.cloud,
        banned=not args.clean,
        closed=forbidden_ports() if args.clean else frozenset(),
    )
    return Simulator(fleet, options, moving=moving)


def forbidden_ports() -> frozenset[int]:
    """What the bundled policy forbids."""
    policy = load_policy([str(bundled_policies() / "baseline.yaml")])
    ranges = (each for rule in policy.rules for each in rule.ports.ranges)
    return frozenset(port for low, high in ranges for port in range(low, high + 1))
