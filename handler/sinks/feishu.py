"""Feishu and Lark custom bots: a card of plain text elements, 20 KB; signed in the body where the sink has a secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING, Any

from handler.sinks.answers import DeliveryOutcome, SinkAnswer, by_code
from handler.sinks.message import PLAIN, SinkMessage, json_message
from handler.sinks.text.dialects import VERBATIM
from handler.sinks.text.fitting import size_bytes, smallest_that_fits
from handler.sinks.text.layout import plain_text, room_at, write
from handler.sinks.text.wording import Content, content_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from handler.sinks.sink import Notification, Sink
    from handler.sinks.text.layout import Written

_LIMIT = 19_500
_COLOURS = {"bad": "red", "unknown": "orange", "good": "green"}
_MEANINGS = {
    11232: SinkAnswer(DeliveryOutcome.RETRY_NOW),  # the platform is busy, mostly at full and half hours
    19021: SinkAnswer(DeliveryOutcome.PERMANENT),  # signature or clock
}


def render(notification: Notification, sink: Sink, now: datetime, shrink: int) -> tuple[SinkMessage, ...]:
    """One card; the minimal message is text."""
    signed = signed_fields(sink.secret.reveal(), int(now.timestamp())) if sink.secret else {}

    def message(room: int) -> SinkMessage:
        if shrink >= PLAIN:
            text = plain_text(notification, sink, room, size_bytes)
            return json_message({**signed, "msg_type": "text", "content": {"text": text}})
        content = content_of(notification, sink, shrink)
        written = write(content, VERBATIM, room_at(room, shrink), size_bytes)
        return json_message({**signed, "msg_type": "interactive", "card": _card(content, written)})

    return (smallest_that_fits(message, _LIMIT),)


def _card(content: Content, written: Written) -> dict[str, Any]:
    return {
        "config": {"wide_screen_mode": True},
        "header": {"template": _COLOURS[content.tone], "title": _plain(written.title)},
        "elements": list(_elements(written)),
    }


def _elements(written: Written) -> Iterable[dict[str, Any]]:
    if written.summary:
        yield {"tag": "div", "text": _plain(written.summary)}
    for section in written.sections:
        yield {"tag": "hr"}
        yield {"tag": "div", "text": {"tag": "lark_md", "content": f"**{section.heading}**"}}  # our own words only
        yield {"tag": "div", "text": _plain("\n".join(section.lines))}
    yield {"tag": "note", "elements": [_plain("\n".join(written.footer))]}


def _plain(text: str) -> dict[str, str]:
    return {"tag": "plain_text", "content": text}


def signed_fields(secret: str, seconds: int) -> dict[str, str]:
    """`timestamp` and `sign` for the body; the key is time and secret, the text is empty."""
    key = f"{seconds}\n{secret}".encode()
    sign = base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()
    return {"timestamp": str(seconds), "sign": sign}


def judge(status: int, headers: Mapping[str, str], body: bytes) -> SinkAnswer:
    """Success is `code` (once `StatusCode`) 0, whatever the status."""
    return by_code(status, headers, body, ("code", "StatusCode"), _MEANINGS)
