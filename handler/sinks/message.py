"""The HTTP message that a kind renders, and how the JSON of most of them is written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from handler.named_tuple import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handler.models import Secret

BARE: Final = 1  # the step of `shrink` at which a machine's message leaves out what is derived, and nothing that is due
PLAIN: Final = 9  # the last step of `shrink`: text without any markup
JSON: Final = "application/json; charset=utf-8"


class SinkMessage(NamedTuple):
    """One POST, ready to go: body, headers and, where the kind signs its URL, what is added to the query.

    `findings` are the fingerprints that the message is about, where a kind sends one event per incident: a finding is
    told once all its messages are taken. `url` is set where it is not the sink's own.
    """

    body: bytes
    headers: Mapping[str, str] = {}
    query: Mapping[str, str] = {}
    findings: tuple[str, ...] = ()
    url: Secret | None = None
    method: str = "POST"


_compact = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def json_bytes(value: Any) -> bytes:
    """Compact JSON in UTF-8, keys in the order of writing; lone surrogates become `?`."""
    return _compact(value).encode(errors="replace")


def json_message(value: Any, query: Mapping[str, str] | None = None, findings: tuple[str, ...] = ()) -> SinkMessage:
    """The POST of a JSON value."""
    return SinkMessage(json_bytes(value), {"Content-Type": JSON}, query or {}, findings)
