"""Webex incoming webhooks: Markdown of at most 7439 bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.sinks.answers import DELIVERED, by_status, fields_of, too_long
from handler.sinks.message import PLAIN, SinkMessage, json_message
from handler.sinks.text.dialects import HARD_BREAKS
from handler.sinks.text.fitting import size_bytes
from handler.sinks.text.layout import plain_text, text_message

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from handler.sinks.answers import SinkAnswer
    from handler.sinks.sink import Notification, Sink

_LIMIT = 7400


def render(notification: Notification, sink: Sink, now: datetime, shrink: int) -> tuple[SinkMessage, ...]:  # noqa: ARG001
    """One Markdown message; the minimal one is text."""
    if shrink >= PLAIN:
        return (json_message({"text": plain_text(notification, sink, _LIMIT, size_bytes)}),)
    return (json_message({"markdown": text_message(notification, sink, shrink, HARD_BREAKS, _LIMIT, size_bytes)}),)


def judge(status: int, headers: Mapping[str, str], body: bytes) -> SinkAnswer:
    """Success is any 2xx, mostly 204 without a body."""
    words = str((fields_of(body) or {}).get("message", ""))
    return (too_long(status, words) if status == 400 else None) or by_status(status, headers, words) or DELIVERED
