"""DingTalk custom robots: Markdown, about 20,000 bytes; signed in the query where the sink has a secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

from handler.sinks.answers import by_code
from handler.sinks.post import json_message
from handler.sinks.sink import PLAIN, Judgement, Message, Outcome
from handler.sinks.text.dialects import CHINESE_MARKDOWN, PLAIN_TEXT
from handler.sinks.text.fitting import size_bytes, smallest_that_fits
from handler.sinks.text.layout import plain_text, text_message
from handler.sinks.text.wording import title

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from handler.sinks.sink import Notice, Sink

CHAT = True

LIMIT = 19_500
_NO_ONE = {"isAtAll": False}
_MEANINGS = {
    130101: Judgement(Outcome.RETRY_NEXT_RUN),  # over twenty a minute: muted for ten minutes
    -1: Judgement(Outcome.RETRY_NOW),
    460101: Judgement(Outcome.TOO_LARGE),
}


def render(notice: Notice, sink: Sink, now: datetime, shrink: int) -> tuple[Message, ...]:
    """One Markdown message; the minimal one is text. Nobody is mentioned."""
    query = signature(sink.secret.reveal(), int(now.timestamp() * 1000)) if sink.secret else {}

    def message(room: int) -> Message:
        if shrink >= PLAIN:
            content = plain_text(notice, sink, room, size_bytes)
            return json_message({"msgtype": "text", "text": {"content": content}, "at": _NO_ONE}, query)
        text = text_message(notice, sink, shrink, CHINESE_MARKDOWN, room, size_bytes)
        markdown = {"title": PLAIN_TEXT.escape(title(notice)), "text": text}
        return json_message({"msgtype": "markdown", "markdown": markdown, "at": _NO_ONE}, query)

    return (smallest_that_fits(message, LIMIT),)


def signature(secret: str, milliseconds: int) -> dict[str, str]:
    """`timestamp` and `sign` for the query, not percent-encoded yet; key is the secret, text is time and secret."""
    text = f"{milliseconds}\n{secret}".encode()
    sign = base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()
    return {"timestamp": str(milliseconds), "sign": sign}


def judge(status: int, headers: Mapping[str, str], body: bytes) -> Judgement:
    """Success is `errcode` 0, whatever the status."""
    return by_code(status, headers, body, ("errcode",), _MEANINGS)
