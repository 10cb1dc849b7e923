"""How many examples a property test tries: all where THOROUGH is set, as continuous integration does; else about half."""

from __future__ import annotations

import os

FEW = 25
"""What is not made less."""

THOROUGH = bool(os.environ.get("THOROUGH"))


def examples(number: int) -> int:
    """So many of `number`."""
    return number if THOROUGH else max(min(number, FEW), number // 2)
