"""`policy schema`: the JSON Schema of the policy file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from handler import policy

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EXAMPLE = "port-compliance policy schema > policy.schema.json"


def arguments(parser: ArgumentParser) -> None:
    """`policy schema` takes nothing."""


def run(args: Namespace) -> int:  # noqa: ARG001 - every command takes the arguments
    """Always 0: it informs."""
    folder = Path(policy.__file__).parent
    print((folder / "policy.schema.json").read_text(encoding="utf-8"), end="")
    return 0
