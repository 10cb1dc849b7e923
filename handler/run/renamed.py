"""A target that got another name keeps its state: nothing is told again, nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.errors import StoreError
from handler.state.document import encode
from handler.state.memory import LastRun

if TYPE_CHECKING:
    from handler.state.interface import Store
    from handler.state.memory import RunSummary


_MOVED = "moved"  # the place of a memory that was taken along whole; no target has it


def taken_along(before: Store | None, emptied: Store | None, after: Store | None, place: str, *, whole: bool) -> bool:
    """Move what a state remembers of a place (with `whole`, of every place) to where it belongs now. False: not now.

    Nothing of it is left behind: under a name that comes back it would be taken for what was told last. `before` is
    only read, and so sets nothing aside; `emptied` is the same to write.
    """
    if before is None or emptied is None or after is None:
        return False
    try:
        known, version_before = before.load()
        there, version = after.load()
        if known is not None:
            moves, stays = _parted(known, place, whole=whole)
            joined = _joined(there, moves, place, known.history)
            if joined is not None:
                after.save(encode(joined), version)
            if moves:
                emptied.save(encode(stays), version_before)
    except StoreError:
        return False
    return True


def _parted(known: LastRun, place: str, *, whole: bool) -> tuple[dict[str, LastRun], LastRun]:
    """What moves, by its place, and what stays."""
    places = _places(known)
    moves = places if whole else {name: one for name, one in places.items() if name == place}
    stays = {name: one for name, one in places.items() if name not in moves}
    return moves, _memory(stays, known.place, known.history if known.place in stays else ())


def _joined(
    there: LastRun | None, moves: dict[str, LastRun], place: str, history: tuple[RunSummary, ...]
) -> LastRun | None:
    """What is there with what moves; of a place that both remember the later memory. None where nothing is later."""
    kept = {} if there is None else _places(there)
    later = {name: one for name, one in moves.items() if name not in kept or kept[name].run_at < one.run_at}
    if not later:
        return None
    return _memory({**kept, **later}, place, history if there is None or place in later else there.history)


def _places(memory: LastRun) -> dict[str, LastRun]:
    """What is remembered of each place, the one that was asked last among them."""
    places = {**memory.others, memory.place: memory._replace(others={}, history=())}
    places.pop(_MOVED, None)
    return places


def _memory(places: dict[str, LastRun], first: str, history: tuple[RunSummary, ...]) -> LastRun:
    """The memory of these places; `first`, else the latest, is the one that was asked last."""
    nothing = LastRun(run_at="", place=_MOVED)
    main = places.get(first) or max(places.values(), key=lambda one: one.run_at, default=nothing)
    return main._replace(others={name: one for name, one in places.items() if one is not main}, history=history)
