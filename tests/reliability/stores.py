"""Where the world's runs remember: a store without compare-and-set, and what may fail around each call of any."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from handler.errors import StoreError
from tests.fakes import OnceReadStore

if TYPE_CHECKING:
    from handler.state.memory import LastRun
    from tests.reliability.world import World


@dataclass
class BlindStore(OnceReadStore):
    """A store without compare-and-set, like a bucket that ignores conditions: the last writer wins."""

    def save(self, document: dict, version: str | None) -> str:
        return super().save(document, str(self.count) if self.document is not None else None)


class EdgedStore:
    """One of the world's stores, with the world's faults around each call."""

    def __init__(self, world: World, known: OnceReadStore, edge: Callable[[str], None]) -> None:
        self._world, self.known, self._edge = world, known, edge

    def load(self) -> tuple[LastRun | None, str | None]:
        self._edge("before loading")
        loaded = self.known.load()
        self._edge("after loading")
        return loaded

    def save(self, document: dict, version: str | None) -> str:
        self._edge("before saving")
        last_run = self.known.read_once(document)
        self._world.planned(last_run)
        if "store_down" in self._world.faults and self._world.random.random() < 0.1:
            raise StoreError("down")
        version = self.known.save(document, version)
        self._world.saved(last_run)
        self._edge("after saving")
        return version
