"""The JSON that machines are sent: measured where a report is cut, written where a message is rendered."""

from __future__ import annotations

import json
from typing import Any

_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def json_bytes(value: Any) -> bytes:
    """Compact JSON in UTF-8, keys in the order of writing; lone surrogates become `?`."""
    return _compact(value).encode(errors="replace")
