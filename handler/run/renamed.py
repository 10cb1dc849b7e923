"""A target that got another name keeps its state: nothing is told again, nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.errors import StoreError
from handler.state.document import encode

if TYPE_CHECKING:
    from handler.state.interface import Store


def taken_along(before: Store | None, after: Store | None) -> bool:
    """Copy a state to where it belongs now, unless there is one already. False where that cannot be done now."""
    if before is None or after is None:
        return False
    try:
        known, _ = before.load()
        there, version = after.load()
        if known is not None and there is None:
            after.save(encode(known), version)
    except StoreError:
        return False
    return True
