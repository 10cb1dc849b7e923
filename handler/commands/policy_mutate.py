"""`policy mutate`: which changes of a policy its tests do not notice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from handler.commands.policy_arguments import TESTS_HELP, add_format, add_paths, percentage
from handler.review.cases import read_suites
from handler.review.mutate import mutate_suite
from handler.review.mutate_formats import mutants_json, mutants_text

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLE = "port-compliance policy mutate policies/baseline.yaml"


def arguments(parser: ArgumentParser) -> None:
    """What `policy mutate` takes."""
    add_paths(parser, TESTS_HELP)
    parser.add_argument(
        "--min-killed", type=percentage, metavar="N", help="fail only below this percentage (default: 100), per policy"
    )
    add_format(parser, "text", "json")


def run(args: Namespace) -> int:
    """1 if a mutant survives (or, with `--min-killed`, too many do), else 0."""
    results = [mutate_suite(suite) for suite in read_suites([Path(path) for path in args.paths])]
    print(mutants_json(results) if args.format == "json" else mutants_text(results), end="")
    return int(any(result.below(100 if args.min_killed is None else args.min_killed) for result in results))
