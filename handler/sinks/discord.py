"""Discord webhooks: embeds (description 4096, footer 2048, 6000 characters over all), or 2000 of content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from handler.sinks.answers import (
    DELIVERED,
    DeliveryOutcome,
    SinkAnswer,
    because,
    by_status,
    fields_of,
    not_understood,
    seconds,
)
from handler.sinks.message import PLAIN, SinkMessage, json_message
from handler.sinks.text.dialects import DISCORD, PLAIN_TEXT
from handler.sinks.text.fitting import pack
from handler.sinks.text.layout import HEX_COLOURS, plain_text, room_at, write
from handler.sinks.text.wording import content_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from handler.sinks.sink import Notification, Sink
    from handler.sinks.text.layout import Written
    from handler.sinks.text.wording import Content

_TOTAL, _DESCRIPTION, _CONTENT = 5800, 4096, 1950
_WAIT = {"wait": "true"}  # without it, a message that is not saved brings no error
_NOBODY: dict[str, Any] = {"allowed_mentions": {"parse": []}}
_INVALID_FORM, _SUPPRESS_EMBEDS = 50035, 4


def render(notification: Notification, sink: Sink, now: datetime, shrink: int) -> tuple[SinkMessage, ...]:  # noqa: ARG001
    """One message of embeds; the minimal one is content alone. Nobody is mentioned."""
    if shrink >= PLAIN:
        text = plain_text(notification, sink, _CONTENT, escape=DISCORD.escape)
        return (json_message({"content": text, "flags": _SUPPRESS_EMBEDS, **_NOBODY}, _WAIT),)
    content = content_of(notification, sink, shrink)
    written = write(content, DISCORD, room_at(_TOTAL, shrink))
    embeds = [{**embed, "color": int(HEX_COLOURS[content.tone][1:], 16)} for embed in _embeds(content, written)]
    return (json_message({"embeds": embeds, **_NOBODY}, _WAIT),)


def _embeds(content: Content, written: Written) -> list[dict[str, Any]]:
    lines = [line for section in written.sections for line in ("", section.heading, *section.lines)]
    texts = pack([written.summary, *lines], _DESCRIPTION)
    embeds: list[dict[str, Any]] = [{"description": text.strip("\n")} for text in texts if text.strip()]
    embeds = embeds or [{}]
    embeds[0] = {"title": written.title, **embeds[0]}
    embeds[-1] |= {"footer": {"text": "\n".join(map(PLAIN_TEXT.escape, content.footer))}}  # no Markdown there
    return embeds


def judge(status: int, headers: Mapping[str, str], body: bytes) -> SinkAnswer:
    """Success is 204, or 200 with the message that was saved."""
    said = fields_of(body) or {}
    words = f"{said.get('code', '')} {said.get('message', '')}".strip()
    wait = seconds(said.get("retry_after")) if status == 429 else None
    if wait is not None:
        return SinkAnswer(DeliveryOutcome.RETRY_NOW, because(status, words), wait)
    if status == 400 and said.get("code") == _INVALID_FORM and b"MAX_LENGTH" in body:
        return SinkAnswer(DeliveryOutcome.TOO_LARGE, because(status, words))
    saved = status == 204 or "id" in said
    return by_status(status, headers, words) or (DELIVERED if saved else not_understood(status))
