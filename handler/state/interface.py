"""What a store is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from handler.named_tuple import NamedTuple
from handler.state.memory import LastRun

if TYPE_CHECKING:
    from collections.abc import Callable

    from handler.state.obs_objects import ObsKeys

Document = dict[str, Any]
Decoded = TypeVar("Decoded")
Read_co = TypeVar("Read_co", covariant=True)


class ObjectStorage(NamedTuple):
    """Where OBS is asked, and the access key that signs for it."""

    endpoint: str
    region: str
    keys: Callable[[], ObsKeys]


class DocumentStore(Protocol[Read_co]):
    """One JSON document with a version that changes on every write, read as what it stands for."""

    def load(self) -> tuple[Read_co | None, str | None]:
        """What the document says, and its version; (None, None) where there is none yet.

        Raises StoreDamagedError for one that is damaged or newer (it was set aside), StoreError where none can be read.
        """
        ...

    def save(self, document: Document, version: str | None) -> str:
        """Write the document if it still has that version (None: does not exist); give the new version.

        Raises StoreConflictError where another run was faster, StoreError where it cannot be written.
        """
        ...


class Store(DocumentStore[LastRun], Protocol):
    """The state of one target."""
