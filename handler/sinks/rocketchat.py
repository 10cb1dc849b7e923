"""Rocket.Chat incoming webhooks. No size is published; a server's default for one message is 5000 characters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from handler.sinks.answers import DELIVERED, because, by_status, fields_of, not_understood, says_too_long, text_of
from handler.sinks.mattermost import COLOURS
from handler.sinks.post import json_message
from handler.sinks.sink import PLAIN, Judgement, Message, Outcome
from handler.sinks.text.dialects import ROCKETCHAT
from handler.sinks.text.layout import body_text, plain_text, room_at, write
from handler.sinks.text.wording import tell

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from handler.sinks.sink import Notice, Sink

CHAT = True

LIMIT, TEXT_LIMIT = 4500, 1000


def render(notice: Notice, sink: Sink, now: datetime, shrink: int) -> tuple[Message, ...]:  # noqa: ARG001
    """The verdict as text, the lines in an attachment; the minimal message is text alone."""
    if shrink >= PLAIN:
        return (json_message({"text": plain_text(notice, sink, TEXT_LIMIT, escape=ROCKETCHAT.escape)}),)
    story = tell(notice, sink, shrink)
    written = write(story, ROCKETCHAT, room_at(LIMIT, shrink))
    attachment = {"color": COLOURS[story.tone], "text": body_text(written, ROCKETCHAT)}
    return (json_message({"text": ROCKETCHAT.bold(written.title), "attachments": [attachment]}),)


def judge(status: int, headers: Mapping[str, str], body: bytes) -> Judgement:
    """Success is `success`: true; the server can say 200 and false."""
    said = fields_of(body)
    if said is None or not isinstance(said.get("success"), bool):
        return by_status(status, headers, text_of(body)) or not_understood(status)
    words = str(said.get("error", ""))
    if says_too_long(words):
        return Judgement(Outcome.TOO_LARGE, because(status, words))
    refused = by_status(status, headers, words)
    return refused or (DELIVERED if said["success"] else Judgement(Outcome.PERMANENT, because(status, words)))
