"""`policy schema`: what the loader knows of a policy file, printed."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import Namespace


def schema(_args: Namespace) -> int:
    """Always 0: it informs."""
    print(files("handler.policy").joinpath("policy.schema.json").read_text(encoding="utf-8"), end="")
    return 0
