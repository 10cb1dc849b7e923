"""Mattermost incoming webhooks: Markdown in a coloured attachment. A post holds 16,383 characters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.sinks.answers import DELIVERED, by_status, fields_of, not_understood, text_of, too_long
from handler.sinks.message import PLAIN, SinkMessage, json_message
from handler.sinks.text.dialects import MARKDOWN, PLAIN_TEXT
from handler.sinks.text.layout import HEX_COLOURS, body_text, plain_text, room_at, write
from handler.sinks.text.wording import content_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from handler.sinks.answers import SinkAnswer
    from handler.sinks.sink import Notification, Sink

_LIMIT = 16_000


def render(notification: Notification, sink: Sink, now: datetime, shrink: int) -> tuple[SinkMessage, ...]:  # noqa: ARG001
    """The verdict as text, the lines in an attachment; the minimal message is text alone."""
    if shrink >= PLAIN:
        return (json_message({"text": plain_text(notification, sink, _LIMIT, escape=MARKDOWN.escape)}),)
    content = content_of(notification, sink, shrink)
    written = write(content, MARKDOWN, room_at(_LIMIT, shrink))
    attachment = {
        "fallback": PLAIN_TEXT.escape(content.title),
        "color": HEX_COLOURS[content.tone],
        "text": body_text(written, MARKDOWN),
    }
    return (json_message({"text": MARKDOWN.bold(written.title), "attachments": [attachment]}),)


def judge(status: int, headers: Mapping[str, str], body: bytes) -> SinkAnswer:
    """Success is 200 with the body `ok`."""
    words = str((fields_of(body) or {}).get("message", "")) or text_of(body)
    refused = (too_long(status, words) if status == 400 else None) or by_status(status, headers, words)
    return refused or (DELIVERED if words == "ok" else not_understood(status))
