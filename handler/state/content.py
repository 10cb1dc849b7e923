"""A document as bytes, its version, and whether it may be read."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from handler.errors import StoreDamagedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from handler.state.interface import Decoded, Document


def to_bytes(document: Document) -> bytes:
    """Compact JSON in ASCII."""
    return json.dumps(document, separators=(",", ":")).encode()


def from_bytes(content: bytes, read: Callable[[Document], Decoded]) -> Decoded:
    """What a document says. Raises StoreDamagedError where it is no JSON, and what `read` raises.

    All of that is judged here, because only what a store itself calls damaged is set aside and then replaced.
    """
    try:
        document: Document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise StoreDamagedError("the state is not JSON") from error
    return read(document)


def version_of(content: bytes) -> str:
    """The version of a document in a store that has no versions of its own: the digest of its bytes."""
    return hashlib.sha256(content).hexdigest()


def aside_name(name: str, now: datetime | None) -> str:
    """Under what name a damaged document is kept; without a time, the pattern of such names."""
    return f"{name}.damaged-*" if now is None else f"{name}.damaged-{now:%Y%m%dT%H%M%SZ}"
