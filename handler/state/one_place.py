"""One of the other places that a state remembers, as a state of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from handler.errors import StoreConflictError
from handler.state.document import decode_made, encode

if TYPE_CHECKING:
    from handler.state.interface import Document, Store
    from handler.state.memory import LastRun

FORGET_TRIES: Final = 5  # to forget, while others write in between


class OnePlace:
    """What a state remembers of one of its `others`; of the rest, its history among it, nothing changes by a saving."""

    def __init__(self, store: Store, place: str) -> None:
        self._store, self._place = store, place
        self._whole: LastRun | None = None  # as it was read last; this view writes nothing else of it

    def load(self) -> tuple[LastRun | None, str | None]:
        """What is remembered of the place, None where that is nothing or it was asked last. Raises StoreError."""
        self._whole, version = self._store.load()
        return (None if self._whole is None else self._whole.others.get(self._place)), version

    def save(self, document: Document, version: str | None) -> str:
        """Write what is remembered of the place.

        Raises StoreConflictError where another run was faster, or has forgotten or asked the place; else StoreError.
        """
        if self._whole is None or self._place not in self._whole.others:
            raise StoreConflictError(f"{self._place} is not among the other places of the state any more")
        one = decode_made(document)._replace(others={}, history=())
        whole = self._whole._replace(others={**self._whole.others, self._place: one})
        return self._store.save(encode(whole), version)

    def forget(self, run_at: str) -> None:
        """Drop the place, unless it was asked after that time. Raises StoreError."""
        for _ in range(FORGET_TRIES):
            one, version = self.load()
            if self._whole is None or one is None or one.run_at != run_at:
                return
            others = {place: other for place, other in self._whole.others.items() if place != self._place}
            try:
                self._store.save(encode(self._whole._replace(others=others)), version)
            except StoreConflictError:
                continue
            return
