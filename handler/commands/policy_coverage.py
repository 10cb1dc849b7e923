"""`policy coverage`: the policy beside published danger lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.commands.policy_arguments import add_format, add_paths
from handler.policy.compiled import bundled_policies
from handler.policy.danger_lists import danger_lists
from handler.policy.load import load_policy
from handler.review.coverage import compare_with_lists
from handler.review.coverage_formats import coverage_json, coverage_text

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLE = "port-compliance policy coverage policies/baseline.yaml"


def arguments(parser: ArgumentParser) -> None:
    """What `policy coverage` takes."""
    add_paths(parser)
    add_format(parser, "text", "json")


def run(args: Namespace) -> int:
    """Always 0: it informs."""
    found = compare_with_lists(load_policy(args.paths), danger_lists(bundled_policies() / "lists"))
    print(coverage_json(found) if args.format == "json" else coverage_text(found), end="")
    return 0
