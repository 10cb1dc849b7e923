"""WeCom group robots: `markdown_v2`, which knows no mentions. 4096 bytes of UTF-8, 2048 of plain text (path/99110)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.sinks.answers import DeliveryOutcome, SinkAnswer, by_code
from handler.sinks.message import PLAIN, SinkMessage, json_message
from handler.sinks.text.dialects import CHINESE_MARKDOWN
from handler.sinks.text.fitting import size_bytes
from handler.sinks.text.layout import plain_text, text_message

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from handler.sinks.sink import Notification, Sink

_LIMIT, _TEXT_LIMIT = 4096, 2048
_MEANINGS = {
    40058: SinkAnswer(DeliveryOutcome.TOO_LARGE),  # also other broken parameters; the plain form ends both
    45009: SinkAnswer(DeliveryOutcome.RETRY_NOW, retry_after=60),  # twenty a minute
    -1: SinkAnswer(DeliveryOutcome.RETRY_NOW),
}


def render(notification: Notification, sink: Sink, now: datetime, shrink: int) -> tuple[SinkMessage, ...]:  # noqa: ARG001
    """One Markdown message; the minimal one is text."""
    if shrink >= PLAIN:
        content = plain_text(notification, sink, _TEXT_LIMIT, size_bytes)
        return (json_message({"msgtype": "text", "text": {"content": content}}),)
    content = text_message(notification, sink, shrink, CHINESE_MARKDOWN, _LIMIT, size_bytes)
    return (json_message({"msgtype": "markdown_v2", "markdown_v2": {"content": content}}),)


def judge(status: int, headers: Mapping[str, str], body: bytes) -> SinkAnswer:
    """Success is `errcode` 0, whatever the status."""
    return by_code(status, headers, body, ("errcode",), _MEANINGS)
