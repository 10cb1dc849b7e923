"""`policy validate`, `policy coverage` and `policy schema`: what is known of a policy without running it."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from handler.policy.bundled import bundled_policies
from handler.policy.danger_lists import danger_lists
from handler.policy.load import load_policy
from handler.review.coverage import compare_with_lists
from handler.review.coverage_formats import coverage_json, coverage_text

if TYPE_CHECKING:
    from argparse import Namespace


def coverage(args: Namespace) -> int:
    """Always 0: it informs."""
    found = compare_with_lists(load_policy(args.paths), danger_lists(bundled_policies() / "lists"))
    print(coverage_json(found) if args.format == "json" else coverage_text(found), end="")
    return 0


def schema(_args: Namespace) -> int:
    """Always 0: it informs."""
    print(files("handler.policy").joinpath("policy.schema.json").read_text(encoding="utf-8"), end="")
    return 0
