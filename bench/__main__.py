"""Measures everything and prints a Markdown table; `bench/run.sh` prepares what it needs.

python -m bench --work build/bench --rounds 11 [--only cold whole ...] [--page docs/performance.md]
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import zipfile
from pathlib import Path

from bench import c7n, commands, goals, pure, runs, sweep, weight
from bench.fresh import Place
from bench.measure import progress
from bench.table import markdown
from tools.package_wheels import find_python

SECTIONS = ("cold", "whole", "evaluate", "decode", "policy load", "render", "commands", "calls", "c7n", "weight")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.partition("\n")[0])
    parser.add_argument("--work", type=Path, default=Path("build/bench"), help="zips, peers' environments, results")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--only", nargs="*", choices=SECTIONS, default=SECTIONS)
    parser.add_argument("--page", type=Path, help="write the page with the figures that have an aim there, too")
    args = parser.parse_args()
    zips = {version: args.work / f"port-compliance-py{version.replace('.', '')}.zip" for version in ("3.10", "3.12")}
    places = [place(version, path, args.work) for version, path in zips.items() if path.exists()]
    if not places:
        print("error: no zip in --work; run bench/run.sh", file=sys.stderr)
        return 2
    custodian = args.work / "c7n" / "bin" / "custodian"
    work = {
        "cold": lambda: runs.cold(places, args.rounds),
        "whole": lambda: runs.whole(places[0], args.rounds),
        "evaluate": lambda: pure.evaluating(args.rounds),
        "decode": lambda: pure.decoding(args.rounds),
        "policy load": lambda: pure.loading(args.rounds),
        "render": lambda: pure.rendering(args.rounds),
        "commands": lambda: commands.commands(args.work, args.rounds),
        "calls": sweep.calls,
        "c7n": lambda: c7n.judging(str(custodian) if custodian.exists() else None, args.rounds),
        "weight": lambda: weight.weight(places, zips),
    }
    output = args.work / "results.json"
    results = json.loads(output.read_text()) if output.exists() and set(args.only) != set(SECTIONS) else {}
    results["machine"] = f"{platform.system()} {platform.machine()}, this process Python {platform.python_version()}"
    results["rounds"] = args.rounds
    for section in args.only:
        progress(section)
        results[section] = work[section]()
        results.setdefault("rounds of each", {})[section] = args.rounds
        output.write_text(json.dumps(results, indent=1))
    table = markdown(results)
    (args.work / "results.md").write_text(table, encoding="utf-8")
    if args.page is not None:
        goals.write_page(Path(__file__).parent / "performance.md", args.page, results)
    print(table)
    return 0


def place(version: str, path: Path, work: Path) -> Place:
    """The unpacked zip and the Pythons that go with it."""
    code = work / f"code-{version}"
    if not code.exists() or code.stat().st_mtime < path.stat().st_mtime:
        with zipfile.ZipFile(path) as archive:
            archive.extractall(code)
        code.touch()
    python = find_python(version)
    if python is None:
        raise SystemExit(f"error: Python {version} is not installed")
    sdk = work / f"sdk-{version}" / "bin" / "python"
    return Place(version, python, code.resolve(), str(sdk.absolute()) if sdk.exists() else None)


if __name__ == "__main__":
    raise SystemExit(main())
