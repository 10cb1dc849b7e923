"""Mutation results as text or JSON. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from handler.formats.inert import inert

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from handler.review.mutate import MutationResult


def mutants_text(results: Sequence[MutationResult]) -> str:
    """A line per policy, and each mutant that no test kills."""
    return "\n".join(line for result in results for line in _lines(result)) + "\n"


def _lines(result: MutationResult) -> Iterator[str]:
    same = f", {result.equivalent} that change nothing left out" if result.equivalent else ""
    yield f"{inert(result.policy_path)}: {result.killed} of {result.total} mutants killed{same}"
    for name in result.broken:
        yield f"  FAIL {inert(name)} fails without any change; run `policy test` first"
    for mutant in result.survivors:
        yield f"  survived: {inert(mutant.description)} ({mutant.location})"


def mutants_json(results: Sequence[MutationResult]) -> str:
    """One JSON document."""
    policies = [
        {
            "policy": result.policy_path,
            "killed": result.killed,
            "total": result.total,
            "equivalent": result.equivalent,
            "broken_cases": list(result.broken),
            "survivors": [
                {"change": mutant.description, "location": str(mutant.location)} for mutant in result.survivors
            ],
        }
        for result in results
    ]
    return json.dumps({"version": "1", "policies": policies}, indent=2) + "\n"
