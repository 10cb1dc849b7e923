"""DingTalk custom robots: Markdown, about 20,000 bytes; signed in the query where the sink has a secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

from handler.sinks.answers import DeliveryOutcome, SinkAnswer, by_code
from handler.sinks.message import PLAIN, SinkMessage, json_message
from handler.sinks.text.dialects import CHINESE_MARKDOWN, PLAIN_TEXT
from handler.sinks.text.fitting import size_bytes, smallest_that_fits
from handler.sinks.text.layout import plain_text, text_message
from handler.sinks.text.wording import title

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from handler.sinks.sink import Notification, Sink

_LIMIT = 19_500
_NO_ONE = {"isAtAll": False}
_MEANINGS = {
    130101: SinkAnswer(DeliveryOutcome.RETRY_NEXT_RUN),  # over twenty a minute: muted for ten minutes
    -1: SinkAnswer(DeliveryOutcome.RETRY_NOW),
    460101: SinkAnswer(DeliveryOutcome.TOO_LARGE),
}


def render(notification: Notification, sink: Sink, now: datetime, shrink: int) -> tuple[SinkMessage, ...]:
    """One Markdown message; the minimal one is text. Nobody is mentioned."""
    query = signed_query(sink.secret.reveal(), int(now.timestamp() * 1000)) if sink.secret else {}

    def message(room: int) -> SinkMessage:
        if shrink >= PLAIN:
            content = plain_text(notification, sink, room, size_bytes)
            return json_message({"msgtype": "text", "text": {"content": content}, "at": _NO_ONE}, query)
        text = text_message(notification, sink, shrink, CHINESE_MARKDOWN, room, size_bytes)
        markdown = {"title": PLAIN_TEXT.escape(title(notification)), "text": text}
        return json_message({"msgtype": "markdown", "markdown": markdown, "at": _NO_ONE}, query)

    return (smallest_that_fits(message, _LIMIT),)


def signed_query(secret: str, milliseconds: int) -> dict[str, str]:
    """`timestamp` and `sign` for the query, not percent-encoded yet; key is the secret, text is time and secret."""
    text = f"{milliseconds}\n{secret}".encode()
    sign = base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()
    return {"timestamp": str(milliseconds), "sign": sign}


def judge(status: int, headers: Mapping[str, str], body: bytes) -> SinkAnswer:
    """Success is `errcode` 0, whatever the status."""
    return by_code(status, headers, body, ("errcode",), _MEANINGS)
