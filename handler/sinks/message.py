"""The HTTP message that a kind renders, and how the JSON of most of them is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from handler.named_tuple import NamedTuple
from handler.report.json_bytes import json_bytes

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


def json_message(value: Any, query: Mapping[str, str] | None = None, findings: tuple[str, ...] = ()) -> SinkMessage:
    """The POST of a JSON value."""
    return SinkMessage(json_bytes(value), {"Content-Type": JSON}, query or {}, findings)
