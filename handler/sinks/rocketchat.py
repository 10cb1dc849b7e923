"""Rocket.Chat incoming webhooks. No size is published; a server's default for one message is 5000 characters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.sinks.answers import (
    DELIVERED,
    DeliveryOutcome,
    SinkAnswer,
    because,
    by_status,
    fields_of,
    not_understood,
    text_of,
    too_long,
)
from handler.sinks.message import PLAIN, SinkMessage, json_message
from handler.sinks.text.dialects import ROCKETCHAT
from handler.sinks.text.layout import HEX_COLOURS, body_text, plain_text, room_at, write
from handler.sinks.text.wording import content_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from handler.sinks.sink import Notification, Sink

_LIMIT, _TEXT_LIMIT = 4500, 1000


def render(notification: Notification, sink: Sink, now: datetime, shrink: int) -> tuple[SinkMessage, ...]:  # noqa: ARG001
    """The verdict as text, the lines in an attachment; the minimal message is text alone."""
    if shrink >= PLAIN:
        return (json_message({"text": plain_text(notification, sink, _TEXT_LIMIT, escape=ROCKETCHAT.escape)}),)
    content = content_of(notification, sink, shrink)
    written = write(content, ROCKETCHAT, room_at(_LIMIT, shrink))
    attachment = {"color": HEX_COLOURS[content.tone], "text": body_text(written, ROCKETCHAT)}
    return (json_message({"text": ROCKETCHAT.bold(written.title), "attachments": [attachment]}),)


def judge(status: int, headers: Mapping[str, str], body: bytes) -> SinkAnswer:
    """Success is `success`: true; the server can say 200 and false."""
    said = fields_of(body)
    if said is None or not isinstance(said.get("success"), bool):
        return by_status(status, headers, text_of(body)) or not_understood(status)
    words = str(said.get("error", ""))
    refused = too_long(status, words) or by_status(status, headers, words)
    return refused or (DELIVERED if said["success"] else SinkAnswer(DeliveryOutcome.PERMANENT, because(status, words)))
