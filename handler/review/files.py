"""Files that the review commands read, beside policies and cases."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from handler.errors import SnapshotError
from handler.snapshot_file import MAX_BYTES, parse_snapshot

if TYPE_CHECKING:
    from handler.models import Snapshot


def read_snapshot(path: str) -> Snapshot:
    """The snapshot in that file. Raises SnapshotError."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SnapshotError(f"{path}: cannot be read: {error.strerror}") from None
    return parse_snapshot(data, path)
