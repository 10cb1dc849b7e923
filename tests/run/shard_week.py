"""A company of 5,000 targets for a week, with every fault and silence, and what came of it.

    python -m tests.run.shard_week [--shards 17] [--size 295] [--days 7] [--seed 1] [--store kept|file|redis]

`file` and `redis` (a real server, where PATH has one) keep each index as the product does; they take longer.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from handler.state.file import FileStore
from handler.state.index import index_of
from handler.state.redis import RedisStore
from tests.faults.redis_server import RedisServer
from tests.real_servers import free_port, running
from tests.run.shard_simulation import Company, Silence

JUMPS = (1, 12)
SILENCES = {
    3: Silence("off", 30, 42),  # a timer is off for half a day
    5: Silence("denied", 60, 68),  # credentials expired
    7: Silence("off", 120, float("inf")),  # a function is deleted
    9: Silence("slow", 84, 96),  # each target takes as long as a tenth of a run
}


def plain(company: Company) -> list[int]:
    """The shards with nothing but the faults that every shard has."""
    return [number for number in range(company.shards) if number not in (*company.jumps, *company.silences)]


@contextmanager
def opened(kind: str) -> Iterator[Callable | None]:
    """What makes the stores of that kind."""
    with tempfile.TemporaryDirectory() as folder:
        if kind == "kept":
            yield None
        elif kind == "file":
            yield lambda clock, number: FileStore(
                Path(folder) / f"{number}.json", clock, index_of, flush=lambda descriptor: None
            )
        else:
            with _redis(folder) as url:
                yield lambda clock, number: RedisStore(f"{url}/{number}", clock, index_of, timeout=60)


@contextmanager
def _redis(folder: str) -> Iterator[str]:
    program = shutil.which("redis-server")
    if program is None:
        with RedisServer("secret") as server:
            yield f"redis://:secret@127.0.0.1:{server.port}/0"
        return
    port = free_port()
    with running((program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder), port):
        yield f"redis://127.0.0.1:{port}/0"


def main() -> None:
    """Simulate, and print what came of it."""
    parser = argparse.ArgumentParser()
    for name, default in (("shards", 17), ("size", 295), ("days", 7), ("seed", 1)):
        parser.add_argument(f"--{name}", type=float if name == "days" else int, default=default)
    parser.add_argument("--store", choices=("kept", "file", "redis"), default="kept")
    args = parser.parse_args()
    began = time.process_time()
    with opened(args.store) as store:
        silences = {number: silence for number, silence in SILENCES.items() if number < args.shards}
        jumps = [number for number in JUMPS if number < args.shards]
        company = Company(args.shards, args.size, args.days, args.seed, jumps=jumps, silences=silences, store=store)
        for number in company.lived():
            print(f"shard {number} is over, {len(company.wrong)} wrong so far", file=sys.stderr, flush=True)
    print("\n".join(said(company)))
    print(f"store {args.store}: {time.process_time() - began:.0f} s of CPU")
    sys.exit(bool(company.wrong))


def said(company: Company) -> Iterator[str]:
    """What came of it, in lines."""
    gaps, shards = sorted(company.gaps(plain(company))), plain(company)
    checks = sum(len(truth.starts) for truth in company.truths.values())
    yield f"{len(company.truths)} targets over {company.shards} shards, {company.days:g} days: {checks} checks"
    yield ", ".join(f"{count} {what}" for what, count in sorted(company.happened.items()))
    yield (
        f"between two starts, in {len(shards)} shards: at least {gaps[0]:.0f} s, median {gaps[len(gaps) // 2]:.0f} s, "
        f"at most {gaps[-1]:.0f} s; later than twice the interval: {sum(gap > 7200 for gap in gaps)}"
    )
    if company.jumps:
        gaps = sorted(company.gaps(company.jumps))
        yield f"where clocks jump: at least {gaps[0]:.0f} s, at most {gaps[-1]:.0f} s"
    yield f"never checked: {sum(not truth.starts for truth in company.truths.values())}"
    yield f"calls of one API in any minute: at most {company.most_calls_in_a_minute(shards)}"
    if company.jumps:
        yield f"where clocks jump: at most {company.most_calls_in_a_minute(company.jumps)}"
    for number, silence in company.silences.items():
        told = {word: count for (shard, word), count in company.told.items() if shard == number}
        yield f"shard {number}, {silence.kind} from hour {silence.begins:g} to {silence.ends:g}: the digest told {told}"
    others = {number for number, word in company.told if word == "stale"} - {*company.silences}
    yield f"other shards of which a stale target was told: {sorted(others)}"
    yield f"wrong in the fleet, its digest or a run's deferred: {len(company.wrong)}"
    yield from company.wrong[:20]


if __name__ == "__main__":
    main()
