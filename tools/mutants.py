"""Change the code a little, in many ways, and see whether a test fails: `python -m tools.mutants [ROOM...]`.

mutmut makes the mutants in a copy of the tree (tools/mutants_bench.py), and the tests of their room run against each
(tools/mutants_runner.py). This names the rooms that promise something, takes a seeded sample (or `--all`), leaves out
mutants that a person found equivalent, and counts. A mutant that only changes a sentence for people is counted apart.
The log of survivors and the figures of each room are written to build/mutants; `--again` tries only what did not die
when it was last tried, or whose function is another since; `--table` prints the figures of all rooms as they were when
each was last run.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from typing import TYPE_CHECKING, NamedTuple

from tools.mutants_bench import ROOT, WORK, Room, Workbench
from tools.mutants_runner import DIED

if TYPE_CHECKING:
    from pathlib import Path

EQUIVALENT = ROOT / "tools/mutants_equivalent.json"


def files(folder: str, *names: str) -> tuple[str, ...]:
    """These modules of one folder of handler/."""
    return tuple(f"handler/{folder}/{name}.py" for name in names)


def tests(folder: str, *names: str) -> tuple[str, ...]:
    """These files of one folder of tests/."""
    return tuple(f"tests/{folder}/test_{name}.py" for name in names)


CHANGES = files("decide", "diff", "ended", "flapping", "known_servers", "rules_before", "fingerprint")
STATED = ("document", "file", "index", "memory", "obs", "one_place", "open", "redis", "shared_index")
STATE = (*files("state", *STATED), *files("state", "content", "obs_*"))
TARGETS = (
    *files("run", "targets", "shard", "walk", "left", "renamed", "unasked", "unchecked", "asked"),
    *files("decide", "schedule"),
)
WALK = files("hss", "walk", "reading", "proof", "pages", "merge", "overlap", "listing")
# each room's own tests, but for simulations that take minutes: they would only find more
TELLING = tests(
    "notify",
    "dispatch",
    "dispatch_over_runs",
    "due",
    "due_over_runs",
    "incidents",
    "large",
    "outbox",
    "places",
    "receipts",
    "receipts_merged",
    "run_items",
    "several",
    "together",
)
READING = tests(
    "hss",
    "emptiness",
    "listener_pages",
    "listing",
    "listing_faults",
    "listing_odd_answers",
    "listing_refusals",
    "listing_time",
    "merge",
    "overlap",
    "pages",
    "proof",
    "proof_feigned_order",
    "reading",
    "refusals",
    "walk",
)
RUNS = (*tests("run", "check", "left", "shard", "targets"), "tests/test_index.py")
ROOMS = {
    "decode": Room(
        files("hss", "decode", "rows", "documented", "strict"),
        tests("hss", "decode", "decode_counters", "decode_rows", "documented", "hosts", "strict"),
    ),
    "diff": Room(CHANGES, tests("decide", "diff", "evaluate", "flapping", "known_servers", "tolerance")),
    "dispatch": Room(files("notify", "dispatch", "send"), (*TELLING, *tests("notify", "send"))),
    "due": Room(files("notify", "due", "run_items"), (*TELLING, *tests("decide", "announced"))),
    "evaluate": Room(
        files("decide", "evaluate", "tolerance", "vendor_gaps", "wanted_listeners", "warned"),
        tests("decide", "evaluate", "tolerance", "wanted_listeners"),
    ),
    "events": Room(files("function", "events"), ("tests/function", "tests/test_index.py")),
    "gateway": Room(files("function", "gateway"), ("tests/function", "tests/test_index.py")),
    "locks": Room(files("state", "lock"), tests("state", "lock", "lock_processes", "file")),
    "match": Room(files("policy", "match*"), (*tests("policy", "match"), *tests("decide", "evaluate", "tolerance"))),
    "outbox": Room(files("notify", "outbox"), TELLING),
    "plan": Room(
        files("hss", "plan", "estimate"),
        tests("hss", "plan", "plan_optimum", "estimate", "listing_time", "listing_odd_answers"),
    ),
    "receipts": Room(files("notify", "receipts"), TELLING),
    "report": Room(files("report", "*"), ("tests/report", "tests/function", *RUNS)),
    "retries": Room(("handler/retries.py",), ("tests/test_retries.py", *tests("hss", "client"))),
    "state": Room(STATE, tests("state", *STATED)),
    "targets": Room(
        TARGETS,
        (
            *RUNS,
            *tests("run", "check_in", "end_of_run", "renamed", "unasked", "walk"),
            *tests("decide", "schedule"),
            *tests("commands", "check_servers"),
        ),
    ),
    "transport": Room(files("transport", "*"), ("tests/transport", *tests("commands", "way_out"))),
    "walk": Room(WALK, READING),
}
TEXT = re.compile(r"""\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'""")
COMPUTED = re.compile(r"\{[^{}]*\}")


class Count(NamedTuple):
    """Mutants of one room by what became of them. Neither `equivalent` nor `texts` (a sentence) count."""

    killed: int = 0
    survived: int = 0
    equivalent: int = 0
    texts: int = 0

    @property
    def tried(self) -> int:
        """All that were tried, whatever became of them."""
        return sum(self)

    @property
    def score(self) -> float:
        """Killed of those that change behaviour, in per cent."""
        judged = self.killed + self.survived
        return 100 * self.killed / judged if judged else 100.0


def change_of(shown: str) -> tuple[str, ...]:
    """The changed lines of a diff as `mutmut show` prints it, without their place: what an equivalent is known by."""
    lines = [line for line in shown.splitlines() if line.startswith(("-", "+")) and not line.startswith(("---", "+++"))]
    return tuple(line[0] + line[1:].strip() for line in lines)


def is_wording(change: tuple[str, ...]) -> bool:
    """Whether only the inside of a sentence changed: a text of several words whose lines are else the same."""
    if len(change) != 2:
        return False
    bare = [TEXT.sub(lambda text: _computed(text[0]) if " " in text[0] else text[0], line[1:]) for line in change]
    return bare[0] == bare[1]


def _computed(sentence: str) -> str:
    """A sentence without its words: what stands between braces is code."""
    return "a sentence" + "".join(COMPUTED.findall(sentence))


def sampled(names: list[str], size: int, seed: int) -> list[str]:
    """`size` of the names, the same for the same seed; all of them where there are no more, or with 0."""
    return sorted(random.Random(seed).sample(sorted(names), size)) if 0 < size < len(names) else sorted(names)


def table(counts: dict[str, Count], made: dict[str, int]) -> str:
    """The figures by room as a Markdown table, the sum last; `made` is how many mutants each room has."""
    total = Count(*(sum(column) for column in zip(*counts.values(), strict=True)))
    lines = [
        "| room | mutants | tried | killed | survived | equivalent | words only | score |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, one in [*sorted(counts.items()), ("**all**", total)]:
        there = made.get(name, sum(made.values()))
        tried = "all" if one.tried == there else str(one.tried)
        figures = (there, tried, one.killed, one.survived, one.equivalent, one.texts)
        lines.append(f"| {name} | {' | '.join(map(str, figures))} | {one.score:.1f} % |")
    return "\n".join(lines)


def recorded(folder: Path) -> tuple[dict[str, Count], dict[str, int]]:
    """The figures of each room when it was last run, and how many mutants it had."""
    counts: dict[str, Count] = {}
    made: dict[str, int] = {}
    for name in sorted(ROOMS):
        if (folder / f"{name}.json").exists():
            made[name], count = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
            counts[name] = Count(*count)
    return counts, made


def counted(statuses: dict[str, str], shown: dict[str, str], known: dict[str, str]) -> tuple[Count, list[str]]:
    """The figures, and the text of each survivor that counts; `shown` is the diff of each that did not die."""
    count, log = Count(), []
    for name, status in statuses.items():
        if status in DIED:
            count = count._replace(killed=count.killed + 1)
            continue
        change = change_of(shown[name])
        if "\n".join(change) in known:
            count = count._replace(equivalent=count.equivalent + 1)
        elif is_wording(change):
            count = count._replace(texts=count.texts + 1)
        else:
            count = count._replace(survived=count.survived + 1)
            log.append(f"{name} ({status})\n{shown[name]}\n")
    return count, log


def run_room(name: str, chosen: argparse.Namespace, known: dict[str, str]) -> tuple[int, Count]:
    """How many mutants the room has, and what became of those that were chosen. Its log is written."""
    bench = Workbench(name, ROOMS[name])
    made = bench.made()
    names = sampled(list(made), 0 if chosen.all else chosen.sample, chosen.seed)
    died = bench.known(made, again=chosen.again)
    shown = bench.shown([one for one in names if one not in died])
    alike = [one for one, change in shown.items() if "\n".join(change_of(change)) in known]  # nothing can notice them
    statuses = bench.statuses([one for one in shown if one not in alike], chosen.children)
    count, log = counted(statuses | dict.fromkeys(alike, "equivalent") | died, shown, known)
    (WORK / f"{name}.log").write_text("\n".join(log), encoding="utf-8")
    (WORK / f"{name}.json").write_text(json.dumps([len(made), count]), encoding="utf-8")
    print(f"{name}: {count.score:.1f} % of {len(names)}, survivors in build/mutants/{name}.log", flush=True)
    if count.score < chosen.fail_under:
        print("\n".join(log), flush=True)
    return len(made), count


def main(words: list[str] | None = None) -> int:
    """Run the rooms that are named, all by default; 1 if a score is below `--fail-under`."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description=__doc__.splitlines()[0])
    parser.add_argument("rooms", nargs="*", choices=[[], *sorted(ROOMS)], metavar="ROOM", help=", ".join(sorted(ROOMS)))
    parser.add_argument("--sample", type=int, default=60, help="mutants of each room (default 60)")
    parser.add_argument("--all", action="store_true", help="every mutant, which takes hours")
    parser.add_argument("--again", action="store_true", help="but those that died when they were last tried, unchanged")
    parser.add_argument("--seed", type=int, default=1, help="chooses the sample (default 1)")
    parser.add_argument("--children", type=int, default=2, help="how many at a time (default 2)")
    parser.add_argument("--fail-under", type=float, default=0, help="a score of any room below it is a failure")
    parser.add_argument("--table", action="store_true", help="run nothing, print the figures of the last runs")
    chosen = parser.parse_args(words)
    if chosen.table:
        print(table(*recorded(WORK)))
        return 0
    known = json.loads(EQUIVALENT.read_text(encoding="utf-8"))
    counts: dict[str, Count] = {}
    made: dict[str, int] = {}
    for name in chosen.rooms or sorted(ROOMS):
        made[name], counts[name] = run_room(name, chosen, known)
    print(table(counts, made))
    return int(any(one.score < chosen.fail_under for one in counts.values()))


if __name__ == "__main__":
    sys.exit(main())
