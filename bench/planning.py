"""What a company of 1 to 5,000 targets needs: functions, timers, calls and GB-s a month, beside the platform's limits.

    python -m bench.planning [--targets 1 60 300 1000 5000]

A target costs a call of each API (up to 200 port lines, one category) and is due every hour. A shard is a function with
credentials and an address of its own. Prints the table of docs/deploy.md.
"""

from __future__ import annotations

import argparse
from datetime import timedelta
from math import ceil
from typing import NamedTuple

from handler.hss.estimate import MEMORY_MB, MONTH, SECONDS_A_CALL, shard_load
from handler.hss.pacing import WINDOW

CALLS = {"port_statistics": 1, "asset_statistics": 1}
HOUR = timedelta(hours=1)
PER_SHARD = int(HOUR.total_seconds() // WINDOW) * 5
FUNCTIONS = 400  # an account may have (FunctionGraph, "Notes and Constraints", 2026-04)
HEAD = (
    "targets", "functions, timers, credentials, addresses", "minutes a round", "calls a month",
    "requests, every 10 min", "GB-s, waiting for the pace", "requests, every minute", "GB-s, `RUN_BUDGET_SECONDS=20`",
)  # fmt: skip


class Need(NamedTuple):
    """What so many targets need a month."""

    shards: int
    minutes: float
    calls: int
    requests: int
    gb_seconds: float
    requests_by_the_minute: int
    gb_seconds_by_the_minute: float


def need(targets: int) -> Need:
    """The targets spread evenly over as few shards as the pace allows.

    By the minute a run asks what the pace allows at once and ends: it pays for calls, not for waiting.
    """
    shards = ceil(targets / PER_SHARD)
    load = shard_load([CALLS] * ceil(targets / shards), HOUR)
    calls = targets * sum(CALLS.values()) * int(MONTH / HOUR)
    minutes = int(MONTH / timedelta(minutes=1))
    return Need(
        shards,
        load.minutes,
        calls,
        shards * load.requests_a_month,
        shards * load.gb_seconds_a_month,
        shards * minutes,
        calls * SECONDS_A_CALL * MEMORY_MB / 1024,
    )


def table(sizes: list[int]) -> str:
    """The table in Markdown."""
    lines = ["| " + " | ".join(HEAD) + " |", "|" + "---:|" * len(HEAD)]
    for size in sizes:
        known = need(size)
        months = (f"{value:,.0f}" for value in known[2:])
        cells = (f"{size:,} hourly", f"{known.shards}", f"{known.minutes:.0f}", *months)
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Print the table, and the limit that it stands beside."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--targets", type=int, nargs="+", default=[1, 60, 300, 1000, 5000])
    print(table(parser.parse_args().targets))
    print(f"\nOne shard serves {PER_SHARD} such targets an hour; an account may have {FUNCTIONS} functions.")


if __name__ == "__main__":
    main()
