"""What a store is."""

from __future__ import annotations

from typing import Any, Protocol

Document = dict[str, Any]


class Store(Protocol):
    """One JSON document with a version that changes on every write."""

    def load(self) -> tuple[Document | None, str | None]:
        """The document and its version; (None, None) where there is none yet.

        Raises StoreDamagedError for one that is damaged or newer (it was set aside), StoreError where none can be read.
        """
        ...

    def save(self, document: Document, version: str | None) -> str:
        """Write the document if it still has that version (None: does not exist); give the new version.

        Raises StoreConflictError where another run was faster, StoreError where it cannot be written.
        """
        ...
