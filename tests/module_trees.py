"""The modules of the product as statements, parsed once for all tests that ask."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

HANDLER = Path(__file__).resolve().parent.parent / "handler"
MODULES = sorted(HANDLER.rglob("*.py"))


@cache
def tree_of(path: Path) -> ast.Module:
    """The module as statements; nobody changes them."""
    return ast.parse(path.read_text(encoding="utf-8"))
