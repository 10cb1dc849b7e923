"""A target that got another name keeps its state: nothing is told again, nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.errors import StoreError
from handler.state.document import encode
from handler.state.memory import at_place

if TYPE_CHECKING:
    from handler.state.interface import Store
    from handler.state.memory import LastRun


def taken_along(before: Store | None, after: Store | None, place: str) -> bool:
    """Copy what a state remembers of a place to where it belongs now. False where that cannot be done now.

    A state that is there already, of an earlier time or of the place that had the name before, keeps its other places.
    """
    if before is None or after is None:
        return False
    try:
        known, _ = before.load()
        there, version = after.load()
        joined = None if known is None else known if there is None else _joined(known, there, place)
        if joined is not None:
            after.save(encode(joined), version)
    except StoreError:
        return False
    return True


def _joined(known: LastRun, there: LastRun, place: str) -> LastRun | None:
    """The later of two memories of a place, with all others of both; None where that is the one that is there."""
    (ours, others), (theirs, kept) = at_place(known, place), at_place(there, place)
    if ours is None or (theirs is not None and theirs.run_at >= ours.run_at):
        return None
    later = {**others, **{name: one for name, one in kept.items() if one.run_at >= _run_at(others.get(name))}}
    return ours._replace(others=later, history=ours.history or there.history)


def _run_at(memory: LastRun | None) -> str:
    return "" if memory is None else memory.run_at
