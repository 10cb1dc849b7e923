"""Reads the indexes of a fleet: those of the settings, or of the states that are named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.errors import SettingsError, StoreError
from handler.settings.run_settings import has_index
from handler.state.index import IndexEntry
from handler.state.memory import place_of
from handler.state.shared_index import SharedIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from handler.models import Secret, Target
    from handler.run.wiring import Wiring
    from handler.state.index import Index

UNASKED = IndexEntry()  # of a name that is no target's


def fleet_urls(wiring: Wiring) -> tuple[Secret, ...]:
    """The states whose indexes make the fleet: FLEET_STATE_URLS, else the own one; empty where there is none."""
    settings = wiring.settings
    own = () if settings.state_url is None else (settings.state_url,)
    return settings.fleet_state_urls or own


def read_indexes(wiring: Wiring, urls: Sequence[Secret], *, but: Secret | None = None) -> tuple[list[Index], list[str]]:
    """The indexes of these states, `but` one, and why some cannot be read.

    They are named by their number, for a URL may hold a password.
    """
    found, unread = [], []
    for number, url in enumerate(urls, 1):
        if url == but:
            continue
        try:
            store = wiring.index_store(url, wiring.settings.place, read_only=True)
            index = None if store is None else store.load()[0]
        except StoreError as error:
            unread.append(f"state {number}: {error.message}")
            continue
        if index is None:
            unread.append(f"state {number}: there is no index yet")
        else:
            found.append(index)
    return found, unread


def _own_url(wiring: Wiring) -> Secret | None:
    """The own state, where it has an index."""
    url = wiring.settings.state_url
    return url if url is not None and has_index(url.reveal()) else None


def targets_known(wiring: Wiring, name: str = "") -> tuple[str, ...]:
    """The names of the targets that the own index holds, or the one that is named; none where it cannot be read."""
    return tuple(known for known in _own_entries(wiring) if name in ("", known))


def name_kept(wiring: Wiring) -> Callable[[str, Target], str]:
    """By which name the own index knows a target: its own, or until a run takes its state along the one before.

    Gives a function of its name and itself, for all targets of one run; the index is read once.
    """
    entries = _own_entries(wiring)
    earlier = {entry.place: name for name, entry in entries.items() if entry.place}

    def known_as(name: str, target: Target) -> str:
        own, place = entries.get(name), place_of(target)
        return name if own is not None and own.place == place else earlier.get(place, name)

    return known_as


def _own_entries(wiring: Wiring) -> Mapping[str, IndexEntry]:
    """The entries of the own index, by their names in order; none where it cannot be read."""
    url = _own_url(wiring)
    if url is None:
        return {}
    try:
        indexes, _ = read_indexes(wiring, (url,))
    except SettingsError:
        return {}
    return {name: index.targets[name] for index in indexes for name in sorted(index.targets)}


def enter_unlisted(wiring: Wiring, name: str, run_id: str) -> None:
    """Enter a name in the own index for which a run spoke that could not begin, where the index does not know it.

    It has no place, because nobody asked it; the next run that has targets tells that it is over (handler/run/left.py).
    Where that cannot be written, nothing is lost but that word.
    """
    url = _own_url(wiring)
    try:
        store = None if url is None else wiring.index_store(url, wiring.settings.place, read_only=False)
    except SettingsError:
        return
    if store is None:
        return
    index = SharedIndex(store, run_id, wiring.context.clock)
    index.load()
    if name not in index.known.targets and not index.lost:
        index.put({name: UNASKED})
        index.save()
