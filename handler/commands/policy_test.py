"""`policy test`: the policy's own test cases."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from handler.commands.policy_arguments import TESTS_HELP, add_format, add_paths, percentage
from handler.review.case_formats import cases_json, cases_junit, cases_text
from handler.review.case_results import run_suite
from handler.review.cases import read_suites

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from handler.review.case_results import SuiteResult

EXAMPLE = "port-compliance policy test policies --coverage --min-coverage 100"


def arguments(parser: ArgumentParser) -> None:
    """What `policy test` takes."""
    add_paths(parser, TESTS_HELP)
    parser.add_argument("-k", dest="name", metavar="NAME", default="", help="only cases whose name holds this text")
    parser.add_argument("--coverage", action="store_true", help="list rules and exemptions that no case fires")
    parser.add_argument("--min-coverage", type=percentage, metavar="N", help="fail below this percentage, per policy")
    add_format(parser, "text", "junit", "json")


def run(args: Namespace) -> int:
    """1 if a case fails or too little of a policy is fired, else 0."""
    suites = [run_suite(suite) for suite in read_suites([Path(path) for path in args.paths], args.name)]
    print(_rendered(args, suites), end="")
    thin = [] if args.min_coverage is None else [each for each in suites if each.coverage.below(args.min_coverage)]
    for suite in thin:
        print(f"{suite.policy_path}: coverage {suite.coverage.percent}% is below {args.min_coverage}%", file=sys.stderr)
    return int(bool(thin) or any(suite.failed for suite in suites))


def _rendered(args: Namespace, suites: list[SuiteResult]) -> str:
    if args.format == "junit":
        return cases_junit(suites)
    if args.format == "json":
        return cases_json(suites)
    return cases_text(suites, coverage=args.coverage or args.min_coverage is not None)
