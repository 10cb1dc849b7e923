"""Telegram bots: `sendMessage` with HTML. The limit is 4096 characters after the entities are parsed (Bot API)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from handler.sinks.answers import (
    DELIVERED,
    DeliveryOutcome,
    SinkAnswer,
    because,
    by_status,
    fields_of,
    not_understood,
    seconds,
    too_long,
)
from handler.sinks.message import PLAIN, SinkMessage, json_message
from handler.sinks.text.dialects import HTML
from handler.sinks.text.layout import text_message

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from handler.sinks.sink import Notification, Sink

_LIMIT = 4000
_TOPIC = re.compile(r"(?P<chat>-?[0-9]+|@[A-Za-z0-9_]+):(?P<topic>[0-9]{1,10})")
_NUMBER = re.compile(r"[0-9]{1,10}")


def render(notification: Notification, sink: Sink, now: datetime, shrink: int) -> tuple[SinkMessage, ...]:  # noqa: ARG001
    """One message of HTML; the minimal one has no markup but entities."""
    body = {
        **_where(sink),
        "text": text_message(notification, sink, shrink, HTML, _LIMIT, size_utf16),
        "parse_mode": "HTML",
        "disable_web_page_preview": True,
    }
    return (json_message(body if shrink < PLAIN else body | {"disable_notification": False}),)


def _where(sink: Sink) -> dict[str, str | int]:
    """The chat and, of one with topics, the topic: behind a colon, or as it stands in the URL's query."""
    named = _TOPIC.fullmatch(sink.chat_id)
    if named is not None:
        return {"chat_id": named["chat"], "message_thread_id": int(named["topic"])}
    topics = parse_qs(urlsplit(sink.url.reveal()).query).get("message_thread_id", [""])
    return {"chat_id": sink.chat_id, **({"message_thread_id": int(topics[0])} if _NUMBER.fullmatch(topics[0]) else {})}


def size_utf16(text: str) -> int:
    """Telegram counts UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def judge(status: int, headers: Mapping[str, str], body: bytes) -> SinkAnswer:
    """Success is `ok`: true; a refusal has a description, and a wait in its parameters."""
    said = fields_of(body)
    if said is None or not isinstance(said.get("ok"), bool):
        return by_status(status, headers) or not_understood(status)
    if said["ok"]:
        return by_status(status, headers) or DELIVERED
    code, words = said.get("error_code"), str(said.get("description", ""))
    status = code if type(code) is int else status
    if longer := too_long(status, words):
        return longer
    wait = seconds(_parameters(said.get("parameters")).get("retry_after"))
    failure = by_status(status, headers, words) or SinkAnswer(DeliveryOutcome.PERMANENT, because(status, words))
    return failure if wait is None else SinkAnswer(DeliveryOutcome.RETRY_NOW, failure.reason, wait)


def _parameters(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
