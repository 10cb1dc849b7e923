"""`policy validate`, `policy coverage` and `policy schema`: what is known of a policy without running it."""

from __future__ import annotations

import sys
from importlib.resources import files
from typing import TYPE_CHECKING

from handler.commands.policy_inputs import recorded, today
from handler.policy.bundled import bundled_policies
from handler.policy.canonical import canonical_yaml
from handler.policy.danger_lists import danger_lists
from handler.policy.lint import lint
from handler.policy.lint_formats import FORMATS
from handler.policy.load import load_policy, read_files, read_policy
from handler.review.coverage import compare_with_lists
from handler.review.coverage_formats import coverage_json, coverage_text

if TYPE_CHECKING:
    from argparse import Namespace

    from handler.policy.load import Reading


def validate(args: Namespace) -> int:
    """2 if the policy has an error; warnings alone are 0. The messages are the result, so they go to stdout."""
    reading = read_policy(*read_files(args.paths))
    snapshot = recorded(args.snapshot) if args.snapshot else None
    messages = lint(reading, today=today(args), cloud=args.cloud, snapshot=snapshot)
    text = FORMATS[args.format](messages)
    if args.print and reading.policy is not None:
        print(canonical_yaml(reading.policy), end="")
        print(text, end="", file=sys.stderr)
    else:
        print(text, end="")
    errors = sum(message.severity == "error" for message in messages)
    print(f"{_found(reading)}{errors} errors, {len(messages) - errors} warnings", file=sys.stderr)
    return 2 if errors else 0


def _found(reading: Reading) -> str:
    if reading.policy is None:
        return ""
    return f"{len(reading.policy.rules)} rules, {len(reading.policy.exemptions)} exemptions: "


def coverage(args: Namespace) -> int:
    """Always 0: it informs."""
    found = compare_with_lists(load_policy(args.paths), danger_lists(bundled_policies() / "lists"))
    print(coverage_json(found) if args.format == "json" else coverage_text(found), end="")
    return 0


def schema(_args: Namespace) -> int:
    """Always 0: it informs."""
    print(files("handler.policy").joinpath("policy.schema.json").read_text(encoding="utf-8"), end="")
    return 0
