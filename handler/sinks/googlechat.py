"""Google Chat webhooks: a card (v2) of text paragraphs in Chat's small HTML; 32,000 bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from handler.sinks.answers import DELIVERED, by_status, fields_of, not_understood, too_long
from handler.sinks.message import PLAIN, SinkMessage, json_message
from handler.sinks.text.dialects import HTML, PLAIN_TEXT
from handler.sinks.text.fitting import size_bytes, smallest_that_fits
from handler.sinks.text.layout import ICONS, plain_text, room_at, write
from handler.sinks.text.wording import Content, content_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from handler.sinks.answers import SinkAnswer
    from handler.sinks.sink import Notification, Sink
    from handler.sinks.text.layout import Written

_LIMIT = 31_000


def render(notification: Notification, sink: Sink, now: datetime, shrink: int) -> tuple[SinkMessage, ...]:  # noqa: ARG001
    """One card; the minimal message is text."""
    once = {"requestId": notification.delivery_id}  # the same id again makes no second message

    def message(room: int) -> SinkMessage:
        if shrink >= PLAIN:
            return json_message({"text": plain_text(notification, sink, room, size_bytes)}, once)
        content = content_of(notification, sink, shrink)
        written = write(content, HTML, room_at(room, shrink), size_bytes)
        card = {"header": _header(content), "sections": list(_sections(written))}
        fallback = PLAIN_TEXT.escape(f"{content.title}. {content.summary}")
        return json_message({"fallbackText": fallback, "cardsV2": [{"cardId": "report", "card": card}]}, once)

    return (smallest_that_fits(message, _LIMIT),)


def _header(content: Content) -> dict[str, str]:
    return {"title": f"{ICONS[content.tone]} {PLAIN_TEXT.escape(content.title)}", "subtitle": content.summary}


def _sections(written: Written) -> Iterable[dict[str, Any]]:
    for section in written.sections:
        yield _paragraph("\n".join((section.heading, *section.lines)))
    yield _paragraph("\n".join(written.footer))


def _paragraph(text: str) -> dict[str, Any]:
    return {"widgets": [{"textParagraph": {"text": text}}]}


def judge(status: int, headers: Mapping[str, str], body: bytes) -> SinkAnswer:
    """Success is 200 with the message that was made."""
    said = fields_of(body) or {}
    error = said.get("error")
    words = str(error.get("message", "")) if isinstance(error, dict) else ""
    refused = (too_long(status, words) if status == 400 else None) or by_status(status, headers, words)
    return refused or (DELIVERED if said.get("name") else not_understood(status))
