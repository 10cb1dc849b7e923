"""Mattermost incoming webhooks: Markdown in a coloured attachment. A post holds 16,383 characters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.sinks.answers import DELIVERED, because, by_status, fields_of, not_understood, says_too_long, text_of
from handler.sinks.post import json_message
from handler.sinks.sink import PLAIN, Judgement, Message, Outcome
from handler.sinks.text.dialects import MARKDOWN, PLAIN_TEXT
from handler.sinks.text.layout import body_text, plain_text, room_at, write
from handler.sinks.text.wording import tell

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from handler.sinks.sink import Notice, Sink

CHAT = True

LIMIT = 16_000
COLOURS = {"bad": "#c0392b", "unknown": "#e67e22", "good": "#27ae60"}


def render(notice: Notice, sink: Sink, now: datetime, shrink: int) -> tuple[Message, ...]:  # noqa: ARG001
    """The verdict as text, the lines in an attachment; the minimal message is text alone."""
    if shrink >= PLAIN:
        return (json_message({"text": plain_text(notice, sink, LIMIT, escape=MARKDOWN.escape)}),)
    story = tell(notice, sink, shrink)
    written = write(story, MARKDOWN, room_at(LIMIT, shrink))
    attachment = {
        "fallback": PLAIN_TEXT.escape(story.title),
        "color": COLOURS[story.tone],
        "text": body_text(written, MARKDOWN),
    }
    return (json_message({"text": MARKDOWN.bold(written.title), "attachments": [attachment]}),)


def judge(status: int, headers: Mapping[str, str], body: bytes) -> Judgement:
    """Success is 200 with the body `ok`."""
    words = str((fields_of(body) or {}).get("message", "")) or text_of(body)
    if status == 400 and says_too_long(words):
        return Judgement(Outcome.TOO_LARGE, because(status, words))
    return by_status(status, headers, words) or (DELIVERED if words == "ok" else not_understood(status))
