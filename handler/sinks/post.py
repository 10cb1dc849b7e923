"""Making a message: JSON bytes and the headers that every JSON target needs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from handler.sinks.sink import Message

if TYPE_CHECKING:
    from collections.abc import Mapping

JSON = "application/json; charset=utf-8"


def json_bytes(value: Any) -> bytes:
    """Compact JSON in UTF-8, keys in the order of writing; lone surrogates become `?`."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def json_message(value: Any, query: Mapping[str, str] | None = None) -> Message:
    """A POST of this value."""
    return Message(json_bytes(value), {"Content-Type": JSON}, query or {})
